// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "promtext_queue.h"

#include "promtext_put.h"
#include "queue_figures.h"
#include "text.h"

#define NS_PER_SEC 1e9

static void each(FILE *out, const struct snapshot *snapshot,
		 void (*put)(FILE *out, const struct snapshot *snapshot, unsigned int id))
{
	for (unsigned int id = 0; id < LISTENERS_MAX; id++)
		if (queue_is_there(snapshot, id))
			put(out, snapshot, id);
}

/* The labels that all have. */
#define LISTENER(snapshot, id) \
	"shaper", (snapshot)->control.name, "listener", (snapshot)->policy->listeners[id].name

static void put_unheld(FILE *out, const struct snapshot *snapshot, unsigned int id)
{
	for (int cause = UNHELD_NOT + 1; cause < UNHELD_COUNT; cause++)
		promtext_count(out, snapshot->unheld[id].n[cause], "weir_syn_unheld_total",
			       LISTENER(snapshot, id), "cause", unheld_names[cause], NULL);
}

void promtext_unheld(FILE *out, const struct snapshot *snapshot)
{
	each(out, snapshot, put_unheld);
}

static void put_length(FILE *out, const struct snapshot *snapshot, unsigned int id)
{
	promtext_count(out, queue_held(snapshot, id), "weir_queue_length", LISTENER(snapshot, id),
		       NULL);
}

void promtext_queue_length(FILE *out, const struct snapshot *snapshot)
{
	each(out, snapshot, put_length);
}

struct histogram_names {
	const char *bucket, *sum, *count;
};

static void put_histogram(FILE *out, const struct snapshot *snapshot, unsigned int id,
			  struct histogram histogram, const struct histogram_names *names)
{
	uint64_t count = 0;

	for (unsigned int i = 0; i < histogram.buckets; i++) {
		char bound[32] = "+Inf";

		count += histogram.counts[i];
		if (i < histogram.buckets - 1)
			snprintf(bound, sizeof(bound), "%.12g",
				 (double)histogram.bounds_ns[i] / NS_PER_SEC);
		promtext_count(out, count, names->bucket, LISTENER(snapshot, id), "le", bound,
			       NULL);
	}
	promtext_number(out, (double)histogram.sum_ns / NS_PER_SEC, names->sum,
			LISTENER(snapshot, id), NULL);
	promtext_count(out, count, names->count, LISTENER(snapshot, id), NULL);
}

static void put_delay(FILE *out, const struct snapshot *snapshot, unsigned int id)
{
	static const struct histogram_names names = {
		"weir_queue_delay_seconds_bucket",
		"weir_queue_delay_seconds_sum",
		"weir_queue_delay_seconds_count",
	};

	put_histogram(out, snapshot, id, queue_held_times(&snapshot->queues[id]), &names);
}

void promtext_queue_delay(FILE *out, const struct snapshot *snapshot)
{
	each(out, snapshot, put_delay);
}

static void put_lateness(FILE *out, const struct snapshot *snapshot, unsigned int id)
{
	static const struct histogram_names names = {
		"weir_queue_release_lateness_seconds_bucket",
		"weir_queue_release_lateness_seconds_sum",
		"weir_queue_release_lateness_seconds_count",
	};

	put_histogram(out, snapshot, id, queue_lateness(&snapshot->queues[id]), &names);
}

void promtext_queue_lateness(FILE *out, const struct snapshot *snapshot)
{
	each(out, snapshot, put_lateness);
}

static void put_released(FILE *out, const struct snapshot *snapshot, unsigned int id)
{
	for (int class = 0; class < QUEUE_CLASSES; class ++)
		promtext_count(out, snapshot->queues[id].ends[class][QUEUE_RELEASED],
			       "weir_queue_released_total", LISTENER(snapshot, id), "class",
			       queue_class_names[class], NULL);
}

void promtext_queue_released(FILE *out, const struct snapshot *snapshot)
{
	each(out, snapshot, put_released);
}

static void put_cause(FILE *out, const struct snapshot *snapshot, unsigned int id,
		      const char *cause, uint64_t count)
{
	promtext_count(out, count, "weir_queue_dropped_total", LISTENER(snapshot, id), "cause",
		       cause, NULL);
}

/* Ends but the good one, and SYNs that found no place. */
static void put_dropped(FILE *out, const struct snapshot *snapshot, unsigned int id)
{
	const struct queue_state *queue = &snapshot->queues[id];

	for (int end = QUEUE_RELEASED + 1; end < QUEUE_ENDS; end++) {
		uint64_t count = 0;

		for (int class = 0; class < QUEUE_CLASSES; class ++)
			count += queue->ends[class][end];
		put_cause(out, snapshot, id, queue_end_names[end], count);
	}
	for (int i = QUEUE_REFUSED_RETRANSMITS_ONLY; i < QUEUE_RESULTS; i++)
		put_cause(out, snapshot, id, queue_result_names[i], queue->results[i]);
	put_cause(out, snapshot, id, "outdated", queue->outdated);
}

void promtext_queue_dropped(FILE *out, const struct snapshot *snapshot)
{
	each(out, snapshot, put_dropped);
}

/* None while it is automatic and nobody learns it. */
static void put_delay_max(FILE *out, const struct snapshot *snapshot, unsigned int id)
{
	uint64_t ns = queue_delay_max_ns(snapshot, id);

	if (ns != DELAY_MAX_AUTO)
		promtext_number(out, (double)ns / NS_PER_SEC, "weir_queue_delay_max_seconds",
				LISTENER(snapshot, id), NULL);
}

void promtext_queue_delay_max(FILE *out, const struct snapshot *snapshot)
{
	each(out, snapshot, put_delay_max);
}

static void put_failures(FILE *out, const struct snapshot *snapshot, unsigned int id)
{
	promtext_count(out, snapshot->queues[id].failed, "weir_release_failures_total",
		       LISTENER(snapshot, id), NULL);
}

void promtext_release_failures(FILE *out, const struct snapshot *snapshot)
{
	each(out, snapshot, put_failures);
}

static void put_lease(FILE *out, const struct snapshot *snapshot, unsigned int id)
{
	promtext_count(out, queue_is_served(snapshot, id), "weir_lease_valid",
		       LISTENER(snapshot, id), "lease", "queue", NULL);
}

void promtext_lease_valid(FILE *out, const struct snapshot *snapshot)
{
	each(out, snapshot, put_lease);
}
