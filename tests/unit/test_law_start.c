// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* How the law starts where set-ups take long whatever the window: is it a queue? */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "lawing.h"

/* Set-ups that take as long as they did with fewer at once do not wait for each other. */
static void test_start_goes_on_where_it_is_flat(void **state)
{
	(void)state;
	/* nothing is known of how long they took with less: that is tried once */
	set_x(1.5);
	run_until(LAW_WHY_STARTUP);
	assert_int_equal(limits.window, 48);
	/* and was no queue */
	set_x(1.6);
	run_until(LAW_WHY_TARGET_RAISED);
	assert_int_equal(limits.target_ns, 240 * MS);
	assert_int_equal(limits.window, 48);
	run_until(LAW_WHY_STARTUP);
	assert_int_equal(limits.window, 57);
	/* but this is one */
	set_x(2.3);
	run_until(LAW_WHY_NEAR);
	assert_int_equal(limits.state, LAW_STEADY);
	assert_int_equal(limits.window, 57);
}

static void test_below_the_target_it_is_not_raised(void **state)
{
	(void)state;
	set_x(0.8);
	run_until(LAW_WHY_STARTUP);
	assert_int_equal(limits.window, 48);
	run_until(LAW_WHY_STARTUP);
	assert_int_equal(limits.window, 72);
	assert_int_equal(limits.target_ns, 100 * MS);
}

/* The nearer the target, the smaller the step. */
static void test_steps_by_how_far_the_target_is(void **state)
{
	static const struct {
		double x;
		uint32_t window;
	} steps[] = { { 0.05, 64 }, { 0.2, 48 }, { 0.34, 48 }, { 0.36, 38 }, { 0.69, 38 } };

	for (unsigned int i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		start(state);
		set_x(steps[i].x);
		run_until(LAW_WHY_STARTUP);
		assert_int_equal(limits.window, steps[i].window);
	}
}

/* Those who are still on their way say nothing. */
static void test_no_larger_than_was_answered(void **state)
{
	(void)state;
	set_x(0.05);
	sample.round_trip_ns = SEC;
	answered_per_step = 0;
	done_per_step = 1;
	full = 0.6;
	sample.young = 400;
	run(5);
	assert_int_equal(limits.window, 32);
	/* by twice as many as are answered */
	answered_per_step = 1;
	run(3);
	assert_in_range(limits.window, 32 + 30, 32 + 60);
	/* clients that take their time have come, and nobody is owed an answer */
	answered_per_step = 0;
	sample.young = 0;
	full = 1;
	run(5);
	assert_true(limits.window > 300);
}

/* What a few took before the herd came says nothing of what 32 at once will. */
static void test_few_have_shown_nothing(void **state)
{
	(void)state;
	set_x(0.05);
	demand = false;
	run(1);
	assert_int_equal(limits.why, LAW_WHY_IDLE);
	demand = true;
	run(0.2);
	assert_int_equal(limits.window, 32);
	run(0.1);
	assert_int_equal(limits.window, 64);
}

/* A moment without demand makes no period shorter. */
static void test_a_pause_is_not_a_shorter_period(void **state)
{
	(void)state;
	set_x(0.2);
	sample.round_trip_ns = SEC;
	run_until(LAW_WHY_STARTUP);
	assert_int_equal(limits.window, 48);
	demand = false;
	law.in_flight_peak = 0;
	step();
	assert_int_equal(limits.why, LAW_WHY_IDLE);
	demand = true;
	run(0.7);
	assert_int_equal(limits.window, 48);
	run(0.4);
	assert_int_equal(limits.window, 72);
}

/* A window that nobody has filled has shown nothing. */
static void test_a_window_not_filled_shows_nothing(void **state)
{
	(void)state;
	set_x(0.8);
	run_until(LAW_WHY_STARTUP);
	sample.in_flight = 30;
	for (int i = 0; i < 30; i++) {
		law.in_flight_peak = 30;
		now_ns += 100 * MS;
		sample.tracked_at_ns = now_ns;
		sample.refused += 10;
		limits = law_step(&law, &sample, now_ns);
	}
	assert_int_equal(limits.window, 48);
	assert_int_equal(limits.state, LAW_STEADY);
}

