/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Reading the map `top`. */
#ifndef WEIR_TOP_READ_H
#define WEIR_TOP_READ_H

#include "top.h"

/* One look-up a set of the map, of all CPUs at once: what a few counters cost. 0 or -errno. */
int top_read(struct top *top, int map_fd, uint64_t now_ns);

#endif
