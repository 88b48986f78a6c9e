// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Merging what each CPU knows of the most refused, with sets made by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "text.h"
#include "top.h"

#define SLICE 1000ULL
#define NOW (SLICE * TOP_SLICE_NS + TOP_SLICE_NS / 2)

static struct top top;

static struct top_entry entry(uint64_t key, uint32_t count, uint32_t over)
{
	return (struct top_entry){
		.prefix = { .lo = key },
		.count = count,
		.over = over,
		.serial = 1,
		.level = LEVEL_SOURCE,
		.prefix_len = 128,
	};
}

/* Keys from @key on with counts from @count on, in every way. */
static struct top_set full_set(uint64_t slice, uint64_t key, uint32_t count)
{
	struct top_set set = { .slice = slice };

	for (uint32_t i = 0; i < TOP_WAYS; i++)
		set.way[i] = entry(key + i, count + i, 0);
	return set;
}

static void merge(const struct top_set *sets, unsigned int count)
{
	memset(&top, 0, sizeof(top));
	assert_int_equal(top_merge(&top, sets, count, NOW), 0);
}

static const struct top_row *row_of(uint64_t key)
{
	for (unsigned int i = 0; i < top.sources.count; i++)
		if (top.sources.rows[i].prefix.lo == key)
			return &top.sources.rows[i];
	fail_msg("no row of %llu", (unsigned long long)key);
	return NULL;
}

static void expect_bounds(uint64_t key, uint64_t at_least, uint64_t at_most)
{
	const struct top_row *row = row_of(key);

	assert_int_equal(row->at_least, at_least);
	assert_int_equal(row->at_most, at_most);
	assert_in_range(row->refused, at_least, at_most);
}

static void test_nothing(void **state)
{
	struct top_set set = { .slice = SLICE };

	(void)state;
	merge(&set, 1);
	assert_int_equal(top.sources.count + top.sites.count, 0);
	assert_int_equal(top.others_at_most, 0);
	merge(NULL, 0);
	assert_int_equal(top.sources.count, 0);
}

static void test_one_entry(void **state)
{
	struct top_set set = { .slice = SLICE };

	(void)state;
	set.way[3] = entry(7, 50, 12);
	set.way[3].listener = 5;
	set.way[3].serial = 9;
	set.way[3].prefix_len = 124;
	merge(&set, 1);
	assert_int_equal(top.sources.count, 1);
	expect_bounds(7, 38, 50);
	assert_int_equal(row_of(7)->refused, 44);
	assert_int_equal(row_of(7)->listener, 5);
	assert_int_equal(row_of(7)->serial, 9);
	assert_int_equal(row_of(7)->prefix_len, 124);
	assert_int_equal(row_of(7)->level, LEVEL_SOURCE);
}

