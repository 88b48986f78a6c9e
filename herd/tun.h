/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* TUN devices: what the kernel routes to them is read here, and what is written here it receives. */
#ifndef HERD_TUN_H
#define HERD_TUN_H

#include <linux/if.h>

#define TUN_PACKET_MAX 65536
#define TUN_NETNS_MAX 256

/* DEV or DEV@NETNS; NETNS is a name of `ip netns`, or a path. Empty: the present namespace. */
struct tun_place {
	char dev[IFNAMSIZ];
	char netns[TUN_NETNS_MAX];
	char said[IFNAMSIZ + TUN_NETNS_MAX];
};

/* Is @word such a place? -EINVAL and *why otherwise. */
int tun_parse(const char *word, struct tun_place *place, const char **why);
/*
 * Opens the device, which must be there already (`ip tuntap add DEV mode tun`), sets it up and its
 * queue long enough for a storm. Non-blocking. Errors have been reported.
 */
int tun_open(const struct tun_place *place);

#endif
