// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The token bucket: exact counts, extremes of the clock, and limits changed while in use. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "policy.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))
#define SEC 1000000000ULL
#define HOUR (3600 * SEC)

/* clang-format off */
#define BUCKET(tokens, seconds, most) { { .count = tokens, .per_sec = seconds }, most }
#define UNLIMITED { { .unlimited = true }, 0 }
#define CLOSED { { .count = 0, .per_sec = 1 }, 0 }
/* clang-format on */

static struct limit make(uint32_t count, uint16_t per_sec, uint32_t burst)
{
	struct wanted_limit wanted = BUCKET(count, per_sec, burst);
	struct limit limit = { 0 };

	assert_true(policy_set_limit(&limit, &wanted, 0));
	return limit;
}

static bool take(uint64_t *word, const struct limit *limit, uint64_t now_ns)
{
	if (!limit_admits(limit, *word, now_ns))
		return false;
	if (limit->kind == LIMIT_BUCKET)
		*word = gcra_charged(gcra_tat(*word, limit, now_ns), limit, now_ns);
	return true;
}

/* Tokens that can be taken at one moment, up to one more than the burst. */
static unsigned int drain(uint64_t *word, const struct limit *limit, uint64_t now_ns)
{
	unsigned int taken = 0;

	while (taken <= limit->burst && take(word, limit, now_ns))
		taken++;
	return taken;
}

static unsigned int available(uint64_t word, const struct limit *limit, uint64_t now_ns)
{
	return drain(&word, limit, now_ns);
}

static const struct {
	uint32_t count;
	uint16_t per_sec;
	uint32_t burst;
} rates[] = {
	{ 1, 3600, 1 },	    { 1, 3600, 20 },   { 7, 3600, 3 },	     { 59, 60, 5 },
	{ 1, 1, 1 },	    { 3, 1, 10 },      { 10, 1, 20 },	     { 1000, 1, 1000 },
	{ 999983, 1, 100 }, { 1000000, 1, 1 }, { 1000000, 1, 1000 }, { 3600000000U, 3600, 7 },
};

/* A multiple of the grain, so that every count is exact. */
static const uint64_t starts[] = {
	4, SEC, HOUR + 4, 1ULL << 40, (1ULL << 61) + 8, (1ULL << 62) - 4096 * HOUR
};

static void test_exact_count(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(rates); i++)
		for (size_t j = 0; j < COUNT_OF(starts); j++) {
			struct limit limit = make(rates[i].count, rates[i].per_sec, rates[i].burst);
			uint64_t start = starts[j], word = 0;

			assert_int_equal(drain(&word, &limit, start), rates[i].burst);
			for (unsigned int k = 1; k <= 500; k++) {
				uint64_t due = start + k * limit.period_ns;

				assert_false(take(&word, &limit, due - 1));
				assert_true(take(&word, &limit, due));
				assert_false(take(&word, &limit, due));
			}
		}
}

/* Whatever the moment, the grain moves no token by more than its own length, however many follow. */
static void test_unaligned_clock(void **state)
{
	(void)state;
	for (uint64_t start = HOUR; start < HOUR + 8; start++)
		for (size_t i = 0; i < COUNT_OF(rates); i++) {
			struct limit limit = make(rates[i].count, rates[i].per_sec, rates[i].burst);
			uint64_t word = 0;
			unsigned int taken = drain(&word, &limit, start);

			taken += drain(&word, &limit, start + GCRA_GRAIN_NS - 1);
			assert_int_equal(taken, rates[i].burst);
			for (unsigned int k = 1; k <= 100; k++) {
				uint64_t due = (word & ~GCRA_EPOCH_MASK) - limit.tolerance_ns;

				assert_in_range(due - start,
						k * limit.period_ns - (GCRA_GRAIN_NS - 1),
						k * limit.period_ns + GCRA_GRAIN_NS - 1);
				assert_false(take(&word, &limit, due - 1));
				assert_true(take(&word, &limit, due));
			}
		}
}

/* The shortest multiple of the grain that is not over the rate. */
static void test_period(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(rates); i++) {
		struct limit limit = make(rates[i].count, rates[i].per_sec, rates[i].burst);

		assert_int_equal(limit.period_ns % GCRA_GRAIN_NS, 0);
		assert_true(limit.period_ns * rates[i].count >= rates[i].per_sec * SEC);
		assert_true((limit.period_ns - GCRA_GRAIN_NS) * rates[i].count <
			    rates[i].per_sec * SEC);
	}
}

