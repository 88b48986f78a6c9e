/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What a flood is to be, from its command line. */
#ifndef BENCH_FLOOD_JOB_H
#define BENCH_FLOOD_JOB_H

#include <stdbool.h>
#include <stdint.h>

#include "frame.h"

struct job {
	const char *dev;
	struct frame_spec spec;
	bool has_dst, has_src, has_dmac;
	uint64_t count; /* frames; 0: until the time is over */
	double rate;	/* frames a second; 0: as fast as it goes */
	double seconds;
	double established; /* share, 0..1 */
	bool sequential;
	uint64_t seed;
	int cpu; /* -1: any */
};

/* 0, or -EINVAL: what is wrong has been said. */
int job_parse(struct job *job, int argc, char **argv);

#endif