/* Those of far clients take so much longer to show what came of it. */
static void test_far_clients_take_longer_to_show(void **state)
{
	(void)state;
	set_x(0.8);
	sample.round_trip_ns = SEC;
	run_until(LAW_WHY_STARTUP);
	run(4);
	assert_int_equal(limits.window, 48);
	run(0.5);
	assert_int_equal(limits.window, 72);
}

/* Another target is another question. */
static void test_another_target_is_another_question(void **state)
{
	(void)state;
	set_x(0.8);
	run_until(LAW_WHY_STARTUP);
	law_configure(&law, &(struct law_config){ .target_ns = TARGET_NS / 4 });
	run_until(LAW_WHY_SLOW);
	assert_int_equal(limits.target_ns, TARGET_NS / 4);
}

/* No target is raised over ten times what was asked for. */
static void test_raised_ten_times_at_most(void **state)
{
	(void)state;
	law.target_ns = 10 * TARGET_NS;
	law.grown_latency_ns = 10.0 * TARGET_NS;
	set_x(11);
	run_until(LAW_WHY_SLOW);
}

static void test_what_speaks_against_it(void **state)
{
	/* far over the target nothing is tried */
	set_x(2.1);
	run_until(LAW_WHY_SLOW);
	assert_true(limits.window < 32);
	/* nor where the window is the operator's most, or pressure forbids it */
	configure(&(struct law_config){ .window_max = 32 });
	set_x(1.5);
	run_until(LAW_WHY_SLOW);
	assert_true(limits.window < 32);
	start(state);
	add_signal(LAW_KIND_VETO, 0.9, SEC);
	set_x(1.5);
	run_until(LAW_WHY_SLOW);
	assert_true(limits.window < 32);
	/* nor where one that has not come back yet says so */
	start(state);
	sample.latency_count = 5;
	set_x(1.5);
	run_until(LAW_WHY_STUCK);
	assert_true(limits.window < 32);
}

/* From far away a full window comes as a lump, and is slow, although nobody waits in between. */
static void test_goes_on_after_a_lump(void **state)
{
	(void)state;
	sample.round_trip_ns = 300 * MS;
	set_x(0.05);
	run(1);
	assert_int_equal(law.state, LAW_STARTUP);
	set_x(0.8);
	run(0.2);
	assert_int_equal(limits.why, LAW_WHY_WAIT);
	assert_int_equal(law.state, LAW_STARTUP);
	/* that lasts for a round trip: no lump */
	run(0.1);
	assert_int_equal(limits.why, LAW_WHY_NEAR);
	assert_int_equal(law.state, LAW_STEADY);
	/* nor is what comes again and again, when the window is not new any more */
	start(NULL);
	sample.round_trip_ns = 300 * MS;
	set_x(0.05);
	run(1);
	set_x(0.8);
	sample.oldest_ns = 0;
	run(1);
	assert_int_equal(law.state, LAW_STARTUP);
	run(2);
	assert_int_equal(law.state, LAW_STEADY);
	/* nearby it says so at once */
	start(NULL);
	sample.round_trip_ns = TARGET_NS / 4;
	set_x(0.05);
	run(1);
	set_x(0.8);
	sample.oldest_ns = 0;
	step();
	assert_int_equal(law.state, LAW_STEADY);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		law_test(test_goes_on_after_a_lump),
		law_test(test_start_goes_on_where_it_is_flat),
		law_test(test_below_the_target_it_is_not_raised),
		law_test(test_steps_by_how_far_the_target_is),
		law_test(test_no_larger_than_was_answered),
		law_test(test_few_have_shown_nothing),
		law_test(test_a_pause_is_not_a_shorter_period),
		law_test(test_a_window_not_filled_shows_nothing),
		law_test(test_far_clients_take_longer_to_show),
		law_test(test_another_target_is_another_question),
		law_test(test_raised_ten_times_at_most),
		law_test(test_what_speaks_against_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
