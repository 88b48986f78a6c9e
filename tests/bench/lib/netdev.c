// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "netdev.h"

struct link {
	uint8_t mac[6];
	bool has_peer;
	uint32_t peer_index;
	int32_t peer_netns; /* id of its namespace, seen from this one; -1: the same */
};

int netdev_mac(const char *dev, uint8_t mac[6])
{
	struct ifreq request = { 0 };
	int fd, err = 0;

	if (strlen(dev) >= sizeof(request.ifr_name))
		return -ENODEV;
	strcpy(request.ifr_name, dev);
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (ioctl(fd, SIOCGIFHWADDR, &request))
		err = -errno;
	else
		memcpy(mac, request.ifr_hwaddr.sa_data, 6);
	close(fd);
	return err;
}

static void link_attributes(struct link *link, struct rtattr *attr, int len)
{
	link->peer_netns = -1;
	for (; RTA_OK(attr, len); attr = RTA_NEXT(attr, len)) {
		if (attr->rta_type == IFLA_ADDRESS && RTA_PAYLOAD(attr) == 6)
			memcpy(link->mac, RTA_DATA(attr), 6);
		if (attr->rta_type == IFLA_LINK) {
			memcpy(&link->peer_index, RTA_DATA(attr), sizeof(link->peer_index));
			link->has_peer = true;
		}
		if (attr->rta_type == IFLA_LINK_NETNSID)
			memcpy(&link->peer_netns, RTA_DATA(attr), sizeof(link->peer_netns));
	}
}

/* RTM_GETLINK of @index in the namespace known here as @netns, or in this one for -1. */
static int link_get(int fd, uint32_t index, int32_t netns, struct link *link)
{
	struct {
		struct nlmsghdr head;
		struct ifinfomsg info;
		struct rtattr attr;
		int32_t netns;
	} request = {
		.head = { .nlmsg_type = RTM_GETLINK,
			  .nlmsg_flags = NLM_F_REQUEST,
			  .nlmsg_len = NLMSG_LENGTH(sizeof(struct ifinfomsg)) },
		.info = { .ifi_family = AF_UNSPEC, .ifi_index = index },
		.attr = { .rta_type = IFLA_TARGET_NETNSID, .rta_len = RTA_LENGTH(sizeof(netns)) },
		.netns = netns,
	};
	_Alignas(struct nlmsghdr) char answer[32768];
	struct nlmsghdr *head = (void *)answer;
	ssize_t len;

	if (netns >= 0)
		request.head.nlmsg_len = sizeof(request);
	if (send(fd, &request, request.head.nlmsg_len, 0) < 0)
		return -errno;
	len = recv(fd, answer, sizeof(answer), 0);
	if (len < 0)
		return -errno;
	if (!NLMSG_OK(head, (size_t)len))
		return -EPROTO;
	if (head->nlmsg_type == NLMSG_ERROR)
		return ((struct nlmsgerr *)NLMSG_DATA(head))->error;
	if (head->nlmsg_type != RTM_NEWLINK)
		return -EPROTO;
	link_attributes(link, IFLA_RTA(NLMSG_DATA(head)),
			head->nlmsg_len - NLMSG_LENGTH(sizeof(struct ifinfomsg)));
	return 0;
}

int netdev_peer_mac(const char *dev, uint8_t mac[6])
{
	struct link link = { 0 }, peer = { 0 };
	uint32_t index = if_nametoindex(dev);
	int fd, err;

	if (!index)
		return -errno;
	fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	if (fd < 0)
		return -errno;
	err = link_get(fd, index, -1, &link);
	if (!err && !link.has_peer)
		err = -ENOTSUP;
	if (!err)
		err = link_get(fd, link.peer_index, link.peer_netns, &peer);
	if (!err)
		memcpy(mac, peer.mac, 6);
	close(fd);
	return err;
}

bool netdev_in_host_netns(void)
{
	struct stat self, init;

	/* without the capabilities of pid 1 its namespaces cannot be read; netdev_budget is seen
	 * in the initial network namespace only */
	if (stat("/proc/self/ns/net", &self) || stat("/proc/1/ns/net", &init))
		return !access("/proc/sys/net/core/netdev_budget", F_OK);
	return self.st_ino == init.st_ino && self.st_dev == init.st_dev;
}
