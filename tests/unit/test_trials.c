// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Releases on trial: each is looked at some times, in turn, when its time has come. */
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

static void test_looks(void **state)
{
	struct trial *trial;

	(void)state;
	assert_null(trials_look(&trials, 0, 5000 * MS));
	trials_add(&trials, 7, 250 * MS, 250 * MS, true, 1000 * MS);
	trials_add(&trials, 8, 260 * MS, 260 * MS, true, 1050 * MS);
	assert_null(trials_look(&trials, 0, 1099 * MS));
	trial = trials_look(&trials, 0, 1100 * MS);
	assert_non_null(trial);
	assert_int_equal(trial->key, 7);
	assert_int_equal(trial->held_ns, 250 * MS);
	assert_true(trial->waited);
	trial->failed = true;
	assert_null(trials_look(&trials, 0, 1149 * MS));
	assert_int_equal(trials_look(&trials, 0, 1150 * MS)->key, 8);
	assert_null(trials_look(&trials, 0, 9000 * MS));
	assert_null(trials_look(&trials, 1, 1199 * MS));
	for (unsigned int look = 1; look < TRIAL_LOOKS; look++) {
		assert_null(trials_look(&trials, look, (999 + (100 << look)) * MS));
		trial = trials_look(&trials, look, (1000 + (100 << look)) * MS);
		assert_non_null(trial);
		assert_int_equal(trial->key, 7);
		assert_true(trial->failed);
		assert_int_equal(trials_look(&trials, look, 9000 * MS)->key, 8);
		assert_null(trials_look(&trials, look, 9000 * MS));
	}
}

static void test_looks_come_in_turn(void **state)
{
	(void)state;
	trials_add(&trials, 7, 1, 1, true, 1000 * MS);
	for (unsigned int look = 0; look < TRIAL_LOOKS; look++) {
		for (unsigned int later = look + 1; later < TRIAL_LOOKS; later++)
			assert_null(trials_look(&trials, later, 9000 * MS));
		assert_non_null(trials_look(&trials, look, 9000 * MS));
	}
}

static void test_oldest_are_given_up(void **state)
{
	(void)state;
	for (uint64_t key = 0; key < TRIALS_MAX; key++)
		trials_add(&trials, key, 1, 1, true, 1000 * MS);
	assert_int_equal(trials_look(&trials, 0, 1100 * MS)->key, 0);
	for (uint64_t key = TRIALS_MAX; key < TRIALS_MAX + 3; key++)
		trials_add(&trials, key, 1, 1, true, 1000 * MS);
	assert_int_equal(trials_look(&trials, 0, 1100 * MS)->key, 3);
	assert_int_equal(trials_look(&trials, 1, 9000 * MS)->key, 3);
	for (uint64_t key = 4; key < TRIALS_MAX + 3; key++)
		assert_int_equal(trials_look(&trials, 0, 1100 * MS)->key, key);
	assert_null(trials_look(&trials, 0, 1100 * MS));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_looks, begin),
		cmocka_unit_test_setup(test_looks_come_in_turn, begin),
		cmocka_unit_test_setup(test_oldest_are_given_up, begin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
