/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* One instance at one moment, as the edge reads it and as the pure writers print it. */
#ifndef WEIR_SNAPSHOT_H
#define WEIR_SNAPSHOT_H

#include <stdbool.h>
#include <stdint.h>

#include "abi.h"
#include "config.h"
#include "rules.h"
#include "top.h"

enum device_state {
	DEVICE_ATTACHED,
	DEVICE_LOST,  /* the link is dead: the device is gone, or somebody detached it */
	DEVICE_MOVED, /* to another network namespace, the program with it */
};

struct snapshot_device {
	char name[DEVICE_NAME_MAX]; /* the present one; that when it was attached unless it is */
	enum device_state state;
	bool native;			   /* of DEVICE_ATTACHED; else generic */
	char attached_as[DEVICE_NAME_MAX]; /* its name then */
	uint32_t ifindex;		   /* of DEVICE_ATTACHED */
};

struct snapshot {
	uint64_t now_ns; /* CLOCK_MONOTONIC */
	struct control control;
	struct policy *policy; /* in force */
	struct rules rules;    /* in force, sorted */
	struct snapshot_device devices[DEVICES_MAX];
	unsigned int devices_count;
	struct counters counters[1 + LISTENERS_MAX]; /* summed over CPUs; [0] not judged */
	struct echoes echoes[LISTENERS_MAX];	     /* summed over CPUs */
	struct returns returns[LISTENERS_MAX];
	struct queue_state queues[LISTENERS_MAX];
	struct unheld_counters unheld[LISTENERS_MAX]; /* summed over CPUs */
	struct window_state windows[LISTENERS_MAX];
	struct setup_counters setups[LISTENERS_MAX]; /* summed over CPUs */
	struct table_counters table;		     /* summed over CPUs */
	struct level_state levels[LEVELS_MAX];
	struct top top;	   /* refused most in the last minute */
	double table_fill; /* share of slots in debt, estimated from sampled sets */
};

/* Frames counted under @reason in @counters, over all verdicts and both modes. */
uint64_t snapshot_reason_total(const struct counters *counters, enum reason reason);
/* SYNs (or frames) counted with @verdict, over all reasons. */
uint64_t snapshot_verdict_total(const struct counters *counters, bool enforced,
				enum verdict verdict);
/* What became of SYNs, or of what would have while observing. One that is held is in @held only, and
 * what becomes of it then in struct queue_state. */
struct syn_totals {
	uint64_t admitted;
	uint64_t held;
	uint64_t refused;  /* dropped or rejected */
	uint64_t rejected; /* of these */
};
struct syn_totals snapshot_syns(const struct counters *counters, bool enforced);
/* Whole tokens in the bucket of levels[@place] under @limit; 0 if that is not a bucket. */
uint64_t snapshot_tokens(const struct snapshot *snapshot, const struct limit *limit,
			 unsigned int place);
/* Share of a listener's burst that is kept for SYNs that have waited, 0 to 1. */
double snapshot_reserve(const struct snapshot *snapshot, unsigned int id);
/* Every frame seen: the sum of all counters. */
uint64_t snapshot_frames(const struct snapshot *snapshot);

/* Rules of the set that were set by command: they are not in the file. */
unsigned int snapshot_runtime_rules(const struct snapshot *snapshot);

/* Words for places in counters, each different from all others: a listener that is no longer in
 * use is "id:7", a reason of a newer packet path "reason_31". In buf or static. */
#define LABEL_MAX 24
const char *snapshot_listener_label(char buf[LABEL_MAX], const struct policy *policy,
				    unsigned int id);
/* Of the listener of a row, which may be another one by now: then "id:7". */
const char *snapshot_top_label(char buf[LABEL_MAX], const struct policy *policy,
			       const struct top_row *row);
const char *snapshot_reason_label(char buf[LABEL_MAX], unsigned int reason);

#endif
