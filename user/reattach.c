// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "reattach.h"

#include <errno.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "attach_links.h"
#include "attach_vlan.h"
#include "log.h"
#include "netdev.h"
#include "objects.h"

/* The one that was loaded last: a dead link keeps the program that it had, from before an upgrade
 * perhaps. */
static int open_program(const struct links *links)
{
	uint64_t newest_ns = 0;
	int fd = -ENOENT;

	for (unsigned int i = 0; i < links->count; i++) {
		struct bpf_prog_info info = {};
		__u32 len = sizeof(info);
		int candidate = bpf_prog_get_fd_by_id(links->link[i].prog_id);

		if (candidate < 0) {
			fd = fd < 0 ? -errno : fd;
		} else if (!bpf_obj_get_info_by_fd(candidate, &info, &len) &&
			   info.load_time > newest_ns) {
			if (fd >= 0)
				close(fd);
			fd = candidate;
			newest_ns = info.load_time;
		} else {
			close(candidate);
		}
	}
	return fd;
}

static void warn(const struct attach_plan *plan)
{
	for (unsigned int i = 0; i < plan->count; i++)
		log_warning("'%s' had lost its program: attached again, %s XDP",
			    plan->target[i].device, plan->target[i].native ? "native" : "GENERIC");
}

static int attach_to(struct attach_plan *plan, const struct pins *pins,
		     const struct instance *instance, struct links *links)
{
	struct control *control = instance->control;
	bool was_hidden = control->vlan_hidden;
	int fd = open_program(links), err;

	if (fd < 0) {
		log_error("cannot attach to '%s' again: its program: %s; `weir attach %s name %s`",
			  plan->target[0].device, log_reason(fd), plan->target[0].device,
			  instance->name);
		return fd;
	}
	/* before a device can send anything */
	control->vlan_hidden |= attach_vlan_hidden_now(instance, plan, links);
	err = attach_links_make(plan, fd, control->xdp);
	if (!err)
		err = attach_links_pin(plan, pins, instance->name, links);
	if (err)
		control->vlan_hidden = was_hidden;
	else
		attach_links_record(plan, links, control);
	close(fd);
	return err;
}

/* Of devices that are there, and that only attach may put the program on again. */
static void warn_off(const struct instance *instance, const struct links *links)
{
	for (unsigned int i = 0; i < links->count; i++) {
		const char *device = links->link[i].pin;

		if (links->link[i].state == LINK_DEAD && netdev_find(device) &&
		    !attach_plan_is_back(instance->control, device))
			log_warning("'%s' is not protected: it has lost its program; "
				    "`weir attach %s name %s` puts it back",
				    device, device, instance->name);
	}
}

void reattach(const struct pins *pins, const struct instance *instance)
{
	static const struct attach_plan none = {};
	struct attach_plan plan = {};
	struct links links;

	log_demote_errors(true);
	if (!links_open(&links, pins, instance->name,
			object_map_id(instance->map_fd[MAP_CONTROL]))) {
		attach_links_record(&none, &links, instance->control);
		warn_off(instance, &links);
		attach_plan_returned(&plan, pins, instance->control, &links);
	}
	if (plan.count && !attach_to(&plan, pins, instance, &links))
		warn(&plan);
	attach_links_close(&plan);
	links_close(&links);
	log_demote_errors(false);
}

bool reattach_is_due(const struct snapshot *snapshot)
{
	for (unsigned int i = 0; i < snapshot->devices_count; i++)
		if (snapshot->devices[i].state == DEVICE_LOST &&
		    attach_plan_is_back(&snapshot->control, snapshot->devices[i].attached_as))
			return true;
	return false;
}
