// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "netdev.h"

#include <errno.h>
#include <net/if_arp.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/if.h>
#include <linux/if_link.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "log.h"

#ifndef SO_NETNS_COOKIE
#define SO_NETNS_COOKIE 71 /* Linux 5.14; newer than the C library's list */
#endif

static int device_ioctl(unsigned long request, struct ifreq *req)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), err;

	if (fd < 0)
		return -errno;
	err = ioctl(fd, request, req) ? -errno : 0;
	close(fd);
	return err;
}

int netdev_index(const char *device, uint32_t *ifindex)
{
	struct ifreq req = {};
	int err;

	snprintf(req.ifr_name, sizeof(req.ifr_name), "%s", device);
	err = device_ioctl(SIOCGIFHWADDR, &req);
	if (err == -ENODEV) {
		log_error("cannot find device '%s': there is none of this name in this network "
			  "namespace; see `ip -br link`",
			  device);
		return err;
	}
	if (err)
		goto report;
	if (req.ifr_hwaddr.sa_family != ARPHRD_ETHER &&
	    req.ifr_hwaddr.sa_family != ARPHRD_LOOPBACK) {
		log_error(
			"cannot use device '%s': its frames have no Ethernet header; attach to the "
			"NIC that carries them",
			device);
		return -EOPNOTSUPP;
	}
	err = device_ioctl(SIOCGIFINDEX, &req);
	if (err)
		goto report;
	*ifindex = req.ifr_ifindex;
	return 0;

report:
	log_error("cannot query device '%s': %s", device, log_reason(err));
	return err;
}

uint32_t netdev_find(const char *device)
{
	struct ifreq req = {};

	snprintf(req.ifr_name, sizeof(req.ifr_name), "%s", device);
	return device_ioctl(SIOCGIFINDEX, &req) ? 0 : (uint32_t)req.ifr_ifindex;
}

int netdev_name(uint32_t ifindex, char name[DEVICE_NAME_MAX])
{
	struct ifreq req = { .ifr_ifindex = (int)ifindex };
	int err = device_ioctl(SIOCGIFNAME, &req);

	if (!err)
		snprintf(name, DEVICE_NAME_MAX, "%.*s", DEVICE_NAME_MAX - 1, req.ifr_name);
	return err;
}

uint64_t netdev_netns_cookie(void)
{
	uint64_t cookie = 0;
	socklen_t len = sizeof(cookie);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return 0;
	if (getsockopt(fd, SOL_SOCKET, SO_NETNS_COOKIE, &cookie, &len))
		cookie = 0;
	close(fd);
	return cookie;
}

int netdev_xdp(uint32_t ifindex, struct netdev_xdp *xdp)
{
	LIBBPF_OPTS(bpf_xdp_query_opts, query);
	struct bpf_prog_info info = {};
	__u32 len = sizeof(info);
	int err, fd;

	memset(xdp, 0, sizeof(*xdp));
	err = bpf_xdp_query(ifindex, 0, &query);
	if (err)
		return err;
	xdp->native = query.drv_prog_id || query.hw_prog_id;
	xdp->prog_id = query.drv_prog_id  ? query.drv_prog_id
		       : query.hw_prog_id ? query.hw_prog_id
					  : query.skb_prog_id;
	if (!xdp->prog_id)
		xdp->prog_id = query.prog_id;
	if (!xdp->prog_id)
		return 0;
	snprintf(xdp->prog_name, sizeof(xdp->prog_name), "?");
	fd = bpf_prog_get_fd_by_id(xdp->prog_id);
	if (fd < 0)
		return 0;
	if (!bpf_obj_get_info_by_fd(fd, &info, &len) && info.name[0])
		snprintf(xdp->prog_name, sizeof(xdp->prog_name), "%s", info.name);
	close(fd);
	return 0;
}
