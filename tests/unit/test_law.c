// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The law on the window, by samples made by hand; test_law_sim has it among herds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "lawing.h"

static void test_starts_small_and_doubles(void **state)
{
	(void)state;
	set_x(0.05);
	assert_int_equal(step(), LAW_WHY_FIRST);
	assert_int_equal(limits.window, 32);
	assert_int_equal(limits.state, LAW_STARTUP);
	run_until(LAW_WHY_STARTUP);
	assert_int_equal(limits.window, 64);
	set_x(0.2);
	run_until(LAW_WHY_STARTUP);
	assert_int_equal(limits.window, 96);
	set_x(0.8);
	run_until(LAW_WHY_NEAR);
	assert_int_equal(limits.state, LAW_STEADY);
	assert_int_equal(limits.window, 96);
}

static void test_grows_by_steps(void **state)
{
	(void)state;
	settle(40);
	set_x(0.6);
	run_until(LAW_WHY_GROW);
	assert_int_equal(limits.window, 44);
	assert_int_equal(step(), LAW_WHY_WAIT);
	settle(200);
	set_x(0.6);
	run_until(LAW_WHY_GROW);
	assert_int_equal(limits.window, 210);
	/* four a second */
	settle(40);
	set_x(0.6);
	run(10);
	assert_in_range(limits.window, 40 + 9 * 4, 40 + 11 * 4);
}

static void test_grows_fast_where_nothing_waits(void **state)
{
	(void)state;
	settle(100);
	set_x(0.2);
	run_until(LAW_WHY_GROW_FAST);
	assert_in_range(limits.window, 150, 160);
	/* by less far away: two round trips are five times the target */
	settle(100);
	sample.round_trip_ns = 5 * TARGET_NS / 2;
	set_x(0.05);
	run_until(LAW_WHY_GROW_FAST);
	assert_in_range(limits.window, 116, 123);
	/* but not by less than it grows at any time */
	settle(8);
	sample.round_trip_ns = 25 * TARGET_NS;
	set_x(0.05);
	run_until(LAW_WHY_GROW_FAST);
	assert_in_range(limits.window, 12, 16);
}

/* Where the pace leaves a part of it unused it is not the window that holds back. */
static void test_grows_only_if_it_is_used(void **state)
{
	(void)state;
	settle(100);
	full = 0.95;
	set_x(0.6);
	run(3);
	assert_true(limits.window > 100);
	full = 0.85;
	run(1);
	settle(100);
	set_x(0.6);
	run(3);
	assert_true(limits.window > 100);
	/* only from far away */
	settle(100);
	sample.round_trip_ns = TARGET_NS;
	set_x(0.2);
	for (int i = 0; i < 60; i++)
		assert_int_not_equal(step(), LAW_WHY_GROW_FAST);
	assert_int_equal(limits.why, LAW_WHY_PACED);
	assert_int_equal(limits.window, 100);
	/* what is used is whole connections: five of 5.9 are all */
	law.window = 5.9;
	law.in_flight_peak = 0;
	full = 0.95;
	run(3);
	assert_true(limits.window > 5);
	law.window = 100;
	law.in_flight_peak = 0;
	full = 0.85;
	run(1);
	assert_int_equal(limits.window, 100);
	/* several hosts become equal by steps */
	law.config.shared = true;
	run(10);
	assert_in_range(limits.window, 100 + 8 * 4, 100 + 11 * 4);
}

/* p90 is of the last second, and the oldest turn of now. */
static void test_no_cut_for_a_queue_that_has_ended(void **state)
{
	(void)state;
	settle(100);
	set_x(3);
	sample.oldest_ns = TARGET_NS / 10;
	run(3);
	assert_int_equal(limits.why, LAW_WHY_ENDED);
	assert_int_equal(limits.window, 100);
	sample.oldest_ns = TARGET_NS / 4;
	step();
	assert_int_equal(limits.why, LAW_WHY_SLOW);
	assert_int_equal(limits.window, 50);
}

