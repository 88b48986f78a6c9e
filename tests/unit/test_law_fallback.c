// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Blind: what cannot be seen, or does not add up, leaves the fallback rate, and what that is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "lawing.h"

static void test_tracking_is_stale(void **state)
{
	(void)state;
	set_x(0.8);
	law.state = LAW_STEADY;
	run(1);
	tracked_ago_ns = 500 * MS;
	assert_int_equal(step(), LAW_WHY_NEAR);
	tracked_ago_ns++;
	/* nothing is known: everything passes, and somebody is told */
	assert_int_equal(step(), LAW_WHY_LOCAL_STALE);
	assert_int_equal(limits.state, LAW_FALLBACK);
	assert_int_equal(limits.window, LAW_WINDOW_OFF);
	assert_true(limits.ceiling_per_sec == LAW_PER_SEC_MAX);
	assert_true(limits.alarm);
	/* half of the best goodput */
	tracked_ago_ns = 0;
	run(12);
	assert_false(limits.alarm);
	tracked_ago_ns = SEC;
	step();
	assert_true(limits.ceiling_per_sec == 100);
	assert_true(law_fallback_per_sec(&law, now_ns) == 100);
	assert_false(limits.alarm);
	/* the operator's */
	law.config.fallback_per_sec = 70;
	step();
	assert_true(limits.ceiling_per_sec == 70);
}

/* Back after a short absence as before, after a long one from the start. */
static void test_tracking_comes_back(void **state)
{
	(void)state;
	settle(400);
	tracked_ago_ns = SEC;
	run(4);
	assert_int_equal(limits.state, LAW_FALLBACK);
	tracked_ago_ns = 0;
	step();
	assert_int_equal(limits.window, 400);
	tracked_ago_ns = SEC;
	run(6);
	tracked_ago_ns = 0;
	step();
	assert_int_equal(limits.state, LAW_STARTUP);
	assert_int_equal(limits.window, 32);
}

static void test_in_flight_that_never_ends(void **state)
{
	(void)state;
	settle(100);
	done_per_step = 0;
	sample.latency_count = 0;
	sample.oldest_ns = 0;
	for (int i = 0; i < 49; i++)
		assert_int_not_equal(step(), LAW_WHY_ACCOUNTING);
	assert_int_equal(step(), LAW_WHY_ACCOUNTING);
	assert_int_equal(limits.state, LAW_FALLBACK);
	assert_int_equal(limits.window, LAW_WINDOW_OFF);
	assert_true(limits.alarm);
	/* seen again */
	done_per_step = 1;
	step();
	assert_int_not_equal(limits.state, LAW_FALLBACK);
	/* few in flight for long, then many at once: no reason yet */
	done_per_step = 0;
	demand = false;
	run(20);
	demand = true;
	assert_int_not_equal(step(), LAW_WHY_ACCOUNTING);
}

/* A quiet night is not what the broker can do: only what was done while some were held back is. */
static void test_demand_is_not_capacity(void **state)
{
	(void)state;
	demand = false;
	set_x(0.1);
	run(60);
	assert_true(law_fallback_per_sec(&law, now_ns) >= LAW_PER_SEC_MAX);
	demand = true;
	run(30);
	assert_float_equal(law_fallback_per_sec(&law, now_ns), 100, 10);
}

/* A window of the operator's that nothing can be held against is none. */
static void test_fixed_without_tracking(void **state)
{
	static const struct law_config config = { .window_fixed = 10, .rate_per_sec = 50 };

	(void)state;
	configure(&config);
	run(1);
	assert_int_equal(limits.window, 10);
	assert_false(limits.alarm);
	sample.tracked = false;
	run(1);
	assert_int_equal(limits.window, LAW_WINDOW_OFF);
	assert_int_equal(limits.why, LAW_WHY_BLIND);
	assert_float_equal(limits.ceiling_per_sec, 50, 0.1);
	assert_true(limits.alarm);
	assert_true(limits.reserve == 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		law_test(test_tracking_is_stale),	  law_test(test_tracking_comes_back),
		law_test(test_in_flight_that_never_ends), law_test(test_demand_is_not_capacity),
		law_test(test_fixed_without_tracking),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
