/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What is published of a queue: its present state, and counts that outlive it. Pure. */
#ifndef WEIR_QUEUE_REPORT_H
#define WEIR_QUEUE_REPORT_H

#include "abi.h"
#include "queue.h"

/* Upper bounds of the histogram of lateness, in us; one more bucket is above the last. */
#define QUEUE_LATE_BOUNDS_US                                                       \
	{                                                                          \
		50, 100, 250, 500, 1000, 2000, 5000, 10000, 25000, 100000, 1000000 \
	}
#define QUEUE_LATE_BUCKETS 12

/* Adds to @state what @queue has counted since @former, which becomes what it has counted now. */
void queue_report(struct queue_state *state, const struct queue *queue, struct queue_stats *former);
/* A release, @late_ns after it was due. */
void queue_report_release(struct queue_state *state, uint64_t late_ns);

#endif
