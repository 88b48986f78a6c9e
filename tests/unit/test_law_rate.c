// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The law on a rate, for listeners whose set-ups are not tracked; the fallback rate; the words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "lawing.h"

static int start_untracked(void **state)
{
	start(state);
	sample.tracked = false;
	law.config.fallback_per_sec = 200;
	return 0;
}

static void test_blind_without_signals(void **state)
{
	(void)state;
	assert_int_equal(step(), LAW_WHY_BLIND);
	assert_int_equal(limits.state, LAW_FALLBACK);
	assert_int_equal(limits.window, LAW_WINDOW_OFF);
	assert_true(limits.ceiling_per_sec == 200);
	assert_false(limits.alarm);
	law.config.fallback_per_sec = 0;
	step();
	assert_true(limits.ceiling_per_sec == LAW_PER_SEC_MAX);
	assert_true(limits.alarm);
	/* a veto alone is no signal to steer by */
	add_signal(LAW_KIND_VETO, 0.1, SEC);
	assert_int_equal(step(), LAW_WHY_BLIND);
}

static void test_grows_from_the_fallback_rate(void **state)
{
	(void)state;
	add_signal(LAW_KIND_CUT, 0.1, SEC);
	assert_int_equal(step(), LAW_WHY_IDLE);
	assert_int_equal(limits.state, LAW_RATE);
	assert_true(limits.ceiling_per_sec == 200);
	assert_int_equal(step(), LAW_WHY_RATE_STARTUP);
	run(0.9);
	assert_true(limits.ceiling_per_sec > 270 && limits.ceiling_per_sec < 290);
	/* at twice that, nothing more without a signal that moves */
	run(30);
	assert_int_equal(limits.why, LAW_WHY_RATE_FROZEN);
	assert_true(limits.ceiling_per_sec < 420);
	signals[0].ratio = 0.2;
	assert_int_equal(step(), LAW_WHY_RATE_STARTUP);
	signals[0].ratio = 0.9;
	run(5);
	assert_int_equal(limits.why, LAW_WHY_RATE_HOLD);
	signals[0].ratio = 0.3;
	run_until(LAW_WHY_RATE_GROW);
	demand = false;
	run(1);
	assert_int_equal(limits.why, LAW_WHY_IDLE);
}

static void test_slower_with_age(void **state)
{
	double rate;

	(void)state;
	add_signal(LAW_KIND_CUT, 0.1, SEC);
	signals[0].lag_ns = 9 * SEC;
	run(10);
	rate = limits.ceiling_per_sec;
	assert_true(rate > 270 && rate < 290);
}

static void test_cuts_once_in_a_period(void **state)
{
	(void)state;
	add_signal(LAW_KIND_CUT, 2, SEC);
	assert_int_equal(step(), LAW_WHY_CONFIRM);
	run_until(LAW_WHY_RATE_CUT);
	assert_true(limits.ceiling_per_sec == 150);
	assert_int_equal(limits.signal, 0);
	assert_int_equal(step(), LAW_WHY_WAIT);
	run_until(LAW_WHY_RATE_CUT);
	assert_true(limits.ceiling_per_sec == 112.5);
	/* what falls is a queue that drains */
	for (int i = 0; i < 50; i++) {
		signals[0].ratio *= 0.9;
		assert_int_not_equal(step(), LAW_WHY_RATE_CUT);
	}
	assert_true(limits.ceiling_per_sec > 112.5);
}

static void test_vetoes(void **state)
{
	(void)state;
	add_signal(LAW_KIND_CUT, 0.1, SEC);
	add_signal(LAW_KIND_VETO, 1, SEC);
	assert_int_equal(step(), LAW_WHY_PRESSURE);
	signals[1].ratio = 0;
	run(6);
	signals[0].timeouts = 3;
	assert_int_equal(step(), LAW_WHY_SCRAPE_LOST);
	sample.refused = 0;
	assert_int_equal(step(), LAW_WHY_REBASED);
}

static void test_bounds(void **state)
{
	(void)state;
	law.config.rate_per_sec = 250;
	add_signal(LAW_KIND_CUT, 0.1, SEC);
	for (int i = 0; i < 300; i++) {
		signals[0].ratio = 0.1 + 0.001 * (i & 1);
		step();
	}
	assert_true(limits.ceiling_per_sec == 250);
	signals[0].ratio = 1e300;
	run(60);
	assert_true(limits.ceiling_per_sec == 2);
	assert_true(limits.floor_per_sec == 2);
}

