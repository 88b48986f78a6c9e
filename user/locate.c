// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "locate.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "instance.h"
#include "links.h"
#include "log.h"
#include "netdev.h"
#include "objects.h"

/* How well an instance is the one that is meant. */
enum claim {
	CLAIM_NONE,
	CLAIM_FORMER, /* it was attached to a device of this name */
	CLAIM_DEVICE, /* it is on the device that has this name, or need not be */
};

struct search {
	const struct pins *pins;
	unsigned int devices_count; /* 0: whatever instance there is */
	const char (*devices)[DEVICE_NAME_MAX];
	uint32_t control_id[DEVICES_MAX]; /* of what is on each device of the file; 0: none */
	enum claim best;
	unsigned int found; /* that are as good as the best */
	char *name;	    /* of the first of them */
};

static void find_programs(struct search *search)
{
	for (unsigned int i = 0; i < search->devices_count; i++) {
		uint32_t ifindex = netdev_find(search->devices[i]);
		struct netdev_xdp xdp;

		if (ifindex && !netdev_xdp(ifindex, &xdp) && xdp.prog_id)
			object_control_id(xdp.prog_id, &search->control_id[i]);
	}
}

static enum claim claim_devices(const struct search *search, const struct instance *instance)
{
	int fd = instance->map_fd[MAP_CONTROL];
	uint32_t control_id = fd < 0 ? 0 : object_map_id(fd);
	enum claim claim = search->devices_count ? CLAIM_NONE : CLAIM_DEVICE;

	for (unsigned int i = 0; i < search->devices_count; i++) {
		char path[PATH_MAX];

		if (control_id && control_id == search->control_id[i])
			return CLAIM_DEVICE;
		if (!links_path(search->pins, path, instance->name, search->devices[i]) &&
		    !access(path, F_OK))
			claim = CLAIM_FORMER;
	}
	return claim;
}

static void consider(struct search *search, const struct instance *instance)
{
	enum claim claim = claim_devices(search, instance);

	if (claim == CLAIM_NONE || claim < search->best)
		return;
	if (claim > search->best)
		search->found = 0;
	search->best = claim;
	if (!search->found++)
		snprintf(search->name, INSTANCE_NAME_MAX, "%s", instance->name);
}

static int consider_mine(struct instance *instance, void *arg)
{
	consider(arg, instance);
	return 0;
}

/* What cannot be read may be meant all the same: opening it says what is wrong with it. */
static void consider_other(const struct instance *instance, int err, void *arg)
{
	if (err != -EXDEV && err != -ENOTDIR)
		consider(arg, instance);
}

void locate_none(const char *name)
{
	log_error("no instance%s%s%s is attached; nothing is: `weir attach` first",
		  name ? " '" : "", name ? name : "", name ? "'" : "");
}

int locate_instance(const struct pins *pins, const struct config *config,
		    char name[INSTANCE_NAME_MAX])
{
	struct search search = { .pins = pins, .name = name };
	const char *device = NULL;
	int err;

	if (config && config->devices_count) {
		search.devices = config->devices;
		search.devices_count = config->devices_count;
		device = config->devices[0];
	}
	find_programs(&search);
	err = instance_each(pins, consider_mine, consider_other, &search);

	if (err) {
		log_error("cannot read '%s': %s", pins->root, log_reason(err));
		return err;
	}
	if (search.found == 1)
		return 0;
	if (search.found) {
		log_error("cannot tell which of %u instances%s is meant: name one, see `weir show`",
			  search.found, device ? " on the file's devices" : "");
		return -EINVAL;
	}
	if (device)
		log_error("no instance is attached to '%s', which the file names; attach it, or "
			  "name the instance that is meant, see `weir show`",
			  device);
	else
		log_error("no instance is attached here; `weir attach` first");
	return -ENOENT;
}
