// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The law of delay-max = auto, where clients are seen to give up in the middle of their set-ups. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "delaying.h"

/* When clients gave up is better than the age of those that failed: what a set-up takes goes off, and an
 * eighth. */
static void test_knows_when_they_gave_up(void **state)
{
	const uint64_t limit_ns = 5 * SEC - 5 * SEC / 8 - 2500 * MS;

	(void)state;
	law.setup_ns = 2500 * MS;
	/* a few lost at random, and half of which it was seen late */
	for (unsigned int i = 0; i < 100; i++)
		delay_max_note_give_up(&law,
				       i % 20 == 0 ? SEC
				       : i % 2	   ? 5 * SEC
						   : 5600 * MS,
				       START);
	/* nobody is known not to be patient */
	update(START);
	assert_true(delay_max_age_ns(&law, START) == UINT64_MAX);
	assert_true(delay_max_patience_ns(&law) == UINT64_MAX);
	delay_max_note(&law, 250 * MS, 3400 * MS, 20, DELAY_FAILED);
	for (int i = 0; i < 20; i++)
		delay_max_note_late(&law, 3400 * MS, true);
	update(START);
	update(START);
	assert_true(delay_max_age_ns(&law, START) == limit_ns);
	for (int i = 0; i < 20; i++)
		delay_max_note_late(&law, 3400 * MS, true);
	assert_true(delay_max_patience_ns(&law) == 2500 * MS);
	/* set-ups that take as long as that leave a quarter */
	law.setup_ns = 90 * SEC;
	assert_true(delay_max_age_ns(&law, START) == 5 * SEC / 4);
}

/* Fewer than eight say nothing, and another fleet is seen when as many of it have given up as are kept. */
static void test_another_fleet(void **state)
{
	(void)state;
	for (int i = 0; i < 7; i++)
		delay_max_note_give_up(&law, 5 * SEC, START);
	update(START);
	assert_int_equal(law.waits_ns, 0);
	delay_max_note_give_up(&law, 5 * SEC, START);
	update(START);
	assert_true(law.waits_ns == 5 * SEC);
	for (int i = 0; i < DELAY_GIVE_UPS; i++)
		delay_max_note_give_up(&law, 10 * SEC, START);
	update(START);
	assert_true(law.waits_ns == 10 * SEC);
}

/* Who waits longer in the middle of a set-up than for the SYN+ACK teaches the others nothing. */
static void test_not_longer_than_those_that_failed(void **state)
{
	(void)state;
	law.setup_ns = 500 * MS;
	for (int i = 0; i < 20; i++)
		delay_max_note_give_up(&law, 60 * SEC, START);
	for (int i = 0; i < 20; i++)
		delay_max_note_late(&law, 3 * SEC, true);
	delay_max_note(&law, 250 * MS, 3 * SEC, 20, DELAY_FAILED);
	update(START);
	update(START);
	assert_true(delay_max_age_ns(&law, START) == 3 * SEC - 3 * SEC / 8);
	for (int i = 0; i < 20; i++)
		delay_max_note_late(&law, 3 * SEC, true);
	assert_true(delay_max_patience_ns(&law) == 3 * SEC);
}

/* A minute later it is another storm. */
static void test_forgets_when_they_gave_up(void **state)
{
	(void)state;
	for (int i = 0; i < 20; i++)
		delay_max_note_give_up(&law, 5 * SEC, START);
	update(START + 60 * SEC - 1);
	assert_true(law.waits_ns == 5 * SEC);
	update(START + 60 * SEC);
	assert_int_equal(law.waits_ns, 0);
	for (int i = 0; i < 8; i++)
		delay_max_note_give_up(&law, 10 * SEC, START + 61 * SEC);
	update(START + 61 * SEC);
	assert_true(law.waits_ns == 10 * SEC);
}

/* Of some seconds. */
static void test_mean_of_what_set_ups_take(void **state)
{
	(void)state;
	delay_max_note_setup(&law, 2 * SEC, START);
	assert_true(law.setup_ns == 2 * SEC);
	delay_max_note_setup(&law, 8 * SEC, START + 100 * MS);
	assert_true(law.setup_ns > 2 * SEC && law.setup_ns < 2300 * MS);
	for (int i = 2; i < 200; i++)
		delay_max_note_setup(&law, 8 * SEC, START + i * 100 * MS);
	assert_true(law.setup_ns > 7900 * MS && law.setup_ns <= 8 * SEC);
	delay_max_note_setup(&law, 0, START + 20 * SEC);
	assert_int_equal(law.setup_ns, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_knows_when_they_gave_up, start),
		cmocka_unit_test_setup(test_another_fleet, start),
		cmocka_unit_test_setup(test_not_longer_than_those_that_failed, start),
		cmocka_unit_test_setup(test_forgets_when_they_gave_up, start),
		cmocka_unit_test_setup(test_mean_of_what_set_ups_take, start),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
