/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the numbers that `weir run` has published of a queue say. Pure. */
#ifndef WEIR_QUEUE_FIGURES_H
#define WEIR_QUEUE_FIGURES_H

#include <stdbool.h>
#include <stdint.h>

#include "queue.h"
#include "snapshot.h"

/* Is the lease of listener @id valid: does a `weir run` hold its excess? */
bool queue_is_served(const struct snapshot *snapshot, unsigned int id);
/* Is its excess to be held, or are some held still? Others have nothing to show. */
bool queue_is_there(const struct snapshot *snapshot, unsigned int id);
/* Is its excess to be held, and nobody does? */
bool queue_is_unserved(const struct snapshot *snapshot, unsigned int id);

/* SYNs held now, and the sites they come from. What a `weir run` that was killed has left in these
 * words is gone: 0 unless it is served. */
uint32_t queue_held(const struct snapshot *snapshot, unsigned int id);
uint32_t queue_held_of(const struct snapshot *snapshot, unsigned int id, enum queue_class class);
uint32_t queue_sites_of(const struct snapshot *snapshot, unsigned int id, enum queue_class class);
/* Places: in force if it is served, else configured. */
uint32_t queue_places(const struct snapshot *snapshot, unsigned int id);
/* In force if it is served, else configured: then it may be DELAY_MAX_AUTO. */
uint64_t queue_delay_max_ns(const struct snapshot *snapshot, unsigned int id);

struct histogram {
	const __u64 *counts;	   /* of each bucket alone */
	const uint64_t *bounds_ns; /* upper ones, of all buckets but the last */
	unsigned int buckets;
	uint64_t sum_ns;
};

/* Of those released: how long they were held, and how long after their time they were released. */
struct histogram queue_held_times(const struct queue_state *queue);
struct histogram queue_lateness(const struct queue_state *queue);

uint64_t histogram_count(const struct histogram *histogram);
/* The quantile of @permille, linear within its bucket; the last bound if it is above that. 0 if
 * nothing was counted. */
uint64_t histogram_quantile_ns(const struct histogram *histogram, unsigned int permille);

#endif
