/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What a bench must know of a network device: addresses at both ends of a link. */
#ifndef BENCH_NETDEV_H
#define BENCH_NETDEV_H

#include <stdbool.h>
#include <stdint.h>

/* Hardware address of @dev in this network namespace. 0 or -errno. */
int netdev_mac(const char *dev, uint8_t mac[6]);

/* Hardware address of the other end of the veth @dev, wherever that end is; -ENOTSUP if @dev is
 * no veth, or another -errno. */
int netdev_peer_mac(const char *dev, uint8_t mac[6]);

/* Is this process in the network namespace of pid 1, or in the initial one? */
bool netdev_in_host_netns(void);

#endif
