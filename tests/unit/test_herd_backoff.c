// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Back-off models against their formulas, with seeded randomness. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>

#include "herd/backoff.h"

#define S 1000000000ULL
#define DRAWS 20000

static uint64_t next(const struct backoff *backoff, struct backoff_state *state, uint64_t seed)
{
	struct chance chance = chance_seed(seed, 1);

	return backoff_next(backoff, state, &chance);
}

static void test_fixed(void **state)
{
	const struct backoff backoff = { .kind = BACKOFF_FIXED, .min_ns = 7 * S, .max_ns = 7 * S };
	struct backoff_state at = { 0 };

	(void)state;
	for (int i = 0; i < 100; i++)
		assert_int_equal(next(&backoff, &at, (uint64_t)i), 7 * S);
}

static void test_exponential(void **state)
{
	static const uint64_t wanted[] = { 1, 2, 4, 8, 16, 32, 60, 60, 60 };
	const struct backoff backoff = { .kind = BACKOFF_EXPONENTIAL,
					 .min_ns = S,
					 .max_ns = 60 * S };
	struct backoff_state at = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
		assert_int_equal(next(&backoff, &at, i), wanted[i] * S);
	at.failures = UINT32_MAX;
	assert_int_equal(next(&backoff, &at, 0), 60 * S);
	backoff_connected(&backoff, &at, 0);
	assert_int_equal(next(&backoff, &at, 0), S);
}

/* Mean and extremes of many draws, each of one device, after @failures. */
static void draw(const struct backoff *backoff, uint32_t failures, double *mean, uint64_t *min,
		 uint64_t *max)
{
	double sum = 0;

	*min = UINT64_MAX;
	*max = 0;
	for (uint64_t i = 0; i < DRAWS; i++) {
		struct backoff_state at = { .failures = failures };
		struct chance chance = chance_seed(42, i);
		uint64_t wait = backoff_next(backoff, &at, &chance);

		sum += (double)wait;
		*min = wait < *min ? wait : *min;
		*max = wait > *max ? wait : *max;
	}
	*mean = sum / DRAWS;
}

static void is_uniform(const struct backoff *backoff, uint32_t failures, double low, double high)
{
	double mean, width = high - low;
	uint64_t min, max;

	draw(backoff, failures, &mean, &min, &max);
	assert_true((double)min >= low && (double)min < low + width * .01);
	assert_true((double)max <= high && (double)max > high - width * .01);
	assert_true(fabs(mean - (low + high) / 2) < width * .01);
}

static void test_uniform(void **state)
{
	const struct backoff backoff = { .kind = BACKOFF_UNIFORM, .min_ns = S, .max_ns = 3 * S };

	(void)state;
	is_uniform(&backoff, 0, 1e9, 3e9);
	is_uniform(&backoff, 9, 1e9, 3e9);
}

static void test_full_jitter(void **state)
{
	const struct backoff backoff = { .kind = BACKOFF_FULL_JITTER,
					 .min_ns = S,
					 .max_ns = 20 * S };

	(void)state;
	is_uniform(&backoff, 0, 0, 1e9);
	is_uniform(&backoff, 3, 0, 8e9);
	is_uniform(&backoff, 5, 0, 20e9);
}

static void test_decorrelated(void **state)
{
	const struct backoff backoff = { .kind = BACKOFF_DECORRELATED,
					 .min_ns = 5 * S,
					 .max_ns = 30 * S };
	struct backoff_state at = { 0 };
	struct chance chance = chance_seed(1, 1), same = chance;
	uint64_t last = 5 * S, most = 0;

	(void)state;
	is_uniform(&backoff, 0, 5e9, 15e9);
	for (int i = 0; i < 1000; i++) {
		uint64_t wait = backoff_next(&backoff, &at, &chance);
		uint64_t drawn = chance_between(&same, 5 * S, 3 * last);

		assert_int_equal(wait, drawn < 30 * S ? drawn : 30 * S);
		last = wait;
		most = wait > most ? wait : most;
	}
	assert_int_equal(most, 30 * S);
}

static void test_jitter(void **state)
{
	const struct backoff both = { BACKOFF_EXPONENTIAL, 4 * S, 120 * S, 250, 250, 0 };
	const struct backoff above = { BACKOFF_EXPONENTIAL, 4 * S, 30 * S, 0, 50, 0 };

	(void)state;
	is_uniform(&both, 0, 3e9, 5e9);
	is_uniform(&both, 1, 6e9, 10e9);
	is_uniform(&above, 0, 4e9, 4.2e9);
}

static void test_reset_after(void **state)
{
	const struct backoff backoff = { BACKOFF_EXPONENTIAL, S, 64 * S, 0, 0, 30 * S };
	struct backoff_state at = { 0 };

	(void)state;
	next(&backoff, &at, 0);
	backoff_connected(&backoff, &at, 30 * S - 1);
	assert_int_equal(next(&backoff, &at, 0), 2 * S);
	backoff_connected(&backoff, &at, 30 * S);
	assert_int_equal(next(&backoff, &at, 0), S);
}

static void test_presets(void **state)
{
	const struct backoff_preset *preset = backoff_preset_find("esp-mqtt");

	(void)state;
	assert_non_null(preset);
	assert_int_equal(preset->backoff.kind, BACKOFF_FIXED);
	assert_int_equal(preset->backoff.min_ns, 10 * S);
	assert_int_equal(preset->connect_timeout_ns, 10 * S);
	preset = backoff_preset_find("hivemq");
	assert_int_equal(preset->connack_timeout_ns, 60 * S);
	assert_int_equal(preset->backoff.jitter_below_permille, 250);
	assert_null(backoff_preset_find("paho"));
	for (preset = backoff_presets; preset->name; preset++)
		assert_true(preset->backoff.min_ns &&
			    preset->backoff.min_ns <= preset->backoff.max_ns);
}

static void test_seeds(void **state)
{
	struct chance a = chance_seed(1, 1), b = chance_seed(1, 1), c = chance_seed(1, 2),
		      d = chance_seed(2, 1);
	uint64_t first = chance_next(&a);

	(void)state;
	assert_int_equal(first, chance_next(&b));
	assert_int_not_equal(first, chance_next(&c));
	assert_int_not_equal(first, chance_next(&d));
	assert_int_equal(chance_between(&a, 5, 5), 5);
	assert_int_equal(chance_between(&a, 5, 4), 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fixed),	     cmocka_unit_test(test_exponential),
		cmocka_unit_test(test_uniform),	     cmocka_unit_test(test_full_jitter),
		cmocka_unit_test(test_decorrelated), cmocka_unit_test(test_jitter),
		cmocka_unit_test(test_reset_after),  cmocka_unit_test(test_presets),
		cmocka_unit_test(test_seeds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
