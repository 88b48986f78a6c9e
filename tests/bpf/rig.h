/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The packet path under BPF_PROG_RUN, with a policy made from configuration text. */
#ifndef WEIR_TEST_RIG_H
#define WEIR_TEST_RIG_H

#include <stdbool.h>
#include <stdint.h>

#include "abi.h"
#include "config.h"
#include "frame.h"
#include "instance.h"

#define SECOND 1000000000ULL
#define HOUR (3600 * SECOND)

#define RIG_FLOW_SLOTS 4096

struct weir_clock_bpf;

struct rig {
	struct weir_clock_bpf *skel;
	struct instance instance;
};

/* What became of one frame: its one counted cell. */
struct outcome {
	uint32_t counters; /* index of the entry: 0 not judged, 1 + listener id */
	bool enforced;
	enum verdict verdict;
	enum reason reason;
	uint32_t action; /* XDP_PASS... */
};

/* Fails the test on any error. No SYN is remembered: a frame may be run again as another one. */
void rig_open(struct rig *rig, const char *ini);
/* The same with a waiting table of @sets, and a CPU's look-ups in it @period_ns apart. */
void rig_open_remembering(struct rig *rig, const char *ini, uint32_t sets, uint64_t period_ns);
/* Of rig_policy.c, for rig.c: configuration text, and a policy made of it in force. */
void rig_read_config(struct config *config, const char *ini);
void rig_publish_config(struct rig *rig, const struct config *config);
/* SYNs of the first listener that were taken for @echo. */
uint64_t rig_echoes(struct rig *rig, enum echo echo);
struct returns rig_returns(struct rig *rig);
void rig_close(struct rig *rig);
/* The same as closing and opening, but far quicker, since the verifier does not see the program
 * again: time goes on until every bucket is full. Counters and slots stay. Returns the time. */
uint64_t rig_reopen(struct rig *rig, const char *ini);
void rig_at(struct rig *rig, uint64_t now_ns);
/* From now on the clock moves by so much each time the packet path reads it; 0: it stands. */
void rig_step(struct rig *rig, uint64_t step_ns);

/* Runs one frame and checks that exactly one counter went up by one and, unless it goes back, that
 * no byte changed. */
struct outcome rig_run(struct rig *rig, const struct frame *frame);
/* The same, with bytes and length of the frame that comes out. */
struct outcome rig_run_to(struct rig *rig, const struct frame *frame, struct frame *out);
/* Runs one frame @repeat times on this CPU; counts are in the counters. Returns the last action. */
uint32_t rig_run_many(struct rig *rig, const struct frame *frame, uint32_t repeat);
/* As rig_run, on a CPU that still judges under the policy before the one in force. */
struct outcome rig_run_late(struct rig *rig, const struct frame *frame);
enum reason rig_reason(struct rig *rig, const struct frame_spec *spec);

uint64_t rig_count(struct rig *rig, uint32_t counters, enum reason reason);
struct table_counters rig_table(struct rig *rig);
uint64_t rig_level_word(struct rig *rig, uint32_t index);
/* Slots of the source table that have an owner. */
unsigned int rig_slots_used(struct rig *rig);

/* Puts policy and rules of another configuration in force; buckets stay as they are. */
void rig_configure(struct rig *rig, const char *ini);
/* Publishes the policy with one limit changed, as the command line does, at the rig's time. */
void rig_limit(struct rig *rig, uint32_t listener, enum level level, const char *rate,
	       uint32_t burst);
/* Adds or replaces a prefix rule, others stay. @listener NULL: of every one; @rate of a RULE_LIMIT;
 * @expires_ns 0: never. */
void rig_rule(struct rig *rig, const char *source, const char *listener, enum rule_action action,
	      const char *rate, uint64_t expires_ns);
/* Returns whether there was such a rule. */
bool rig_forget(struct rig *rig, const char *source, const char *listener);
void rig_mode(struct rig *rig, enum mode mode);

#endif
