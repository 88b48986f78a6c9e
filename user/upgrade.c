// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "upgrade.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "log.h"
#include "migrate.h"
#include "objects.h"

/* -- what was there ---------------------------------------------------------------------------- */

static const struct abi1_control *abi1_control(const struct instance *instance)
{
	return (const struct abi1_control *)instance->control;
}

static bool is_abi1(const struct upgrade *upgrade)
{
	return upgrade->from_abi == ABI1;
}

/* Those of the maps of ABI 1; no size: it had none. */
static const struct map_shape abi1_shapes[MAP_COUNT] = {
	[MAP_CONTROL] = { BPF_MAP_TYPE_ARRAY, BPF_F_MMAPABLE, sizeof(struct abi1_control), 1 },
	[MAP_POLICY] = { BPF_MAP_TYPE_ARRAY, 0, sizeof(struct abi1_policy), 2 },
	[MAP_LEVELS] = { BPF_MAP_TYPE_ARRAY, BPF_F_MMAPABLE, sizeof(struct abi1_level),
			 ABI1_LEVELS },
	[MAP_BUCKETS] = { BPF_MAP_TYPE_ARRAY, BPF_F_MMAPABLE, sizeof(struct abi1_set), 0 },
	[MAP_COUNTERS] = { BPF_MAP_TYPE_PERCPU_ARRAY, 0, ABI1_COUNTERS_SIZE, 1 + ABI1_LISTENERS },
	[MAP_TABLE_COUNTERS] = { BPF_MAP_TYPE_PERCPU_ARRAY, 0, ABI1_TABLE_COUNTERS_SIZE, 1 },
};

static int open_abi1_map(struct instance *instance, const struct pins *pins, enum instance_map map)
{
	struct map_shape shape = abi1_shapes[map];
	char path[PATH_MAX];
	int err = pins_path(pins, path, instance->name, instance_map_names[map]), fd;

	if (err)
		return err;
	if (!shape.entries)
		shape.entries = abi1_control(instance)->source_slots / ABI1_WAYS;
	fd = object_open(path, OBJECT_MAP);
	if (fd < 0)
		return fd == -ENOENT ? -ENODATA : fd;
	if (instance->map_fd[map] >= 0)
		close(instance->map_fd[map]);
	instance->map_fd[map] = fd;
	return object_check_map(fd, &shape);
}

static int open_abi1(struct instance *instance, const struct pins *pins)
{
	int err = 0;

	for (int map = 0; !err && map < MAP_COUNT; map++) {
		instance->fault = map;
		if (abi1_shapes[map].value_size)
			err = open_abi1_map(instance, pins, map);
	}
	return err;
}

/* Counts go on in the same maps: so none is lost. All of a table of another size but that, too. */
static bool is_kept(const struct upgrade *upgrade, enum instance_map map)
{
	if (is_abi1(upgrade))
		return map == MAP_COUNTERS || map == MAP_TABLE_COUNTERS;
	return map != MAP_CONTROL && map != MAP_BUCKETS && map != MAP_WAITING;
}

bool upgrade_is_needed(const struct instance *instance, uint32_t sources)
{
	const struct control *control = instance->control;

	return control->abi != WEIR_ABI ||
	       (sources && config_slots(sources) != control->source_slots);
}

/* -- what is to be ----------------------------------------------------------------------------- */

static int move_policy_abi1(struct upgrade *upgrade)
{
	uint64_t generation = upgrade->next.control->generation;
	struct abi1_policy *old = malloc(sizeof(*old));
	struct policy *policy = calloc(1, sizeof(*policy));
	uint32_t slot = generation & 1;
	int err = old && policy ? 0 : -ENOMEM;

	if (!err && bpf_map_lookup_elem(upgrade->instance->map_fd[MAP_POLICY], &slot, old))
		err = -errno;
	if (!err) {
		migrate_policy_abi1(policy, old, generation);
		if (bpf_map_update_elem(upgrade->next.map_fd[MAP_POLICY], &slot, policy, BPF_ANY))
			err = -errno;
	}
	free(policy);
	free(old);
	return err;
}

static int describe(struct upgrade *upgrade, uint32_t sources)
{
	struct control *control = upgrade->next.control;
	int err = instance_draw_seeds(control);

	if (is_abi1(upgrade))
		migrate_control_abi1(control, abi1_control(upgrade->instance));
	else
		*control = *upgrade->instance->control;
	control->source_slots = config_slots(sources);
	return !err && is_abi1(upgrade) ? move_policy_abi1(upgrade) : err;
}

