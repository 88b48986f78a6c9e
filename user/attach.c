// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "attach.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "attach_links.h"
#include "attach_plan.h"
#include "attach_vlan.h"
#include "attach_warn.h"
#include "datapath.h"
#include "instance.h"
#include "links.h"
#include "log.h"
#include "netdev.h"
#include "objects.h"
#include "policy.h"
#include "upgrade.h"

/* -- a new instance ---------------------------------------------------------------------------- */

static int init_state(struct instance *instance, const struct attach_request *request,
		      const struct attach_plan *plan)
{
	static const struct links none;
	struct control *control = instance->control;
	struct policy *policy = malloc(sizeof(*policy));
	struct rules rules = {};
	int err;

	if (!policy)
		return -ENOMEM;
	policy_build(policy, &request->config);
	if (request->overrides_mode)
		policy->mode_origin = ORIGIN_RUNTIME;
	err = instance_draw_seeds(control);
	control->abi = WEIR_ABI;
	control->source_slots = config_slots(request->config.sources);
	control->vlan_hidden = attach_vlan_hidden(plan, &none, policy_sends(policy));
	control->xdp = request->config.xdp;
	control->netns_cookie = netdev_netns_cookie();
	control->created_ns = instance_now_ns();
	snprintf(control->name, sizeof(control->name), "%s", request->name);
	attach_links_record(plan, &none, control);
	snprintf(control->version, sizeof(control->version), "%s", WEIR_VERSION);
	if (!err)
		err = rules_build(&rules, policy, &request->config, control->created_ns);
	if (!err)
		err = instance_publish(instance, policy, &rules);
	rules_free(&rules);
	free(policy);
	return err;
}

static int prepare_state(const struct datapath *datapath, const struct attach_request *request,
			 const struct attach_plan *plan)
{
	struct instance instance;
	int map_fd[MAP_COUNT], err;

	err = datapath_dup_maps(datapath, map_fd);
	if (err)
		return err;
	err = instance_wrap(&instance, request->name, map_fd);
	if (!err)
		err = init_state(&instance, request, plan);
	instance_close(&instance);
	return err;
}

/* Over what a killed attach has left. */
static int pin_state(const struct pins *pins, const struct datapath *datapath, const char *name)
{
	int err = pins_find(pins, name) ? 0 : pins_remove(pins, name);

	if (!err)
		err = pins_make(pins, name);
	return err ? err : datapath_pin_maps(datapath, pins, name);
}

static int create(const struct pins *pins, const struct attach_request *request)
{
	struct links none = {};
	struct attach_plan plan;
	struct datapath *datapath = NULL;
	int err = attach_plan_make(&plan, pins, request, &none);

	if (!err)
		err = datapath_load(&datapath, NULL, request->config.sources);
	if (err)
		return err;
	err = prepare_state(datapath, request, &plan);
	if (err)
		goto report;
	err = attach_links_make(&plan, datapath_program(datapath), request->config.xdp);
	if (err)
		goto out;
	err = pin_state(pins, datapath, request->name);
	if (!err && attach_links_pin(&plan, pins, request->name, &none))
		err = -EIO;
	if (!err)
		attach_links_say(&plan);
	else
		pins_remove(pins, request->name);
report:
	if (err)
		log_error("cannot make instance '%s': %s", request->name, log_reason(err));
out:
	attach_links_close(&plan);
	datapath_free(datapath);
	return err;
}

/* -- one that exists --------------------------------------------------------------------------- */

/* The programs that the links had, on the first @count of them again. */
static void restore_programs(const struct links *links, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++) {
		const struct link *link = &links->link[i];

		if (link->state != LINK_DEAD &&
		    (link->former_fd < 0 || bpf_link_update(link->fd, link->former_fd, NULL)))
			log_warning("'%s' keeps the new program", link->device);
	}
}

/* On all links, or on none. */
static int replace_programs(const struct datapath *datapath, struct links *links)
{
	for (unsigned int i = 0; i < links->count; i++) {
		struct link *link = &links->link[i];
		int err;

		if (link->state == LINK_DEAD)
			continue;
		link->former_fd = bpf_prog_get_fd_by_id(link->prog_id);
		err = datapath_replace(datapath, link->fd);
		if (!err)
			continue;
		log_error("cannot replace the program on '%s': %s; the former one is still there",
			  link->device, log_reason(err));
		restore_programs(links, i);
		return err;
	}
	return 0;
}

static int rename_pin(const struct pins *pins, const char *name, const char *from, const char *to,
		      unsigned int flags)
{
	char old[PATH_MAX], new[PATH_MAX];
	int err = links_path(pins, old, name, from);

	if (!err)
		err = links_path(pins, new, name, to);
	if (!err && renameat2(AT_FDCWD, old, AT_FDCWD, new, flags))
		err = -errno;
	return err;
}

/* Pins the links of renamed devices under their present names. What stays under an old one is shown
 * as renamed, no more. */
