/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Locks that are held for the moment of a command: whoever waits longer is told so. */
#ifndef WEIR_LOCK_H
#define WEIR_LOCK_H

#include <stdbool.h>

#define LOCK_WAIT_SECONDS 10

/* Locks the file @fd, alone (@exclusive) or with other readers, as flock() does. Returns -EBUSY
 * after LOCK_WAIT_SECONDS. */
int lock_wait(int fd, bool exclusive);
/* -EBUSY at once. */
int lock_try(int fd, bool exclusive);

#endif
