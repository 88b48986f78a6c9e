// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Stale, missing and contradictory signals: a test for each row of the table in docs/law.md. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "lawing.h"

/* Three periods, 5 s at least; what is older does not count, and not as 0 either. */
static void test_old_signals_leave(void **state)
{
	static const struct {
		uint64_t period_ns, age_ns;
		bool counts;
	} rows[] = {
		{ SEC, 5 * SEC, true },		  { SEC, 5 * SEC + 1, false },
		{ 100 * MS, 5 * SEC, true },	  { 4 * SEC, 12 * SEC, true },
		{ 4 * SEC, 12 * SEC + 1, false }, { UINT64_MAX, 181 * SEC, false },
	};

	add_signal(LAW_KIND_CUT, 3, SEC);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		start(state);
		add_signal(LAW_KIND_CUT, 3, rows[i].period_ns);
		signals[0].age_ns = rows[i].age_ns;
		set_x(0.8);
		run(1);
		assert_true(limits.x_signal == (rows[i].counts ? 3 : 0));
		assert_int_equal(limits.signal, rows[i].counts ? 0 : -1);
	}
}

static void test_all_signals_stale(void **state)
{
	(void)state;
	settle(100);
	set_x(2);
	run_until(LAW_WHY_SLOW);
	assert_true(law.window_good == 90);
	add_signal(LAW_KIND_CUT, 0.1, SEC);
	signals[0].age_ns = 60 * SEC;
	set_x(0.6);
	run(20);
	assert_int_equal(limits.why, LAW_WHY_SIGNALS_STALE);
	assert_in_range(limits.window, 90, 94);
	/* a fresh one lifts it */
	signals[0].age_ns = 0;
	run_until(LAW_WHY_GROW);
	/* cuts are as ever */
	signals[0].age_ns = 60 * SEC;
	set_x(2);
	run_until(LAW_WHY_SLOW);
}

static void test_lease(void **state)
{
	(void)state;
	settle(100);
	assert_true(limits.lease_until_ns == now_ns + 2 * SEC);
	set_x(5);
	run(0.3);
	now_ns += 2 * SEC;
	assert_int_equal(step(), LAW_WHY_LEASE_LAPSED);
	assert_int_equal(limits.window, 100);
	assert_int_equal(step(), LAW_WHY_CONFIRM);
	sample.lease_lapsed = true;
	assert_int_equal(step(), LAW_WHY_LEASE_LAPSED);
	sample.lease_lapsed = false;
	run_until(LAW_WHY_VERY_SLOW);
}

static void test_counters_go_back(void **state)
{
	uint64_t *const counters[] = { &sample.completed, &sample.judged, &sample.requested,
				       &sample.refused, &sample.overflows };

	(void)state;
	settle(100);
	sample.judged = sample.requested = sample.overflows = 1000;
	run(2);
	settle(100);
	for (size_t i = 0; i < sizeof(counters) / sizeof(counters[0]); i++) {
		*counters[i] /= 2;
		assert_int_equal(step(), LAW_WHY_REBASED);
		assert_int_equal(limits.window, 100);
		assert_int_equal(step(), LAW_WHY_NEAR);
	}
}

static void test_broker_restarts(void **state)
{
	(void)state;
	settle(400);
	law.window_good = 1000;
	sample.restarted = true;
	assert_int_equal(step(), LAW_WHY_RESTARTED);
	assert_int_equal(limits.state, LAW_STARTUP);
	assert_int_equal(limits.window, 250);
	/* once, and nothing of the former broker counts for the new one */
	assert_int_equal(step(), LAW_WHY_WAIT);
	assert_int_equal(limits.window, 250);
	sample.restarted = false;
	step();
	law.window_good = 10;
	sample.restarted = true;
	assert_int_equal(step(), LAW_WHY_RESTARTED);
	assert_int_equal(limits.window, 32);
}

static void test_readings_time_out(void **state)
{
	(void)state;
	settle(100);
	add_signal(LAW_KIND_CUT, 0.1, SEC);
	set_x(0.6);
	for (uint32_t timeouts = 1; timeouts <= 2; timeouts++) {
		signals[0].timeouts = timeouts;
		run_until(LAW_WHY_GROW);
	}
	signals[0].timeouts = 3;
	run_until(LAW_WHY_SCRAPE_LOST_CUT);
	assert_int_equal(limits.signal, 0);
	assert_true(limits.x == 1.5);
	assert_in_range(limits.window, 94, 96);
	/* set-ups are quick: only hold */
	signals[0].timeouts = 0;
	settle(100);
	signals[0].timeouts = 3;
	set_x(0.4);
	run(5);
	assert_int_equal(limits.why, LAW_WHY_SCRAPE_LOST);
	assert_int_equal(limits.window, 100);
	/* dead for half a minute: it says nothing about the broker */
	signals[0].age_ns = 31 * SEC;
	run_until(LAW_WHY_GROW);
}

