// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The filter in front of the prefix rules: it misses none, and lets few others through. */
#include "reading.h"

#include <stdlib.h>

#include "rule_filter.h"
#include "rule_hash.h"
#include "rules.h"

static struct hash_seed seed;
static struct rule_filter filter;

/* Of no quality but that of being the same every time. */
static uint64_t next_random(void)
{
	static uint64_t x = 1;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	return x * 0x2545f4914f6cdd1dULL;
}

static int setup(void **state)
{
	uint64_t *words = (uint64_t *)&seed;

	(void)state;
	for (size_t i = 0; i < sizeof(seed) / sizeof(*words); i++)
		words[i] = next_random();
	return 0;
}

static struct rule_entry entry_of(const char *text)
{
	struct wanted_address source;
	const char *why;
	bool masked;

	assert_int_equal(text_parse_source(text, &source.prefix, &source.len, &masked, &why), 0);
	return rules_key(&source);
}

static void add(struct rules *rules, const char *text)
{
	struct rule_entry entry = entry_of(text);

	assert_int_equal(rules_add(rules, &entry), 0);
}

/* As the packet path asks. */
static bool is_possible(const char *source)
{
	const struct addr addr = entry_of(source).prefix;

	for (uint32_t i = 0; i < filter.masks_count; i++) {
		uint64_t hash = rule_hash(&addr, &filter.masks[i], &seed);
		uint64_t bits = rule_hash_bits(hash);

		if ((filter.words[rule_hash_word(hash, filter.word_mask)] & bits) == bits)
			return true;
	}
	return !filter.masks_count;
}

static void test_every_length(void **state)
{
	struct rules rules = { 0 };

	(void)state;
	add(&rules, "10.0.0.0/8");
	add(&rules, "192.0.2.128/25");
	add(&rules, "198.51.100.7");
	add(&rules, "2001:db8::/32");
	rule_filter_build(&filter, &rules, FAMILY_V4, &seed);
	assert_int_equal(filter.masks_count, 3);
	assert_true(is_possible("10.255.1.2"));
	assert_true(is_possible("192.0.2.255"));
	assert_true(is_possible("198.51.100.7"));
	rule_filter_build(&filter, &rules, FAMILY_V6, &seed);
	assert_int_equal(filter.masks_count, 1);
	assert_true(is_possible("2001:db8:ffff::1"));
	rules_free(&rules);
}

/* 10 000 rules of two lengths: of @others, which have none, 3 in 100 may be taken for one that has. */
static void check_many(enum family family, const char *pattern, const char *wide,
		       const char *others)
{
	struct rules rules = { 0 };
	unsigned int taken = 0;
	char text[64];

	for (int i = 0; i < 10000; i++) {
		snprintf(text, sizeof(text), i % 2 ? pattern : wide, i / 256, i % 256);
		add(&rules, text);
	}
	rule_filter_build(&filter, &rules, family, &seed);
	assert_int_equal(filter.masks_count, 2);
	for (int i = 0; i < 10000; i++) {
		snprintf(text, sizeof(text), i % 2 ? pattern : wide, i / 256, i % 256);
		assert_true(is_possible(text));
		snprintf(text, sizeof(text), others, i / 256, i % 256);
		taken += is_possible(text);
	}
	assert_in_range(taken, 1, 300);
	rules_free(&rules);
}

static void test_many(void **state)
{
	(void)state;
	check_many(FAMILY_V4, "10.7.%d.%d", "10.%d.%d.0/24", "11.7.%d.%d");
	check_many(FAMILY_V6, "2001:db8:0:7:%d:%d::", "2001:db8:%d:%d::/64",
		   "2001:db9:0:7:%d:%d::");
}

static void test_as_many_as_there_can_be(void **state)
{
	struct rules rules = { 0 };
	char text[64];

	(void)state;
	for (int i = 0; i < RULES_MAX; i++) {
		snprintf(text, sizeof(text), "10.7.%d.%d", i / 256, i % 256);
		add(&rules, text);
	}
	rule_filter_build(&filter, &rules, FAMILY_V4, &seed);
	assert_int_equal(filter.word_mask, RULE_FILTER_WORDS - 1);
	for (int i = 0; i < RULES_MAX; i += 7) {
		snprintf(text, sizeof(text), "10.7.%d.%d", i / 256, i % 256);
		assert_true(is_possible(text));
	}
	rules_free(&rules);
}

static void test_says_nothing(void **state)
{
	struct rules rules = { 0 };
	char text[64];

	(void)state;
	for (int len = 1; len <= RULE_FILTER_MASKS; len++) {
		snprintf(text, sizeof(text), "128.0.0.0/%d", len);
		add(&rules, text);
	}
	rule_filter_build(&filter, &rules, FAMILY_V4, &seed);
	assert_int_equal(filter.masks_count, RULE_FILTER_MASKS);
	assert_false(is_possible("127.0.0.1"));
	add(&rules, "128.0.0.0/30");
	rule_filter_build(&filter, &rules, FAMILY_V4, &seed);
	assert_int_equal(filter.masks_count, 0);
	rules_free(&rules);
	add(&rules, "0.0.0.0/0");
	add(&rules, "10.0.0.0/8");
	rule_filter_build(&filter, &rules, FAMILY_V4, &seed);
	assert_int_equal(filter.masks_count, 0);
	rules_free(&rules);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_length),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_as_many_as_there_can_be),
		cmocka_unit_test(test_says_nothing),
	};

	return cmocka_run_group_tests_name("rule_filter", tests, setup, NULL);
}
