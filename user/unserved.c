// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "unserved.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "instance.h"
#include "log.h"
#include "run_lock.h"

#define NAMED_MAX 3

/* A `weir run` notices a change within 100 ms; but it may have many queues to make. */
#define PATIENCE_NS 1000000000ULL
#define LOOK_EVERY_US 10000

/* A bit each listener that nobody serves. */
static uint64_t find_unserved(const struct instance *instance, const struct policy *policy)
{
	uint64_t now_ns = instance_now_ns(), unserved = 0;

	for (uint32_t id = 0; id < LISTENERS_MAX; id++) {
		const struct listener *listener = &policy->listeners[id];
		struct queue_state queue;

		if (!*listener->name || listener->excess != EXCESS_DELAY)
			continue;
		if (!bpf_map_lookup_elem(instance->map_fd[MAP_QUEUES], &id, &queue) &&
		    queue.lease_until_ns <= now_ns)
			unserved |= 1ULL << id;
	}
	return unserved;
}

static void report(const struct instance *instance, const struct policy *policy, uint64_t unserved,
		   void (*say)(const char *format, ...))
{
	int count = __builtin_popcountll(unserved), named = 0;
	char list[NAMED_MAX * (LISTENER_NAME_MAX + 4) + 32] = "";
	size_t used = 0;

	for (unsigned int id = 0; id < LISTENERS_MAX && named < NAMED_MAX; id++)
		if (unserved >> id & 1)
			used += (size_t)snprintf(list + used, sizeof(list) - used, "%s'%s'",
						 named++ ? ", " : "", policy->listeners[id].name);
	if (count > named)
		snprintf(list + used, sizeof(list) - used, " and %d more", count - named);
	say("%s: excess = delay acts as drop for listener%s %s, which no `weir run` serves; start "
	    "`weir run %s`",
	    instance->name, count > 1 ? "s" : "", list, instance->name);
}

static int open_now(struct instance *instance, struct pins *pins, const char *name)
{
	int err = pins_lock(pins, false, false);

	if (err)
		return err;
	err = instance_open(instance, pins, name);
	pins_unlock(pins);
	return err;
}

void unserved_report(const char *name, void (*say)(const char *format, ...))
{
	struct policy *policy = malloc(sizeof(*policy));
	uint64_t until_ns = instance_now_ns() + PATIENCE_NS, unserved;
	struct instance instance;
	struct pins pins;

	if (!policy || open_now(&instance, &pins, name))
		goto out;
	if (!instance_policy(&instance, policy) && !instance.control->vlan_hidden) {
		while ((unserved = find_unserved(&instance, policy)) &&
		       instance_now_ns() < until_ns && run_lock_is_taken(&pins, name))
			usleep(LOOK_EVERY_US);
		if (unserved)
			report(&instance, policy, unserved, say);
	}
	instance_close(&instance);
out:
	free(policy);
}