static void test_idle_is_full_and_no_more(void **state)
{
	static const uint64_t idle[] = { HOUR, 24 * 365 * HOUR, 1ULL << 60, 1ULL << 61 };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rates); i++)
		for (size_t j = 0; j < COUNT_OF(idle); j++) {
			struct limit limit = make(rates[i].count, rates[i].per_sec, rates[i].burst);
			uint64_t word = 0, later = SEC + idle[j];

			assert_int_equal(drain(&word, &limit, SEC), rates[i].burst);
			if (idle[j] < gcra_refill_ns(&limit))
				continue;
			assert_int_equal(drain(&word, &limit, later), rates[i].burst);
		}
}

static void test_largest_debt_at_the_end_of_the_clock(void **state)
{
	uint32_t burst = (uint32_t)(GCRA_REFILL_MAX_NS / HOUR);
	struct limit limit = make(1, 3600, burst);
	uint64_t word = 0, now_ns = (1ULL << 62) - 4;

	(void)state;
	assert_true(gcra_refill_ns(&limit) <= GCRA_REFILL_MAX_NS);
	assert_int_equal(drain(&word, &limit, now_ns), burst);
	assert_int_equal(gcra_debt_ns(gcra_tat(word, &limit, now_ns), now_ns),
			 gcra_refill_ns(&limit));
	assert_false(take(&word, &limit, now_ns + 3));
}

static void test_saturation(void **state)
{
	struct limit limit = make(1, 3600, 2);
	uint64_t now_ns = 1ULL << 61;

	(void)state;
	for (uint8_t epoch = 0; epoch < 4; epoch++) {
		limit.epoch = epoch;
		assert_int_equal(gcra_charged(GCRA_TAT_MAX, &limit, now_ns), GCRA_TAT_MAX | epoch);
		assert_int_equal(gcra_charged(GCRA_TAT_MAX - limit.period_ns, &limit, now_ns),
				 GCRA_TAT_MAX | epoch);
		/* a word out of any bounds is an empty bucket of this limit, not one closed for ever */
		limit.changed_ns = now_ns;
		limit.settled_ns = now_ns;
		assert_int_equal(gcra_tat(GCRA_TAT_MAX | epoch, &limit, now_ns),
				 now_ns + gcra_refill_ns(&limit));
	}
	assert_int_equal(gcra_debt_ns(now_ns, now_ns), 0);
	assert_int_equal(gcra_debt_ns(now_ns - 1, now_ns), 0);
	assert_int_equal(gcra_debt_ns(now_ns + 1, now_ns), 1);
}

static void test_unwritten_word_is_full_in_every_epoch(void **state)
{
	struct limit limit = make(10, 1, 5);

	(void)state;
	for (uint8_t epoch = 0; epoch < 4; epoch++) {
		limit.epoch = epoch;
		limit.changed_ns = HOUR;
		assert_int_equal(available(0, &limit, HOUR), 5);
	}
}

/* A frame that still held an older limit may write a word while there is no bucket. */
static void test_word_from_no_bucket(void **state)
{
	struct limit limit = { 0 };

	(void)state;
	assert_true(policy_set_limit(&limit, &(struct wanted_limit)BUCKET(10, 1, 5), 1));
	assert_true(
		policy_set_limit(&limit, &(struct wanted_limit){ .rate.unlimited = true }, HOUR));
	assert_true(policy_set_limit(&limit, &(struct wanted_limit)BUCKET(10, 1, 5), HOUR + 1));
	assert_int_equal(limit.epoch, 2);
	assert_int_equal(available((HOUR + SEC) | 1, &limit, HOUR + 1), 0);
	assert_int_equal(available((HOUR + SEC) | 1, &limit, HOUR + 1 + SEC / 10), 1);
	assert_int_equal(available((HOUR - SEC) | 1, &limit, HOUR + 1), 5);
}

static void test_kinds(void **state)
{
	const struct wanted_limit closed = CLOSED;
	struct limit limit = { 0 };

	(void)state;
	assert_true(limit_admits(&limit, GCRA_TAT_MAX, 1)); /* an unwritten limit fails open */
	policy_set_limit(&limit, &closed, 0);
	assert_false(limit_admits(&limit, 0, 1ULL << 61));
}

