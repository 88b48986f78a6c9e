// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "herd/route.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>

#define WIDE_BITS 8 /* halves of a default route, and 2000::/3, are one too */

static int read_attribute(const struct nlattr *attribute, void *data)
{
	enum route_reach *reach = data;

	switch (mnl_attr_get_type(attribute)) {
	case RTA_GATEWAY:
	case RTA_VIA:
	case RTA_MULTIPATH: /* several next hops are routers */
	case RTA_ENCAP:
	case RTA_NH_ID: /* may hide a router */
		*reach = ROUTE_ROUTED;
	}
	return MNL_CB_OK;
}

static int read_route(const struct nlmsghdr *message, void *data)
{
	const struct rtmsg *route = mnl_nlmsg_get_payload(message);
	enum route_reach *reach = data;

	*reach = route->rtm_type == RTN_LOCAL ? ROUTE_LOCAL : ROUTE_ON_LINK;
	/* a default route without a router is a tunnel or a modem, and the world is behind it */
	if (*reach == ROUTE_ON_LINK && route->rtm_dst_len < WIDE_BITS)
		*reach = ROUTE_ROUTED;
	if (route->rtm_type != RTN_LOCAL && route->rtm_type != RTN_UNICAST) {
		errno = EHOSTUNREACH;
		return MNL_CB_ERROR;
	}
	return mnl_attr_parse(message, sizeof(*route), read_attribute, reach);
}

static void ask(struct nlmsghdr *message, const struct sockaddr *target)
{
	struct rtmsg *route;

	message->nlmsg_type = RTM_GETROUTE;
	message->nlmsg_flags = NLM_F_REQUEST;
	route = mnl_nlmsg_put_extra_header(message, sizeof(*route));
	route->rtm_family = (unsigned char)target->sa_family;
	route->rtm_flags = RTM_F_FIB_MATCH; /* the route as configured, with its length */
	if (target->sa_family == AF_INET) {
		route->rtm_dst_len = 32;
		mnl_attr_put(message, RTA_DST, 4, &((const struct sockaddr_in *)target)->sin_addr);
	} else {
		route->rtm_dst_len = 128;
		mnl_attr_put(message, RTA_DST, 16,
			     &((const struct sockaddr_in6 *)target)->sin6_addr);
	}
}

int route_reach(const struct sockaddr *target, enum route_reach *reach)
{
	char buf[MNL_SOCKET_BUFFER_SIZE] __attribute__((aligned(NLMSG_ALIGNTO)));
	struct mnl_socket *socket = mnl_socket_open(NETLINK_ROUTE);
	struct nlmsghdr *message;
	ssize_t len;
	int err = 0;

	if (!socket)
		return -errno;
	message = mnl_nlmsg_put_header(buf);
	ask(message, target);
	if (mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID) < 0 ||
	    mnl_socket_sendto(socket, message, message->nlmsg_len) < 0) {
		err = -errno;
		goto out;
	}
	len = mnl_socket_recvfrom(socket, buf, sizeof(buf));
	if (len < 0 || mnl_cb_run(buf, (size_t)len, 0, 0, read_route, reach) < 0)
		err = -errno;
out:
	mnl_socket_close(socket);
	return err;
}
