// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "instance.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "abi1.h"
#include "log.h"
#include "netdev.h"
#include "objects.h"

const char *const instance_map_names[MAP_COUNT] = {
	[MAP_CONTROL] = "control",
	[MAP_POLICY] = "policy",
	[MAP_LEVELS] = "levels",
	[MAP_BUCKETS] = "buckets",
	[MAP_COUNTERS] = "counters",
	[MAP_TABLE_COUNTERS] = "table_counters",
	[MAP_RULES_V4] = "rules_v4",
	[MAP_RULES_V6] = "rules_v6",
	[MAP_TOP] = "top",
	[MAP_ECHOES] = "echoes",
	[MAP_WAITING] = "waiting",
	[MAP_RETURNS] = "returns_by_listener",
	[MAP_LOOK_BUDGET] = "look_budget",
	[MAP_DELAYS] = "delays",
	[MAP_QUEUES] = "queues",
	[MAP_DELAY_BUDGET] = "delay_budget",
	[MAP_UNHELD] = "unheld",
	[MAP_RULE_FILTERS] = "rule_filters",
	[MAP_FLOWS] = "flows",
	[MAP_FLOWS_USED] = "flows_used",
	[MAP_SETUP_COUNTERS] = "setup_counters",
	[MAP_SETUPS] = "setups",
	[MAP_WINDOWS] = "windows",
	[MAP_LOOK_POOL] = "look_pool",
};

uint64_t instance_now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ULL + now.tv_nsec;
}

static int map_control(struct instance *instance)
{
	void *memory = mmap(NULL, sizeof(struct control), PROT_READ | PROT_WRITE, MAP_SHARED,
			    instance->map_fd[MAP_CONTROL], 0);

	if (memory == MAP_FAILED)
		return -errno;
	instance->control = memory;
	return 0;
}

int instance_wrap(struct instance *instance, const char *name, const int map_fd[MAP_COUNT])
{
	memset(instance, 0, sizeof(*instance));
	snprintf(instance->name, sizeof(instance->name), "%s", name);
	memcpy(instance->map_fd, map_fd, sizeof(instance->map_fd));
	return map_control(instance);
}

int instance_draw_seeds(struct control *control)
{
	const size_t size = sizeof(control->seed), waiting_size = sizeof(control->waiting_seed);

	return getrandom(&control->seed, size, 0) == (ssize_t)size &&
			       getrandom(&control->waiting_seed, waiting_size, 0) ==
				       (ssize_t)waiting_size
		       ? 0
		       : -EIO;
}

/* What bpf/maps.bpf.h makes of the maps. Entries 0: as many as the table has sets. */
static const struct map_shape shapes[MAP_COUNT] = {
	[MAP_CONTROL] = { BPF_MAP_TYPE_ARRAY, BPF_F_MMAPABLE, sizeof(struct control), 1 },
	[MAP_POLICY] = { BPF_MAP_TYPE_ARRAY, 0, sizeof(struct policy), 2 },
	[MAP_LEVELS] = { BPF_MAP_TYPE_ARRAY, BPF_F_MMAPABLE, sizeof(struct level_state),
			 LEVELS_MAX },
	[MAP_BUCKETS] = { BPF_MAP_TYPE_ARRAY, BPF_F_MMAPABLE, sizeof(struct bucket_set), 0 },
	[MAP_COUNTERS] = { BPF_MAP_TYPE_PERCPU_ARRAY, 0, sizeof(struct counters),
			   1 + LISTENERS_MAX },
	[MAP_TABLE_COUNTERS] = { BPF_MAP_TYPE_PERCPU_ARRAY, 0, sizeof(struct table_counters), 1 },
	/* a trie for each copy of the policy */
	[MAP_RULES_V4] = { BPF_MAP_TYPE_ARRAY_OF_MAPS, 0, sizeof(uint32_t), 2 },
	[MAP_RULES_V6] = { BPF_MAP_TYPE_ARRAY_OF_MAPS, 0, sizeof(uint32_t), 2 },
	[MAP_TOP] = { BPF_MAP_TYPE_PERCPU_ARRAY, 0, sizeof(struct top_set), TOP_SLICES *TOP_SETS },
	[MAP_ECHOES] = { BPF_MAP_TYPE_PERCPU_ARRAY, 0, sizeof(struct echoes), LISTENERS_MAX },
	[MAP_WAITING] = { BPF_MAP_TYPE_ARRAY, BPF_F_MMAPABLE, sizeof(struct waiting_set), 0 },
	[MAP_RETURNS] = { BPF_MAP_TYPE_ARRAY, BPF_F_MMAPABLE, sizeof(struct returns),
			  LISTENERS_MAX },
	[MAP_LOOK_BUDGET] = { BPF_MAP_TYPE_PERCPU_ARRAY, 0, sizeof(struct look_budget), 1 },
	[MAP_DELAYS] = { BPF_MAP_TYPE_RINGBUF, 0, 0, DELAY_RING_BYTES },
	[MAP_QUEUES] = { BPF_MAP_TYPE_ARRAY, BPF_F_MMAPABLE, sizeof(struct queue_state),
			 LISTENERS_MAX },
	[MAP_DELAY_BUDGET] = { BPF_MAP_TYPE_PERCPU_ARRAY, 0, sizeof(struct delay_budget), 1 },
	[MAP_UNHELD] = { BPF_MAP_TYPE_PERCPU_ARRAY, 0, sizeof(struct unheld_counters),
			 LISTENERS_MAX },
	[MAP_LOOK_POOL] = { BPF_MAP_TYPE_ARRAY, 0, sizeof(struct look_pool), 1 },
	[MAP_RULE_FILTERS] = { BPF_MAP_TYPE_ARRAY, 0, sizeof(struct rule_filter),
			       2 * FAMILY_COUNT },
	[MAP_FLOWS] = { BPF_MAP_TYPE_ARRAY, BPF_F_MMAPABLE, sizeof(struct flow),
			FLOW_SLOTS_DEFAULT },
	[MAP_FLOWS_USED] = { BPF_MAP_TYPE_ARRAY, BPF_F_MMAPABLE, sizeof(uint64_t),
			     FLOW_SLOTS_DEFAULT / FLOWS_PER_WORD },
	[MAP_SETUP_COUNTERS] = { BPF_MAP_TYPE_PERCPU_ARRAY, 0, sizeof(struct setup_counters),
				 LISTENERS_MAX },
	[MAP_SETUPS] = { BPF_MAP_TYPE_ARRAY, BPF_F_MMAPABLE, sizeof(struct setup_state),
			 LISTENERS_MAX },
	[MAP_WINDOWS] = { BPF_MAP_TYPE_ARRAY, BPF_F_MMAPABLE, sizeof(struct window_state),
			  LISTENERS_MAX },
};

