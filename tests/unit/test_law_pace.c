// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* How fast SYNs are let in: by the window, by what was done, and how far away clients are. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "lawing.h"

static void test_pace(void **state)
{
	(void)state;
	settle(100);
	sample.round_trip_ns = 300 * MS;
	sample.oldest_ns = 0;
	step();
	/* 1.5 windows in 2 x 300 + 80 / 2 ms, but no more than 1.15 of 200/s */
	assert_true(limits.pace_per_sec > 222 && limits.pace_per_sec < 231);
	law.window = 60;
	step();
	assert_true(limits.pace_per_sec > 140 && limits.pace_per_sec < 141);
	law.window = 100;
	/* no faster than half as much again as was done, 200/s */
	sample.round_trip_ns = 0;
	sample.oldest_ns = sample.latency_p90_ns;
	step();
	assert_true(limits.pace_per_sec > 290 && limits.pace_per_sec < 310);
	/* also when nobody was held back for a while: that says nothing */
	demand = false;
	done_per_step = 1;
	run(20);
	demand = true;
	step();
	assert_true(limits.pace_per_sec > 270);
	/* nor that less is done while nobody waits for the broker */
	sample.oldest_ns = 0;
	run(90);
	assert_true(limits.pace_per_sec > 270);
	/* half a minute of less, and it is busy, is the truth */
	sample.oldest_ns = 80 * MS;
	run(90);
	assert_true(limits.pace_per_sec < 40);
	sample.round_trip_ns = UINT64_MAX;
	step();
	assert_true(limits.pace_per_sec >= limits.floor_per_sec);
}

/* Where set-ups end in lumps, or some are given up, what was answered first says more. */
static void test_pace_of_first_answers(void **state)
{
	(void)state;
	settle(1000);
	sample.round_trip_ns = 300 * MS;
	law.goodput_peak = 400;
	step();
	assert_true(limits.pace_per_sec > 222 && limits.pace_per_sec < 231);
	/* but a greeting is not all of a set-up */
	law.goodput_peak = 200;
	law.answers_peak = 1000;
	step();
	assert_true(limits.pace_per_sec > 222 && limits.pace_per_sec < 231);
	/* unknown */
	law.answers_peak = law.answers_storm = 0;
	answered_per_step = 0;
	step();
	assert_true(limits.pace_per_sec > 222 && limits.pace_per_sec < 231);
}

/* Too much is known late where clients are far away, so there it is not much more than was done. */
static void test_pace_far_away(void **state)
{
	(void)state;
	settle(1000);
	sample.round_trip_ns = 300 * MS;
	step();
	assert_true(limits.pace_per_sec > 222 && limits.pace_per_sec < 231);
	/* in between in proportion: two of these are half of the target */
	sample.round_trip_ns = TARGET_NS / 4;
	step();
	assert_true(limits.pace_per_sec > 255 && limits.pace_per_sec < 267);
	/* when nobody was owed an answer for a second and two round trips it may be much more */
	sample.round_trip_ns = 300 * MS;
	sample.oldest_ns = 0;
	run(1.5);
	assert_true(limits.pace_per_sec < 231);
	run(0.2);
	assert_true(limits.pace_per_sec > 290);
	/* as it may in a probe, which is for what the window does */
	sample.oldest_ns = TARGET_NS;
	step();
	assert_true(limits.pace_per_sec < 231);
	law.state = LAW_PROBE;
	law.probe_until_ns = now_ns + 1000 * MS;
	step();
	assert_int_equal(limits.why, LAW_WHY_PROBE);
	assert_true(limits.pace_per_sec > 1000);
	law.state = LAW_STEADY;
	/* nobody is owed anything where nobody asks: that says nothing */
	sample.oldest_ns = 0;
	demand = false;
	run(5);
	demand = true;
	step();
	assert_true(limits.pace_per_sec < 231);
	/* a straggler is not owed for all */
	sample.oldest_ns = 20 * TARGET_NS;
	run(1.7);
	assert_true(limits.pace_per_sec < 231);
	set_x(0.1);
	sample.oldest_ns = 20 * TARGET_NS;
	run(1.7);
	assert_true(limits.pace_per_sec > 290);
}

/* From far away a queue is known late: less is let in while there is one, down to below what is done. */
static void test_pace_lets_a_queue_end(void **state)
{
	(void)state;
	settle(1000);
	sample.round_trip_ns = 300 * MS;
	/* answers took 80 ms at least, and half of the oldest is 0.5 of the target more */
	sample.oldest_ns = 260 * MS;
	step();
	assert_true(limits.pace_per_sec > 176 && limits.pace_per_sec < 184);
	sample.oldest_ns = 390 * MS;
	step();
	assert_true(limits.pace_per_sec > 127 && limits.pace_per_sec < 133);
	/* nearby that is for the window */
	sample.round_trip_ns = 0;
	step();
	assert_true(limits.pace_per_sec > 290);
}

/* What an answer takes without a queue is the least of 10 s, of 20 s at most. */
static void test_least_latency(void **state)
{
	(void)state;
	settle(1000);
	sample.round_trip_ns = 300 * MS;
	set_x(0.3);
	run(0.1);
	set_x(0.8);
	sample.oldest_ns = 160 * MS;
	run(9.5);
	assert_true(limits.pace_per_sec > 170 && limits.pace_per_sec < 188);
	run(11);
	assert_true(limits.pace_per_sec > 196 && limits.pace_per_sec < 231);
	/* of few set-ups nothing is known */
	sample.latency_count = 3;
	set_x(0.3);
	step();
	sample.latency_count = 50;
	set_x(0.8);
	step();
	assert_true(limits.pace_per_sec > 196 && limits.pace_per_sec < 231);
	/* nor is anything after 20 s without, and then there is no queue */
	law.least_latency_ns = law.least_before_ns = 0;
	sample.latency_count = 9;
	sample.oldest_ns = 390 * MS;
	step();
	assert_true(limits.pace_per_sec > 196);
}

