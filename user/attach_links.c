// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "attach_links.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "datapath.h"
#include "log.h"
#include "netdev.h"

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

int attach_links_make(struct attach_plan *plan, int prog_fd, enum xdp_mode mode)
{
	for (unsigned int i = 0; i < plan->count; i++) {
		struct target *target = &plan->target[i];

		target->fd = datapath_attach(prog_fd, target->ifindex, mode, &target->native,
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

int attach_links_pin(const struct attach_plan *plan, const struct pins *pins, const char *name,
		     struct links *links)
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

static void remember(struct control *control, uint32_t ifindex)
{
	uint32_t *place = NULL;

	for (unsigned int i = 0; i < DEVICES_MAX; i++) {
		if (control->ifindex[i] == ifindex)
			return;
		if (!place && !control->ifindex[i])
			place = &control->ifindex[i];
	}
	if (place)
		*place = ifindex;
}

static void remember_no_more(struct control *control, unsigned int i)
{
	control->ifindex[i] = 0;
	control->clsact_made &= (uint16_t) ~(1U << i);
}

void attach_links_forget(struct control *control)
{
	char name[DEVICE_NAME_MAX];

	for (unsigned int i = 0; i < DEVICES_MAX; i++)
		if (control->ifindex[i] && netdev_name(control->ifindex[i], name) == -ENODEV)
			remember_no_more(control, i);
}

void attach_links_record(const struct attach_plan *plan, const struct links *links,
			 struct control *control)
{
	attach_links_forget(control);
	for (unsigned int i = 0; i < links->count; i++)
		if (links->link[i].state == LINK_HERE)
			remember(control, links->link[i].ifindex);
	for (unsigned int i = 0; i < plan->count; i++)
		remember(control, plan->target[i].ifindex);
}

void attach_links_say(const struct attach_plan *plan)
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

void attach_links_close(struct attach_plan *plan)
{
	for (unsigned int i = 0; i < plan->count; i++)
		if (plan->target[i].fd >= 0)
			close(plan->target[i].fd);
}