static void follow_renames(const struct pins *pins, const char *name, struct links *links)
{
	for (unsigned int i = 0; i < links->count; i++) {
		struct link *link = &links->link[i];
		struct link *there = links_find_pin(links, link->device);

		if (there == link || rename_pin(pins, name, link->pin, link->device,
						there ? RENAME_EXCHANGE : RENAME_NOREPLACE))
			continue;
		if (there)
			memcpy(there->pin, link->pin, sizeof(there->pin));
		memcpy(link->pin, link->device, sizeof(link->pin));
	}
}

static bool is_target(const struct attach_plan *plan, const char *device)
{
	for (unsigned int i = 0; i < plan->count; i++)
		if (!strcmp(plan->target[i].device, device))
			return true;
	return false;
}

/* Those of devices that are not there keep a program on the state that has just been left. */
static void forget_dead_links(const struct pins *pins, const char *name, const struct links *links,
			      const struct attach_plan *plan)
{
	for (unsigned int i = 0; i < links->count; i++) {
		const char *pin = links->link[i].pin;
		char path[PATH_MAX];

		if (links->link[i].state != LINK_DEAD || is_target(plan, pin) ||
		    links_path(pins, path, name, pin) || unlink(path))
			continue;
		log_warning("'%s' does not belong to '%s' any more; `weir attach %s name %s` when "
			    "it is there again",
			    pin, name, pin, name);
	}
}

static void say_replaced(const struct links *links)
{
	for (unsigned int i = 0; i < links->count; i++) {
		const struct link *link = &links->link[i];

		if (link->state == LINK_HERE)
			log_done("attached to %s: program replaced, state kept", link->device);
		else if (link->state == LINK_MOVED)
			log_warning("'%s' has moved to another network namespace, and is judged "
				    "there; nothing of that name is here",
				    link->device);
	}
}

/* From here on frames are judged by the new program. */
static int switch_to(const struct datapath *datapath, struct links *links, struct upgrade *upgrade)
{
	int err = upgrade ? upgrade_fill(upgrade) : 0;

	if (!err)
		err = replace_programs(datapath, links);
	if (!err && upgrade) {
		err = upgrade_commit(upgrade);
		if (err)
			restore_programs(links, links->count);
	}
	return err;
}

static int take_over(const struct pins *pins, const struct attach_request *request,
		     struct instance *instance, struct links *links)
{
	uint32_t sources = request->said & SAYS_REST ? request->config.sources : 0;
	bool moves = upgrade_is_needed(instance, sources);
	struct upgrade upgrade = {};
	const struct instance *next;
	struct control *control;
	bool hidden, was_hidden;
	struct attach_plan plan;
	enum xdp_mode xdp;
	struct datapath *datapath = NULL;
	int err = attach_plan_make(&plan, pins, request, links);

	if (err)
		return err;
	err = moves ? upgrade_begin(&upgrade, &datapath, pins, instance, links, sources)
		    : datapath_load(&datapath, instance, 0);
	if (err)
		goto out;
	next = moves ? &upgrade.next : instance;
	control = next->control;
	xdp = request->said & SAYS_XDP ? request->config.xdp : control->xdp;
	/* before a new device can send anything */
	was_hidden = control->vlan_hidden;
	hidden = attach_vlan_hidden_now(next, &plan, links);
	control->vlan_hidden |= hidden;
	err = attach_links_make(&plan, datapath_program(datapath), xdp);
	if (!err)
		err = switch_to(datapath, links, moves ? &upgrade : NULL);
	if (!err) {
		follow_renames(pins, request->name, links);
		err = attach_links_pin(&plan, pins, request->name, links);
	}
	if (!err) {
		if (moves)
			forget_dead_links(pins, request->name, links, &plan);
		snprintf(control->version, sizeof(control->version), "%s", WEIR_VERSION);
		if (plan.count)
			control->xdp = xdp;
		attach_links_record(&plan, links, control);
		say_replaced(links);
		attach_links_say(&plan);
		attach_warn_differences(request, instance, links, &plan);
	}
	control->vlan_hidden = err ? was_hidden : hidden;
out:
	attach_links_close(&plan);
	if (moves)
		upgrade_end(&upgrade);
	datapath_free(datapath);
	return err;
}

static int any_device(const char *device, void *arg)
{
	(void)device;
	(void)arg;
	return 1;
}

int attach_run(const struct pins *pins, const struct attach_request *request, bool *made)
{
	struct instance instance;
	struct links links;
	char text[FAULT_TEXT_MAX];
	int interrupted = upgrade_recover(pins, request->name), err;

	err = instance_find(&instance, pins, request->name);
	/* maps are pinned before links: without any, it is what a killed attach has left */
	*made = err == -ENOENT ||
		(err == -ENODATA && !pins_each_device(pins, request->name, any_device, NULL));
	if (*made) {
		err = create(pins, request);
	} else if (err && err != -ESTALE) {
		log_error("%s", instance_fault(text, &instance, pins, err));
	} else {
		err = links_open(&links, pins, request->name,
				 interrupted ? 0 : object_map_id(instance.map_fd[MAP_CONTROL]));
		if (err)
			log_error("cannot read the links of '%s': %s", request->name,
				  log_reason(err));
		else
			err = take_over(pins, request, &instance, &links);
		links_close(&links);
	}
	instance_close(&instance);
	return err;
}
