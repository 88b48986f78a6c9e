// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "egress.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "bpf/setup.skel.h"
#include "log.h"
#include "objects.h"
#include "tc_filters.h"

struct egress {
	struct setup_bpf *skel;
	uint32_t prog_id;
	uint32_t flows_id; /* of the instance's table */
};

/* Every map of the program is one of the instance. */
static int reuse_maps(struct setup_bpf *skel, const struct instance *instance)
{
	int err = 0;

	for (int i = 0; !err && i < MAP_COUNT; i++) {
		struct bpf_map *map = bpf_object__find_map_by_name(skel->obj,
								   instance_map_names[i]);

		if (map)
			err = bpf_map__reuse_fd(map, instance->map_fd[i]);
	}
	return err;
}

static uint32_t program_id(int fd)
{
	struct bpf_prog_info info = {};
	__u32 len = sizeof(info);

	return bpf_obj_get_info_by_fd(fd, &info, &len) ? 0 : info.id;
}

int egress_open(struct egress **opened, const struct instance *instance)
{
	struct egress *egress = calloc(1, sizeof(*egress));
	int err = -ENOMEM;

	if (!egress)
		goto report;
	egress->skel = setup_bpf__open();
	if (!egress->skel) {
		err = -errno;
		goto report;
	}
	egress->skel->rodata->flow_slots = FLOW_SLOTS_DEFAULT;
	err = reuse_maps(egress->skel, instance);
	if (!err)
		err = setup_bpf__load(egress->skel);
	if (err)
		goto report;
	egress->prog_id = program_id(bpf_program__fd(egress->skel->progs.weir_egress));
	egress->flows_id = object_map_id(instance->map_fd[MAP_FLOWS]);
	*opened = egress;
	return 0;

report:
	log_error(
		"cannot load the egress program of '%s': %s; `weir -v` shows what the kernel says",
		instance->name, log_reason(err));
	egress_close(egress);
	return err;
}

void egress_close(struct egress *egress)
{
	if (!egress)
		return;
	setup_bpf__destroy(egress->skel);
	free(egress);
}

static struct bpf_tc_hook out_of(uint32_t ifindex)
{
	return (struct bpf_tc_hook){
		.sz = sizeof(struct bpf_tc_hook),
		.ifindex = (int)ifindex,
		.attach_point = BPF_TC_EGRESS,
	};
}

static uint16_t device_bit(const struct control *control, uint32_t ifindex)
{
	for (unsigned int i = 0; i < DEVICES_MAX; i++)
		if (control->ifindex[i] == ifindex)
			return (uint16_t)(1U << i);
	return 0;
}

static int remove_filter(uint32_t ifindex, const struct tc_filter *filter)
{
	LIBBPF_OPTS(bpf_tc_opts, opts, .handle = filter->handle, .priority = filter->priority);
	struct bpf_tc_hook hook = out_of(ifindex);

	return bpf_tc_detach(&hook, &opts);
}

/*
 * @former: a filter to take the place of, or NULL. A new one comes before all others, since what
 * decides ends the row: the kernel finds it a priority, unless the first has one already.
 */
static int add_filter(const struct egress *egress, uint32_t ifindex, const struct tc_filter *former,
		      bool first_is_taken)
{
	LIBBPF_OPTS(bpf_tc_opts, opts, .prog_fd = bpf_program__fd(egress->skel->progs.weir_egress));
	struct bpf_tc_hook hook = out_of(ifindex);

	opts.priority = first_is_taken;
	if (former) {
		opts.handle = former->handle;
		opts.priority = former->priority;
		opts.flags = BPF_TC_F_REPLACE;
	}
	return bpf_tc_attach(&hook, &opts);
}

static int ensure_qdisc(struct control *control, uint32_t ifindex)
{
	struct bpf_tc_hook hook = out_of(ifindex);
	int err = bpf_tc_hook_create(&hook);

	if (!err)
		control->clsact_made |= device_bit(control, ifindex);
	if (err != -EEXIST)
		return err;
	err = tc_qdisc_is_ingress(ifindex);
	return err > 0 ? -EBUSY : err;
}

/* 1, 0, or -errno: then nothing may be added or left, since it cannot be told apart. */
static int is_ours(const struct tc_filter *filter, uint32_t flows_id, uint32_t prog_id)
{
	int uses;

	if (!filter->prog_id)
		return 0;
	if (filter->prog_id == prog_id)
		return 1;
	uses = object_program_uses(filter->prog_id, flows_id);
	/* it has gone meanwhile */
	return uses == -ENOENT ? 0 : uses;
}

int egress_ensure(const struct egress *egress, struct control *control, uint32_t ifindex)
{
	const struct tc_filter *found = NULL;
	struct tc_filters filters;
	bool first_is_taken = false;
	int err = tc_filters_read(&filters, ifindex, true), uses;

	for (unsigned int i = 0; !err && i < filters.count && i < TC_FILTERS_MAX; i++) {
		const struct tc_filter *filter = &filters.filter[i];

		first_is_taken |= filter->priority == 1;
		uses = is_ours(filter, egress->flows_id, egress->prog_id);
		if (uses < 0)
			return uses;
		if (!uses)
			continue;
		/* one is enough: two would count everything twice */
		if (found)
			err = remove_filter(ifindex, filter);
		else
			found = filter;
	}
	if (err || (found && found->prog_id == egress->prog_id))
		return err;
	if (!found)
		err = ensure_qdisc(control, ifindex);
	if (!err)
		err = add_filter(egress, ifindex, found, first_is_taken);
	return err ? err : found ? 2 : 1;
}

/* The qdisc, if it is weir's and nobody else uses it by now: then it is theirs from now on. */
static int remove_qdisc(struct control *control, uint32_t ifindex)
{
	uint16_t bit = device_bit(control, ifindex);
	struct bpf_tc_hook hook = out_of(ifindex);
	struct tc_filters in, out;
	int err;

	if (!(control->clsact_made & bit))
		return 0;
	err = tc_filters_read(&out, ifindex, true);
	if (!err)
		err = tc_filters_read(&in, ifindex, false);
	if (err)
		return err;
	control->clsact_made &= (uint16_t)~bit;
	if (in.count || out.count)
		return 0;
	hook.attach_point = BPF_TC_INGRESS | BPF_TC_EGRESS;
	return bpf_tc_hook_destroy(&hook);
}

/* Those of ours among the first TC_FILTERS_MAX: how many there were, or -errno. */
static int remove_some(uint32_t ifindex, uint32_t flows_id, bool *more)
{
	struct tc_filters filters;
	int err = tc_filters_read(&filters, ifindex, true), removed = 0;

	for (unsigned int i = 0; !err && i < filters.count && i < TC_FILTERS_MAX; i++) {
		int uses = is_ours(&filters.filter[i], flows_id, 0);

		err = uses > 0 ? remove_filter(ifindex, &filters.filter[i]) : uses;
		removed += uses > 0 && !err;
	}
	*more = !err && filters.count > TC_FILTERS_MAX;
	return err ? err : removed;
}

int egress_remove(const struct instance *instance, uint32_t ifindex)
{
	uint32_t flows_id = object_map_id(instance->map_fd[MAP_FLOWS]);
	bool more;
	int removed;

	/* an instance that is not whole */
	if (!flows_id || !instance->control)
		return 0;
	do
		removed = remove_some(ifindex, flows_id, &more);
	while (removed > 0 && more);
	return removed < 0 ? removed : remove_qdisc(instance->control, ifindex);
}
