/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The pinned state of one instance, opened. The caller holds the lock of struct pins. */
#ifndef WEIR_INSTANCE_H
#define WEIR_INSTANCE_H

#include "abi.h"
#include "pins.h"
#include "rules.h"
#include "snapshot.h"

enum instance_map {
	MAP_CONTROL,
	MAP_POLICY,
	MAP_LEVELS,
	MAP_BUCKETS,
	MAP_COUNTERS,
	MAP_TABLE_COUNTERS,
	MAP_RULES_V4,
	MAP_RULES_V6,
	MAP_COUNT,
};

/* Of the maps in the program and of their pins. */
extern const char *const instance_map_names[MAP_COUNT];

struct instance {
	char name[INSTANCE_NAME_MAX];
	int map_fd[MAP_COUNT];
	struct control *control; /* mapped: what is stored here is in force at once */
};

uint64_t instance_now_ns(void);

/*
 * Opens instance @name of this network namespace and of this ABI. -ENOENT: there is none; -EXDEV:
 * it is another namespace's; errors have been reported.
 */
int instance_open(struct instance *instance, const struct pins *pins, const char *name);
void instance_close(struct instance *instance);

/* Opens on maps that are not pinned yet: takes over @map_fd. */
int instance_wrap(struct instance *instance, const char *name, const int map_fd[MAP_COUNT]);

/* The policy in force. */
int instance_policy(const struct instance *instance, struct policy *policy);
/*
 * Before any change to a policy that frames have been judged under: reads it, and brings the
 * buckets of host and listeners up to its limits, so that these may change again.
 */
int instance_begin_change(const struct instance *instance, struct policy *policy);
/* Adds the prefix rules in force to @rules, expired ones as well. */
int instance_rules(const struct instance *instance, struct rules *rules);
/*
 * Puts @policy in force for the next frame on, all of it at once, and with it @rules; NULL: those
 * that are in force stay. When it returns, no frame is being judged under the former ones any more.
 */
int instance_publish(struct instance *instance, struct policy *policy, const struct rules *rules);
/* The same, but frames in flight may still be judged under the former one: it must not be called
 * again before they are done. */
int instance_switch_policy(struct instance *instance, struct policy *policy,
			   const struct rules *rules);

/* Everything that can be shown. snapshot->policy is allocated; free with instance_free_snapshot. */
int instance_snapshot(const struct instance *instance, const struct pins *pins,
		      struct snapshot *snapshot);
void instance_free_snapshot(struct snapshot *snapshot);

/* Opens the link of @device. Returns its fd, and the ifindex it is on: 0 if the device is gone. */
int instance_open_link(const struct pins *pins, const char *name, const char *device,
		       uint32_t *ifindex);

#endif
