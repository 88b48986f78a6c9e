// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* A limit changed at runtime: it acts on the next SYN, leaves no old debt, gives no fresh burst. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>

#include <linux/bpf.h>

#include "rig.h"

static struct rig rig;
static struct frame frame;

static const char *const keys[LEVEL_COUNT] = { "host-rate", "rate", "site-rate", "source-rate" };
static const char *const bursts[LEVEL_COUNT] = { "host-burst", "burst", "site-burst",
						 "source-burst" };

static void open_with(enum level level, const char *rate, unsigned int burst)
{
	char ini[512], key[128];

	snprintf(key, sizeof(key), "%s = %s\n%s = %u\n", keys[level], rate, bursts[level], burst);
	snprintf(ini, sizeof(ini),
		 "[weir]\nmode = enforce\nsources = 65\n%s[listener m]\nports=1883\n%s",
		 level == LEVEL_HOST ? key : "", level == LEVEL_HOST ? "" : key);
	rig_open(&rig, ini);
	frame_build(&frame, &(struct frame_spec){});
}

static uint64_t admitted(void)
{
	return rig_count(&rig, 1, REASON_ADMITTED);
}

/* How many of @count SYNs now are admitted. */
static uint64_t admit(uint32_t count)
{
	uint64_t before = admitted();

	rig_run_many(&rig, &frame, count);
	return admitted() - before;
}

static void test_slow_to_fast_leaves_no_old_debt(void **state)
{
	(void)state;
	for (int level = 0; level < LEVEL_COUNT; level++) {
		open_with(level, "1/h", 1);
		assert_int_equal(admit(5), 1);
		rig_limit(&rig, 0, level, "1000/s", 1000);
		/* one of a thousand tokens was spent */
		assert_int_equal(admit(2000), 999);
		rig_at(&rig, HOUR + SECOND);
		assert_int_equal(admit(2000), 1000);
		rig_close(&rig);
	}
}

static void test_fast_to_slow_gives_no_fresh_burst(void **state)
{
	(void)state;
	for (int level = 0; level < LEVEL_COUNT; level++) {
		open_with(level, "1000/s", 1000);
		assert_int_equal(admit(900), 900);
		rig_limit(&rig, 0, level, "1/s", 1000);
		assert_int_equal(admit(2000), 100);
		rig_at(&rig, HOUR + 10 * SECOND);
		assert_int_equal(admit(2000), 10);
		rig_close(&rig);
	}
}

static void test_smaller_burst_is_empty_at_worst(void **state)
{
	(void)state;
	for (int level = 0; level < LEVEL_COUNT; level++) {
		open_with(level, "1000/s", 1000);
		assert_int_equal(admit(900), 900);
		rig_limit(&rig, 0, level, "1/s", 2);
		assert_int_equal(admit(10), 0);
		rig_at(&rig, HOUR + SECOND);
		assert_int_equal(admit(10), 1);
		rig_close(&rig);
	}
}

static void test_a_full_bucket_stays_full(void **state)
{
	(void)state;
	for (int level = 0; level < LEVEL_COUNT; level++) {
		open_with(level, "1000/s", 10);
		assert_int_equal(admit(10), 10);
		rig_at(&rig, 2 * HOUR);
		rig_limit(&rig, 0, level, "10/h", 5);
		assert_int_equal(admit(20), 5);
		rig_close(&rig);
	}
}

/* Levels of one word are exact through any number of changes; those of the table are full or, if
 * they were in debt, empty at the last change: never the old debt, never a fresh burst. */
static void test_several_changes_in_between(void **state)
{
	(void)state;
	for (int level = 0; level < LEVEL_COUNT; level++)
		for (int changes = 2; changes <= 5; changes++) {
			bool table = level >= LEVEL_SITE;

			open_with(level, "1/h", 1000);
			assert_int_equal(admit(900), 900);
			for (int i = 1; i < changes; i++)
				rig_limit(&rig, 0, level, i % 2 ? "2/h" : "3/h", 1000);
			rig_limit(&rig, 0, level, "1000/s", 1000);
			assert_int_equal(admit(2000), table ? 0 : 100);
			rig_at(&rig, HOUR + SECOND);
			assert_int_equal(admit(2000), 1000);
			rig_close(&rig);
		}
}

/* Under the limit of two changes ago the debt was short: it must not be read in today's terms. */
static void test_two_changes_from_fast_to_slow(void **state)
{
	(void)state;
	for (int level = 0; level < LEVEL_COUNT; level++) {
		bool table = level >= LEVEL_SITE;

		open_with(level, "1000/s", 1000);
		assert_int_equal(admit(900), 900);
		rig_limit(&rig, 0, level, "10/s", 1000);
		rig_limit(&rig, 0, level, "1/s", 1000);
		assert_int_equal(admit(2000), table ? 0 : 100);
		rig_at(&rig, HOUR + 10 * SECOND);
		assert_int_equal(admit(2000), 10);
		rig_close(&rig);
	}
}

