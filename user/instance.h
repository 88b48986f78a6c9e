/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The pinned state of one instance, opened. The caller holds the lock of struct pins. */
#ifndef WEIR_INSTANCE_H
#define WEIR_INSTANCE_H

#include "abi.h"
#include "links.h"
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
	MAP_TOP,
	MAP_ECHOES,
	MAP_WAITING,
	MAP_RETURNS,
	MAP_LOOK_BUDGET,
	MAP_DELAYS,
	MAP_QUEUES,
	MAP_DELAY_BUDGET,
	MAP_UNHELD,
	MAP_RULE_FILTERS,
	MAP_FLOWS,
	MAP_FLOWS_USED,
	MAP_SETUP_COUNTERS,
	MAP_SETUPS,
	MAP_WINDOWS,
	MAP_LOOK_POOL,
	MAP_COUNT,
};

/* Of the maps in the program and of their pins. */
extern const char *const instance_map_names[MAP_COUNT];

struct instance {
	char name[INSTANCE_NAME_MAX];
	int map_fd[MAP_COUNT];
	struct control *control; /* mapped: what is stored here is in force at once */
	enum instance_map fault; /* the map that instance_find() could not use */
};

uint64_t instance_now_ns(void);

/*
 * Opens instance @name of this network namespace and of this ABI, and says nothing. Close it
 * either way.
 * -ENOENT   there is none
 * -ENOTDIR  something else has this name
 * -EXDEV    it is another namespace's, complete or not
 * -ESTALE   it is of an earlier ABI, which attach upgrades
 * -EPROTO   it is of an ABI that this weir does not know
 * -ENODATA  a map is not pinned
 * -EINVAL   something else is pinned as a map
 * Otherwise it is what the kernel says.
 */
int instance_find(struct instance *instance, const struct pins *pins, const char *name);
/* The same, with errors reported and nothing to close after them. */
int instance_open(struct instance *instance, const struct pins *pins, const char *name);
void instance_close(struct instance *instance);

/* What instance_find() returned as @err, as a message; before the instance is closed. */
#define FAULT_TEXT_MAX (2 * PATH_MAX)
const char *instance_fault(char buf[FAULT_TEXT_MAX], const struct instance *instance,
			   const struct pins *pins, int err);

/*
 * Calls @mine with every instance of this network namespace, opened, in order of name, until it
 * returns non-zero, which is returned. All else that lies beside them goes to @other, with what
 * instance_find() returned: -EXDEV is another namespace's.
 */
int instance_each(const struct pins *pins, int (*mine)(struct instance *instance, void *arg),
		  void (*other)(const struct instance *instance, int err, void *arg), void *arg);

/* Draws what attackers must not know. 0 or -EIO. */
int instance_draw_seeds(struct control *control);
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
/* Its part about devices. */
void instance_devices(struct snapshot *snapshot, const struct links *links);

#endif