/* Links may be pinned in two places; which of them is removed makes no difference. */
static int pin_beside(const struct upgrade *upgrade, const struct datapath *datapath,
		      const struct links *links)
{
	const struct pins *pins = upgrade->pins;
	const char *beside = upgrade->beside;
	int err = pins_make(pins, beside);

	if (!err)
		err = datapath_pin_maps(datapath, pins, beside);
	for (unsigned int i = 0; !err && i < links->count; i++) {
		char path[PATH_MAX];

		err = links_path(pins, path, beside, links->link[i].pin);
		if (!err && bpf_obj_pin(links->link[i].fd, path))
			err = -errno;
	}
	return err;
}

static int count_pin(const char *device, void *arg)
{
	(void)device;
	++*(unsigned int *)arg;
	return 0;
}

/* The directory goes: what somebody else has pinned there would go with it. */
static int check_strays(const struct upgrade *upgrade, const struct links *links)
{
	unsigned int pinned = 0;
	int err = pins_each_device(upgrade->pins, upgrade->instance->name, count_pin, &pinned);

	if (err || pinned == links->count)
		return err;
	log_error("cannot move the state of '%s': what is pinned there is not all weir's; remove "
		  "the rest with `rm` and run it again",
		  upgrade->instance->name);
	return -EEXIST;
}

static int make_next(struct upgrade *upgrade, const struct datapath *datapath,
		     const struct links *links, uint32_t sources)
{
	int map_fd[MAP_COUNT], err = datapath_dup_maps(datapath, map_fd);

	if (err)
		return err;
	err = instance_wrap(&upgrade->next, upgrade->instance->name, map_fd);
	if (!err)
		err = describe(upgrade, sources);
	if (!err)
		err = pin_beside(upgrade, datapath, links);
	return err;
}

static int report(const struct upgrade *upgrade, int err)
{
	if (err)
		log_error("cannot move the state of '%s': %s; it stays as it is",
			  upgrade->instance->name, log_reason(err));
	return err;
}

int upgrade_begin(struct upgrade *upgrade, struct datapath **datapath, const struct pins *pins,
		  struct instance *instance, const struct links *links, uint32_t sources)
{
	struct instance kept;
	int err = 0;

	*upgrade = (struct upgrade){
		.pins = pins,
		.instance = instance,
		.from_abi = instance->control->abi,
		.from_slots = instance->control->source_slots,
	};
	memset(upgrade->next.map_fd, -1, sizeof(upgrade->next.map_fd));
	pins_beside(upgrade->beside, instance->name);
	if (is_abi1(upgrade))
		err = open_abi1(instance, pins);
	if (err) {
		char text[FAULT_TEXT_MAX];

		log_error("%s", instance_fault(text, instance, pins, err));
		return err;
	}
	err = check_strays(upgrade, links);
	if (err)
		return err;
	if (!sources)
		sources = upgrade->from_slots;
	kept = *instance;
	for (int map = 0; map < MAP_COUNT; map++)
		if (!is_kept(upgrade, map))
			kept.map_fd[map] = -1;
	err = datapath_load(datapath, &kept, sources);
	return err ? err : report(upgrade, make_next(upgrade, *datapath, links, sources));
}

/* -- the switch -------------------------------------------------------------------------------- */

static void *map_memory(int fd, size_t size, int protection)
{
	void *memory = mmap(NULL, size, protection, MAP_SHARED, fd, 0);

	return memory == MAP_FAILED ? NULL : memory;
}

static int fill_table(struct upgrade *upgrade, struct new_table *table)
{
	uint32_t count = upgrade->from_slots / (is_abi1(upgrade) ? ABI1_WAYS : TABLE_WAYS);
	size_t from_size = count * sizeof(struct bucket_set);
	size_t size = table->count * sizeof(struct bucket_set);
	void *from = map_memory(upgrade->instance->map_fd[MAP_BUCKETS], from_size, PROT_READ);
	int err = 0;

	table->sets = map_memory(upgrade->next.map_fd[MAP_BUCKETS], size, PROT_READ | PROT_WRITE);
	if (!from || !table->sets)
		err = -ENOMEM;
	else if (is_abi1(upgrade))
		migrate_buckets_abi1(table, from, count);
	else
		migrate_buckets(table, from, count);
	if (from)
		munmap(from, from_size);
	if (table->sets)
		munmap(table->sets, size);
	return err;
}

