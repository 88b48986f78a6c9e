/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* How the present network namespace would reach an address. */
#ifndef HERD_NEIGHBOUR_H
#define HERD_NEIGHBOUR_H

#include <stdbool.h>
#include <stdint.h>

#include "abi.h"

struct neighbour {
	uint32_t ifindex;
	bool local;	 /* it is an address of this namespace */
	bool router;	 /* the way leads over one */
	bool veth;	 /* the device is one end of a veth pair */
	uint8_t mac[6];	 /* of the device */
	uint8_t peer[6]; /* of the address */
	char dev[16];
};

/* Fills everything but peer. Returns -errno; -ENETUNREACH and the like if there is no way. */
int neighbour_find(const struct addr *to, struct neighbour *way);
/* Fills peer, asking the network if need be. -EHOSTUNREACH: nobody answers for the address. */
int neighbour_resolve(const struct addr *to, struct neighbour *way);
/* Is there a default route of either family, or one nearly as wide, so that the world may be
 * reached? */
bool neighbour_world_near(void);

#endif
