// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Releases on trial: each is looked at twice, in turn, when its time has come. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "trials.h"

#define MS 1000000ULL

static struct trials trials;

static int begin(void **state)
{
	(void)state;
	trials = (struct trials){};
	return 0;
}

static void test_two_looks(void **state)
{
	struct trial *trial;

	(void)state;
	assert_null(trials_first(&trials, 5000 * MS));
	trials_add(&trials, 7, 250 * MS, true, 1000 * MS);
	trials_add(&trials, 8, 260 * MS, true, 1050 * MS);
	assert_null(trials_first(&trials, 1099 * MS));
	trial = trials_first(&trials, 1100 * MS);
	assert_non_null(trial);
	assert_int_equal(trial->key, 7);
	assert_int_equal(trial->held_ns, 250 * MS);
	assert_true(trial->waited);
	trial->failed = true;
	assert_null(trials_first(&trials, 1149 * MS));
	assert_int_equal(trials_first(&trials, 1150 * MS)->key, 8);
	assert_null(trials_first(&trials, 9000 * MS));
	assert_null(trials_last(&trials, 3999 * MS));
	trial = trials_last(&trials, 4000 * MS);
	assert_non_null(trial);
	assert_int_equal(trial->key, 7);
	assert_true(trial->failed);
	assert_int_equal(trials_last(&trials, 9000 * MS)->key, 8);
	assert_null(trials_last(&trials, 9000 * MS));
}

static void test_first_look_comes_first(void **state)
{
	(void)state;
	trials_add(&trials, 7, 1, true, 1000 * MS);
	assert_null(trials_last(&trials, 9000 * MS));
	assert_non_null(trials_first(&trials, 9000 * MS));
	assert_non_null(trials_last(&trials, 9000 * MS));
}

static void test_oldest_are_given_up(void **state)
{
	(void)state;
	for (uint64_t key = 0; key < TRIALS_MAX; key++)
		trials_add(&trials, key, 1, true, 1000 * MS);
	assert_int_equal(trials_first(&trials, 1100 * MS)->key, 0);
	for (uint64_t key = TRIALS_MAX; key < TRIALS_MAX + 3; key++)
		trials_add(&trials, key, 1, true, 1000 * MS);
	assert_int_equal(trials_first(&trials, 1100 * MS)->key, 3);
	assert_int_equal(trials_last(&trials, 9000 * MS)->key, 3);
	for (uint64_t key = 4; key < TRIALS_MAX + 3; key++)
		assert_int_equal(trials_first(&trials, 1100 * MS)->key, key);
	assert_null(trials_first(&trials, 1100 * MS));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_two_looks, begin),
		cmocka_unit_test_setup(test_first_look_comes_first, begin),
		cmocka_unit_test_setup(test_oldest_are_given_up, begin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
