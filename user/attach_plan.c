// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "attach_plan.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "instance.h"
#include "log.h"
#include "netdev.h"
#include "objects.h"

struct owner_search {
	const struct pins *pins;
	uint32_t control_id;
	char owner[INSTANCE_NAME_MAX];
};

static int is_owner(const char *name, void *arg)
{
	struct owner_search *search = arg;
	char path[PATH_MAX];
	int fd, found;

	/* not by way of a symbolic link to an instance */
	if (pins_find(search->pins, name) ||
	    pins_path(search->pins, path, name, instance_map_names[MAP_CONTROL]))
		return 0;
	fd = object_open(path, OBJECT_MAP);
	if (fd < 0)
		return 0;
	found = object_map_id(fd) == search->control_id;
	close(fd);
	if (found)
		snprintf(search->owner, sizeof(search->owner), "%s", name);
	return found;
}

/* A program of weir's whose instance is not pinned here. */
static void report_lost_program(const struct pins *pins, const char *device, uint32_t ifindex,
				uint32_t prog_id)
{
	uint32_t link = object_link_id(ifindex, prog_id);
	char remedy[64];

	if (link)
		snprintf(remedy, sizeof(remedy), "`bpftool link detach id %u`", link);
	else
		snprintf(remedy, sizeof(remedy), "`ip link set dev %s xdp off`", device);
	log_error("cannot attach to '%s': it runs a program of weir's (id %u) whose instance is "
		  "not in '%s'; set WEIR_BPFFS to where it is, or remove it with %s",
		  device, prog_id, pins->root, remedy);
}

/* No program may be there yet, least of all somebody else's. */
static int check_free(const struct pins *pins, const char *device, uint32_t ifindex)
{
	struct owner_search search = { .pins = pins };
	struct netdev_xdp xdp;
	int err = netdev_xdp(ifindex, &xdp);

	if (err) {
		log_error("cannot query XDP on '%s': %s", device, log_reason(err));
		return err;
	}
	if (!xdp.prog_id)
		return 0;
	object_control_id(xdp.prog_id, &search.control_id);
	if (!search.control_id)
		log_error(
			"cannot attach to '%s': it runs the XDP program '%s' (id %u, %s), which is "
			"not weir's; remove that first if you may, weir never replaces it",
			device, xdp.prog_name, xdp.prog_id, xdp.native ? "native" : "generic");
	else if (pins_each(pins, is_owner, &search) > 0)
		log_error("cannot attach to '%s': instance '%s' is on it already; `weir attach %s "
			  "name %s` replaces its program, `weir detach %s` removes it",
			  device, search.owner, device, search.owner, search.owner);
	else
		report_lost_program(pins, device, ifindex, xdp.prog_id);
	return -EBUSY;
}

/* There is no device of this name; has the instance one that had it? */
static int report_missing(const char *name, const char *device, const struct link *link)
{
	uint32_t ifindex;

	if (!link || link->state == LINK_DEAD)
		return netdev_index(device, &ifindex);
	if (link->state == LINK_HERE)
		log_error("cannot find device '%s': it is called '%s' now; `weir attach %s name "
			  "%s`",
			  device, link->device, link->device, name);
	else
		log_error("cannot find device '%s': it has moved to another network namespace; "
			  "move it back, or `weir detach %s`",
			  device, name);
	return -ENODEV;
}

static int plan_device(struct attach_plan *plan, const struct pins *pins, const char *name,
		       struct links *links, const char *device)
{
	const struct link *former = links_find_pin(links, device);
	uint32_t ifindex;
	int err;

	if (!netdev_find(device))
		return report_missing(name, device, former);
	err = netdev_index(device, &ifindex);
	if (err || links_find_index(links, ifindex))
		return err;
	if (former && former->state == LINK_MOVED) {
		log_error("cannot attach to '%s': '%s' is on a device of this name that has moved "
			  "to another network namespace; `weir detach %s` first",
			  device, name, name);
		return -EEXIST;
	}
	err = check_free(pins, device, ifindex);
	if (err)
		return err;
	if (!former || former->state != LINK_DEAD)
		plan->links_count++;
	if (plan->links_count > DEVICES_MAX) {
		log_error("cannot attach to '%s': '%s' would have more than %d devices; attach it "
			  "under another name",
			  device, name, DEVICES_MAX);
		return -E2BIG;
	}
	plan->target[plan->count++] =
		(struct target){ .device = device, .ifindex = ifindex, .fd = -1 };
	return 0;
}

bool attach_requests(const struct config *config, const char *device)
{
	for (unsigned int i = 0; i < config->devices_count; i++)
		if (!strcmp(config->devices[i], device))
			return true;
	return false;
}

/* Without a name said, the first device's name is that of its own instance, and of no other. */
static int check_joins(const struct attach_request *request, struct links *links)
{
	for (unsigned int i = 0; i < links->count; i++)
		if (!strcmp(links->link[i].device, request->config.devices[0]))
			return 0;
	if (request->is_named || !links->count)
		return 0;
	log_error("cannot attach to '%s': an instance of that name is on '%s'%s; say `name %s` to "
		  "join it, or another name",
		  request->config.devices[0], links->link[0].device,
		  links_find_pin(links, request->name) ? ", renamed since" : "", request->name);
	return -EEXIST;
}

int attach_plan_make(struct attach_plan *plan, const struct pins *pins,
		     const struct attach_request *request, struct links *links)
{
	const struct config *config = &request->config;
	int err = 0;

	plan->count = 0;
	plan->links_count = links->count;
	for (unsigned int i = 0; !err && i < config->devices_count; i++)
		err = plan_device(plan, pins, request->name, links, config->devices[i]);
	if (!err)
		err = check_joins(request, links);
	for (unsigned int i = 0; !err && i < links->count; i++) {
		const struct link *link = &links->link[i];

		if (link->state != LINK_DEAD || attach_requests(config, link->pin))
			continue;
		/* one that is not asked for keeps none from the others */
		log_demote_errors(true);
		if (!netdev_find(link->pin))
			log_warning("'%s' is not protected: the device is gone", link->pin);
		else
			plan_device(plan, pins, request->name, links, link->pin);
		log_demote_errors(false);
	}
	return err;
}

bool attach_plan_is_back(const struct control *control, const char *device)
{
	uint32_t ifindex = netdev_find(device);

	for (unsigned int i = 0; ifindex && i < DEVICES_MAX; i++)
		if (control->ifindex[i] == ifindex)
			return false;
	return ifindex;
}

void attach_plan_returned(struct attach_plan *plan, const struct pins *pins,
			  const struct control *control, struct links *links)
{
	plan->count = 0;
	plan->links_count = links->count;
	for (unsigned int i = 0; i < links->count; i++) {
		const struct link *link = &links->link[i];

		if (link->state == LINK_DEAD && attach_plan_is_back(control, link->pin))
			plan_device(plan, pins, control->name, links, link->pin);
	}
}
