// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* How many are sent away, for what comes and goes; make sim has it among clients. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "spread.h"

#define MS 1000000ULL
#define SEC (1000 * MS)
#define TURN (100 * MS)
#define UNKNOWN UINT64_MAX

static struct spread spread;
static uint64_t now_ns;

static int start(void **state)
{
	(void)state;
	spread = (struct spread){};
	now_ns = 1000 * SEC;
	/* the first turn is as long as the clock is old */
	assert_int_equal(spread_take_turn(&spread, 0, UNKNOWN, now_ns), 0);
	return 0;
}

/* Sent away in @turns of 100 ms in each of which so many come and are let in. */
static uint32_t turns(unsigned int turns, uint32_t came, uint32_t let_in, uint32_t held,
		      uint64_t patience_ns)
{
	uint32_t count = 0;

	while (turns--) {
		spread.now.came = came;
		spread.now.let_in = let_in;
		now_ns += TURN;
		count += spread_take_turn(&spread, held, patience_ns, now_ns);
	}
	return count;
}

static void test_nobody_before_some_have_given_up(void **state)
{
	(void)state;
	assert_int_equal(turns(100, 0, 10, 5000, UNKNOWN), 0);
	assert_in_range(turns(10, 0, 10, 5000, 5 * SEC), 195, 205);
}

/* 100/s for 5 s: those 500 can wait. */
static void test_nobody_who_can_be_served(void **state)
{
	(void)state;
	turns(10, 0, 10, 5000, UNKNOWN);
	assert_int_equal(turns(10, 0, 10, 500, 5 * SEC), 0);
	assert_int_equal(turns(10, 0, 10, 0, 5 * SEC), 0);
	/* and of 600 those 100 that cannot have 5 s to go */
	assert_in_range(turns(10, 0, 10, 600, 5 * SEC), 18, 22);
}

/* Who is too old comes again and again, and is not held: they are sent away first, and nobody else for them. */
static void test_too_late(void **state)
{
	uint32_t count = 0;

	(void)state;
	turns(10, 0, 10, 5000, UNKNOWN);
	for (int i = 0; i < 20; i++) {
		spread.now.too_late = 50;
		count += turns(1, 0, 10, 0, 3 * SEC);
	}
	/* of 100/s let in and 500 who would have to be */
	assert_in_range(count, 60, 160);
	assert_false(spread_is_excess(&spread, 290, 3 * SEC));
	assert_true(spread_is_excess(&spread, 310, 3 * SEC));
	assert_false(spread_is_excess(&spread, 5000, UNKNOWN));
}

/* Twice as many as are let in come, by themselves or because they are sent away. */
static void test_what_is_missing(void **state)
{
	(void)state;
	turns(10, 20, 10, 5000, UNKNOWN);
	assert_int_equal(turns(10, 20, 10, 5000, 3 * SEC), 0);
	turns(10, 15, 10, 5000, UNKNOWN);
	assert_in_range(turns(10, 15, 10, 5000, 3 * SEC), 45, 55);
	turns(10, 1, 10, 5000, UNKNOWN);
	assert_in_range(turns(10, 1, 10, 5000, 3 * SEC), 185, 195);
}

/* A herd is forgotten as soon as it does not seem chance that nobody comes: patience may be no longer than three
 * seconds. */
static void test_herd_is_forgotten(void **state)
{
	(void)state;
	turns(10, 0, 10, 5000, 3 * SEC);
	assert_int_equal(turns(1, 5000, 10, 5000, 3 * SEC), 0);
	assert_int_equal(turns(2, 0, 10, 5000, 3 * SEC), 0);
	assert_in_range(turns(10, 0, 10, 5000, 3 * SEC), 195, 205);
	start(state);
	turns(10, 0, 2, 5000, 3 * SEC);
	assert_int_equal(turns(1, 5000, 2, 5000, 3 * SEC), 0);
	assert_int_equal(turns(7, 0, 2, 5000, 3 * SEC), 0);
	assert_in_range(turns(10, 0, 2, 5000, 3 * SEC), 35, 41);
}

