// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Counts of a queue, added to those that outlive it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>

#include "queue_report.h"
#include "queueing.h"

static struct queue_state state_of;
static struct queue_stats former;

static int start(void **state)
{
	(void)state;
	state_of = (struct queue_state){};
	former = (struct queue_stats){};
	return 0;
}

static uint64_t sum(const __u64 *counts, unsigned int count)
{
	uint64_t total = 0;

	while (count)
		total += counts[--count];
	return total;
}

static uint64_t ended(void)
{
	uint64_t total = 0;

	for (int class = 0; class < QUEUE_STATE_CLASSES; class ++)
		total += sum(state_of.ends[class], QUEUE_STATE_ENDS);
	return total;
}

static uint32_t held(void)
{
	return state_of.lengths[QUEUE_RETRANSMITS] + state_of.lengths[QUEUE_NEW];
}

/* Once each, however often it is reported; and what was queued has ended, or is held. */
static void test_every_count_once(void **state)
{
	(void)state;
	make_queue(10, SEC);
	for (uint64_t key = 1; key <= 8; key++) {
		put_quickly(key, 100 + key, key, key % 2, START);
		queue_report(&state_of, queue, &former);
		queue_report(&state_of, queue, &former);
	}
	assert_int_equal(state_of.results[QUEUE_QUEUED] +
				 state_of.results[QUEUE_REFUSED_RETRANSMITS_ONLY],
			 8);
	assert_true(state_of.results[QUEUE_REFUSED_RETRANSMITS_ONLY]);
	assert_int_equal(state_of.results[QUEUE_QUEUED], held() + ended());
	put_quickly(1, 101, 1, true, START);
	assert_non_null(queue_take(queue, START + 300 * MS));
	queue_report(&state_of, queue, &former);
	assert_int_equal(state_of.results[QUEUE_REPLACED], 1);
	assert_int_equal(state_of.ends[QUEUE_RETRANSMITS][QUEUE_RELEASED], 1);
	assert_int_equal(state_of.results[QUEUE_QUEUED], held() + 1);
	assert_int_equal(state_of.lengths[QUEUE_RETRANSMITS], 3);
	assert_int_equal(state_of.sites[QUEUE_RETRANSMITS], 3);
	assert_int_equal(sum(state_of.held, QUEUE_STATE_HELD), 1);
	assert_true(state_of.held_sum_ns == 300 * MS);
	queue_expire(queue, START + SEC);
	queue_report(&state_of, queue, &former);
	assert_int_equal(held(), 0);
	assert_int_equal(ended(), state_of.results[QUEUE_QUEUED]);
}

/* The next queue begins at nothing; its counts are added. */
static void test_counts_outlive_a_queue(void **state)
{
	for (int round = 1; round <= 3; round++) {
		former = (struct queue_stats){};
		make_queue(10, SEC);
		put_quickly(1, 1, 1, false, START);
		assert_non_null(queue_take(queue, START));
		put_quickly(2, 1, 1, false, START);
		queue_report(&state_of, queue, &former);
		drop_queue(state);
		assert_int_equal(state_of.results[QUEUE_QUEUED], 2 * round);
		assert_int_equal(state_of.ends[QUEUE_NEW][QUEUE_RELEASED], round);
		assert_int_equal(held(), 1);
	}
}

static void test_lateness(void **state)
{
	static const uint32_t bounds_us[] = QUEUE_LATE_BOUNDS_US;
	uint64_t total_ns = 0;

	(void)state;
	for (unsigned int i = 0; i < QUEUE_LATE_BUCKETS - 1; i++) {
		uint64_t bound_ns = bounds_us[i] * 1000ULL;

		queue_report_release(&state_of, bound_ns);
		assert_int_equal(state_of.late[i], i ? 2 : 1);
		queue_report_release(&state_of, bound_ns + 1);
		assert_int_equal(state_of.late[i + 1], 1);
		total_ns += 2 * bound_ns + 1;
	}
	queue_report_release(&state_of, 0);
	assert_int_equal(state_of.late[0], 2);
	queue_report_release(&state_of, 3600 * SEC);
	assert_int_equal(state_of.late[QUEUE_LATE_BUCKETS - 1], 2);
	assert_true(state_of.late_sum_ns == total_ns + 3600 * SEC);
	assert_int_equal(sum(state_of.late, QUEUE_STATE_LATE), 2 * QUEUE_LATE_BUCKETS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_every_count_once, start, drop_queue),
		cmocka_unit_test_setup(test_counts_outlive_a_queue, start),
		cmocka_unit_test_setup(test_lateness, start),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
