/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A change of the policy of a running instance: read, alter, publish, under the lock. */
#ifndef WEIR_CHANGE_H
#define WEIR_CHANGE_H

#include <stdint.h>

#include "abi.h"

/*
 * Calls @alter with a copy of the policy in force; it returns 1 if it altered that, 0 if there was
 * nothing to do, or -errno after reporting why it cannot. Returns 0 or -errno, reported; -ENOENT:
 * @name is not attached.
 */
int change_policy(const char *name, int (*alter)(struct policy *policy, uint64_t now_ns, void *arg),
		  void *arg);

#endif
