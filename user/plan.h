/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What a configuration changes on a running instance: from the state in force and what is wanted
 * to the next policy and a list of changes. Pure. `diff`, `apply` and the warning of a repeated
 * `attach` all go by this list.
 */
#ifndef WEIR_PLAN_H
#define WEIR_PLAN_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "config.h"
#include "snapshot.h"

enum change_kind {
	CHANGE_LIVE,   /* apply makes it */
	CHANGE_KEPT,   /* set at runtime: stays unless reset is said */
	CHANGE_RELOAD, /* cannot be made on a running instance */
	CHANGE_KINDS,
};
extern const char *const change_kind_names[]; /* "live", "kept", "reload"; a NULL ends it */

struct change {
	enum change_kind kind;
	const char *where; /* section of the file: "weir", "listener mqtt" */
	const char *what;  /* its key; of a whole listener "added", "removed" or "renamed" */
	const char *in_force;
	const char *wanted;
	const char *todo; /* what puts it in force; NULL: apply does */
};

struct plan {
	char name[INSTANCE_NAME_MAX];
	struct policy *policy; /* the one in force with all live changes made */
	struct rules rules;    /* likewise */
	bool alters_rules;     /* else those in force may stay where they are */
	/* A bit each listener id: new, so that counters and levels of this id must be cleared before
	 * the policy is in force; and no longer in use. */
	uint64_t fresh, gone;
	struct change *changes;
	unsigned int count;
	unsigned int of_kind[CHANGE_KINDS];
	bool reset;	 /* what was set at runtime follows the file again */
	uint64_t now_ns; /* from when on new limits count */
	int err;	 /* -ENOMEM: a change could not be noted */
};

/*
 * Plans how the instance @in_force becomes what @wanted (checked) says. Returns 0; -ENOMEM; or
 * -ENOSPC: there is no listener id that is free now for each new listener; or -E2BIG: with what was
 * set at runtime there are more than RULES_MAX rules of a family. plan->policy and plan->rules may
 * be put in force only if plan->of_kind[CHANGE_LIVE] is not 0. Free it either way.
 */
int plan_make(struct plan *plan, const struct snapshot *in_force, const struct config *wanted,
	      bool reset, uint64_t now_ns);
void plan_free(struct plan *plan);

/* One line each: "live    [listener mqtt] rate: 800/s in force, 2000/s wanted". */
void plan_print(FILE *out, const struct plan *plan);

/* -- for the parts of a plan ------------------------------------------------------------------- */

/* Notes a change with copies of its texts, but for @what and @todo. */
void plan_note(struct plan *plan, const struct change *change);
/* Writes "[listener mqtt] rate: 800/s in force, 2000/s wanted". */
void plan_put(FILE *out, const struct change *change);
/* Notes it if @in_force and @wanted are different texts; returns whether they are. */
bool plan_compare(struct plan *plan, const struct change *change);
/* The same of a value of @origin; with a reset, one that is wanted but was set at runtime changes its
 * origin, which is noted, too. */
void plan_compare_origin(struct plan *plan, const struct change *change, uint8_t origin);
/* LIVE, or KEPT if that is the @origin of what is in force and nothing was said of a reset. */
enum change_kind plan_kind(const struct plan *plan, uint8_t origin);
/* Compares @limit, part of plan->policy, and changes it if it is not kept. @level: enum level, or
 * PLAN_REJECT for the limit of RSTs. */
#define PLAN_REJECT LEVEL_COUNT
void plan_limit(struct plan *plan, const char *where, unsigned int level, struct limit *limit,
		const struct wanted_limit *wanted);

#define PLAN_KEPT_TODO "set at runtime; `weir apply` keeps it unless `reset` is said"

#endif
