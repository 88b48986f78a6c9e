/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A change of the policy of a running instance: read, alter, publish, under the lock. */
#ifndef WEIR_CHANGE_H
#define WEIR_CHANGE_H

#include <stdint.h>

#include "abi.h"
#include "rules.h"

/*
 * Calls @alter with a copy of the policy in force; it returns 1 if it altered that, 0 if there was
 * nothing to do, or -errno after reporting why it cannot. Returns 0 or -errno, reported; -ENOENT:
 * @name is not attached.
 */
int change_policy(const char *name, int (*alter)(struct policy *policy, uint64_t now_ns, void *arg),
		  void *arg);

/*
 * The same for the prefix rules: calls @alter with the rules in force, without those that have
 * expired. An empty @name stands for the only instance there is, and becomes its name.
 */
int change_rules(char name[INSTANCE_NAME_MAX],
		 int (*alter)(struct rules *rules, const struct policy *policy, uint64_t now_ns,
			      void *arg),
		 void *arg);

/* Id of the listener called @name, or -EINVAL after saying that @instance has none. */
int change_find_listener(const struct policy *policy, const char *instance, const char *name);

#endif
