/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * VLAN tags that a device takes off frames before XDP sees them. What XDP sends back would leave
 * without them.
 */
#ifndef WEIR_OFFLOAD_H
#define WEIR_OFFLOAD_H

#include <stdint.h>

#define OFFLOAD_CTAG 0x1 /* 802.1Q */
#define OFFLOAD_STAG 0x2 /* 802.1ad */

/* Which tags @device takes off: OFFLOAD_* bits. */
unsigned int offload_tags(const char *device);
/* 1: some device of this network namespace gets tagged frames from @ifindex; 0: none; or -errno. */
int offload_matters(uint32_t ifindex);

#endif
