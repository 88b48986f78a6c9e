// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Reading an instance into a snapshot. */
#include "instance.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "log.h"
#include "objects.h"
#include "policy.h"
#include "top_read.h"
#include "upgrade.h"

/* With 1024 sets of four the standard error of the fill is below 0.8 %. */
#define SAMPLED_SETS 1024

static int sample_fill(const struct instance *instance, struct snapshot *snapshot)
{
	uint32_t sets = instance->control->source_slots / TABLE_WAYS;
	uint32_t sampled = sets < SAMPLED_SETS ? sets : SAMPLED_SETS, in_debt = 0;
	/* what is later is left over from a slower limit */
	uint64_t horizon_ns = snapshot->now_ns + snapshot->policy->refill_max_ns;
	uint32_t picks[SAMPLED_SETS];

	if (!sets)
		return 0;
	if (getrandom(picks, sizeof(picks), 0) != sizeof(picks))
		return -EIO;
	for (uint32_t i = 0; i < sampled; i++) {
		uint32_t index = sampled == sets ? i : picks[i] % sets;
		struct bucket_set set;

		if (bpf_map_lookup_elem(instance->map_fd[MAP_BUCKETS], &index, &set))
			return -errno;
		for (int way = 0; way < TABLE_WAYS; way++)
			in_debt += set.word[way] > snapshot->now_ns && set.word[way] <= horizon_ns;
	}
	snapshot->table_fill = (double)in_debt / (sampled * TABLE_WAYS);
	return 0;
}

void instance_devices(struct snapshot *snapshot, const struct links *links)
{
	static const enum device_state states[] = {
		[LINK_HERE] = DEVICE_ATTACHED,
		[LINK_MOVED] = DEVICE_MOVED,
		[LINK_DEAD] = DEVICE_LOST,
	};

	for (unsigned int i = 0; i < links->count; i++) {
		struct snapshot_device *device = &snapshot->devices[i];
		const struct link *link = &links->link[i];

		memcpy(device->name, link->device, sizeof(device->name));
		memcpy(device->attached_as, link->pin, sizeof(device->attached_as));
		device->state = states[link->state];
		device->native = link->native;
		device->ifindex = link->ifindex;
	}
	snapshot->devices_count = links->count;
}

static int read_devices(const struct instance *instance, const struct pins *pins,
			struct snapshot *snapshot)
{
	/* in the middle of an upgrade a program may be on either state */
	bool interrupted = upgrade_is_interrupted(pins, instance->name);
	struct links links;
	int err = links_open(&links, pins, instance->name,
			     interrupted ? 0 : object_map_id(instance->map_fd[MAP_CONTROL]));

	if (interrupted)
		log_warning(
			"an attach of '%s' was killed in the middle: some of this may be of its "
			"former state; finish it with `weir attach DEV name %s`",
			instance->name, instance->name);

	instance_devices(snapshot, &links);
	links_close(&links);
	return err;
}

int instance_snapshot(const struct instance *instance, const struct pins *pins,
		      struct snapshot *snapshot)
{
	struct look_budget budget;
	int err;

	memset(snapshot, 0, sizeof(*snapshot));
	snapshot->policy = malloc(sizeof(*snapshot->policy));
	if (!snapshot->policy)
		return -ENOMEM;
	snapshot->now_ns = instance_now_ns();
	snapshot->control = *instance->control;
	err = instance_policy(instance, snapshot->policy);
	for (uint32_t i = 0; !err && i < LEVELS_MAX; i++)
		if (bpf_map_lookup_elem(instance->map_fd[MAP_LEVELS], &i, &snapshot->levels[i]))
			err = -errno;
	for (uint32_t i = 0; !err && i < 1 + LISTENERS_MAX; i++)
		err = object_sum_cpus(instance->map_fd[MAP_COUNTERS], i, &snapshot->counters[i],
				      sizeof(snapshot->counters[i]));
	if (!err)
		err = object_sum_cpus(instance->map_fd[MAP_LOOK_BUDGET], 0, &budget,
				      sizeof(budget));
	for (uint32_t i = 0; !err && i < LISTENERS_MAX; i++) {
		err = object_sum_cpus(instance->map_fd[MAP_ECHOES], i, &snapshot->echoes[i],
				      sizeof(snapshot->echoes[i]));
		if (!err &&
		    bpf_map_lookup_elem(instance->map_fd[MAP_RETURNS], &i, &snapshot->returns[i]))
			err = -errno;
		snapshot->echoes[i].n[ECHO_UNKNOWN] = budget.unpaid[i];
		if (!err &&
		    bpf_map_lookup_elem(instance->map_fd[MAP_QUEUES], &i, &snapshot->queues[i]))
			err = -errno;
		if (!err)
			err = object_sum_cpus(instance->map_fd[MAP_UNHELD], i, &snapshot->unheld[i],
					      sizeof(snapshot->unheld[i]));
		if (!err &&
		    bpf_map_lookup_elem(instance->map_fd[MAP_WINDOWS], &i, &snapshot->windows[i]))
			err = -errno;
		if (!err && policy_has_window(&snapshot->policy->listeners[i]))
			err = object_sum_cpus(instance->map_fd[MAP_SETUP_COUNTERS], i,
					      &snapshot->setups[i], sizeof(snapshot->setups[i]));
	}
	if (!err)
		err = object_sum_cpus(instance->map_fd[MAP_TABLE_COUNTERS], 0, &snapshot->table,
				      sizeof(snapshot->table));
	if (!err)
		err = top_read(&snapshot->top, instance->map_fd[MAP_TOP], snapshot->now_ns);
	if (!err)
		err = sample_fill(instance, snapshot);
	if (!err)
		err = instance_rules(instance, &snapshot->rules);
	rules_expire(&snapshot->rules, snapshot->now_ns);
	rules_sort(&snapshot->rules);
	if (!err)
		err = read_devices(instance, pins, snapshot);
	if (err)
		instance_free_snapshot(snapshot);
	return err;
}

void instance_free_snapshot(struct snapshot *snapshot)
{
	rules_free(&snapshot->rules);
	free(snapshot->policy);
	snapshot->policy = NULL;
}