static void test_cuts_in_proportion(void **state)
{
	static const struct {
		double x;
		uint32_t window;
		enum law_why why;
	} rows[] = {
		{ 1.01, 90, LAW_WHY_SLOW },	{ 1.4, 90, LAW_WHY_SLOW },
		{ 2, 75, LAW_WHY_SLOW },	{ 3, 50, LAW_WHY_SLOW },
		{ 3.9, 50, LAW_WHY_SLOW },	{ 4.1, 50, LAW_WHY_VERY_SLOW },
		{ 900, 50, LAW_WHY_VERY_SLOW },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		start(state);
		settle(100);
		set_x(rows[i].x);
		run_until(rows[i].why);
		assert_int_equal(limits.window, rows[i].window);
		assert_int_equal(limits.state, LAW_CUT);
	}
}

/* Two looks of 250 ms, then at most one cut in a second and what set-ups take. */
static void test_one_cut_in_a_period(void **state)
{
	uint64_t cut_ns = 0;
	int cuts = 0;

	(void)state;
	settle(1000);
	set_x(2);
	assert_int_equal(step(), LAW_WHY_CONFIRM);
	set_x(0.8);
	assert_int_equal(step(), LAW_WHY_NEAR);
	set_x(2);
	assert_int_equal(step(), LAW_WHY_CONFIRM);
	assert_int_equal(step(), LAW_WHY_CONFIRM);
	assert_int_equal(step(), LAW_WHY_CONFIRM);
	assert_int_equal(step(), LAW_WHY_SLOW);
	law.config.shared = true; /* without it, cuts that do not help end */
	for (int i = 0; i < 200; i++) {
		if (!law_why_is_cut(step()))
			continue;
		assert_true(!cut_ns || now_ns - cut_ns >= 1080 * MS);
		assert_true(!cut_ns || now_ns - cut_ns <= 1500 * MS);
		cut_ns = now_ns;
		cuts++;
	}
	assert_in_range(cuts, 13, 18);
}

static void test_small_cuts_for_far_clients(void **state)
{
	(void)state;
	settle(400);
	sample.round_trip_ns = 800 * MS;
	set_x(2);
	run_until(LAW_WHY_SLOW);
	/* 200 ms of 1800 are the broker's; a quarter of the cut at least */
	assert_int_equal(limits.window, 375);
}

static void test_open_turns_count(void **state)
{
	(void)state;
	settle(100);
	/* nothing is done any more */
	done_per_step = 0;
	sample.latency_count = 3;
	sample.oldest_ns = 300 * MS;
	run_until(LAW_WHY_STUCK);
	assert_int_equal(limits.window, 50);
	/* one that hangs while the others go on is its own trouble */
	start(state);
	settle(100);
	sample.oldest_ns = 20 * SEC;
	run(5);
	assert_int_equal(limits.why, LAW_WHY_NEAR);
	assert_int_equal(limits.window, 100);
	/* several times as old as p90, but not by far: the beginning of a queue */
	sample.oldest_ns = 300 * MS;
	run_until(LAW_WHY_STUCK);
}

static void test_frozen_without_demand(void **state)
{
	(void)state;
	settle(100);
	demand = false;
	run(1);
	for (int x = 0; x < 10; x++) {
		set_x(x);
		run(5);
		assert_int_equal(limits.why, LAW_WHY_IDLE);
		assert_int_equal(limits.window, 100);
	}
}

/* Fewer than ten set-ups are no p90. */
static void test_few_samples_are_none(void **state)
{
	(void)state;
	settle(100);
	sample.latency_count = 9;
	sample.latency_p90_ns = 900 * MS;
	sample.oldest_ns = 10 * MS;
	run(2);
	assert_true(limits.x_local < 0.11);
}

static void test_bounds(void **state)
{
	struct law_config config = { .window_min = 20, .window_max = 50, .floor_per_sec = 5 };

	(void)state;
	configure(&config);
	set_x(0.1);
	run_until(LAW_WHY_MAX);
	assert_int_equal(limits.window, 50);
	set_x(30);
	run_until(LAW_WHY_MIN);
	assert_int_equal(limits.window, 20);
	assert_true(limits.floor_per_sec >= 5);
	/* what the ceiling can fill */
	config = (struct law_config){ .rate_per_sec = 100 };
	configure(&config);
	set_x(0.1);
	run(60);
	assert_int_equal(limits.window, 310);
	assert_true(limits.ceiling_per_sec == 100);
	assert_true(limits.pace_per_sec <= 100);
}