/* While a back end struggles what it did before counts, for half a minute or so. */
static void test_capacity_is_remembered(void **state)
{
	(void)state;
	turns(10, 0, 100, 5000, UNKNOWN);
	turns(10, 0, 1, 5000, UNKNOWN);
	assert_int_equal(turns(10, 0, 1, 4000, 5 * SEC), 0);
	turns(600, 0, 1, 5000, UNKNOWN);
	assert_true(turns(10, 0, 1, 4000, 5 * SEC) > 100);
}

/* Neither a calm, nor a clock that stands still or goes back, sends a crowd away. */
static void test_turns_of_any_length(void **state)
{
	(void)state;
	turns(10, 0, 10, 5000, 5 * SEC);
	assert_int_equal(spread_take_turn(&spread, 5000, 5 * SEC, now_ns), 0);
	assert_int_equal(spread_take_turn(&spread, 5000, 5 * SEC, now_ns - SEC), 0);
	now_ns += 3600 * SEC;
	assert_true(spread_take_turn(&spread, 5000, 5 * SEC, now_ns) <= 200);
	assert_int_equal(spread_take_turn(&spread, UINT32_MAX, 5 * SEC, 0), 0);
	assert_int_equal(spread_take_turn(&spread, 5000, UNKNOWN, UINT64_MAX), 0);
}

/* Nothing was let in yet: what can be is not known. */
static void test_nothing_known(void **state)
{
	(void)state;
	assert_int_equal(turns(100, 100, 0, 5000, 5 * SEC), 0);
	assert_int_equal(turns(100, 0, 0, 5000, 5 * SEC), 0);
}

static uint32_t noted(enum queue_result result, bool retransmit, uint64_t age_ns, bool forged)
{
	spread.now.came = 0;
	spread_note(&spread, result, retransmit, age_ns, forged);
	return spread.now.came;
}

/* Connections, once each; while sources may be forged those only that have come again. */
static void test_who_has_come(void **state)
{
	(void)state;
	assert_int_equal(noted(QUEUE_QUEUED, false, 0, false), 1);
	assert_int_equal(noted(QUEUE_REFUSED_RETRANSMITS_ONLY, false, 0, false), 1);
	assert_int_equal(noted(QUEUE_QUEUED, true, SEC, false), 0);
	assert_int_equal(noted(QUEUE_REPLACED, true, SEC, false), 0);
	assert_int_equal(noted(QUEUE_DUPLICATE, false, 0, false), 0);
	assert_int_equal(noted(QUEUE_REFUSED_AWAY, true, SEC, false), 0);
	assert_int_equal(noted(QUEUE_REFUSED_FULL, true, SEC, false), 0);

	assert_int_equal(noted(QUEUE_QUEUED, false, 0, true), 0);
	assert_int_equal(noted(QUEUE_REPLACED, true, SEC, true), 1);
	assert_int_equal(noted(QUEUE_QUEUED, true, SEC, true), 1);
	assert_int_equal(noted(QUEUE_REPLACED, true, 2 * SEC, true), 0);
	assert_int_equal(noted(QUEUE_REFUSED_AWAY, true, SEC, true), 0);
}

static void test_who_is_held(void **state)
{
	struct queue *queue = queue_create(16, SEC);
	const struct queue_entry *victim;
	struct queue_syn syn = { .frame = "SYN", .len = 3, .first_seen_ns = now_ns };

	(void)state;
	assert_non_null(queue);
	for (syn.key = 1; syn.key <= 5; syn.key++) {
		syn.retransmit = syn.key > 3;
		queue_put(queue, &syn, now_ns, &victim);
	}
	assert_int_equal(spread_held(queue, false), 5);
	assert_int_equal(spread_held(queue, true), 2);
	queue_destroy(queue);
}

#define spread_test(function) cmocka_unit_test_setup(function, start)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		spread_test(test_nobody_before_some_have_given_up),
		spread_test(test_nobody_who_can_be_served),
		spread_test(test_too_late),
		spread_test(test_what_is_missing),
		spread_test(test_herd_is_forgotten),
		spread_test(test_capacity_is_remembered),
		spread_test(test_turns_of_any_length),
		spread_test(test_nothing_known),
		spread_test(test_who_has_come),
		spread_test(test_who_is_held),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
