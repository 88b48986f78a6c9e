// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "herd/neighbour.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <libmnl/libmnl.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>

#include "herd/segment.h"

#define PORT_DISCARD 9
#define WIDE_BITS 8 /* 2000::/3 is a common default route of IPv6 */
#define RESOLVE_TRIES 20
#define RESOLVE_WAIT_NS 50000000L

static int family_of(const struct addr *to)
{
	return segment_is_v4(to) ? AF_INET : AF_INET6;
}

static void put_address(struct nlmsghdr *request, uint16_t type, const struct addr *to)
{
	const uint8_t *bytes = (const uint8_t *)to;

	if (family_of(to) == AF_INET)
		mnl_attr_put(request, type, 4, bytes + 12);
	else
		mnl_attr_put(request, type, 16, bytes);
}

/* Sends one request and hands each message of the answer to @read. */
static int ask(struct nlmsghdr *request, mnl_cb_t read, void *arg)
{
	char buf[MNL_SOCKET_BUFFER_SIZE];
	struct mnl_socket *socket = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	ssize_t len;
	int err = 0;

	if (!socket)
		return -errno;
	request->nlmsg_flags |= NLM_F_REQUEST | NLM_F_ACK;
	if (mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID) < 0 ||
	    mnl_socket_sendto(socket, request, request->nlmsg_len) < 0)
		err = -errno;
	for (int more = !err; more > 0;) {
		len = mnl_socket_recvfrom(socket, buf, sizeof(buf));
		more = len < 0 ? -1 : mnl_cb_run(buf, (size_t)len, 0, 0, read, arg);
		if (more < 0)
			err = -errno;
	}
	mnl_socket_close(socket);
	return err;
}

static int read_route(const struct nlmsghdr *answer, void *arg)
{
	const struct rtmsg *message = mnl_nlmsg_get_payload(answer);
	struct neighbour *way = arg;
	const struct nlattr *attr;

	way->local = message->rtm_type != RTN_UNICAST;
	mnl_attr_for_each(attr, answer, sizeof(*message))
	{
		if (mnl_attr_get_type(attr) == RTA_OIF)
			way->ifindex = mnl_attr_get_u32(attr);
		else if (mnl_attr_get_type(attr) == RTA_GATEWAY ||
			 mnl_attr_get_type(attr) == RTA_VIA)
			way->router = true;
	}
	return MNL_CB_OK;
}

static int read_link(const struct nlmsghdr *answer, void *arg)
{
	struct neighbour *way = arg;
	const struct nlattr *attr, *info;

	mnl_attr_for_each(attr, answer, sizeof(struct ifinfomsg))
	{
		switch (mnl_attr_get_type(attr)) {
		case IFLA_IFNAME:
			snprintf(way->dev, sizeof(way->dev), "%s", mnl_attr_get_str(attr));
			break;
		case IFLA_ADDRESS:
			if (mnl_attr_get_payload_len(attr) == sizeof(way->mac))
				memcpy(way->mac, mnl_attr_get_payload(attr), sizeof(way->mac));
			break;
		case IFLA_LINKINFO:
			mnl_attr_for_each_nested(info, attr)
			{
				if (mnl_attr_get_type(info) == IFLA_INFO_KIND)
					way->veth = !strcmp(mnl_attr_get_str(info), "veth");
			}
			break;
		}
	}
	return MNL_CB_OK;
}

int neighbour_find(const struct addr *to, struct neighbour *way)
{
	char buf[MNL_SOCKET_BUFFER_SIZE] __attribute__((aligned(8)));
	struct nlmsghdr *request = mnl_nlmsg_put_header(buf);
	struct ifinfomsg *link;
	struct rtmsg *message;
	int err;

	*way = (struct neighbour){ 0 };
	request->nlmsg_type = RTM_GETROUTE;
	message = mnl_nlmsg_put_extra_header(request, sizeof(*message));
	message->rtm_family = (unsigned char)family_of(to);
	message->rtm_dst_len = family_of(to) == AF_INET ? 32 : 128;
	put_address(request, RTA_DST, to);
	err = ask(request, read_route, way);
	if (err)
		return err;
	request = mnl_nlmsg_put_header(buf);
	request->nlmsg_type = RTM_GETLINK;
	link = mnl_nlmsg_put_extra_header(request, sizeof(*link));
	link->ifi_index = (int)way->ifindex;
	return ask(request, read_link, way);
}

