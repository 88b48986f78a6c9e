// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "links.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "log.h"
#include "netdev.h"
#include "objects.h"

int links_path(const struct pins *pins, char path[PATH_MAX], const char *name, const char *device)
{
	char pin[NAME_MAX + 1];

	snprintf(pin, sizeof(pin), "%s%s", PINS_LINK_PREFIX, device);
	return pins_path(pins, path, name, pin);
}

struct walk {
	struct links *links;
	const struct pins *pins;
	const char *name;
	uint32_t control_id;
};

/* A device that has moved may have an index there that is another's here: the program tells, and
 * part_from_moved() if that is the same. */
static void find_device(struct link *link, const struct bpf_link_info *info)
{
	struct netdev_xdp xdp;

	link->state = info->xdp.ifindex ? LINK_MOVED : LINK_DEAD;
	if (!info->xdp.ifindex || netdev_xdp(info->xdp.ifindex, &xdp) ||
	    xdp.prog_id != info->prog_id)
		return;
	/* it may have several names */
	if (netdev_find(link->pin) != info->xdp.ifindex &&
	    netdev_name(info->xdp.ifindex, link->device))
		return;
	link->state = LINK_HERE;
	link->ifindex = info->xdp.ifindex;
	link->native = xdp.native;
}

/* *@control_id: of its program; 0: it is no link of weir's. -EPERM: nobody may tell. */
static int used_by(int fd, struct bpf_link_info *info, uint32_t *control_id)
{
	__u32 len = sizeof(*info);

	*control_id = 0;
	if (bpf_obj_get_info_by_fd(fd, info, &len) || info->type != BPF_LINK_TYPE_XDP)
		return 0;
	return object_control_id(info->prog_id, control_id) == -EPERM ? -EPERM : 0;
}

static int add_link(const char *device, void *arg)
{
	const struct walk *walk = arg;
	struct links *links = walk->links;
	struct link *link = &links->link[links->count];
	struct bpf_link_info info = {};
	char path[PATH_MAX];
	int err = links_path(walk->pins, path, walk->name, device), fd;
	uint32_t used = 0;

	if (err)
		return err;
	fd = object_open(path, OBJECT_LINK);
	if (fd < 0 && fd != -EINVAL && fd != -ENOENT)
		return fd;
	err = fd < 0 ? 0 : used_by(fd, &info, &used);
	if (err) {
		close(fd);
		return err;
	}
	if (!used || (walk->control_id && used != walk->control_id) ||
	    strlen(device) >= DEVICE_NAME_MAX) {
		log_warning("ignored '%s': not a link of the program of instance '%s'; remove it "
			    "with `rm %s`",
			    path, walk->name, path);
		goto ignore;
	}
	if (links->count == DEVICES_MAX) {
		log_warning("ignored '%s': an instance has at most %d devices", path, DEVICES_MAX);
		goto ignore;
	}
	memset(link, 0, sizeof(*link));
	link->fd = fd;
	link->former_fd = -1;
	link->prog_id = info.prog_id;
	link->control_id = used;
	snprintf(link->pin, sizeof(link->pin), "%s", device);
	snprintf(link->device, sizeof(link->device), "%s", device);
	find_device(link, &info);
	links->count++;
	return 0;

ignore:
	if (fd >= 0)
		close(fd);
	return 0;
}

/* @link is not where it seems to be. */
static void set_moved(struct link *link)
{
	link->state = LINK_MOVED;
	link->ifindex = 0;
	link->native = false;
	memcpy(link->device, link->pin, sizeof(link->device));
}

/*
 * A device that has moved may have the index there of another of the instance's here, where the
 * same program runs. The kernel tells no link's namespace, but one index is one device: that of the
 * link which is pinned under its name. Has it been renamed as well, it is taken for the first; how
 * many are protected here is right all the same.
 */
static void part_from_moved(struct links *links)
{
	for (unsigned int i = 0; i < links->count; i++) {
		struct link *link = &links->link[i];
		struct link *first = links_find_index(links, link->ifindex);

		if (link->state != LINK_HERE || first == link)
			continue;
		set_moved(netdev_find(first->pin) != link->ifindex &&
					  netdev_find(link->pin) == link->ifindex
				  ? first
				  : link);
	}
}

int links_open(struct links *links, const struct pins *pins, const char *name, uint32_t control_id)
{
	struct walk walk = { links, pins, name, control_id };
	int err;

	links->count = 0;
	err = pins_each_device(pins, name, add_link, &walk);
	part_from_moved(links);
	return err;
}

void links_close(struct links *links)
{
	while (links->count) {
		const struct link *link = &links->link[--links->count];

		close(link->fd);
		if (link->former_fd >= 0)
			close(link->former_fd);
	}
}

struct link *links_find_index(struct links *links, uint32_t ifindex)
{
	for (unsigned int i = 0; i < links->count; i++)
		if (links->link[i].state == LINK_HERE && links->link[i].ifindex == ifindex)
			return &links->link[i];
	return NULL;
}

struct link *links_find_pin(struct links *links, const char *pin)
{
	for (unsigned int i = 0; i < links->count; i++)
		if (!strcmp(links->link[i].pin, pin))
			return &links->link[i];
	return NULL;
}

bool links_any(const struct links *links, enum link_state state)
{
	for (unsigned int i = 0; i < links->count; i++)
		if (links->link[i].state == state)
			return true;
	return false;
}
