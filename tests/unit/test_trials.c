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

static void add(uint64_t key, uint64_t held_ns, uint64_t now_ns)
{
	trials_add(&trials, &(struct trial){ .key = key,
					     .released_ns = now_ns,
					     .held_ns = held_ns,
					     .age_ns = held_ns,
					     .waited = true });
}

static void test_looks(void **state)
{
	struct trial *trial;

	(void)state;
	assert_null(trials_look(&trials, 0, 5000 * MS));
	add(7, 250 * MS, 1000 * MS);
	add(8, 260 * MS, 1050 * MS);
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
	add(7, 1, 1000 * MS);
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
		add(key, 1, 1000 * MS);
	assert_int_equal(trials_look(&trials, 0, 1100 * MS)->key, 0);
	for (uint64_t key = TRIALS_MAX; key < TRIALS_MAX + 3; key++)
		add(key, 1, 1000 * MS);
	assert_int_equal(trials_look(&trials, 0, 1100 * MS)->key, 3);
	assert_int_equal(trials_look(&trials, 1, 9000 * MS)->key, 3);
	for (uint64_t key = 4; key < TRIALS_MAX + 3; key++)
		assert_int_equal(trials_look(&trials, 0, 1100 * MS)->key, key);
	assert_null(trials_look(&trials, 0, 1100 * MS));
}

/* One in its first term counts at the first look, one that has a term of its own when a set-up is done, after 1.6 s at the
 * earliest; and one that fails as soon as that is seen. */
static void test_when_it_counts(void **state)
{
	static const struct {
		uint64_t age_ns, setup_ns;
		unsigned int look;
	} rows[] = {
		{ 250 * MS, 0, 0 },	      { 250 * MS, 2500 * MS, 0 },
		{ 3000 * MS, 0, 4 },	      { 3000 * MS, 800 * MS, 4 },
		{ 3000 * MS, 1600 * MS, 4 },  { 3000 * MS, 1601 * MS, 5 },
		{ 3000 * MS, 60000 * MS, 5 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct trial trial = { .held_ns = 250 * MS,
				       .age_ns = rows[i].age_ns,
				       .setup_ns = rows[i].setup_ns,
				       .waited = true };
		struct trial failed = trial;
		struct delay_max delay_max;

		delay_max_init(&delay_max, 1000 * MS);
		for (unsigned int look = 0; look < TRIAL_LOOKS; look++) {
			trial_judge(&trial, look, false, &delay_max);
			assert_int_equal(delay_max.own.judged, look >= rows[i].look);
		}
		assert_int_equal(delay_max.own.failed + delay_max.late.failed, 0);
		delay_max_init(&delay_max, 1000 * MS);
		for (unsigned int look = 0; look < TRIAL_LOOKS; look++) {
			trial_judge(&failed, look, look >= 2, &delay_max);
			assert_int_equal(delay_max.own.failed + delay_max.late.failed, look >= 2);
		}
		assert_true(failed.failed);
		/* as old as those that fail, and noted once, when both would be known */
		delay_max_init(&delay_max, 1000 * MS);
		delay_max.gone_ns = 300 * MS;
		trial.failed = false;
		for (unsigned int look = 0; look < TRIAL_LOOKS; look++) {
			trial_judge(&trial, look, false, &delay_max);
			assert_int_equal(delay_max.gone.judged,
					 rows[i].look && look >= rows[i].look);
		}
	}
}

/* The RST of one that has sent a single SYN may be anybody's. */
static void test_forged_say_nothing(void **state)
{
	struct trial trial = { .held_ns = 250 * MS, .age_ns = 250 * MS };
	struct delay_max delay_max;

	(void)state;
	delay_max_init(&delay_max, 1000 * MS);
	for (unsigned int look = 0; look < TRIAL_LOOKS; look++)
		trial_judge(&trial, look, true, &delay_max);
	assert_false(trial.failed);
	assert_int_equal(delay_max.own.judged + delay_max.late.judged + delay_max.gone.judged, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_looks, begin),
		cmocka_unit_test_setup(test_looks_come_in_turn, begin),
		cmocka_unit_test_setup(test_oldest_are_given_up, begin),
		cmocka_unit_test(test_when_it_counts),
		cmocka_unit_test(test_forged_say_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
