// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What is in force in an instance, and how that changes. */
#include "instance.h"

#include <errno.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <linux/membarrier.h>
#include <bpf/bpf.h>

#include "policy.h"
#include "tries.h"

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

	if (!limit->period_ns)
		return;
	do {
		if (gcra_epoch(old) == limit->epoch)
			return;
		settled = gcra_carried_tat(old, limit);
		/* a full bucket stays one */
		if (settled > limit->changed_ns)
			settled += GCRA_EPOCH_MASK;
		settled &= ~GCRA_EPOCH_MASK;
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

int instance_rules(const struct instance *instance, struct rules *rules)
{
	uint32_t slot = slot_in_force(instance);
	int err = 0;

	for (int family = 0; !err && family < FAMILY_COUNT; family++)
		err = tries_read(instance->map_fd[MAP_RULES_V4 + family], slot, family, rules);
	return err;
}

/* Puts @rules, or NULL: those in force, in the place of the rules at @slot, which is not in force. */
static int place_rules(const struct instance *instance, uint32_t slot, const struct rules *rules)
{
	int filters = instance->map_fd[MAP_RULE_FILTERS], err = 0;

	for (int family = 0; !err && family < FAMILY_COUNT; family++) {
		int fd = instance->map_fd[MAP_RULES_V4 + family];

		err = rules ? tries_fill(fd, slot, family, rules) : tries_copy(fd, !slot, slot);
		if (!err && rules)
			err = tries_fill_filter(filters, slot, family, rules,
						&instance->control->seed);
		else if (!err)
			err = tries_copy_filter(filters, !slot, slot, family);
	}
	return err;
}

int instance_switch_policy(struct instance *instance, struct policy *policy,
			   const struct rules *rules)
{
	uint32_t slot = !slot_in_force(instance);
	int err = place_rules(instance, slot, rules);

	if (err)
		return err;
	if (rules)
		rules_seal(rules, policy);
	policy_seal(policy);
	if (bpf_map_update_elem(instance->map_fd[MAP_POLICY], &slot, policy, BPF_ANY))
		return -errno;
	__atomic_fetch_add(&instance->control->generation, 1, __ATOMIC_RELEASE);
	return 0;
}

int instance_publish(struct instance *instance, struct policy *policy, const struct rules *rules)
{
	int err = instance_switch_policy(instance, policy, rules);

	if (!err)
		wait_for_frames_in_flight();
	return err;
}
