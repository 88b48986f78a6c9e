// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "offload.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/ethtool.h>
#include <linux/if.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>

#include "stacking.h"

/* -- features, by the names that the kernel gives them ----------------------------------------- */

#define FEATURES_MAX 1024

static int ethtool(int fd, const char *device, void *request)
{
	struct ifreq req = { .ifr_data = request };

	snprintf(req.ifr_name, sizeof(req.ifr_name), "%s", device);
	return ioctl(fd, SIOCETHTOOL, &req) ? -errno : 0;
}

/* How many features there are; they differ from kernel to kernel only. */
static unsigned int count_features(int fd, const char *device)
{
	union {
		struct ethtool_sset_info info;
		__u32 room[sizeof(struct ethtool_sset_info) / sizeof(__u32) + 1];
	} request = { .info = { .cmd = ETHTOOL_GSSET_INFO, .sset_mask = 1ULL << ETH_SS_FEATURES } };

	if (ethtool(fd, device, &request) || !request.info.sset_mask ||
	    request.info.data[0] > FEATURES_MAX)
		return 0;
	return request.info.data[0];
}

static unsigned int active_tags(const struct ethtool_gstrings *names,
				const struct ethtool_gfeatures *features, unsigned int count)
{
	unsigned int tags = 0;

	for (unsigned int i = 0; i < count; i++) {
		const char *name = (const char *)names->data + (size_t)i * ETH_GSTRING_LEN;

		if (!(features->features[i / 32].active >> (i % 32) & 1))
			continue;
		if (!strncmp(name, "rx-vlan-hw-parse", ETH_GSTRING_LEN))
			tags |= OFFLOAD_CTAG;
		else if (!strncmp(name, "rx-vlan-stag-hw-parse", ETH_GSTRING_LEN))
			tags |= OFFLOAD_STAG;
	}
	return tags;
}

unsigned int offload_tags(const char *device)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	unsigned int count = fd < 0 ? 0 : count_features(fd, device), blocks = (count + 31) / 32;
	struct ethtool_gstrings *names = calloc(1, sizeof(*names) + count * ETH_GSTRING_LEN);
	struct ethtool_gfeatures *features =
		calloc(1, sizeof(*features) + blocks * sizeof(features->features[0]));
	unsigned int tags = 0;

	if (names && features && count) {
		names->cmd = ETHTOOL_GSTRINGS;
		names->string_set = ETH_SS_FEATURES;
		names->len = count;
		features->cmd = ETHTOOL_GFEATURES;
		features->size = blocks;
		if (!ethtool(fd, device, names) && !ethtool(fd, device, features))
			tags = active_tags(names, features, count);
	}
	free(names);
	free(features);
	if (fd >= 0)
		close(fd);
	return tags;
}

/* -- devices ----------------------------------------------------------------------------------- */

#define REPLY_SIZE 65536 /* the kernel fills no more of one than that */

struct device_list {
	struct stacked *devices;
	unsigned int count;
};

static const struct rtattr *find_attribute(const struct rtattr *at, int len, unsigned short type)
{
	for (; RTA_OK(at, len); at = RTA_NEXT(at, len))
		if ((at->rta_type & NLA_TYPE_MASK) == type)
			return at;
	return NULL;
}

static const struct rtattr *find_nested(const struct rtattr *in, unsigned short type)
{
	return in ? find_attribute(RTA_DATA(in), (int)RTA_PAYLOAD(in), type) : NULL;
}

static uint32_t attribute_u32(const struct rtattr *at)
{
	return at && RTA_PAYLOAD(at) >= 4 ? *(const uint32_t *)RTA_DATA(at) : 0;
}

static bool is_kind(const struct rtattr *kind, const char *name)
{
	return kind && !strncmp(RTA_DATA(kind), name, RTA_PAYLOAD(kind));
}

static struct stacked read_device(const struct ifinfomsg *info, int len)
{
	const struct rtattr *first = IFLA_RTA(info);
	const struct rtattr *linkinfo = find_attribute(first, len, IFLA_LINKINFO);
	const struct rtattr *kind = find_nested(linkinfo, IFLA_INFO_KIND);
	const struct rtattr *filtering = find_nested(find_nested(linkinfo, IFLA_INFO_DATA),
						     IFLA_BR_VLAN_FILTERING);
	struct stacked device = {
		.index = (uint32_t)info->ifi_index,
		.master = attribute_u32(find_attribute(first, len, IFLA_MASTER)),
		.takes_tags = is_kind(kind, "vlan"),
	};

	/* of other kinds IFLA_LINK is no lower device: a veth's is its peer */
	if (device.takes_tags || is_kind(kind, "macvlan") || is_kind(kind, "macvtap"))
		device.below = attribute_u32(find_attribute(first, len, IFLA_LINK));
	/* an index of another namespace */
	if (find_attribute(first, len, IFLA_LINK_NETNSID))
		device.below = 0;
	if (is_kind(kind, "bridge") && filtering && RTA_PAYLOAD(filtering))
		device.takes_tags = *(const uint8_t *)RTA_DATA(filtering);
	return device;
}

static int add_device(struct device_list *list, const struct nlmsghdr *message)
{
	struct stacked *grown;

	if (message->nlmsg_len < NLMSG_LENGTH(sizeof(struct ifinfomsg)))
		return -EBADMSG;
	grown = reallocarray(list->devices, list->count + 1, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	list->devices = grown;
	grown[list->count++] = read_device(NLMSG_DATA(message), (int)IFLA_PAYLOAD(message));
	return 0;
}

/* 1: more follows. */
static int read_reply(struct device_list *list, const void *reply, int len)
{
	int err = 0;

	for (const struct nlmsghdr *message = reply; !err && NLMSG_OK(message, (unsigned int)len);
	     message = NLMSG_NEXT(message, len)) {
		if (message->nlmsg_type == NLMSG_DONE)
			return 0;
		if (message->nlmsg_type == NLMSG_ERROR)
			return ((const struct nlmsgerr *)NLMSG_DATA(message))->error ?: -EIO;
		if (message->nlmsg_type == RTM_NEWLINK)
			err = add_device(list, message);
	}
	return err ? err : 1;
}

static int list_devices(struct device_list *list, int fd, void *reply)
{
	struct {
		struct nlmsghdr head;
		struct ifinfomsg info;
	} request = {
		.head = { .nlmsg_len = sizeof(request),
			  .nlmsg_type = RTM_GETLINK,
			  .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP },
	};
	int more = 1;

	if (send(fd, &request, sizeof(request), 0) < 0)
		return -errno;
	while (more > 0) {
		ssize_t len = recv(fd, reply, REPLY_SIZE, 0);

		if (len < 0 && errno == EINTR)
			continue;
		more = len < 0 ? -errno : read_reply(list, reply, (int)len);
	}
	return more;
}

int offload_matters(uint32_t ifindex)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE), err = -ENOMEM;
	struct device_list list = {};
	void *reply;

	if (fd < 0)
		return -errno;
	reply = malloc(REPLY_SIZE);
	if (reply)
		err = list_devices(&list, fd, reply);
	if (!err)
		err = stacking_takes_tags(list.devices, list.count, ifindex);
	free(reply);
	free(list.devices);
	close(fd);
	return err;
}
