// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "queue_figures.h"

#include "queue_report.h"

bool queue_is_served(const struct snapshot *snapshot, unsigned int id)
{
	return snapshot->queues[id].lease_until_ns > snapshot->now_ns;
}

static bool is_to_be_held(const struct snapshot *snapshot, unsigned int id)
{
	const struct listener *listener = &snapshot->policy->listeners[id];

	return *listener->name && listener->excess == EXCESS_DELAY;
}

bool queue_is_there(const struct snapshot *snapshot, unsigned int id)
{
	return is_to_be_held(snapshot, id) ||
	       (*snapshot->policy->listeners[id].name && queue_held(snapshot, id));
}

bool queue_is_unserved(const struct snapshot *snapshot, unsigned int id)
{
	return is_to_be_held(snapshot, id) && !queue_is_served(snapshot, id);
}

uint32_t queue_held(const struct snapshot *snapshot, unsigned int id)
{
	return queue_is_served(snapshot, id) ? snapshot->queues[id].length : 0;
}

uint32_t queue_held_of(const struct snapshot *snapshot, unsigned int id, enum queue_class class)
{
	return queue_is_served(snapshot, id) ? snapshot->queues[id].lengths[class] : 0;
}

uint32_t queue_sites_of(const struct snapshot *snapshot, unsigned int id, enum queue_class class)
{
	return queue_is_served(snapshot, id) ? snapshot->queues[id].sites[class] : 0;
}

uint32_t queue_places(const struct snapshot *snapshot, unsigned int id)
{
	return queue_is_served(snapshot, id) ? snapshot->queues[id].entries
					     : snapshot->policy->listeners[id].queue_entries;
}

uint64_t queue_delay_max_ns(const struct snapshot *snapshot, unsigned int id)
{
	return queue_is_served(snapshot, id) ? snapshot->queues[id].delay_max_ns
					     : snapshot->policy->listeners[id].delay_max_ns;
}

#define NS_PER_US 1000ULL
#define NS_PER_MS 1000000ULL
#define BOUNDS_COUNT(bounds) (sizeof(bounds) / sizeof((bounds)[0]))

struct histogram queue_held_times(const struct queue_state *queue)
{
	static const uint32_t bounds_ms[] = QUEUE_HELD_BOUNDS_MS;
	static _Thread_local uint64_t bounds_ns[BOUNDS_COUNT(bounds_ms)];

	_Static_assert(BOUNDS_COUNT(bounds_ms) + 1 == QUEUE_HELD_BUCKETS, "and one above");
	for (unsigned int i = 0; i < BOUNDS_COUNT(bounds_ms); i++)
		bounds_ns[i] = bounds_ms[i] * NS_PER_MS;
	return (struct histogram){ queue->held, bounds_ns, QUEUE_HELD_BUCKETS, queue->held_sum_ns };
}

struct histogram queue_lateness(const struct queue_state *queue)
{
	static const uint32_t bounds_us[] = QUEUE_LATE_BOUNDS_US;
	static _Thread_local uint64_t bounds_ns[BOUNDS_COUNT(bounds_us)];

	_Static_assert(BOUNDS_COUNT(bounds_us) + 1 == QUEUE_LATE_BUCKETS, "and one above");
	for (unsigned int i = 0; i < BOUNDS_COUNT(bounds_us); i++)
		bounds_ns[i] = bounds_us[i] * NS_PER_US;
	return (struct histogram){ queue->late, bounds_ns, QUEUE_LATE_BUCKETS, queue->late_sum_ns };
}

uint64_t histogram_count(const struct histogram *histogram)
{
	uint64_t count = 0;

	for (unsigned int i = 0; i < histogram->buckets; i++)
		count += histogram->counts[i];
	return count;
}

uint64_t histogram_quantile_ns(const struct histogram *histogram, unsigned int permille)
{
	double rank = (double)histogram_count(histogram) * permille / 1000, below = 0;
	uint64_t lower_ns = 0;

	if (rank <= 0)
		return 0;
	for (unsigned int i = 0; i < histogram->buckets - 1; i++) {
		double count = (double)histogram->counts[i];

		if (count && below + count >= rank)
			return lower_ns + (uint64_t)((double)(histogram->bounds_ns[i] - lower_ns) *
						     (rank - below) / count);
		below += count;
		lower_ns = histogram->bounds_ns[i];
	}
	return lower_ns;
}
