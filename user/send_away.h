/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Refusing a connection whose SYN was held: a RST|ACK goes out where the SYN came in. */
#ifndef WEIR_SEND_AWAY_H
#define WEIR_SEND_AWAY_H

#include <stdint.h>

/* An fd for send_away(), or -errno: -EPERM without CAP_NET_RAW. */
int send_away_open(void);
/* 0 or -errno; -EINVAL: no reply can be made to this frame, see syn_frame_reset(). */
int send_away(int fd, uint32_t ifindex, const void *frame, uint32_t len);

#endif
