// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "instance.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <linux/membarrier.h>
#include <bpf/bpf.h>

#include "absent.h"
#include "log.h"
#include "netdev.h"
#include "policy.h"

const char *const instance_map_names[MAP_COUNT] = {
	[MAP_CONTROL] = "control",   [MAP_POLICY] = "policy",
	[MAP_LEVELS] = "levels",     [MAP_BUCKETS] = "buckets",
	[MAP_COUNTERS] = "counters", [MAP_TABLE_COUNTERS] = "table_counters",
};

uint64_t instance_now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ULL + now.tv_nsec;
}

static int map_control(struct instance *instance)
{
	void *memory = mmap(NULL, sizeof(struct control), PROT_READ | PROT_WRITE, MAP_SHARED,
			    instance->map_fd[MAP_CONTROL], 0);

	if (memory == MAP_FAILED)
		return -errno;
	instance->control = memory;
	return 0;
}

int instance_wrap(struct instance *instance, const char *name, const int map_fd[MAP_COUNT])
{
	memset(instance, 0, sizeof(*instance));
	snprintf(instance->name, sizeof(instance->name), "%s", name);
	memcpy(instance->map_fd, map_fd, sizeof(instance->map_fd));
	return map_control(instance);
}

static int check_control(const struct instance *instance)
{
	const struct control *control = instance->control;

	if (control->abi != WEIR_ABI) {
		log_error("cannot use instance '%s': its state has ABI %u, this weir needs %u; use "
			  "the weir that attached it (%.31s), or `weir detach %s` and attach again",
			  instance->name, control->abi, WEIR_ABI, control->version, instance->name);
		return -EPROTO;
	}
	if (control->netns_cookie != netdev_netns_cookie()) {
		log_error(
			"cannot use instance '%s': it belongs to another network namespace; enter "
			"that with `nsenter --net=`, or remove it with `weir detach %s`",
			instance->name, instance->name);
		return -EXDEV;
	}
	return 0;
}

static int open_maps(struct instance *instance, const struct pins *pins)
{
	for (int i = 0; i < MAP_COUNT; i++) {
		char path[PATH_MAX];
		int err = pins_path(pins, path, instance->name, instance_map_names[i]);

		if (err)
			return err;
		instance->map_fd[i] = bpf_obj_get(path);
		if (instance->map_fd[i] < 0)
			return -errno;
	}
	return map_control(instance);
}

int instance_open(struct instance *instance, const struct pins *pins, const char *name)
{
	int err;

	memset(instance, 0, sizeof(*instance));
	memset(instance->map_fd, -1, sizeof(instance->map_fd));
	snprintf(instance->name, sizeof(instance->name), "%s", name);
	if (!pins_exists(pins, name, NULL)) {
		char text[ABSENT_TEXT_MAX];

		log_error("%s", absent_text(text, pins, name));
		return -ENOENT;
	}
	err = open_maps(instance, pins);
	if (err == -ENOENT)
		log_error("cannot use instance '%s': its state is incomplete; `weir detach %s` and "
			  "attach again",
			  name, name);
	else if (err)
		log_error("cannot open instance '%s': %s", name, log_reason(err));
	else
		err = check_control(instance);
	if (!err)
		return 0;
	instance_close(instance);
	return err == -ENOENT ? -EIO : err;
}

void instance_close(struct instance *instance)
{
	if (instance->control)
		munmap(instance->control, sizeof(*instance->control));
	instance->control = NULL;
	for (int i = 0; i < MAP_COUNT; i++) {
		if (instance->map_fd[i] >= 0)
			close(instance->map_fd[i]);
		instance->map_fd[i] = -1;
	}
}

static uint32_t slot_in_force(const struct instance *instance)
{
	return __atomic_load_n(&instance->control->generation, __ATOMIC_ACQUIRE) & 1;
}

