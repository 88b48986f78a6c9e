// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "apply.h"

#include <errno.h>
#include <stdlib.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "instance.h"
#include "locate.h"
#include "log.h"
#include "reattach.h"
#include "upgrade.h"

/* Counters and buckets of listeners @fresh: nothing in force has these ids, so nobody else writes. */
static int clear_listeners(const struct instance *instance, uint64_t fresh)
{
	static const struct level_state full;
	int cpus = libbpf_num_possible_cpus(), err = 0;
	/* each value of the maps is one of these at most */
	struct setup_counters *zeros;

	if (cpus < 0)
		return cpus;
	zeros = calloc((size_t)cpus, sizeof(*zeros));
	if (!zeros)
		return -ENOMEM;
	for (uint32_t id = 0; !err && id < LISTENERS_MAX; id++) {
		static const struct returns nothing;
		static const struct queue_state unserved;
		static const struct window_state unknown;
		static const struct setup_state unlearned;
		const uint32_t counters = 1 + id, level = LEVELS_LISTENER + id;
		const uint32_t reject = LEVELS_REJECT + id;

		if (!(fresh >> id & 1))
			continue;
		if (bpf_map_update_elem(instance->map_fd[MAP_COUNTERS], &counters, zeros, 0) ||
		    bpf_map_update_elem(instance->map_fd[MAP_ECHOES], &id, zeros, 0) ||
		    bpf_map_update_elem(instance->map_fd[MAP_UNHELD], &id, zeros, 0) ||
		    bpf_map_update_elem(instance->map_fd[MAP_QUEUES], &id, &unserved, 0) ||
		    bpf_map_update_elem(instance->map_fd[MAP_RETURNS], &id, &nothing, 0) ||
		    bpf_map_update_elem(instance->map_fd[MAP_WINDOWS], &id, &unknown, 0) ||
		    bpf_map_update_elem(instance->map_fd[MAP_SETUP_COUNTERS], &id, zeros, 0) ||
		    bpf_map_update_elem(instance->map_fd[MAP_SETUPS], &id, &unlearned, 0) ||
		    bpf_map_update_elem(instance->map_fd[MAP_LEVELS], &level, &full, 0) ||
		    bpf_map_update_elem(instance->map_fd[MAP_LEVELS], &reject, &full, 0))
			err = -errno;
	}
	free(zeros);
	return err;
}

static int plan_with(const struct apply_request *request, const struct snapshot *snapshot,
		     struct plan *plan)
{
	int err = plan_make(plan, snapshot, request->config, request->reset, instance_now_ns());

	if (err == -ENOSPC)
		log_error("cannot apply to '%s': it has no listener id free until the removed ones "
			  "are gone; apply a file without them and without the new ones first",
			  snapshot->control.name);
	else if (err == -E2BIG)
		log_error("cannot apply to '%s': with those set at runtime it would have more than "
			  "%d rules of a family; forget some, or say `reset`",
			  snapshot->control.name, RULES_MAX);
	else if (err)
		log_error("cannot compare with '%s': %s", snapshot->control.name, log_reason(err));
	return err;
}

static int make_changes(struct instance *instance, const struct apply_request *request,
			struct snapshot *snapshot, struct plan *plan)
{
	int err = instance_begin_change(instance, snapshot->policy), planned = 0;

	/* planned last: new limits count from the moment they are in force */
	if (!err)
		planned = plan_with(request, snapshot, plan);
	if (!err && !planned && plan->of_kind[CHANGE_LIVE]) {
		err = clear_listeners(instance, plan->fresh);
		if (!err)
			err = instance_publish(instance, plan->policy,
					       plan->alters_rules ? &plan->rules : NULL);
	}
	if (err)
		log_error("cannot apply to '%s': %s; what was in force still is", instance->name,
			  log_reason(err));
	return err ? err : planned;
}

static int with_instance(const struct apply_request *request, const struct pins *pins,
			 const char *name, bool make, struct plan *plan)
{
	struct snapshot *snapshot = malloc(sizeof(*snapshot));
	struct instance instance;
	int err;

	if (!snapshot) {
		log_error("cannot read '%s': no memory", name);
		return -ENOMEM;
	}
	err = make ? upgrade_check_done(pins, name) : 0;
	if (!err)
		err = instance_open(&instance, pins, name);
	if (err)
		goto out;
	if (make)
		reattach(pins, &instance);
	err = instance_snapshot(&instance, pins, snapshot);
	if (err) {
		log_error("cannot read '%s': %s", name, log_reason(err));
	} else {
		err = make ? make_changes(&instance, request, snapshot, plan)
			   : plan_with(request, snapshot, plan);
		instance_free_snapshot(snapshot);
	}
	instance_close(&instance);
out:
	free(snapshot);
	return err;
}

static int run(const struct apply_request *request, bool make, struct plan *plan)
{
	char located[INSTANCE_NAME_MAX];
	const char *name = request->name;
	struct pins pins;
	int err;

	*plan = (struct plan){ 0 };
	err = pins_lock(&pins, false, make);
	if (err == -ENOENT)
		locate_none(name);
	if (err)
		return err;
	if (!name) {
		err = locate_instance(&pins, request->config, located);
		name = located;
	}
	if (!err)
		err = with_instance(request, &pins, name, make, plan);
	pins_unlock(&pins);
	return err;
}

int apply_look(const struct apply_request *request, struct plan *plan)
{
	return run(request, false, plan);
}

int apply_make(const struct apply_request *request, struct plan *plan)
{
	return run(request, true, plan);
}
