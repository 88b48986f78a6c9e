// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "detach.h"

#include <errno.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "egress.h"
#include "instance.h"
#include "json_value.h"
#include "links.h"
#include "log.h"
#include "objects.h"
#include "output.h"
#include "upgrade.h"

/* Unlinking alone would leave the program to whoever else has the link open or pinned. */
static int detach_link(const struct pins *pins, const char *name, const struct link *link)
{
	struct bpf_link_info info = {};
	__u32 len = sizeof(info);
	char path[PATH_MAX];
	int err = links_path(pins, path, name, link->pin);

	if (!err && bpf_link_detach(link->fd))
		err = -errno;
	if (!err && bpf_obj_get_info_by_fd(link->fd, &info, &len))
		err = -errno;
	if (!err && info.xdp.ifindex)
		err = -EBUSY;
	if (!err && unlink(path))
		err = -errno;
	return err;
}

/* State goes after the links, so that frames are let go before it. */
static int detach_links(const struct pins *pins, const char *name, struct links *links)
{
	char beside[PINS_BESIDE_MAX];
	int err = 0;

	for (unsigned int i = 0; i < links->count; i++) {
		int failed = detach_link(pins, name, &links->link[i]);

		if (failed)
			log_error("cannot detach '%s' from '%s': %s; run it again", name,
				  links->link[i].device, log_reason(failed));
		if (!err)
			err = failed;
	}
	if (err)
		return err;
	pins_beside(beside, name);
	err = pins_clear(pins, beside);
	if (!err)
		err = pins_remove(pins, name);
	if (err == -EEXIST)
		log_error("cannot detach '%s' completely: what is pinned there is not all weir's; "
			  "remove the rest with `rm` and run it again",
			  name);
	else if (err)
		log_error("cannot detach '%s' completely: %s; run it again", name, log_reason(err));
	else
		log_done("detached %s: its limits and counters are gone", name);
	if (!err)
		output_append("detached", json_text(name));
	return err;
}

/* A filter that is left counts what is of no use to anybody: no reason to keep the rest. */
static void detach_egress(const struct instance *instance, const struct links *links)
{
	for (unsigned int i = 0; i < links->count; i++) {
		const struct link *link = &links->link[i];
		int err = link->state == LINK_HERE ? egress_remove(instance, link->ifindex) : 0;

		if (err)
			log_warning("the egress filter stays on '%s': %s; `tc filter show dev %s "
				    "egress` lists it, remove it with `tc filter del dev %s egress "
				    "pref N`",
				    link->device, log_reason(err), link->device, link->device);
	}
}

/* @fault: what instance_find() says of it. */
static int detach_found(const struct pins *pins, const struct instance *instance, int fault)
{
	int control_fd = instance->map_fd[MAP_CONTROL];
	bool interrupted = upgrade_is_interrupted(pins, instance->name);
	uint32_t control_id = control_fd < 0 || interrupted ? 0 : object_map_id(control_fd);
	struct links links;
	int err = links_open(&links, pins, instance->name, control_id);

	if (err)
		log_error("cannot read the links of '%s': %s", instance->name, log_reason(err));
	else if (fault && links_any(&links, LINK_MOVED))
		err = -EXDEV;
	if (err == -EXDEV)
		log_error("cannot detach '%s': it is on a device of another network namespace; "
			  "enter that with `nsenter --net=`",
			  instance->name);
	if (!err)
		detach_egress(instance, &links);
	if (!err)
		err = detach_links(pins, instance->name, &links);
	links_close(&links);
	return err;
}

int detach_instance(const struct pins *pins, const char *name)
{
	struct instance instance;
	char text[FAULT_TEXT_MAX];
	int fault = instance_find(&instance, pins, name), err = fault;

	if (fault == -ENOENT || fault == -ENOTDIR)
		log_error("%s", instance_fault(text, &instance, pins, fault));
	else
		err = detach_found(pins, &instance, fault);
	instance_close(&instance);
	return err;
}

struct detach_walk {
	const struct pins *pins;
	int err;
};

static int detach_mine(struct instance *instance, void *arg)
{
	struct detach_walk *walk = arg;
	int err = detach_found(walk->pins, instance, 0);

	if (!walk->err)
		walk->err = err;
	return 0;
}

static void detach_other(const struct instance *instance, int fault, void *arg)
{
	struct detach_walk *walk = arg;
	char text[FAULT_TEXT_MAX];
	int err;

	if (fault == -EXDEV || fault == -ENOTDIR) {
		log_warning("%s", instance_fault(text, instance, walk->pins, fault));
		return;
	}
	err = detach_found(walk->pins, instance, fault);
	if (!walk->err)
		walk->err = err;
}

int detach_all(const struct pins *pins)
{
	struct detach_walk walk = { pins, 0 };
	int err = instance_each(pins, detach_mine, detach_other, &walk);

	if (err)
		log_error("cannot read '%s': %s", pins->root, log_reason(err));
	return err ? err : walk.err;
}
