/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Putting frames into the stack of this network namespace, as if a device had just received them. */
#ifndef WEIR_INJECT_H
#define WEIR_INJECT_H

#include <stdint.h>

/* An fd for inject_frame(), or -errno. */
int inject_open(void);
/* 0 or -errno. The kernel finds @ifindex in the network namespace of the caller. */
int inject_frame(int fd, uint32_t ifindex, const void *frame, uint32_t len);

#endif