static void test_absurd_configuration(void **state)
{
	struct law_config config = {
		.target_ns = UINT64_MAX,
		.window_min = UINT32_MAX,
		.window_max = UINT32_MAX,
		.rate_per_sec = NAN,
		.floor_per_sec = INFINITY,
		.fallback_per_sec = -1,
	};

	(void)state;
	configure(&config);
	step();
	assert_int_equal(limits.window, LAW_WINDOW_MAX);
	assert_true(limits.ceiling_per_sec == LAW_PER_SEC_MAX);
	assert_true(limits.floor_per_sec <= LAW_PER_SEC_MAX);
	assert_true(limits.target_ns == 60 * SEC);
}

static void test_window_of_the_operator(void **state)
{
	struct law_config config = { .window_fixed = 77, .rate_per_sec = 1000 };

	(void)state;
	configure(&config);
	set_x(50);
	run(5);
	assert_int_equal(limits.why, LAW_WHY_FIXED);
	assert_int_equal(limits.state, LAW_FIXED);
	assert_int_equal(limits.window, 77);
	config.window_fixed = LAW_WINDOW_OFF;
	law_configure(&law, &config);
	assert_int_equal(step(), LAW_WHY_OFF);
	assert_int_equal(limits.window, LAW_WINDOW_OFF);
	assert_true(limits.ceiling_per_sec == 1000);
	config.window_fixed = 0;
	law_configure(&law, &config);
	set_x(0.8);
	assert_int_equal(step(), LAW_WHY_STARTUP);
	assert_int_equal(limits.window, 48);
}

/* The accept queue: half of its room, and a cut when it has overflowed. */
static void test_accept_queue(void **state)
{
	(void)state;
	settle(100);
	sample.backlog_max = 128;
	sample.backlog = 120;
	demand = false;
	step();
	assert_int_equal(limits.why, LAW_WHY_ROOM);
	assert_int_equal(limits.window, 2 + 4);
	sample.backlog = 200; /* more than there can be */
	step();
	assert_int_equal(limits.window, 2);
	assert_true(limits.floor_per_sec >= 2);
	demand = true;
	sample.backlog = 127;
	sample.overflows++;
	step();
	assert_int_equal(limits.state, LAW_CUT);
	assert_int_equal((uint32_t)law.window, 50);
	/* somebody else's queue, if this one is empty */
	settle(100);
	sample.backlog = 0;
	sample.overflows++;
	assert_int_equal(step(), LAW_WHY_NEAR);
	/* unknown room: taken as ours */
	sample.backlog_max = 0;
	sample.overflows++;
	assert_int_equal(step(), LAW_WHY_OVERFLOW);
	assert_int_equal(limits.window, 50);
}

/* SYNs that never turn into requests: their weight, and who may use the last credits. */
static void test_flood(void **state)
{
	(void)state;
	settle(100);
	assert_true(limits.young_share == 1);
	assert_true(limits.reserve == 0);
	for (int i = 0; i < 50; i++) {
		sample.judged += 1000;
		sample.requested += 100;
		step();
	}
	assert_true(limits.young_share > 0.09 && limits.young_share < 0.11);
	assert_true(limits.reserve == 1);
	for (int i = 0; i < 50; i++) {
		sample.judged += 1000;
		sample.requested += 1000;
		step();
	}
	assert_true(limits.young_share > 0.9);
	/* back within 30 s */
	assert_true(limits.reserve > 0.8 && limits.reserve < 0.9);
	run(26);
	assert_true(limits.reserve == 0);
	/* more requests than SYNs: garbage */
	sample.requested += 1000000;
	step();
	assert_true(limits.young_share <= 1);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		law_test(test_starts_small_and_doubles),
		law_test(test_grows_by_steps),
		law_test(test_grows_fast_where_nothing_waits),
		law_test(test_grows_only_if_it_is_used),
		law_test(test_no_cut_for_a_queue_that_has_ended),
		law_test(test_cuts_in_proportion),
		law_test(test_one_cut_in_a_period),
		law_test(test_small_cuts_for_far_clients),
		law_test(test_open_turns_count),
		law_test(test_frozen_without_demand),
		law_test(test_few_samples_are_none),
		law_test(test_bounds),
		law_test(test_absurd_configuration),
		law_test(test_window_of_the_operator),
		law_test(test_accept_queue),
		law_test(test_flood),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
