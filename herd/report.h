/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What a run has shown, for the summary (report_text.c) and the JSON record (json_report.c). */
#ifndef HERD_REPORT_H
#define HERD_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "herd/knee.h"
#include "herd/plan.h"
#include "herd/tally.h"

struct report {
	const struct plan *plan;
	const struct tally *tally;
	const struct knee *knee; /* NULL: not a measurement of capacity */
	struct hist attempts;	 /* of each device */
	double started;		 /* seconds of the epoch */
	double duration_seconds, cpu_seconds;
	uint64_t gone_evicted, bystanders_unsent;
	bool interrupted; /* by a signal */
	char node[96], kernel[160], machine[96];
	uint32_t cpus, pid;
};

/* Set-ups a second, as measured or as said; 0: not known. */
double report_capacity(const struct report *report);
void report_text(FILE *out, const struct report *report);
/* The progress line. */
void report_progress(char *buf, size_t size, const struct tally *tally, uint64_t now_ns);

#endif
