// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "attach.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "datapath.h"
#include "instance.h"
#include "log.h"
#include "netdev.h"
#include "policy.h"

static int any_device(const char *device, void *arg)
{
	(void)device;
	(void)arg;
	return 1;
}

bool attach_is_running(const struct pins *pins, const char *name)
{
	return pins_each_device(pins, name, any_device, NULL) > 0;
}

struct owner_search {
	const struct pins *pins;
	const char *instance;
	uint32_t ifindex;
	char owner[INSTANCE_NAME_MAX];
};

static int owns_device(const char *device, void *arg)
{
	struct owner_search *search = arg;
	uint32_t ifindex = 0;
	int fd = instance_open_link(search->pins, search->instance, device, &ifindex);

	if (fd >= 0)
		close(fd);
	return fd >= 0 && ifindex == search->ifindex;
}

static int is_owner(const char *name, void *arg)
{
	struct owner_search *search = arg;

	search->instance = name;
	if (pins_each_device(search->pins, name, owns_device, search) <= 0)
		return 0;
	snprintf(search->owner, sizeof(search->owner), "%s", name);
	return 1;
}

/* No program may be there yet, least of all somebody else's. */
static int check_device_free(const struct pins *pins, const char *device, uint32_t ifindex)
{
	struct owner_search search = { .pins = pins, .ifindex = ifindex };
	struct netdev_xdp xdp;
	int err = netdev_xdp(ifindex, &xdp);

	if (err) {
		log_error("cannot query XDP on '%s': %s", device, log_reason(err));
		return err;
	}
	if (!xdp.prog_id)
		return 0;
	if (pins_each_instance(pins, is_owner, &search) > 0)
		log_error("cannot attach to '%s': instance '%s' is on it already; `weir detach %s` "
			  "first",
			  device, search.owner, search.owner);
	else
		log_error(
			"cannot attach to '%s': it runs the XDP program '%s' (id %u, %s), which is "
			"not weir's; remove that first if you may, weir never replaces it",
			device, xdp.prog_name, xdp.prog_id, xdp.native ? "native" : "generic");
	return -EBUSY;
}

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

/* Before anything is done: are all devices there, and free? */
static int check_devices(const struct pins *pins, const struct config *config)
{
	for (unsigned int i = 0; i < config->devices_count; i++) {
		uint32_t ifindex;
		int err = netdev_index(config->devices[i], &ifindex);

		if (!err)
			err = check_device_free(pins, config->devices[i], ifindex);
		if (err)
			return err;
	}
	return 0;
}

/* Attaches to one device and pins the link, whose mode is said loudly. */
static int attach_device(const struct pins *pins, const struct datapath *datapath,
			 const struct attach_request *request, const char *device)
{
	char pin[sizeof(PINS_LINK_PREFIX) + DEVICE_NAME_MAX], path[PATH_MAX];
	int err, fd, native_err;
	uint32_t ifindex;
	bool native;

	err = netdev_index(device, &ifindex);
	if (err)
		return err;
	fd = datapath_attach(datapath, ifindex, request->config.xdp, &native, &native_err);
	if (fd < 0) {
		report_attach_error(device, request->config.xdp, fd);
		return fd;
	}
	snprintf(pin, sizeof(pin), "%s%s", PINS_LINK_PREFIX, device);
	err = pins_path(pins, path, request->name, pin);
	if (!err && bpf_obj_pin(fd, path))
		err = -errno;
	close(fd);
	if (err) {
		log_error("cannot pin the link of '%s': %s", device, log_reason(err));
		return err;
	}
	if (native)
		log_done("attached to %s: native XDP", device);
	else
		log_done("attached to %s: GENERIC XDP, several times slower than native", device);
	if (native_err)
		log_warning(
			"'%s' has no native XDP here: %s; frames are judged after the kernel has "
			"allocated them",
			device, strerror(-native_err));
	return 0;
}