static void test_only_a_signal_is_bad(void **state)
{
	(void)state;
	settle(100);
	add_signal(LAW_KIND_CUT, 50, SEC);
	set_x(0.4);
	/* held for three periods, then a tenth in each, to half at most */
	for (int i = 0; i < 30; i++)
		assert_int_equal(step(), LAW_WHY_SIGNAL_ONLY);
	assert_int_equal(limits.window, 100);
	assert_int_equal(step(), LAW_WHY_SIGNAL_ONLY_CUT);
	assert_int_equal(limits.window, 90);
	run_until(LAW_WHY_SIGNAL_FLOOR);
	assert_int_equal(limits.window, 50);
	/* a listener without trouble keeps half of its goodput whatever signals say */
	assert_true(limits.floor_per_sec > 70);
	/* it has not helped for 10 s: it is about something else, until it is low once */
	run_until(LAW_WHY_SIGNAL_DOUBTED);
	assert_int_equal(limits.window, 50);
	run(15);
	assert_true(limits.x_signal == 0);
	assert_true(limits.window > 50);
	signals[0].ratio = 0;
	run(15);
	signals[0].ratio = 0.8;
	run_until(LAW_WHY_SIGNAL_HOLDS);
}

/* With setup = first-byte a signal may be the only one to see authentication. */
static void test_a_signal_that_sees_more_is_not_doubted(void **state)
{
	(void)state;
	law.config.first_byte = true;
	settle(100);
	add_signal(LAW_KIND_CUT, 50, SEC);
	set_x(0.4);
	run(120);
	assert_int_equal(limits.why, LAW_WHY_SIGNAL_FLOOR);
	assert_int_equal(limits.window, 50);
}

static void test_both_are_bad(void **state)
{
	(void)state;
	/* the signal decides, in its bounds: x of 2 at most, not under half */
	settle(100);
	add_signal(LAW_KIND_CUT, 50, SEC);
	set_x(0.6);
	run_until(LAW_WHY_SIGNAL);
	assert_int_equal(limits.window, 75);
	run(20);
	assert_int_equal(limits.window, 50);
	assert_int_equal(limits.why, LAW_WHY_SIGNAL_FLOOR);
	/* set-ups decide, without such bounds */
	set_x(3);
	run(20);
	assert_true(limits.window < 30);
}

static void test_only_set_ups_are_bad(void **state)
{
	(void)state;
	settle(100);
	add_signal(LAW_KIND_CUT, 0, SEC);
	set_x(3);
	run_until(LAW_WHY_SLOW);
	assert_int_equal(limits.window, 50);
}

static void test_pressure_never_cuts(void **state)
{
	(void)state;
	settle(100);
	add_signal(LAW_KIND_VETO, 1000, SEC);
	set_x(0.6);
	run(10);
	assert_int_equal(limits.why, LAW_WHY_PRESSURE);
	assert_int_equal(limits.signal, 0);
	assert_int_equal(limits.window, 100);
	/* for 5 s after it */
	signals[0].ratio = 0.79;
	run(4.9);
	assert_int_equal(limits.why, LAW_WHY_PRESSURE);
	step();
	assert_int_equal(limits.why, LAW_WHY_GROW);
}

static void test_clock(void **state)
{
	(void)state;
	settle(400);
	law.window_good = 1000;
	/* stood still */
	now_ns += 6 * SEC;
	assert_int_equal(step(), LAW_WHY_SUSPENDED);
	assert_int_equal(limits.window, 250);
	assert_int_equal(limits.state, LAW_STARTUP);
	/* went back */
	settle(400);
	now_ns -= 1000 * SEC;
	assert_int_equal(step(), LAW_WHY_CLOCK);
	assert_int_equal(limits.window, 400);
	set_x(2);
	run_until(LAW_WHY_SLOW);
	/* at its end */
	now_ns = UINT64_MAX - 200 * MS;
	step();
	assert_true(limits.lease_until_ns == UINT64_MAX);
}

/* The older what decides, the longer the time between two changes. */
static void test_periods_grow_with_the_lag(void **state)
{
	uint64_t cut_ns;

	(void)state;
	settle(100);
	add_signal(LAW_KIND_CUT, 2, SEC);
	signals[0].lag_ns = 10 * SEC;
	set_x(0.6);
	run_until(LAW_WHY_SIGNAL);
	cut_ns = now_ns;
	run_until(LAW_WHY_SIGNAL);
	assert_in_range(now_ns - cut_ns, 9900 * MS, 12300 * MS);
}

static void test_no_numbers(void **state)
{
	static const double garbage[] = { NAN, -NAN, INFINITY, -INFINITY, -1, 1e308, -1e308 };

	(void)state;
	settle(100);
	set_x(0.4);
	add_signal(LAW_KIND_CUT, 0, SEC);
	add_signal(LAW_KIND_VETO, 0, SEC);
	for (size_t i = 0; i < sizeof(garbage) / sizeof(garbage[0]); i++) {
		signals[0].ratio = signals[1].ratio = garbage[i];
		run(1);
		assert_true(limits.x_signal >= 0 && limits.x_signal <= 1000);
		assert_true(limits.window >= 4 && limits.window <= LAW_WINDOW_MAX);
	}
	sample.signals = UINT32_MAX;
	step();
	sample.signal = NULL;
	step();
	assert_true(limits.x_signal == 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		law_test(test_old_signals_leave),
		law_test(test_all_signals_stale),
		law_test(test_lease),
		law_test(test_counters_go_back),
		law_test(test_broker_restarts),
		law_test(test_readings_time_out),
		law_test(test_only_a_signal_is_bad),
		law_test(test_a_signal_that_sees_more_is_not_doubted),
		law_test(test_both_are_bad),
		law_test(test_only_set_ups_are_bad),
		law_test(test_pressure_never_cuts),
		law_test(test_clock),
		law_test(test_periods_grow_with_the_lag),
		law_test(test_no_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
