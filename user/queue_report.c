// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "queue_report.h"

_Static_assert(QUEUE_STATE_CLASSES == QUEUE_CLASSES && QUEUE_STATE_ENDS >= QUEUE_ENDS &&
		       QUEUE_STATE_RESULTS >= QUEUE_RESULTS &&
		       QUEUE_STATE_HELD >= QUEUE_HELD_BUCKETS &&
		       QUEUE_STATE_LATE >= QUEUE_LATE_BUCKETS,
	       "there is room for all that a queue counts");

static void add(__u64 *to, const uint64_t *now, const uint64_t *former, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++)
		to[i] += now[i] - former[i];
}

void queue_report(struct queue_state *state, const struct queue *queue, struct queue_stats *former)
{
	const struct queue_stats *stats = queue_stats(queue);

	add(state->results, stats->results, former->results, QUEUE_RESULTS);
	for (int class = 0; class < QUEUE_CLASSES; class ++) {
		add(state->ends[class], stats->ends[class], former->ends[class], QUEUE_ENDS);
		state->lengths[class] = queue_length(queue, class);
		state->sites[class] = queue_sites(queue, class);
	}
	add(state->held, stats->held, former->held, QUEUE_HELD_BUCKETS);
	state->held_sum_ns += stats->held_sum_ns - former->held_sum_ns;
	*former = *stats;
}

void queue_report_release(struct queue_state *state, uint64_t late_ns)
{
	static const uint32_t bounds_us[] = QUEUE_LATE_BOUNDS_US;
	unsigned int bucket = 0;

	while (bucket < QUEUE_LATE_BUCKETS - 1 && late_ns > bounds_us[bucket] * 1000ULL)
		bucket++;
	state->late[bucket]++;
	state->late_sum_ns += late_ns;
}