static int init_state(struct instance *instance, const struct attach_request *request)
{
	struct control *control = instance->control;
	struct policy *policy = malloc(sizeof(*policy));
	struct rules rules = {};
	int err;

	if (!policy)
		return -ENOMEM;
	policy_build(policy, &request->config);
	err = getrandom(&control->seed, sizeof(control->seed), 0) == sizeof(control->seed) ? 0
											   : -EIO;
	control->abi = WEIR_ABI;
	control->source_slots = datapath_slots(request->config.sources);
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

static int prepare_state(const struct pins *pins, const struct datapath *datapath,
			 const struct attach_request *request)
{
	struct instance instance;
	int map_fd[MAP_COUNT], err;

	err = datapath_dup_maps(datapath, map_fd);
	if (err)
		return err;
	err = instance_wrap(&instance, request->name, map_fd);
	if (!err)
		err = init_state(&instance, request);
	instance_close(&instance);
	if (err)
		return err;
	if (pins_exists(pins, request->name, NULL))
		err = pins_remove(pins, request->name);
	if (!err)
		err = pins_make(pins, request->name);
	return err ? err : datapath_pin_maps(datapath, pins, request->name);
}

int attach_create(const struct pins *pins, const struct attach_request *request)
{
	struct datapath *datapath;
	int err = check_devices(pins, &request->config);

	if (!err)
		err = datapath_load(&datapath, NULL, request->config.sources);
	if (err)
		return err;
	err = prepare_state(pins, datapath, request);
	if (err)
		log_error("cannot make instance '%s': %s", request->name, log_reason(err));
	for (unsigned int i = 0; !err && i < request->config.devices_count; i++)
		err = attach_device(pins, datapath, request, request->config.devices[i]);
	if (err && attach_is_running(pins, request->name))
		log_warning("detached '%s' again: it attaches to all its devices or to none",
			    request->name);
	if (err && pins_exists(pins, request->name, NULL))
		pins_remove(pins, request->name);
	datapath_free(datapath);
	return err;
}

struct replacement {
	const struct pins *pins;
	const struct datapath *datapath;
	const struct attach_request *request;
};

/* The link of a device that has vanished is dead; so is one to a namesake of it. */
static int replace_link(const char *device, void *arg)
{
	const struct replacement *replacement = arg;
	const char *name = replacement->request->name;
	uint32_t ifindex = 0;
	int fd = instance_open_link(replacement->pins, name, device, &ifindex), err = fd;

	if (fd >= 0 && ifindex)
		err = datapath_replace(replacement->datapath, fd);
	if (fd >= 0)
		close(fd);
	if (fd >= 0 && !ifindex) {
		char pin[sizeof(PINS_LINK_PREFIX) + DEVICE_NAME_MAX], path[PATH_MAX];

		log_warning("'%s' had vanished: its link is dead", device);
		snprintf(pin, sizeof(pin), "%s%s", PINS_LINK_PREFIX, device);
		err = pins_path(replacement->pins, path, name, pin);
		if (!err && unlink(path))
			err = -errno;
	}
	if (err < 0)
		log_error("cannot replace the program on '%s': %s; the former one is still there",
			  device, log_reason(err));
	else if (ifindex)
		log_done("attached to %s: program replaced, state kept", device);
	return err < 0 ? err : 0;
}

/*
 * 1 if the instance has a link to @device, 0 if not. -EEXIST, reported: it has one of this name, but
 * the device has since been renamed and another is called so now.
 */
static int has_link(const struct pins *pins, const char *name, const char *device)
{
	uint32_t linked = 0, present;
	int fd = instance_open_link(pins, name, device, &linked), err;

	if (fd == -ENOENT)
		return 0;
	if (fd < 0)
		return fd;
	close(fd);
	err = netdev_index(device, &present);
	if (err || linked == present)
		return err ? err : 1;
	log_error(
		"cannot attach to '%s': '%s' is attached to a device that had this name before it "
		"was renamed; `weir detach %s` first",
		device, name, name);
	return -EEXIST;
}

static void warn_differences(const struct instance *instance, const struct attach_request *request)
{
	struct policy *policy = malloc(sizeof(*policy));
	struct rules rules = {};
	unsigned int different;
	char *text = NULL;
	size_t size;
	FILE *out;

	if (!policy || instance_policy(instance, policy) || instance_rules(instance, &rules))
		goto out;
	rules_expire(&rules, instance_now_ns());
	out = open_memstream(&text, &size);
	if (!out)
		goto out;
	different = policy_differences(policy, &request->config, out);
	different += rules_differences(&rules, policy, &request->config, out);
	if (!fclose(out) && different)
		log_warning("'%s' runs already and keeps what is in force:\n%sto change it: `weir "
			    "limit`, `weir mode`, `weir allow`, or detach and attach again",
			    request->name, text);
out:
	rules_free(&rules);
	free(text);
	free(policy);
}

/* A device that a running instance is not on yet. */
static int attach_more(const struct pins *pins, const struct datapath *datapath,
		       const struct attach_request *request, const char *device)
{
	uint32_t ifindex;
	int err = netdev_index(device, &ifindex);

	if (!err)
		err = check_device_free(pins, device, ifindex);
	return err ? err : attach_device(pins, datapath, request, device);
}

int attach_take_over(const struct pins *pins, const struct attach_request *request)
{
	struct replacement replacement = { .pins = pins, .request = request };
	struct datapath *datapath = NULL;
	struct instance instance;
	int err = instance_open(&instance, pins, request->name);

	if (err)
		return err;
	err = datapath_load(&datapath, &instance, 0);
	if (err)
		goto out;
	replacement.datapath = datapath;
	err = pins_each_device(pins, request->name, replace_link, &replacement);
	for (unsigned int i = 0; !err && i < request->config.devices_count; i++) {
		int linked = has_link(pins, request->name, request->config.devices[i]);

		if (linked < 0)
			err = linked;
		else if (!linked)
			err = attach_more(pins, datapath, request, request->config.devices[i]);
	}
	if (err)
		goto out;
	snprintf(instance.control->version, sizeof(instance.control->version), "%s", WEIR_VERSION);
	if (request->says_limits)
		warn_differences(&instance, request);
out:
	datapath_free(datapath);
	instance_close(&instance);
	return err;
}
