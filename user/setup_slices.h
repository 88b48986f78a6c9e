/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Which of the SYNs let pass turned into requests, by slices of time (struct setup_counters): the packet path
 * only counts, and here it is known when each slice began. Pure.
 */
#ifndef WEIR_SETUP_SLICES_H
#define WEIR_SETUP_SLICES_H

#include <stdbool.h>
#include <stdint.h>

#include "abi.h"

/* All zero: nothing has been seen. Slices by their number, time >> SETUP_SLICE_NS_SHIFT. */
struct setup_slices {
	bool begun;
	uint64_t last;	 /* that began */
	uint64_t first;	 /* that was seen to begin */
	uint64_t judged; /* the next to be judged */
	/* what the counters of each were when it began */
	uint64_t noted[SETUP_SLICES], requested[SETUP_SLICES];
};

struct slice_count {
	uint64_t noted, requested;
};

/* The first thing to do with counters that were read at @now_ns, in CLOCK_MONOTONIC. */
void slices_begin(struct setup_slices *slices, const struct setup_counters *sum, uint64_t now_ns);

/* Of two seconds that ended at @end_ns, as far as they are remembered. */
struct slice_count slices_recent(const struct setup_slices *slices,
				 const struct setup_counters *sum, uint64_t end_ns);

/* Of all slices that ended before @end_ns, each once; of each no more requests than SYNs. */
struct slice_count slices_judge(struct setup_slices *slices, const struct setup_counters *sum,
				uint64_t end_ns);

#endif
