// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "tc_filters.h"

#include <errno.h>
#include <string.h>

#include <libmnl/libmnl.h>
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>

static int find_prog(const struct nlattr *attr, void *arg)
{
	struct tc_filter *filter = arg;

	if (mnl_attr_get_type(attr) == TCA_BPF_ID && mnl_attr_validate(attr, MNL_TYPE_U32) >= 0)
		filter->prog_id = mnl_attr_get_u32(attr);
	return MNL_CB_OK;
}

struct parts {
	const char *kind;
	const struct nlattr *options;
};

static int find_parts(const struct nlattr *attr, void *arg)
{
	struct parts *parts = arg;

	if (mnl_attr_get_type(attr) == TCA_KIND &&
	    mnl_attr_validate(attr, MNL_TYPE_NUL_STRING) >= 0)
		parts->kind = mnl_attr_get_str(attr);
	if (mnl_attr_get_type(attr) == TCA_OPTIONS)
		parts->options = attr;
	return MNL_CB_OK;
}

/* One message a filter, and one before for each priority, whose handle is 0. */
static int take_filter(const struct nlmsghdr *header, void *arg)
{
	const struct tcmsg *message = mnl_nlmsg_get_payload(header);
	struct tc_filters *filters = arg;
	struct tc_filter filter = {
		.handle = message->tcm_handle,
		.priority = TC_H_MAJ(message->tcm_info) >> 16,
	};
	struct parts parts = {};

	if (header->nlmsg_type != RTM_NEWTFILTER || !message->tcm_handle)
		return MNL_CB_OK;
	mnl_attr_parse(header, sizeof(*message), find_parts, &parts);
	if (parts.kind && parts.options && !strcmp(parts.kind, "bpf"))
		mnl_attr_parse_nested(parts.options, find_prog, &filter);
	if (filters->count < TC_FILTERS_MAX)
		filters->filter[filters->count] = filter;
	filters->count++;
	return MNL_CB_OK;
}

struct ingress_query {
	uint32_t ifindex;
	bool is_ingress;
};

/* The one qdisc that has no handle of the device's queues: clsact, or ingress, which is half of it. */
static int take_qdisc(const struct nlmsghdr *header, void *arg)
{
	const struct tcmsg *message = mnl_nlmsg_get_payload(header);
	struct ingress_query *query = arg;
	struct parts parts = {};

	/* the kernel lists those of all devices */
	if (header->nlmsg_type != RTM_NEWQDISC || message->tcm_parent != TC_H_INGRESS ||
	    (uint32_t)message->tcm_ifindex != query->ifindex)
		return MNL_CB_OK;
	mnl_attr_parse(header, sizeof(*message), find_parts, &parts);
	query->is_ingress |= parts.kind && !strcmp(parts.kind, "ingress");
	return MNL_CB_OK;
}

static int receive(struct mnl_socket *nl, unsigned int seq, mnl_cb_t take, void *arg)
{
	char buffer[16384];
	int ret;

	do {
		ssize_t len = mnl_socket_recvfrom(nl, buffer, sizeof(buffer));

		if (len < 0)
			return -errno;
		ret = mnl_cb_run(buffer, (size_t)len, seq, mnl_socket_get_portid(nl), take, arg);
	} while (ret > MNL_CB_STOP);
	return ret < 0 ? -errno : 0;
}

/* @take gets all that the kernel lists. */
static int dump(uint16_t type, uint32_t ifindex, uint32_t parent, mnl_cb_t take, void *arg)
{
	char buffer[MNL_NLMSG_HDRLEN + sizeof(struct tcmsg) + 64];
	struct nlmsghdr *header = mnl_nlmsg_put_header(buffer);
	struct tcmsg *message = mnl_nlmsg_put_extra_header(header, sizeof(*message));
	struct mnl_socket *nl = mnl_socket_open(NETLINK_ROUTE);
	int err = -errno;

	if (!nl)
		return err;
	header->nlmsg_type = type;
	header->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	header->nlmsg_seq = 1;
	message->tcm_ifindex = (int)ifindex;
	message->tcm_parent = parent;
	if (mnl_socket_bind(nl, 0, MNL_SOCKET_AUTOPID) < 0 ||
	    mnl_socket_sendto(nl, header, header->nlmsg_len) < 0)
		err = -errno;
	else
		err = receive(nl, 1, take, arg);
	mnl_socket_close(nl);
	return err;
}

int tc_filters_read(struct tc_filters *filters, uint32_t ifindex, bool out)
{
	filters->count = 0;
	return dump(RTM_GETTFILTER, ifindex,
		    TC_H_MAKE(TC_H_CLSACT, out ? TC_H_MIN_EGRESS : TC_H_MIN_INGRESS), take_filter,
		    filters);
}

int tc_qdisc_is_ingress(uint32_t ifindex)
{
	struct ingress_query query = { .ifindex = ifindex };
	int err = dump(RTM_GETQDISC, ifindex, 0, take_qdisc, &query);

	return err ? err : query.is_ingress;
}