static int fill_levels_abi1(struct upgrade *upgrade)
{
	size_t from_size = ABI1_LEVELS * sizeof(struct abi1_level);
	size_t size = LEVELS_MAX * sizeof(struct level_state);
	void *from = map_memory(upgrade->instance->map_fd[MAP_LEVELS], from_size, PROT_READ);
	void *to = map_memory(upgrade->next.map_fd[MAP_LEVELS], size, PROT_READ | PROT_WRITE);
	int err = from && to ? 0 : -ENOMEM;

	if (!err)
		migrate_levels_abi1(to, from);
	if (from)
		munmap(from, from_size);
	if (to)
		munmap(to, size);
	return err;
}

int upgrade_fill(struct upgrade *upgrade)
{
	struct new_table table = {
		.count = upgrade->next.control->source_slots / TABLE_WAYS,
		.now_ns = instance_now_ns(),
	};
	struct policy *policy = malloc(sizeof(*policy));
	int err = policy ? instance_policy(&upgrade->next, policy) : -ENOMEM;

	if (!err) {
		table.refill_max_ns = policy->refill_max_ns;
		err = fill_table(upgrade, &table);
	}
	if (!err && is_abi1(upgrade))
		err = fill_levels_abi1(upgrade);
	if (!err && table.forgotten)
		log_warning("'%s': the new source table has no room for %" PRIu64 " buckets in "
			    "debt; they count as full",
			    upgrade->instance->name, table.forgotten);
	free(policy);
	return report(upgrade, err);
}

int upgrade_commit(struct upgrade *upgrade)
{
	struct instance *instance = upgrade->instance;
	struct instance former = *instance;
	int err = pins_exchange(upgrade->pins, instance->name, upgrade->beside);

	if (err)
		return report(upgrade, err);
	*instance = upgrade->next;
	upgrade->next = former;
	if (is_abi1(upgrade))
		log_done("%s: state upgraded from ABI %u to %u: limits, mode, buckets and counters "
			 "are kept",
			 instance->name, upgrade->from_abi, WEIR_ABI);
	if (instance->control->source_slots != upgrade->from_slots)
		log_done("%s: sources: %u, not %u any more; buckets are kept", instance->name,
			 instance->control->source_slots, upgrade->from_slots);
	return 0;
}

void upgrade_end(struct upgrade *upgrade)
{
	pins_clear(upgrade->pins, upgrade->beside);
	instance_close(&upgrade->next);
}

/* -- after a kill ------------------------------------------------------------------------------ */

bool upgrade_is_interrupted(const struct pins *pins, const char *name)
{
	char beside[PINS_BESIDE_MAX];

	pins_beside(beside, name);
	return !pins_find(pins, beside);
}

int upgrade_check_done(const struct pins *pins, const char *name)
{
	if (!upgrade_is_interrupted(pins, name))
		return 0;
	log_error("cannot change '%s': an attach was killed in the middle of it, and its programs "
		  "may "
		  "use the former state or the new one; finish it with `weir attach DEV name %s`",
		  name, name);
	return -EBUSY;
}

/* Is a program of the instance on the maps of @beside? Then these are complete. */
static bool is_used(const struct pins *pins, const char *name, const char *beside)
{
	char path[PATH_MAX];
	struct links links = {};
	uint32_t control_id;
	bool used = false;
	int fd;

	if (pins_path(pins, path, beside, instance_map_names[MAP_CONTROL]))
		return false;
	fd = object_open(path, OBJECT_MAP);
	if (fd < 0)
		return false;
	control_id = object_map_id(fd);
	close(fd);
	if (!links_open(&links, pins, name, 0))
		for (unsigned int i = 0; i < links.count; i++)
			used |= links.link[i].control_id == control_id;
	links_close(&links);
	return used;
}

bool upgrade_recover(const struct pins *pins, const char *name)
{
	char beside[PINS_BESIDE_MAX];

	if (!upgrade_is_interrupted(pins, name))
		return false;
	pins_beside(beside, name);
	if (!is_used(pins, name, beside) || !pins_exchange(pins, name, beside))
		pins_clear(pins, beside);
	return true;
}