/* One bucket, limits changed one after another at the same moment, and what is left then. */
struct change_row {
	const char *says;
	struct wanted_limit first;
	unsigned int spent;
	uint64_t wait_ns; /* between the spending and the changes */
	struct wanted_limit then[4];
	unsigned int changes;
	unsigned int left;
	uint64_t later_ns; /* after the changes */
	unsigned int left_later;
};

/* clang-format off */
#define THEN(...) { __VA_ARGS__ }
static const struct change_row change_rows[] = {
	{ "an hour of debt does not outlive 1/h",
	  BUCKET(1, 3600, 1000), 1000, 0, THEN(BUCKET(1000, 1, 1000)), 1, 0, SEC, 1000 },
	{ "no fresh burst from a slower rate",
	  BUCKET(1000, 1, 1000), 900, 0, THEN(BUCKET(1, 1, 1000)), 1, 100, SEC, 101 },
	{ "a full bucket stays full",
	  BUCKET(1000, 1, 10), 0, 0, THEN(BUCKET(1, 3600, 1000)), 1, 1000, SEC, 1000 },
	{ "a bucket that has refilled is full",
	  BUCKET(10, 1, 10), 10, SEC, THEN(BUCKET(1, 3600, 20)), 1, 20, SEC, 20 },
	{ "a raised burst adds tokens, the spent ones stay spent",
	  BUCKET(10, 1, 10), 10, 0, THEN(BUCKET(10, 1, 100)), 1, 90, SEC, 100 },
	{ "a burst lowered below what is spent leaves an empty bucket, not a debt",
	  BUCKET(10, 1, 100), 50, 0, THEN(BUCKET(10, 1, 10)), 1, 0, SEC, 10 },
	{ "half a token is carried: 2.5 of 10 spent leave 7, and 8 after half a period",
	  BUCKET(1, 1, 10), 3, SEC / 2, THEN(BUCKET(1, 60, 10)), 1, 7, 30 * SEC + 4, 8 },
	{ "...and not before",
	  BUCKET(1, 1, 10), 3, SEC / 2, THEN(BUCKET(1, 60, 10)), 1, 7, 29 * SEC, 7 },
	{ "two changes without a charge: empty at the second",
	  BUCKET(1, 3600, 10), 1, 0, THEN(BUCKET(5, 1, 10), BUCKET(10, 1, 10)), 2, 0, SEC / 2, 5 },
	{ "two changes without a charge: a short debt is not measured by the rate in between",
	  BUCKET(1000, 1, 1000), 1000, 0, THEN(BUCKET(1, 3600, 1000), BUCKET(1000, 1, 1000)), 2,
	  0, SEC, 1000 },
	{ "two changes of a full bucket: full",
	  BUCKET(1, 3600, 10), 0, 0, THEN(BUCKET(5, 1, 10), BUCKET(10, 1, 10)), 2, 10, SEC, 10 },
	{ "three changes without a charge: empty",
	  BUCKET(1, 3600, 10), 1, 0,
	  THEN(BUCKET(5, 1, 10), BUCKET(10, 1, 10), BUCKET(20, 1, 10)), 3, 0, SEC / 4, 5 },
	{ "four changes come round the epoch: a debt too long for the limit is an empty bucket",
	  BUCKET(1, 3600, 1000), 1000, 0,
	  THEN(BUCKET(5, 1, 10), BUCKET(9, 1, 10), BUCKET(8, 1, 10), BUCKET(1000, 1, 1000)), 4,
	  0, SEC, 1000 },
	{ "four changes of a full bucket: full",
	  BUCKET(1, 3600, 10), 0, 0,
	  THEN(BUCKET(5, 1, 10), BUCKET(9, 1, 10), BUCKET(8, 1, 10), BUCKET(7, 1, 10)), 4,
	  10, SEC, 10 },
	{ "unlimited in between: what was spent stays spent",
	  BUCKET(1, 3600, 10), 1, 0, THEN(UNLIMITED, BUCKET(10, 1, 10)), 2, 9, SEC / 10, 10 },
	{ "unlimited in between: full if it was full",
	  BUCKET(1, 3600, 10), 0, 0, THEN(UNLIMITED, BUCKET(10, 1, 10)), 2, 10, SEC, 10 },
	{ "closed in between: what was spent stays spent",
	  BUCKET(1, 3600, 100), 1, 0, THEN(CLOSED, BUCKET(1, 3600, 100)), 2, 99, 3600 * SEC, 100 },
	{ "closed in between: empty if it was empty",
	  BUCKET(1, 3600, 10), 10, 0, THEN(CLOSED, BUCKET(10, 1, 10)), 2, 0, SEC, 10 },
	{ "closed in between: full if it was full",
	  BUCKET(1, 3600, 10), 0, 0, THEN(CLOSED, BUCKET(10, 1, 10)), 2, 10, SEC, 10 },
	{ "closed and unlimited in between: what was spent stays spent",
	  BUCKET(1, 3600, 10), 4, 0, THEN(CLOSED, UNLIMITED, CLOSED, BUCKET(1, 1, 10)), 4, 6, SEC, 7 },
};
/* clang-format on */