/* A window is used up evenly in the time that set-ups take, if that is known, and not in the time of their queue. */
static void test_pace_by_what_set_ups_took(void **state)
{
	(void)state;
	settle(120);
	sample.round_trip_ns = 300 * MS;
	sample.took_ns = 1000 * MS;
	law.goodput_peak = 1000;
	law.answers_peak = 1000;
	step();
	assert_true(limits.pace_per_sec > 143.9 && limits.pace_per_sec < 144.1);
	/* half of the way there in between: 1.35 windows in the middle of 0.05 + 0.04 and of 1 s */
	sample.round_trip_ns = TARGET_NS / 4;
	step();
	assert_true(limits.pace_per_sec > 297 && limits.pace_per_sec < 298);
	sample.round_trip_ns = 0;
	step();
	assert_true(limits.pace_per_sec > 1000);
	/* 2 s over the target, of 2.7 */
	sample.round_trip_ns = 300 * MS;
	sample.took_ns = 2700 * MS;
	sample.latency_p90_ns = 2 * SEC + TARGET_NS;
	step();
	assert_true(limits.pace_per_sec > 0.99 * 1.2 * law.window / 0.7);
	assert_true(limits.pace_per_sec < 1.01 * 1.2 * law.window / 0.7);
	/* that may be of a queue, too, but the clients' two turns are not */
	sample.took_ns = 2100 * MS;
	step();
	assert_true(limits.pace_per_sec > 0.99 * 1.2 * law.window / 0.6);
	assert_true(limits.pace_per_sec < 1.01 * 1.2 * law.window / 0.6);
	/* where they have one only, as without TLS */
	sample.took_ns = 350 * MS;
	step();
	assert_true(limits.pace_per_sec > 0.99 * 1.2 * law.window / 0.35);
	assert_true(limits.pace_per_sec < 1.01 * 1.2 * law.window / 0.35);
}

/* What set-ups took is of the last second in which some were done, p90 of the last; and it may be garbage. */
static void test_pace_by_what_is_not_known(void **state)
{
	static const struct {
		uint64_t took_ns;
		uint32_t count;
	} rows[] = { { UINT64_MAX, 0 }, { UINT64_MAX, 50 }, { 60 * SEC + 1, 50 }, { 0, 50 } };

	(void)state;
	settle(120);
	sample.round_trip_ns = 300 * MS;
	law.goodput_peak = law.answers_peak = 1000;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		sample.took_ns = rows[i].took_ns;
		sample.latency_count = rows[i].count;
		step();
		assert_true(limits.pace_per_sec > 0.99 * 1.5 * law.window / 0.64);
		assert_true(limits.pace_per_sec < 1.01 * 1.5 * law.window / 0.64);
	}
	/* a queue of before the last second is in it, perhaps: no longer than four turns and the target */
	sample.took_ns = 20 * SEC;
	sample.latency_count = 0;
	step();
	assert_true(limits.pace_per_sec > 0.99 * 1.2 * law.window / 1.3);
	assert_true(limits.pace_per_sec < 1.01 * 1.2 * law.window / 1.3);
}

/* Those who come after all have given up are let in no faster than twice what was done, where too much is known late. */
static void test_pace_of_a_start_that_goes_on(void **state)
{
	(void)state;
	set_x(0.05);
	sample.round_trip_ns = 300 * MS;
	run(3);
	assert_int_equal(law.state, LAW_STARTUP);
	law.window = 1000;
	step();
	assert_true(limits.pace_per_sec > 1000);
	demand = false;
	run(1);
	demand = true;
	law.goodput_peak = law.answers_peak = 200;
	step();
	assert_int_equal(law.state, LAW_STARTUP);
	assert_true(limits.pace_per_sec > 390 && limits.pace_per_sec < 410);
	sample.round_trip_ns = 0;
	step();
	assert_true(limits.pace_per_sec > 1000);
	/* a minute later it is another storm */
	sample.round_trip_ns = 300 * MS;
	demand = false;
	run(61);
	demand = true;
	step();
	assert_int_equal(law.state, LAW_STARTUP);
	assert_true(limits.pace_per_sec > 1000);
	/* as it is after a start anew */
	demand = false;
	run(1);
	demand = true;
	sample.restarted = true;
	step();
	sample.restarted = false;
	law.in_flight_peak = 0;
	demand = false;
	run(1);
	demand = true;
	law.window = 1000;
	step();
	assert_int_equal(law.state, LAW_STARTUP);
	assert_true(limits.pace_per_sec > 1000);
}

/* What is done is forgotten only where a full window waits for it. */
static void test_goodput_is_not_forgotten_by_letting_in_less(void **state)
{
	(void)state;
	settle(1000);
	sample.round_trip_ns = 300 * MS;
	set_x(0.9); /* each answer takes that long, without any queue */
	full = 0.6;
	done_per_step = 10;
	run(90);
	assert_true(limits.pace_per_sec > 210);
	full = 1;
	run(90);
	assert_true(limits.pace_per_sec < 130);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		law_test(test_pace),
		law_test(test_pace_of_first_answers),
		law_test(test_pace_far_away),
		law_test(test_pace_lets_a_queue_end),
		law_test(test_least_latency),
		law_test(test_pace_by_what_set_ups_took),
		law_test(test_pace_by_what_is_not_known),
		law_test(test_pace_of_a_start_that_goes_on),
		law_test(test_goodput_is_not_forgotten_by_letting_in_less),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
