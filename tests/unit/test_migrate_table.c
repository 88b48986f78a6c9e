// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* A table of another size: every bucket is where it is looked for, and the largest debts win. */
#include "placing.h"

static void resize(uint32_t from, uint32_t to, unsigned int count)
{
	struct bucket_set *sets = make_sets(from);
	struct new_table table = make_table(to);
	struct key *keys = calloc(count, sizeof(*keys));
	struct hash_seed seed;

	assert_non_null(keys);
	draw_seed(&seed, sizeof(seed));
	for (unsigned int i = 0; i < count; i++) {
		__u64 *word;

		keys[i] = draw_key();
		word = find(sets, from, &seed, &keys[i], 1, true);
		assert_non_null(word);
		*word = NOW + ((uint64_t)i << 8);
	}
	migrate_buckets(&table, sets, from);
	assert_int_equal(table.forgotten, 0);
	for (unsigned int i = 0; i < count; i++) {
		__u64 *word = find(table.sets, to, &seed, &keys[i], 1, false);

		assert_non_null(word);
		assert_int_equal(*word, NOW + ((uint64_t)i << 8));
	}
	free(keys);
	free(table.sets);
	free(sets);
}

static void test_every_bucket_is_found_in_a_table_of_another_size(void **state)
{
	(void)state;
	resize(1000, 4000, 150);
	resize(1000, 4001, 150);
	resize(4000, 1000, 150);
	resize(4001, 1000, 150);
	resize(1000, 1001, 150);
	resize(1, 1000, 5);
	resize(1000, 1, 5);
}

/* A key of the hash @hash alone. */
static void move_one(uint32_t hash, uint32_t from, uint32_t to)
{
	struct bucket_set *sets = make_sets(from), *set;
	struct new_table table = make_table(to);

	set = &sets[(uint64_t)hash * from >> 32];
	set->tag[0] = 1;
	set->word[0] = NOW;
	migrate_buckets(&table, sets, from);
	set = &table.sets[(uint64_t)hash * to >> 32];
	assert_int_equal(set->tag[0], 1);
	assert_int_equal(set->word[0], NOW);
	free(table.sets);
	free(sets);
}

static void test_the_first_and_last_hashes_of_every_set_are_found(void **state)
{
	(void)state;
	for (uint32_t from = 1; from < 20; from++) {
		for (uint32_t to = 1; to < 20; to++) {
			for (uint64_t i = 0; i < from; i++)
				for (int off = -1; off < 2; off++)
					move_one((uint32_t)((i << 32) / from + off), from, to);
			for (uint64_t i = 0; i < to; i++)
				for (int off = -1; off < 2; off++)
					move_one((uint32_t)((i << 32) / to + off), from, to);
		}
	}
	/* the last of a set, and the first of a new one */
	move_one(1227139649, 99991, 200003);
}

static struct bucket_set two_sets(struct bucket_set sets[2])
{
	struct new_table table = make_table(1);
	struct bucket_set merged;

	migrate_buckets(&table, sets, 2);
	merged = *table.sets;
	free(table.sets);
	return merged;
}

static uint64_t word_of(const struct bucket_set *set, uint32_t tag)
{
	for (int way = 0; way < TABLE_WAYS; way++)
		if (set->tag[way] == tag)
			return set->word[way];
	return 0;
}

static void test_the_largest_debts_are_kept(void **state)
{
	struct bucket_set sets[2], merged;

	(void)state;
	for (uint32_t i = 0; i < 2 * TABLE_WAYS; i++) {
		sets[i % 2].tag[i / 2] = i + 1;
		sets[i % 2].word[i / 2] = NOW + (uint64_t)i * SEC;
	}
	merged = two_sets(sets);
	for (uint32_t i = 0; i < 2 * TABLE_WAYS; i++)
		assert_int_equal(word_of(&merged, i + 1),
				 i < TABLE_WAYS ? 0 : NOW + (uint64_t)i * SEC);
}

static void test_what_is_left_of_a_slower_limit_is_given_up_first(void **state)
{
	struct bucket_set sets[2] = {}, merged;

	(void)state;
	for (uint32_t i = 0; i < TABLE_WAYS; i++) {
		sets[0].tag[i] = i + 1;
		sets[0].word[i] = NOW + (i ? SEC : 7201 * SEC);
	}
	sets[1].tag[0] = 9;
	sets[1].word[0] = NOW + SEC;
	merged = two_sets(sets);
	assert_int_equal(word_of(&merged, 1), 0);
	assert_int_equal(word_of(&merged, 9), NOW + SEC);
}

static void test_of_two_copies_the_one_in_use_is_kept(void **state)
{
	struct bucket_set sets[2] = {}, merged;

	(void)state;
	sets[0].tag[0] = 7;
	sets[0].word[0] = NOW + 2 * SEC;
	sets[1].tag[0] = 7;
	sets[1].word[0] = NOW + SEC;
	merged = two_sets(sets);
	assert_int_equal(merged.tag[0], 7);
	assert_int_equal(merged.word[0], NOW + 2 * SEC);
	assert_int_equal(merged.tag[1], 0);
}

static void test_debts_without_a_place_are_counted(void **state)
{
	struct bucket_set sets[2];
	struct new_table table = make_table(1);

	(void)state;
	for (uint32_t i = 0; i < 2 * TABLE_WAYS; i++) {
		sets[i % 2].tag[i / 2] = i + 1;
		sets[i % 2].word[i / 2] = i < 3 ? NOW - SEC : NOW + SEC * i;
	}
	migrate_buckets(&table, sets, 2);
	assert_int_equal(table.forgotten, 2);
	free(table.sets);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_bucket_is_found_in_a_table_of_another_size),
		cmocka_unit_test(test_the_first_and_last_hashes_of_every_set_are_found),
		cmocka_unit_test(test_the_largest_debts_are_kept),
		cmocka_unit_test(test_what_is_left_of_a_slower_limit_is_given_up_first),
		cmocka_unit_test(test_of_two_copies_the_one_in_use_is_kept),
		cmocka_unit_test(test_debts_without_a_place_are_counted),
	};

	return cmocka_run_group_tests_name("migrate_table", tests, NULL, NULL);
}