/* A debt that grew long under a limit that was in force for a while, with no SYN in that time. */
static void test_a_limit_in_between_makes_debts_longer(void **state)
{
	(void)state;
	for (int level = 0; level < LEVEL_COUNT; level++) {
		bool table = level >= LEVEL_SITE;

		open_with(level, "1000/s", 1000);
		assert_int_equal(admit(900), 900);
		rig_limit(&rig, 0, level, "1/h", 1000);
		rig_at(&rig, HOUR + 2 * SECOND);
		rig_limit(&rig, 0, level, "1/h", 999);
		assert_int_equal(admit(2000), table ? 0 : 99);
		rig_close(&rig);
	}
}

/* ... but not longer than that limit needs to fill a bucket. */
static void test_a_whole_refill_in_between_fills_up(void **state)
{
	(void)state;
	for (int level = 0; level < LEVEL_COUNT; level++) {
		open_with(level, "1/h", 1000);
		assert_int_equal(admit(900), 900);
		rig_limit(&rig, 0, level, "10/s", 10);
		rig_at(&rig, HOUR + 2 * SECOND);
		rig_limit(&rig, 0, level, "10/h", 7);
		assert_int_equal(admit(50), 7);
		rig_close(&rig);
	}
}

/* The fourth change comes round to the first epoch, in whose terms the debt was short. */
static void test_the_same_epoch_again(void **state)
{
	(void)state;
	for (int level = 0; level < LEVEL_COUNT; level++) {
		bool table = level >= LEVEL_SITE;

		open_with(level, "1000/s", 1000);
		assert_int_equal(admit(900), 900);
		for (int i = 0; i < 4; i++) {
			rig_at(&rig, HOUR + 2 * i * SECOND);
			rig_limit(&rig, 0, level, "1/h", 999 - i);
		}
		assert_int_equal(admit(2000), table ? 0 : 96);
		rig_close(&rig);
	}
}

static void test_through_unlimited_and_closed(void **state)
{
	(void)state;
	for (int level = 0; level < LEVEL_COUNT; level++) {
		open_with(level, "1/h", 10);
		assert_int_equal(admit(20), 10);
		rig_limit(&rig, 0, level, "unlimited", 0);
		assert_int_equal(admit(50), 50);
		rig_limit(&rig, 0, level, "0/s", 0);
		assert_int_equal(admit(50), 0);
		rig_limit(&rig, 0, level, "100/s", 10);
		/* what was spent at first stays spent */
		assert_int_equal(admit(50), 0);
		rig_at(&rig, HOUR + SECOND);
		assert_int_equal(admit(50), 10);
		rig_close(&rig);
	}
}

/* Whoever shuts the door for a moment takes nothing away: the same tokens are there afterwards. */
static void test_closed_for_a_moment(void **state)
{
	static const char *const between[] = { "0/s", "unlimited" };

	(void)state;
	for (int i = 0; i < 2 * LEVEL_COUNT; i++) {
		int level = i / 2;

		open_with(level, "1/h", 100);
		assert_int_equal(admit(1), 1);
		/* whatever the lowest bits of the clock are */
		rig_at(&rig, HOUR + 1);
		rig_limit(&rig, 0, level, between[i % 2], 0);
		rig_at(&rig, HOUR + 2);
		rig_limit(&rig, 0, level, "1/h", 100);
		rig_at(&rig, HOUR + 3);
		assert_int_equal(admit(200), 99);
		rig_close(&rig);

		open_with(level, "1/h", 100);
		for (int change = 0; change < 5; change++) {
			rig_at(&rig, HOUR + 3 * change + 1);
			rig_limit(&rig, 0, level, change % 2 ? "1/h" : between[i % 2],
				  100 * (change % 2));
		}
		rig_limit(&rig, 0, level, "1/h", 100);
		assert_int_equal(admit(200), 100);
		rig_close(&rig);
	}
}

/* Saying the same again is no change: no debt is touched. */
static void test_same_limit_again(void **state)
{
	(void)state;
	for (int level = 0; level < LEVEL_COUNT; level++) {
		open_with(level, "1/h", 10);
		assert_int_equal(admit(7), 7);
		for (int i = 0; i < 6; i++)
			rig_limit(&rig, 0, level, "1/h", 10);
		assert_int_equal(admit(20), 3);
		rig_close(&rig);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_slow_to_fast_leaves_no_old_debt),
		cmocka_unit_test(test_fast_to_slow_gives_no_fresh_burst),
		cmocka_unit_test(test_smaller_burst_is_empty_at_worst),
		cmocka_unit_test(test_a_full_bucket_stays_full),
		cmocka_unit_test(test_several_changes_in_between),
		cmocka_unit_test(test_two_changes_from_fast_to_slow),
		cmocka_unit_test(test_a_limit_in_between_makes_debts_longer),
		cmocka_unit_test(test_a_whole_refill_in_between_fills_up),
		cmocka_unit_test(test_the_same_epoch_again),
		cmocka_unit_test(test_through_unlimited_and_closed),
		cmocka_unit_test(test_closed_for_a_moment),
		cmocka_unit_test(test_same_limit_again),
	};

	return cmocka_run_group_tests_name("change", tests, NULL, NULL);
}
