// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The target: when no window reaches it, and what only looks so. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "lawing.h"

/* 250 ms in any window: something is far away, and the window is not why. */
static void test_target_that_cannot_be_reached(void **state)
{
	(void)state;
	settle(100);
	set_x(2.5);
	run_until(LAW_WHY_TARGET_RAISED);
	assert_true(limits.target_ns == 375 * MS);
	assert_true(limits.window >= 30);
	run_until(LAW_WHY_STARTUP);
	/* follows when it gets quicker, down to what was configured */
	set_x(1);
	step();
	assert_true(limits.target_ns == 150 * MS);
	set_x(0.1);
	step();
	assert_true(limits.target_ns == 100 * MS);
}

/* A broker that has just got slower: its queue was not yet as long as the window would have made it, so
 * the first cut seems to bring nothing. The next one does. */
static void test_broker_gets_slower(void **state)
{
	double slope;

	(void)state;
	settle(100);
	set_x(3);
	run_until(LAW_WHY_SLOW);
	assert_true(law.window < 67);
	slope = 2.7 / law.window;
	for (int i = 0; i < 300; i++) {
		set_x(slope * law.window);
		step();
		assert_true(limits.target_ns == 100 * MS);
	}
	assert_true(slope * law.window < 1.2);
}

static void probe(double x_then)
{
	struct law_config config = { .window_max = 1000 };

	configure(&config);
	settle(5);
	set_x(6);
	run_until(LAW_WHY_MIN);
	assert_int_equal(limits.window, 4);
	run_until(LAW_WHY_PROBE);
	assert_int_equal(limits.window, 8);
	assert_int_equal(limits.state, LAW_PROBE);
	set_x(x_then);
}

static void test_probes_at_the_least_window(void **state)
{
	(void)state;
	probe(7);
	run_until(LAW_WHY_TARGET_RAISED);
	assert_true(limits.target_ns == 1000 * MS); /* ten times as configured at most */
	/* twice the window, twice the latency: a queue */
	probe(12);
	run_until(LAW_WHY_PROBE_FAILED);
	assert_int_equal(limits.window, 4);
	assert_true(limits.target_ns == 100 * MS);
	set_x(6);
	run(25);
	assert_int_equal(limits.window, 4);
	/* it has changed meanwhile, so the probe says nothing */
	probe(4);
	run_until(LAW_WHY_PROBE_FAILED);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		law_test(test_target_that_cannot_be_reached),
		law_test(test_broker_gets_slower),
		law_test(test_probes_at_the_least_window),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