int instance_policy(const struct instance *instance, struct policy *policy)
{
	uint32_t slot = slot_in_force(instance);

	return bpf_map_lookup_elem(instance->map_fd[MAP_POLICY], &slot, policy) ? -errno : 0;
}

/*
 * Waits until no CPU runs the program with what it read before: MEMBARRIER_CMD_GLOBAL is the
 * kernel's synchronize_rcu(), and XDP runs inside RCU read sections. It is refused under
 * nohz_full; a frame takes microseconds, so there a long sleep stands in for it.
 */
static void wait_for_frames_in_flight(void)
{
	const struct timespec pause = { .tv_nsec = 100000000 };

	if (syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0))
		nanosleep(&pause, NULL);
}

static void settle_word(__u64 *word, const struct limit *limit)
{
	__u64 old = __atomic_load_n(word, __ATOMIC_RELAXED), settled;

	if (limit->kind != LIMIT_BUCKET)
		return;
	do {
		if (gcra_epoch(old) == limit->epoch)
			return;
		settled = (gcra_carried_tat(old, limit) + GCRA_EPOCH_MASK) & ~GCRA_EPOCH_MASK;
	} while (!__atomic_compare_exchange_n(word, &old, settled | limit->epoch, false,
					      __ATOMIC_ACQ_REL, __ATOMIC_RELAXED));
}

/*
 * The epoch in a bucket's word tells how it was charged only from one limit to the next. The
 * levels of a single word are brought to the limit in force before that changes again, so that
 * they are exact however often it does.
 */
static int settle_levels(const struct instance *instance, const struct policy *policy)
{
	size_t size = sizeof(struct level_state) * LEVELS_MAX;
	struct level_state *levels = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED,
					  instance->map_fd[MAP_LEVELS], 0);

	if (levels == MAP_FAILED)
		return -errno;
	settle_word(&levels[0].word, &policy->host);
	for (int id = 0; id < LISTENERS_MAX; id++) {
		const struct listener *listener = &policy->listeners[id];

		settle_word(&levels[LEVELS_LISTENER + id].word, &listener->limits[LEVEL_LISTENER]);
		settle_word(&levels[LEVELS_REJECT + id].word, &listener->reject);
	}
	munmap(levels, size);
	return 0;
}

int instance_begin_change(const struct instance *instance, struct policy *policy)
{
	int err;

	/* a change that was killed may have left frames under the copy that is written next */
	wait_for_frames_in_flight();
	err = instance_policy(instance, policy);
	return err ? err : settle_levels(instance, policy);
}

int instance_switch_policy(struct instance *instance, struct policy *policy)
{
	uint32_t slot = !slot_in_force(instance);

	policy_seal(policy);
	if (bpf_map_update_elem(instance->map_fd[MAP_POLICY], &slot, policy, BPF_ANY))
		return -errno;
	__atomic_fetch_add(&instance->control->generation, 1, __ATOMIC_RELEASE);
	return 0;
}

int instance_publish(struct instance *instance, struct policy *policy)
{
	int err = instance_switch_policy(instance, policy);

	if (!err)
		wait_for_frames_in_flight();
	return err;
}

int instance_open_link(const struct pins *pins, const char *name, const char *device,
		       uint32_t *ifindex)
{
	struct bpf_link_info info = {};
	__u32 len = sizeof(info);
	char pin[sizeof(PINS_LINK_PREFIX) + DEVICE_NAME_MAX], path[PATH_MAX];
	int fd, err;

	snprintf(pin, sizeof(pin), "%s%s", PINS_LINK_PREFIX, device);
	err = pins_path(pins, path, name, pin);
	if (err)
		return err;
	fd = bpf_obj_get(path);
	if (fd < 0)
		return -errno;
	if (bpf_obj_get_info_by_fd(fd, &info, &len)) {
		err = -errno;
		close(fd);
		return err;
	}
	*ifindex = info.xdp.ifindex;
	return fd;
}
