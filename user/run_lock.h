/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What makes a `weir run` the only one that serves an instance: a bound abstract socket, which is
 * of the network namespace, as the instance is, and goes with the process, however that ends.
 */
#ifndef WEIR_RUN_LOCK_H
#define WEIR_RUN_LOCK_H

#include <stdbool.h>
#include <stdint.h>

/* @created_ns makes the instance's name its own; an upgrade keeps both. Returns the socket, or
 * -errno: -EADDRINUSE: another one has it. */
int run_lock_take(const char *name, uint64_t created_ns);
/* Does some process have it? */
bool run_lock_is_taken(const char *name, uint64_t created_ns);

#endif
