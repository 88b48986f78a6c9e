// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The bucket table: nothing is lost by reuse, and what is lost is counted. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>

#include <linux/bpf.h>

#include "rig.h"

/* A small table: thirteen sets. */
#define SMALL "[weir]\nmode = enforce\nsources = 65\n[listener m]\nports = 1883\n"

static struct rig rig;

static enum reason syn(unsigned int source)
{
	char src[32];

	snprintf(src, sizeof(src), "10.%u.%u.%u", source >> 16 & 255, source >> 8 & 255,
		 source & 255);
	return rig_reason(&rig, &(struct frame_spec){ .src = src });
}

/* Far more sources than slots, one after the other, each full again before the next comes. */
static void test_full_buckets_are_reused_without_loss(void **state)
{
	(void)state;
	rig_open(&rig, SMALL "source-rate = 1000/s\nsource-burst = 1\n");
	for (unsigned int source = 0; source < 1000; source++) {
		rig_at(&rig, HOUR + source * SECOND);
		assert_int_equal(syn(source), REASON_ADMITTED);
		assert_int_equal(syn(source), REASON_SOURCE_LIMIT);
	}
	assert_int_equal(rig_table(&rig).evicted_in_debt, 0);
	/* each eviction but the first claims of 65 slots reused one */
	assert_int_equal(rig_table(&rig).evicted_full, 1000 - rig_slots_used(&rig));
	rig_close(&rig);
}

/* All in debt at once: every slot is used before a debt is forgotten, and each loss is counted. */
static void test_pressure_is_counted(void **state)
{
	unsigned int refused = 0;
	const unsigned int sources = 200;

	(void)state;
	rig_open(&rig, SMALL "source-rate = 1/h\nsource-burst = 1\n");
	for (unsigned int source = 0; source < sources; source++)
		assert_int_equal(syn(source), REASON_ADMITTED);
	assert_int_equal(rig_table(&rig).evicted_full, 0);
	assert_int_equal(rig_table(&rig).evicted_in_debt, sources - rig_slots_used(&rig));
	assert_in_range(rig_slots_used(&rig), 55, 65);
	/* whoever still has a slot is refused; whoever lost it was given a full bucket */
	for (unsigned int source = sources; source-- > 0;)
		refused += syn(source) == REASON_SOURCE_LIMIT;
	assert_in_range(refused, 1, 65);
	rig_close(&rig);
}

/* The smallest debt goes first: one deep in debt keeps its slot against many shallow ones. */
static void test_deepest_debt_stays(void **state)
{
	(void)state;
	rig_open(&rig, SMALL "source-rate = 1/h\nsource-burst = 10\n");
	for (int i = 0; i < 10; i++)
		assert_int_equal(syn(7), REASON_ADMITTED);
	for (unsigned int source = 1000; source < 3000; source++)
		assert_int_equal(syn(source), REASON_ADMITTED);
	assert_int_equal(syn(7), REASON_SOURCE_LIMIT);
	rig_close(&rig);
}

/* What an earlier, slower limit left behind must not crowd out the sources of today. */
static void test_debts_of_a_slower_limit_make_room(void **state)
{
	uint64_t before;

	(void)state;
	rig_open(&rig, SMALL "source-rate = 1/h\nsource-burst = 10\n");
	for (unsigned int source = 0; source < 200; source++)
		syn(source);
	before = rig_table(&rig).evicted_in_debt;
	rig_limit(&rig, 0, LEVEL_SOURCE, "10/s", 2);
	/* some two to a set, all at once */
	for (unsigned int source = 1000; source < 1024; source++)
		for (int i = 0; i < 2; i++)
			assert_int_equal(syn(source), REASON_ADMITTED);
	for (unsigned int source = 1000; source < 1024; source++)
		assert_int_equal(syn(source), REASON_SOURCE_LIMIT);
	/* and no debt of today was forgotten for them */
	assert_int_equal(rig_table(&rig).evicted_in_debt, before);
	rig_close(&rig);
}

/* A slot taken over from a listener whose limit has another epoch starts full. */
static void test_new_owner_starts_full(void **state)
{
	(void)state;
	rig_open(&rig, "[weir]\nmode = enforce\nsources = 65\n"
		       "[listener a]\nports = 1883\nsource-rate = 10/h\nsource-burst = 3\n"
		       "[listener b]\nports = 8883\nsource-rate = 10/h\nsource-burst = 3\n");
	rig_limit(&rig, 0, LEVEL_SOURCE, "20/h", 3);
	rig_at(&rig, 10 * HOUR);
	for (unsigned int source = 0; source < 300; source++)
		assert_int_equal(syn(source), REASON_ADMITTED);
	rig_at(&rig, 20 * HOUR);
	for (unsigned int source = 0; source < 16; source++) {
		char src[32];

		snprintf(src, sizeof(src), "10.99.0.%u", source);
		for (int i = 0; i < 4; i++)
			assert_int_equal(
				rig_reason(&rig, &(struct frame_spec){ .src = src, .dport = 8883 }),
				i < 3 ? REASON_ADMITTED : REASON_SOURCE_LIMIT);
	}
	rig_close(&rig);
}

/* Listeners, levels and prefixes never share a bucket: 4000 keys in a table with ample room. */
static void test_keys_are_apart(void **state)
{
	(void)state;
	rig_open(&rig, "[weir]\nmode = enforce\nsources = 65536\nv4-site = 32\n"
		       "[listener a]\nports = 1883\nsource-rate = 1/h\nsite-rate = 1/h\n"
		       "site-burst = 2\n"
		       "[listener b]\nports = 8883\nsource-rate = 1/h\n");
	for (unsigned int source = 0; source < 1000; source++) {
		char src[32];

		snprintf(src, sizeof(src), "10.0.%u.%u", source >> 8, source & 255);
		assert_int_equal(syn(source), REASON_ADMITTED);
		assert_int_equal(syn(source), REASON_SOURCE_LIMIT);
		assert_int_equal(
			rig_reason(&rig, &(struct frame_spec){ .src = src, .dport = 8883 }),
			REASON_ADMITTED);
	}
	assert_int_equal(rig_slots_used(&rig), 3000);
	assert_int_equal(rig_table(&rig).evicted_in_debt, 0);
	rig_close(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_full_buckets_are_reused_without_loss),
		cmocka_unit_test(test_pressure_is_counted),
		cmocka_unit_test(test_deepest_debt_stays),
		cmocka_unit_test(test_debts_of_a_slower_limit_make_room),
		cmocka_unit_test(test_new_owner_starts_full),
		cmocka_unit_test(test_keys_are_apart),
	};

	return cmocka_run_group_tests_name("table", tests, NULL, NULL);
}
