/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the kernel says about network devices and about the namespace that we are in. */
#ifndef WEIR_NETDEV_H
#define WEIR_NETDEV_H

#include <stdbool.h>
#include <stdint.h>

#include "config.h"

/* Index of a device that frames with an Ethernet header arrive on. Errors have been reported. */
int netdev_index(const char *device, uint32_t *ifindex);
/* The same without a word, of any device; 0: there is none of this name. */
uint32_t netdev_find(const char *device);
/* Its name in this network namespace. Returns -errno. */
int netdev_name(uint32_t ifindex, char name[DEVICE_NAME_MAX]);
/* SO_NETNS_COOKIE: unique for as long as the machine runs. 0 if the kernel does not tell. */
uint64_t netdev_netns_cookie(void);

/* An XDP program on a device. */
struct netdev_xdp {
	uint32_t prog_id; /* 0: none */
	char prog_name[16];
	bool native;
};

/* What is attached now, whoever attached it. Returns -errno. */
int netdev_xdp(uint32_t ifindex, struct netdev_xdp *xdp);

#endif
