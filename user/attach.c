// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "attach.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include <bpf/bpf.h>

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

static void report_attach_error(const char *device, enum xdp_mode mode, int err)
{
	if (mode == XDP_NATIVE && err != -EBUSY && err != -EEXIST)
		log_error(
			"cannot attach to '%s' in native mode: %s; the driver may lack XDP or need "
			"a smaller MTU, fewer queues or LRO off: try `xdp auto`",
			device, log_reason(err));
	else
		log_error("cannot attach to '%s': %s", device, log_reason(err));
}

/* Links that die with their fds until they are pinned: so all devices are attached to, or none. */
static int make_links(struct attach_plan *plan, const struct datapath *datapath, enum xdp_mode mode)
{
	for (unsigned int i = 0; i < plan->count; i++) {
		struct target *target = &plan->target[i];

		target->fd = datapath_attach(datapath, target->ifindex, mode, &target->native,
					     &target->native_err);
		if (target->fd >= 0)
			continue;
		report_attach_error(target->device, mode, target->fd);
		return target->fd;
	}
	return 0;
}

static int pin_link(const struct pins *pins, const char *name, struct links *links,
		    const struct target *target)
{
	const struct link *former = links_find_pin(links, target->device);
	char path[PATH_MAX];
	int err = links_path(pins, path, name, target->device);

	/* not before there is a new one */
	if (!err && former && former->state == LINK_DEAD && unlink(path))
		err = -errno;
	if (!err && bpf_obj_pin(target->fd, path))
		err = -errno;
	if (err)
		log_error("cannot pin the link of '%s': %s", target->device, log_reason(err));
	return err;
}

static int pin_links(const struct pins *pins, const char *name, struct links *links,
		     const struct attach_plan *plan)
{
	unsigned int i;
	int err = 0;

	for (i = 0; !err && i < plan->count; i++)
		err = pin_link(pins, name, links, &plan->target[i]);
	/* the last one has not been pinned */
	for (i = i ? i - 1 : 0; err && i--;) {
		char path[PATH_MAX];

		if (!links_path(pins, path, name, plan->target[i].device))
			unlink(path);
	}
	return err;
}

/* Whose mode is said loudly. */
static void say_attached(const struct attach_plan *plan)
{
	for (unsigned int i = 0; i < plan->count; i++) {
		const struct target *target = &plan->target[i];

		if (target->native)
			log_done("attached to %s: native XDP", target->device);
		else
			log_done("attached to %s: GENERIC XDP, several times slower than native",
				 target->device);
		if (target->native_err)
			log_warning("'%s' has no native XDP here: %s; frames are judged after the "
				    "kernel has allocated them",
				    target->device, strerror(-target->native_err));
	}
}

static void close_links(struct attach_plan *plan)
{
	for (unsigned int i = 0; i < plan->count; i++)
		if (plan->target[i].fd >= 0)
			close(plan->target[i].fd);
}

/* -- a new instance ---------------------------------------------------------------------------- */

static int init_state(struct instance *instance, const struct attach_request *request,
		      const struct attach_plan *plan)
{
	const struct links none = {};
	struct control *control = instance->control;
	struct policy *policy = malloc(sizeof(*policy));
	struct rules rules = {};
	int err;

	if (!policy)
		return -ENOMEM;
	policy_build(policy, &request->config);
	if (request->overrides_mode)
		policy->mode_origin = ORIGIN_RUNTIME;
	err = getrandom(&control->seed, sizeof(control->seed), 0) == sizeof(control->seed) ? 0
											   : -EIO;
	control->abi = WEIR_ABI;
	control->source_slots = config_slots(request->config.sources);
	control->vlan_hidden = attach_vlan_hidden(plan, &none, policy_rejects(policy));
	control->netns_cookie = netdev_netns_cookie();
	control->created_ns = instance_now_ns();
	snprintf(control->name, sizeof(control->name), "%s", request->name);
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
	err = make_links(&plan, datapath, request->config.xdp);
	if (err)
		goto out;
	err = pin_state(pins, datapath, request->name);
	if (!err && pin_links(pins, request->name, &none, &plan))
		err = -EIO;
	if (!err)
		say_attached(&plan);
	else
		pins_remove(pins, request->name);
report:
	if (err)
		log_error("cannot make instance '%s': %s", request->name, log_reason(err));
out:
	close_links(&plan);
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

/* For the policy in force. */
static bool look_at_tags(const struct instance *instance, const struct attach_plan *plan,
			 const struct links *links)
{
	struct policy *policy = malloc(sizeof(*policy));
	bool rejects = policy && !instance_policy(instance, policy) && policy_rejects(policy);

	free(policy);
	return attach_vlan_hidden(plan, links, rejects);
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
	struct datapath *datapath = NULL;
	int err = attach_plan_make(&plan, pins, request, links);

	if (err)
		return err;
	err = moves ? upgrade_begin(&upgrade, &datapath, pins, instance, links, sources)
		    : datapath_load(&datapath, instance, 0);
	if (err)
		goto out;
	/* before a new device can send anything */
	next = moves ? &upgrade.next : instance;
	control = next->control;
	was_hidden = control->vlan_hidden;
	hidden = look_at_tags(next, &plan, links);
	control->vlan_hidden |= hidden;
	err = make_links(&plan, datapath, request->config.xdp);
	if (!err)
		err = switch_to(datapath, links, moves ? &upgrade : NULL);
	if (!err) {
		follow_renames(pins, request->name, links);
		err = pin_links(pins, request->name, links, &plan);
	}
	if (!err) {
		snprintf(control->version, sizeof(control->version), "%s", WEIR_VERSION);
		say_replaced(links);
		say_attached(&plan);
		attach_warn_differences(request, instance, links, &plan);
	}
	control->vlan_hidden = err ? was_hidden : hidden;
out:
	close_links(&plan);
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
