// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "locate.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "instance.h"
#include "log.h"
#include "netdev.h"

struct search {
	const struct pins *pins;
	const struct config *config;
	unsigned int found;
	char *name; /* of the first */
};

/* What cannot be read may be meant all the same: opening it says what is wrong with it. */
static bool is_elsewhere(const struct pins *pins, const char *name)
{
	struct bpf_map_info info = {};
	struct control control = {};
	__u32 len = sizeof(info), zero = 0;
	char path[PATH_MAX];
	bool known = false;
	int fd;

	if (pins_path(pins, path, name, instance_map_names[MAP_CONTROL]))
		return false;
	fd = bpf_obj_get(path);
	if (fd < 0)
		return false;
	if (!bpf_obj_get_info_by_fd(fd, &info, &len) && info.value_size == sizeof(control))
		known = !bpf_map_lookup_elem(fd, &zero, &control) && control.abi == WEIR_ABI;
	close(fd);
	return known && control.netns_cookie != netdev_netns_cookie();
}

static bool has_device(const struct search *search, const char *name)
{
	for (unsigned int i = 0; i < search->config->devices_count; i++) {
		char pin[sizeof(PINS_LINK_PREFIX) + DEVICE_NAME_MAX];

		snprintf(pin, sizeof(pin), PINS_LINK_PREFIX "%s", search->config->devices[i]);
		if (pins_exists(search->pins, name, pin))
			return true;
	}
	return false;
}

static int consider(const char *name, void *arg)
{
	struct search *search = arg;

	if (search->config->devices_count && !has_device(search, name))
		return 0;
	if (is_elsewhere(search->pins, name))
		return 0;
	if (!search->found++)
		snprintf(search->name, INSTANCE_NAME_MAX, "%s", name);
	return 0;
}

int locate_instance(const struct pins *pins, const struct config *config,
		    char name[INSTANCE_NAME_MAX])
{
	struct search search = { pins, config, 0, name };
	const char *device = config->devices_count ? config->devices[0] : NULL;
	int err = pins_each_instance(pins, consider, &search);

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
