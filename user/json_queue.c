// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "json_queue.h"

#include "json_value.h"
#include "queue_figures.h"

static json_t *numbers(const __u64 *counts, const char *const *names, unsigned int first,
		       unsigned int count)
{
	json_t *object = json_object();

	for (unsigned int i = first; i < count; i++)
		json_object_set_new(object, names[i], json_count(counts[i]));
	return object;
}

static json_t *delay_max(const struct snapshot *snapshot, unsigned int id)
{
	uint64_t ns = queue_delay_max_ns(snapshot, id);
	json_t *object = json_object();

	json_object_set_new(
		object, "auto",
		json_boolean(snapshot->policy->listeners[id].delay_max_ns == DELAY_MAX_AUTO));
	if (ns != DELAY_MAX_AUTO)
		json_object_set_new(object, "ms", json_count(ns / 1000000));
	return object;
}

static json_t *by_class(const struct snapshot *snapshot, unsigned int id,
			uint32_t (*of)(const struct snapshot *snapshot, unsigned int id,
				       enum queue_class class))
{
	json_t *object = json_object();

	for (int class = 0; class < QUEUE_CLASSES; class ++)
		json_object_set_new(object, queue_class_names[class],
				    json_count(of(snapshot, id, class)));
	return object;
}

static json_t *quantiles(struct histogram histogram)
{
	uint64_t count = histogram_count(&histogram);
	json_t *object = json_object();

	json_object_set_new(object, "count", json_count(count));
	json_object_set_new(object, "sum_us", json_count(histogram.sum_ns / 1000));
	if (!count)
		return object;
	json_object_set_new(object, "p50_us",
			    json_count(histogram_quantile_ns(&histogram, 500) / 1000));
	json_object_set_new(object, "p99_us",
			    json_count(histogram_quantile_ns(&histogram, 990) / 1000));
	return object;
}

json_t *json_queue(const struct snapshot *snapshot, unsigned int id)
{
	const struct queue_state *queue = &snapshot->queues[id];
	json_t *object = json_object(), *ends = json_object();

	json_object_set_new(object, "served", json_boolean(queue_is_served(snapshot, id)));
	json_object_set_new(object, "entries", json_count(queue_places(snapshot, id)));
	json_object_set_new(object, "delay_max", delay_max(snapshot, id));
	json_object_set_new(object, "held", by_class(snapshot, id, queue_held_of));
	json_object_set_new(object, "sites", by_class(snapshot, id, queue_sites_of));
	json_object_set_new(object, "results",
			    numbers(queue->results, queue_result_names, 0, QUEUE_RESULTS));
	for (int class = 0; class < QUEUE_CLASSES; class ++)
		json_object_set_new(ends, queue_class_names[class],
				    numbers(queue->ends[class], queue_end_names, 0, QUEUE_ENDS));
	json_object_set_new(object, "ends", ends);
	json_object_set_new(object, "time_held", quantiles(queue_held_times(queue)));
	json_object_set_new(object, "lateness", quantiles(queue_lateness(queue)));
	json_object_set_new(object, "failed", json_count(queue->failed));
	json_object_set_new(object, "outdated", json_count(queue->outdated));
	json_object_set_new(
		object, "unheld",
		numbers(snapshot->unheld[id].n, unheld_names, UNHELD_NOT + 1, UNHELD_COUNT));
	return object;
}