static int read_neighbour(const struct nlmsghdr *answer, void *arg)
{
	const struct ndmsg *message = mnl_nlmsg_get_payload(answer);
	struct neighbour *way = arg;
	const struct nlattr *attr;

	if (message->ndm_state & (NUD_INCOMPLETE | NUD_FAILED))
		return MNL_CB_OK;
	mnl_attr_for_each(attr, answer, sizeof(*message))
	{
		if (mnl_attr_get_type(attr) == NDA_LLADDR &&
		    mnl_attr_get_payload_len(attr) == sizeof(way->peer))
			memcpy(way->peer, mnl_attr_get_payload(attr), sizeof(way->peer));
	}
	return MNL_CB_OK;
}

static bool known(const struct neighbour *way)
{
	static const uint8_t none[6];

	return memcmp(way->peer, none, sizeof(none)) != 0;
}

/* A datagram that nobody waits for has the kernel ask for the address. */
static void nudge(const struct addr *to)
{
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6, .sin6_port = htons(PORT_DISCARD) };
	struct sockaddr_in v4 = { .sin_family = AF_INET, .sin_port = htons(PORT_DISCARD) };
	bool is_v4 = family_of(to) == AF_INET;
	int fd = socket(family_of(to), SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return;
	memcpy(&v4.sin_addr, (const uint8_t *)to + 12, sizeof(v4.sin_addr));
	memcpy(&v6.sin6_addr, to, sizeof(v6.sin6_addr));
	/* what becomes of it, the next look at the table says */
	(void)!sendto(fd, "", 0, MSG_DONTWAIT,
		      is_v4 ? (struct sockaddr *)&v4 : (struct sockaddr *)&v6,
		      is_v4 ? sizeof(v4) : sizeof(v6));
	close(fd);
}

int neighbour_resolve(const struct addr *to, struct neighbour *way)
{
	for (int i = 0; i < RESOLVE_TRIES; i++) {
		char buf[MNL_SOCKET_BUFFER_SIZE] __attribute__((aligned(8)));
		struct nlmsghdr *request = mnl_nlmsg_put_header(buf);
		struct ndmsg *message;
		int err;

		request->nlmsg_type = RTM_GETNEIGH;
		message = mnl_nlmsg_put_extra_header(request, sizeof(*message));
		message->ndm_family = (unsigned char)family_of(to);
		message->ndm_ifindex = (int)way->ifindex;
		put_address(request, NDA_DST, to);
		err = ask(request, read_neighbour, way);
		if (err && err != -ENOENT)
			return err;
		if (known(way))
			return 0;
		if (i % 10 == 0)
			nudge(to);
		nanosleep(&(struct timespec){ .tv_nsec = RESOLVE_WAIT_NS }, NULL);
	}
	return -EHOSTUNREACH;
}

static int read_default(const struct nlmsghdr *answer, void *arg)
{
	const struct rtmsg *message = mnl_nlmsg_get_payload(answer);
	bool *found = arg;

	/* halves of a default route are one too; other types refuse what has no route */
	if (message->rtm_dst_len < WIDE_BITS && message->rtm_type == RTN_UNICAST)
		*found = true;
	return MNL_CB_OK;
}

bool neighbour_world_near(void)
{
	static const unsigned char families[] = { AF_INET, AF_INET6 };
	bool found = false;

	for (size_t i = 0; i < sizeof(families); i++) {
		char buf[MNL_SOCKET_BUFFER_SIZE] __attribute__((aligned(8)));
		struct nlmsghdr *request = mnl_nlmsg_put_header(buf);
		struct rtmsg *message;

		request->nlmsg_type = RTM_GETROUTE;
		request->nlmsg_flags = NLM_F_DUMP;
		message = mnl_nlmsg_put_extra_header(request, sizeof(*message));
		message->rtm_family = families[i];
		if (ask(request, read_default, &found))
			return true; /* not known: as if there were one */
	}
	return found;
}
