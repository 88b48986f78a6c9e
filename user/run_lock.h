/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What makes a `weir run` the only one that serves an instance: a lock on the directory of its pins,
 * which goes with the process, however that ends. Only root can open that directory: an abstract
 * socket could be taken by anybody who has seen its name, as all can in /proc/net/unix.
 */
#ifndef WEIR_RUN_LOCK_H
#define WEIR_RUN_LOCK_H

#include <stdbool.h>

#include "pins.h"

/*
 * Takes the lock of what is pinned as @name now, in place of @former (of this process, or -1), which
 * an upgrade may have left behind. Returns its fd, or -errno: -EBUSY: another one has it; @former is
 * closed, unless it is what is returned.
 */
int run_lock_take(const struct pins *pins, const char *name, int former);
/* Does some process have it? */
bool run_lock_is_taken(const struct pins *pins, const char *name);

#endif