static void test_tracking_begins(void **state)
{
	(void)state;
	add_signal(LAW_KIND_CUT, 0.1, SEC);
	run(10);
	sample.tracked = true;
	set_x(0.8);
	step();
	assert_int_equal(limits.window, 32);
	assert_true(limits.ceiling_per_sec == LAW_PER_SEC_MAX);
}

static void test_best_goodput(void **state)
{
	struct law_goodput goodput = { 0 };
	uint64_t t = 50 * 3600 * SEC;

	(void)state;
	assert_true(law_goodput_best(&goodput, t) == 0);
	/* nothing known: the ceiling */
	assert_true(law_goodput_fallback(&goodput, 2, 5000, t) == 5000);
	law_goodput_note(&goodput, 1000000, t); /* of an unknown time */
	law_goodput_note(&goodput, 1500, t + 5 * SEC);
	law_goodput_note(&goodput, 1500, t + 10 * SEC);
	assert_true(law_goodput_best(&goodput, t + 10 * SEC) == 300);
	assert_true(law_goodput_fallback(&goodput, 2, 5000, t + 10 * SEC) == 150);
	assert_true(law_goodput_fallback(&goodput, 200, 5000, t + 10 * SEC) == 200);
	assert_true(law_goodput_fallback(&goodput, 2, 100, t + 10 * SEC) == 100);
	/* less is no best; an interval too long says nothing */
	law_goodput_note(&goodput, 100, t + 20 * SEC);
	law_goodput_note(&goodput, 1000000, t + 60 * SEC);
	assert_true(law_goodput_best(&goodput, t + 60 * SEC) == 300);
	/* for 24 hours, forgotten in the 26th */
	assert_true(law_goodput_best(&goodput, t + 24 * 3600 * SEC) == 300);
	assert_true(law_goodput_best(&goodput, t + 25 * 3600 * SEC) == 0);
	t += 30 * 3600 * SEC;
	law_goodput_note(&goodput, 0, t);
	law_goodput_note(&goodput, 500, t + 10 * SEC);
	assert_true(law_goodput_best(&goodput, t + 10 * SEC) == 50);
}

static void test_goodput_garbage(void **state)
{
	struct law_goodput goodput = { 0 };

	(void)state;
	for (int i = 0; i < LAW_GOODPUT_HOURS; i++)
		goodput.best_per_sec[i] = i % 2 ? NAN : INFINITY;
	assert_true(law_goodput_fallback(&goodput, 2, 5000, START) == 5000);
	law_goodput_note(&goodput, 0, START);
	law_goodput_note(&goodput, UINT64_MAX, START + 5 * SEC);
	law_goodput_note(&goodput, UINT64_MAX, START + 10 * SEC);
	law_goodput_note(&goodput, 0, 1); /* back to the beginning */
	law_goodput_note(&goodput, 1000, 1 + 10 * SEC);
	assert_true(law_goodput_best(&goodput, 1 + 10 * SEC) == 100);
	assert_true(law_goodput_fallback(&goodput, NAN, 5000, 1 + 10 * SEC) <= 5000);
}

static void test_words(void **state)
{
	(void)state;
	for (int i = 0; i < LAW_WHY_COUNT; i++) {
		assert_non_null(law_why_name(i));
		assert_true(strlen(law_why_words(i)) > 10);
		assert_null(strpbrk(law_why_name(i), " _ABCDEFGHIJKLMNOPQRSTUVWXYZ"));
		for (int j = 0; j < i; j++)
			assert_string_not_equal(law_why_name(i), law_why_name(j));
	}
	for (int i = 0; i < LAW_STATES; i++)
		assert_non_null(law_state_name(i));
	assert_string_equal(law_why_name(LAW_WHY_COUNT), "unknown");
	assert_string_equal(law_why_words((enum law_why) - 1), "unknown");
	assert_string_equal(law_state_name(LAW_STATES), "unknown");
}

#define rate_test(function) cmocka_unit_test_setup(function, start_untracked)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		rate_test(test_blind_without_signals),
		rate_test(test_grows_from_the_fallback_rate),
		rate_test(test_slower_with_age),
		rate_test(test_cuts_once_in_a_period),
		rate_test(test_vetoes),
		rate_test(test_bounds),
		rate_test(test_tracking_begins),
		cmocka_unit_test(test_best_goodput),
		cmocka_unit_test(test_goodput_garbage),
		cmocka_unit_test(test_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
