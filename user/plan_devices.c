// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "plan_devices.h"

#include <string.h>

#define MORE_MAX (sizeof(" (renamed from )") + DEVICE_NAME_MAX)
#define DEVICES_TEXT_MAX (DEVICES_MAX * (sizeof(", ") + DEVICE_NAME_MAX + MORE_MAX))

static void add_word(char *list, size_t size, const char *word, const char *more)
{
	size_t used = strlen(list);

	snprintf(list + used, size - used, "%s%s%s", used ? ", " : "", word, more);
}

static bool names(const struct config *config, const char *device)
{
	for (unsigned int i = 0; i < config->devices_count; i++)
		if (!strcmp(config->devices[i], device))
			return true;
	return false;
}

/* A device whose link is lost, or that has moved away, is not protected here: it is missing. */
static bool is_called(const struct snapshot *in_force, const char *device)
{
	for (unsigned int i = 0; i < in_force->devices_count; i++)
		if (in_force->devices[i].state == DEVICE_ATTACHED &&
		    !strcmp(in_force->devices[i].name, device))
			return true;
	return false;
}

/* Is it in @wanted under the name that it had, and that no other device of the instance has? */
static bool is_named_before(const struct snapshot *in_force, const struct config *wanted,
			    const struct snapshot_device *device)
{
	return device->state == DEVICE_ATTACHED && !names(wanted, device->name) &&
	       names(wanted, device->attached_as) && !is_called(in_force, device->attached_as);
}

static bool was_called(const struct snapshot *in_force, const struct config *wanted,
		       const char *device)
{
	for (unsigned int i = 0; i < in_force->devices_count; i++)
		if (!strcmp(in_force->devices[i].attached_as, device) &&
		    is_named_before(in_force, wanted, &in_force->devices[i]))
			return true;
	return false;
}

static void add_device(char *list, size_t size, const struct snapshot_device *device)
{
	char more[MORE_MAX] = "";

	if (device->state == DEVICE_MOVED)
		snprintf(more, sizeof(more), " (moved away)");
	else if (strcmp(device->name, device->attached_as))
		snprintf(more, sizeof(more), " (renamed from %s)", device->attached_as);
	add_word(list, size, device->name, more);
}

static void compare_devices(struct plan *plan, const struct snapshot *in_force,
			    const struct config *wanted)
{
	char present[DEVICES_TEXT_MAX] = "", named[DEVICES_TEXT_MAX] = "";
	struct change change = { CHANGE_RELOAD, "weir", "devices", present, named, NULL };

	for (unsigned int i = 0; i < wanted->devices_count; i++) {
		const char *device = wanted->devices[i];

		add_word(named, sizeof(named), device, "");
		if (is_called(in_force, device))
			continue;
		if (!was_called(in_force, wanted, device))
			change.todo = "`weir attach config FILE name NAME` adds what is missing";
		else if (!change.todo)
			change.todo = "the file has a former name";
	}
	for (unsigned int i = 0; i < in_force->devices_count; i++) {
		const struct snapshot_device *device = &in_force->devices[i];

		if (device->state == DEVICE_LOST)
			continue;
		add_device(present, sizeof(present), device);
		if (device->state == DEVICE_MOVED ||
		    (!names(wanted, device->name) && !is_named_before(in_force, wanted, device)))
			change.todo = "detach and attach again";
	}
	if (!*present)
		change.in_force = "none";
	if (wanted->devices_count && change.todo)
		plan_note(plan, &change);
}

static void compare_xdp(struct plan *plan, const struct snapshot *in_force,
			const struct config *wanted)
{
	char others[DEVICES_TEXT_MAX] = "";

	for (unsigned int i = 0; i < in_force->devices_count; i++) {
		const struct snapshot_device *device = &in_force->devices[i];

		if (device->state == DEVICE_ATTACHED &&
		    device->native != (wanted->xdp == XDP_NATIVE))
			add_word(others, sizeof(others), device->name,
				 device->native ? " native" : " generic");
	}
	if (*others && wanted->xdp != XDP_AUTO)
		plan_note(plan,
			  &(struct change){ CHANGE_RELOAD, "weir", "xdp", others,
					    xdp_names[wanted->xdp], "detach and attach again" });
}

void plan_devices(struct plan *plan, const struct snapshot *in_force, const struct config *wanted)
{
	compare_devices(plan, in_force, wanted);
	compare_xdp(plan, in_force, wanted);
}