/* The slice that has begun and six before it; neither the seventh nor one of the future. */
static void test_stale_slices_count_nothing(void **state)
{
	static const struct {
		uint64_t slice;
		bool counts;
	} rows[] = {
		{ SLICE, true },      { SLICE - 6, true }, { SLICE - 7, false },
		{ SLICE + 1, false }, { 0, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct top_set set = full_set(rows[i].slice, 1, 10);

		merge(&set, 1);
		assert_int_equal(top.sources.count, rows[i].counts ? TOP_WAYS : 0);
		assert_int_equal(top.others_at_most, rows[i].counts ? 10 : 0);
	}
}

/* A stale set that is full has missed nobody of the last minute. */
static void test_stale_sets_widen_nothing(void **state)
{
	struct top_set sets[2] = { { .slice = SLICE }, full_set(SLICE - 7, 100, 1000) };

	(void)state;
	sets[0].way[0] = entry(7, 50, 0);
	merge(sets, 2);
	expect_bounds(7, 50, 50);
	assert_int_equal(top.others_at_most, 0);
}

static void test_cpus_and_slices_add_up(void **state)
{
	struct top_set sets[3] = { { .slice = SLICE }, { .slice = SLICE }, { .slice = SLICE - 6 } };

	(void)state;
	sets[0].way[0] = entry(7, 50, 1);
	sets[1].way[5] = entry(7, 40, 2);
	sets[2].way[7] = entry(7, 30, 4);
	sets[2].way[0] = entry(8, 20, 0);
	merge(sets, 3);
	assert_int_equal(top.sources.count, 2);
	expect_bounds(7, 120 - 7, 120);
	/* two sets have a free way: whoever is not there was never refused there */
	expect_bounds(8, 20, 20);
}

/* Whoever is missing from a full set may have had its least count; from one with room, none. */
static void test_missed_by_a_full_set(void **state)
{
	struct top_set sets[3] = { full_set(SLICE, 100, 60),
				   full_set(SLICE - 1, 200, 9),
				   { .slice = SLICE - 2 } };

	(void)state;
	sets[2].way[0] = entry(7, 30, 0);
	sets[1].way[4] = entry(8, 70, 6);
	merge(sets, 3);
	expect_bounds(7, 30, 30 + 60 + 9);
	expect_bounds(8, 64, 70 + 60);
	expect_bounds(100, 60, 60 + 9);
	assert_int_equal(top.others_at_most, 69);
}

/* Listeners and levels are counted apart, however alike their prefixes. */
static void test_keys_are_apart(void **state)
{
	struct top_set set = { .slice = SLICE };

	(void)state;
	for (int i = 0; i < 5; i++)
		set.way[i] = entry(7, 10 + i, 0);
	set.way[1].serial = 2;
	set.way[2].level = LEVEL_SITE;
	set.way[3].level = LEVEL_RULE;
	set.way[4].prefix.hi = 1;
	merge(&set, 1);
	assert_int_equal(top.sources.count, 4);
	assert_int_equal(top.sources.rows[0].refused, 14);
	assert_int_equal(top.sources.rows[1].refused, 13);
	assert_int_equal(top.sources.rows[1].level, LEVEL_RULE);
	assert_int_equal(top.sources.rows[2].refused, 11);
	assert_int_equal(top.sources.rows[3].refused, 10);
	assert_int_equal(top.sites.count, 1);
	assert_int_equal(top.sites.rows[0].refused, 12);
}

/* Twenty are kept whatever the order they come in, and the rest has a bound. */
static void test_most_refused_are_kept(void **state)
{
	static const uint32_t counts[] = { 5, 40, 1, 39, 2, 38, 30, 31, 4,  3,	37, 36,
					   6, 29, 7, 28, 8, 27, 9,  26, 10, 25, 11, 24 };

	(void)state;
	memset(&top, 0, sizeof(top));
	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		struct top_set set = { .slice = SLICE };

		set.way[0] = entry(1000 + i, counts[i], 0);
		assert_int_equal(top_merge(&top, &set, 1, NOW), 0);
	}
	assert_int_equal(top.sources.count, TOP_SHOWN);
	for (unsigned int i = 1; i < TOP_SHOWN; i++)
		assert_true(top.sources.rows[i - 1].refused > top.sources.rows[i].refused);
	assert_int_equal(top.sources.rows[0].refused, 40);
	assert_int_equal(top.sources.rows[TOP_SHOWN - 1].refused, 5);
	assert_int_equal(top.others_at_most, 4);
}

/* What is certain ranks before what may be. */
static void test_ranked_by_what_is_certain(void **state)
{
	struct top_set set = { .slice = SLICE };

	(void)state;
	set.way[0] = entry(7, 1000, 950);
	set.way[1] = entry(8, 60, 0);
	set.way[2] = entry(9, 70, 10);
	merge(&set, 1);
	assert_int_equal(top.sources.rows[0].prefix.lo, 9);
	assert_int_equal(top.sources.rows[1].prefix.lo, 8);
	assert_int_equal(top.sources.rows[2].prefix.lo, 7);
}

/* Of one that was dropped from the list its upper bound counts, not its rank. */
static void test_bound_of_the_others(void **state)
{
	(void)state;
	memset(&top, 0, sizeof(top));
	for (uint32_t i = 0; i <= TOP_SHOWN; i++) {
		struct top_set set = { .slice = SLICE };

		set.way[0] = i ? entry(i, 100, 0) : entry(99, 120, 119);
		assert_int_equal(top_merge(&top, &set, 1, NOW), 0);
	}
	assert_int_equal(top.sources.count, TOP_SHOWN);
	assert_int_equal(top.others_at_most, 120);
}

/* An entry that was read while it changed hands: no bound wraps. */
static void test_torn_entry(void **state)
{
	struct top_set set = { .slice = SLICE };

	(void)state;
	set.way[0] = entry(7, 5, 6);
	merge(&set, 1);
	expect_bounds(7, 0, 5);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing),
		cmocka_unit_test(test_one_entry),
		cmocka_unit_test(test_stale_slices_count_nothing),
		cmocka_unit_test(test_stale_sets_widen_nothing),
		cmocka_unit_test(test_cpus_and_slices_add_up),
		cmocka_unit_test(test_missed_by_a_full_set),
		cmocka_unit_test(test_keys_are_apart),
		cmocka_unit_test(test_most_refused_are_kept),
		cmocka_unit_test(test_ranked_by_what_is_certain),
		cmocka_unit_test(test_bound_of_the_others),
		cmocka_unit_test(test_torn_entry),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
