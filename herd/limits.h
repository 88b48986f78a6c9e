/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What this process may use. */
#ifndef HERD_LIMITS_H
#define HERD_LIMITS_H

#include <stdint.h>

/*
 * Raises the limit of open files as far as it is allowed, to hold @wanted sockets more than those
 * @needed. 0 with *spare, how many more than @needed there may be, or -EMFILE after saying so.
 */
int limits_raise_files(uint32_t needed, uint32_t wanted, uint32_t *spare);
/* User and system time of this process so far. */
double limits_cpu_seconds(void);

#endif