static int check_shape(const struct instance *instance, enum instance_map map)
{
	struct map_shape shape = shapes[map];

	if (!shape.entries && map == MAP_WAITING)
		shape.entries = config_waiting_sets(instance->control->source_slots);
	else if (!shape.entries)
		shape.entries = instance->control->source_slots / TABLE_WAYS;
	return object_check_map(instance->map_fd[map], &shape);
}

static int open_map(struct instance *instance, const struct pins *pins, enum instance_map map)
{
	char path[PATH_MAX];
	int err = pins_path(pins, path, instance->name, instance_map_names[map]);

	instance->fault = map;
	if (err)
		return err;
	instance->map_fd[map] = object_open(path, OBJECT_MAP);
	if (instance->map_fd[map] < 0)
		return instance->map_fd[map] == -ENOENT ? -ENODATA : instance->map_fd[map];
	return 0;
}

/* One of any ABI, which it tells at the same place in all of them. */
static int open_control(struct instance *instance, const struct pins *pins)
{
	struct map_shape shape = shapes[MAP_CONTROL];
	int err = open_map(instance, pins, MAP_CONTROL);

	if (err)
		return err;
	shape.value_size = object_value_size(instance->map_fd[MAP_CONTROL]);
	if (shape.value_size < offsetof(struct control, source_slots))
		return -EINVAL;
	err = object_check_map(instance->map_fd[MAP_CONTROL], &shape);
	return err ? err : map_control(instance);
}

/* Whose it is comes before whether it is whole. */
static int check_owner(const struct instance *instance)
{
	uint32_t abi = instance->control->abi;
	uint64_t cookie = instance->control->netns_cookie;

	if (abi == ABI1)
		cookie = ((const struct abi1_control *)instance->control)->netns_cookie;
	else if (abi != WEIR_ABI)
		return -EPROTO;
	return cookie == netdev_netns_cookie() ? 0 : -EXDEV;
}

static int find_maps(struct instance *instance, const struct pins *pins)
{
	int err = open_control(instance, pins);

	if (!err)
		err = check_owner(instance);
	if (!err && instance->control->abi != WEIR_ABI)
		err = -ESTALE;
	if (!err)
		err = check_shape(instance, MAP_CONTROL);
	for (int map = MAP_CONTROL + 1; !err && map < MAP_COUNT; map++) {
		err = open_map(instance, pins, map);
		if (!err)
			err = check_shape(instance, map);
	}
	return err;
}

int instance_find(struct instance *instance, const struct pins *pins, const char *name)
{
	int err = pins_find(pins, name);

	memset(instance, 0, sizeof(*instance));
	memset(instance->map_fd, -1, sizeof(instance->map_fd));
	snprintf(instance->name, sizeof(instance->name), "%s", name);
	return err ? err : find_maps(instance, pins);
}

int instance_open(struct instance *instance, const struct pins *pins, const char *name)
{
	int err = instance_find(instance, pins, name);
	char text[FAULT_TEXT_MAX];

	if (!err)
		return 0;
	log_error("%s", instance_fault(text, instance, pins, err));
	instance_close(instance);
	return err;
}

struct instance_walk {
	const struct pins *pins;
	int (*mine)(struct instance *instance, void *arg);
	void (*other)(const struct instance *instance, int err, void *arg);
	void *arg;
};

static int visit(const char *name, void *arg)
{
	const struct instance_walk *walk = arg;
	struct instance instance;
	int err = instance_find(&instance, walk->pins, name), ret = 0;

	if (err)
		walk->other(&instance, err, walk->arg);
	else
		ret = walk->mine(&instance, walk->arg);
	instance_close(&instance);
	return ret;
}

int instance_each(const struct pins *pins, int (*mine)(struct instance *instance, void *arg),
		  void (*other)(const struct instance *instance, int err, void *arg), void *arg)
{
	struct instance_walk walk = { pins, mine, other, arg };

	return pins_each(pins, visit, &walk);
}

void instance_close(struct instance *instance)
{
	if (instance->control)
		munmap(instance->control, sizeof(*instance->control));
	instance->control = NULL;
	for (int i = 0; i < MAP_COUNT; i++) {
		if (instance->map_fd[i] >= 0)
			close(instance->map_fd[i]);
		instance->map_fd[i] = -1;
	}
}