static void test_changes(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(change_rows); i++) {
		const struct change_row *row = &change_rows[i];
		struct limit limit = { 0 };
		uint64_t word = 0, now_ns = HOUR, left, left_later;

		policy_set_limit(&limit, &row->first, 0);
		for (unsigned int k = 0; k < row->spent; k++)
			assert_true(take(&word, &limit, now_ns));
		now_ns += row->wait_ns;
		for (unsigned int k = 0; k < row->changes; k++)
			assert_true(policy_set_limit(&limit, &row->then[k], now_ns));
		left = available(word, &limit, now_ns);
		left_later = available(word, &limit, now_ns + row->later_ns);
		if (left != row->left || left_later != row->left_later)
			fail_msg("%s: %lu left, %lu later", row->says, left, left_later);
		/* and it goes on as a bucket of the new limit */
		now_ns += row->later_ns;
		assert_int_equal(drain(&word, &limit, now_ns), row->left_later);
		assert_int_equal(available(word, &limit, now_ns), 0);
		assert_int_equal(available(word, &limit, now_ns + gcra_refill_ns(&limit)),
				 limit.burst);
	}
}

static uint64_t next_random(uint64_t *seed)
{
	*seed = *seed * 6364136223846793005ULL + 1442695040888963407ULL;
	return *seed >> 33;
}

/*
 * Against the bucket as one would write it down: a level, a rate, spent tokens that stay spent. The
 * word may never be ahead of it, and behind only after two changes without a charge in between.
 * The slack is what grains of 4 ns add up to at 100000/s.
 */
static void test_against_plain_bucket(void **state)
{
	uint64_t seed = 1;

	(void)state;
	for (int run = 0; run < 300; run++) {
		struct wanted_limit wanted;
		struct limit limit = make(10, 1, 10);
		uint64_t word = 0, now_ns = HOUR;
		unsigned int changes = 0;
		double level = 10;

		for (int step = 0; step < 300; step++) {
			uint64_t gap_ns = next_random(&seed) % (SEC >> next_random(&seed) % 20);
			bool taken;

			now_ns += gap_ns;
			level += (double)gap_ns / (double)limit.period_ns;
			if (level > limit.burst)
				level = limit.burst;
			if (next_random(&seed) % 20 == 0) {
				double spent = limit.burst - level;

				wanted = (struct wanted_limit)BUCKET(
					(uint32_t)(1 + next_random(&seed) % 100000),
					next_random(&seed) % 2 ? 1 : 60,
					(uint32_t)(1 + next_random(&seed) % 50));
				changes += policy_set_limit(&limit, &wanted, now_ns);
				level = limit.burst > spent ? limit.burst - spent : 0;
			}
			taken = take(&word, &limit, now_ns);
			if (!taken && changes >= 2)
				break; /* it took itself for empty at the last change */
			assert_true(taken ? level > 1 - 0.05 : level < 1 + 0.05);
			if (taken) {
				changes = 0;
				level -= 1;
			}
		}
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_exact_count),
		cmocka_unit_test(test_unaligned_clock),
		cmocka_unit_test(test_period),
		cmocka_unit_test(test_idle_is_full_and_no_more),
		cmocka_unit_test(test_largest_debt_at_the_end_of_the_clock),
		cmocka_unit_test(test_saturation),
		cmocka_unit_test(test_unwritten_word_is_full_in_every_epoch),
		cmocka_unit_test(test_word_from_no_bucket),
		cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_changes),
		cmocka_unit_test(test_against_plain_bucket),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
