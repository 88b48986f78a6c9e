/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Runs of a plan with the stack of this kernel, from the first socket to the report. */
#ifndef HERD_RUN_H
#define HERD_RUN_H

#include "herd/commands.h"
#include "herd/engine.h"
#include "herd/json_file.h"
#include "herd/report.h"

/* All connect; ends when they are, or by the plan's duration. */
enum herd_status run_storm(const struct plan *plan);
/* A closed loop to the knee. */
enum herd_status run_capacity(const struct plan *plan);

/*
 * Refuses a target behind a router, unless the plan says that it may be anywhere; opens all that the
 * run needs; takes signals. 0 or -errno after saying what is wrong.
 */
int run_open(const struct plan *plan, struct engine *engine, struct json_file *json);
void run_close(struct engine *engine, struct json_file *json);

/* When and with what a run began. */
struct run_clock {
	double started;
	uint64_t start_ns;
	double cpu_seconds;
};

void run_clock_start(struct run_clock *clock);
/* Fills in what engine and clock know. */
void run_fill_report(struct report *report, const struct engine *engine,
		     const struct run_clock *clock);
/* The summary and the JSON record. */
enum herd_status run_report(const struct report *report, struct json_file *json);
/* Is the progress line wanted, and is it time for one? */
void run_progress(const struct engine *engine);

#endif
