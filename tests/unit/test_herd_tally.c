// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Counting, seconds, shares and percentiles; timers and the knee, which are as small. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

#include "herd/chance.h"
#include "herd/knee.h"
#include "herd/tally.h"
#include "herd/timers.h"

#define S 1000000000ULL

static void test_hist(void **state)
{
	static struct hist hist, other;

	(void)state;
	assert_int_equal(hist_quantile(&hist, 500), 0);
	for (uint64_t i = 1; i <= 1000; i++)
		hist_add(&hist, i * 1000);
	assert_int_equal(hist.count, 1000);
	assert_int_equal(hist_quantile(&hist, 1000), 1000000);
	for (unsigned int permille = 100; permille < 1000; permille += 100) {
		double got = (double)hist_quantile(&hist, permille), exact = permille * 1000.0;

		assert_true(got >= exact && got <= exact * 1.0325);
	}
	hist_add(&other, 5);
	hist_add(&other, UINT64_MAX);
	assert_int_equal(hist_quantile(&other, 500), 5);
	assert_int_equal(hist_quantile(&other, 1000), UINT64_MAX);
	hist_merge(&hist, &other);
	assert_int_equal(hist.count, 1002);
	assert_int_equal(hist.max, UINT64_MAX);
	for (uint64_t value = 1; value; value <<= 1) {
		static struct hist one;

		one = (struct hist){ 0 };
		hist_add(&one, value);
		hist_add(&one, value / 3);
		for (unsigned int i = 0; i < HIST_BUCKETS; i++)
			assert_true(!one.bucket[i] || hist_edge(i) >= value / 3);
	}
}

static void test_shares(void **state)
{
	struct tally tally;
	uint64_t ns;

	(void)state;
	tally_init(&tally, 10, 5 * S);
	assert_false(tally_reached(&tally, 500, &ns));
	for (unsigned int i = 1; i <= 9; i++)
		tally_connected(&tally, true, 5 * S, 5 * S, 5 * S + i * S / 2);
	assert_true(tally_reached(&tally, 500, &ns));
	assert_int_equal(ns, 5 * S / 2);
	assert_true(tally_reached(&tally, 900, &ns));
	assert_int_equal(ns, 9 * S / 2);
	assert_false(tally_reached(&tally, 990, &ns));
	tally_lost(&tally, 10 * S);
	tally_connected(&tally, false, 10 * S, 10 * S, 11 * S);
	assert_false(tally_reached(&tally, 1000, &ns)); /* nine at a time, though ten times */
	tally_connected(&tally, true, 10 * S, 10 * S, 12 * S);
	assert_true(tally_reached(&tally, 1000, &ns));
	assert_int_equal(ns, 7 * S);
	assert_int_equal(tally.ever_connected, 10);
	tally_free(&tally);

	tally_init(&tally, 123457, 0);
	for (unsigned int i = 1; i <= 123457; i++)
		tally_connected(&tally, true, 0, 0, i);
	assert_true(tally_reached(&tally, 1000, &ns));
	assert_int_equal(ns, 123457);
	assert_true(tally_reached(&tally, 500, &ns));
	assert_int_equal(ns, 61729);
	tally_free(&tally);
}

static void test_seconds(void **state)
{
	struct tally tally;

	(void)state;
	tally_init(&tally, 3, 100 * S);
	tally_count(&tally, TALLY_ATTEMPT, 100 * S);
	tally_connected(&tally, true, 100 * S, 100 * S + S / 4, 100 * S + S / 2);
	tally_count(&tally, TALLY_REFUSED, 103 * S - 1);
	tally_count(&tally, TALLY_WASTED, 103 * S);
	tally_count(&tally, TALLY_LOST, 103 * S);
	tally_rtt(&tally, 101 * S, 106 * S);
	tally_advance(&tally, 108 * S + 1);
	assert_int_equal(tally.seconds_count, 9);
	assert_int_equal(tally.seconds[0].attempts, 1);
	assert_int_equal(tally.seconds[0].connects, 1);
	assert_int_equal(tally.seconds[0].accepted->max, S / 4);
	assert_null(tally.seconds[1].accepted);
	assert_int_equal(tally.seconds[0].connected, 1);
	assert_int_equal(tally.seconds[2].failures, 1);
	assert_int_equal(tally.seconds[3].failures, 0);
	assert_int_equal(tally.seconds[3].wasted, 1);
	assert_int_equal(tally.seconds[8].connected, 1);
	/* in the second in which the message was sent */
	assert_null(tally.seconds[6].rtt);
	assert_int_equal(tally.seconds[1].rtt->max, 5 * S);
	tally_free(&tally);
}

/* Against the plainest possible: look at all. */
static void test_timers(void **state)
{
	enum {
		MEMBERS = 97
	};
	uint64_t due[MEMBERS] = { 0 }, first_ns;
	struct chance chance = chance_seed(3, 3);
	struct timers timers;
	uint32_t first;

	(void)state;
	assert_int_equal(timers_init(&timers, MEMBERS), 0);
	assert_false(timers_first(&timers, &first_ns, &first));
	for (int i = 0; i < 20000; i++) {
		uint32_t member = (uint32_t)chance_between(&chance, 0, MEMBERS - 1);
		uint64_t least = UINT64_MAX;

		due[member] = chance_next(&chance) & 1 ? chance_between(&chance, 1, 1000) : 0;
		timers_set(&timers, member, due[member]);
		for (int j = 0; j < MEMBERS; j++)
			if (due[j] && due[j] < least)
				least = due[j];
		if (least == UINT64_MAX) {
			assert_false(timers_first(&timers, &first_ns, &first));
			continue;
		}
		assert_true(timers_first(&timers, &first_ns, &first));
		assert_int_equal(first_ns, least);
		assert_int_equal(due[first], least);
	}
	timers_free(&timers);
}

/* A broker of @capacity that takes @latency seconds for each, with noise of @noise. */
static double plant(uint32_t width, double capacity, double latency, double noise,
		    struct chance *chance)
{
	double rate = width / latency;

	rate = rate < capacity ? rate : capacity;
	return rate * (1 + (chance_unit(chance) * 2 - 1) * noise);
}

static void find(double capacity, double latency, double noise, uint32_t max, double tolerance)
{
	struct knee knee;

	for (uint64_t seed = 0; seed < 50; seed++) {
		struct chance chance = chance_seed(seed, 0);
		unsigned int windows = 0;

		knee_init(&knee, max);
		while (!knee.done && windows++ < 100)
			knee_feed(&knee, plant(knee.width, capacity, latency, noise, &chance));
		assert_true(knee.done);
		assert_true(knee.capacity_per_sec > capacity * (1 - tolerance));
		assert_true(knee.capacity_per_sec < capacity * (1 + tolerance));
	}
}

static void test_knee(void **state)
{
	struct knee knee;

	(void)state;
	find(220, .01, 0, 512, .001);
	find(220, .01, .1, 512, .1);
	find(10000, .0005, .1, 512, .1);
	find(4, .3, .2, 512, .15);
	/* never more at once than allowed; then what that brings */
	find(50, .02, 0, 1, .001);

	knee_init(&knee, 512);
	knee_end(&knee);
	assert_true(knee.done && knee.capacity_per_sec == 0);
	knee_init(&knee, 512);
	for (int i = 0; i < 4; i++)
		knee_feed(&knee, 0);
	knee_end(&knee);
	assert_true(knee.capacity_per_sec == 0);
	knee_init(&knee, 512);
	knee_feed(&knee, 100);
	knee_feed(&knee, 100);
	knee_feed(&knee, 100);
	knee_feed(&knee, 190);
	knee_end(&knee);
	assert_true(knee.capacity_per_sec == 190 && !knee.unsteady);
	/* time ran out on the way up, which is no knee */
	assert_false(knee.found);

	/* the machine is taken away in the end */
	knee_init(&knee, 2);
	for (int i = 0; i < 6; i++)
		knee_feed(&knee, 100);
	while (!knee.done)
		knee_feed(&knee, 20);
	assert_true(knee.capacity_per_sec == 20 && knee.unsteady);
}

/* Feeds a broker that does @capacity at most, 10 a second each; ends after @windows. */
static bool finds(uint32_t width_max, double capacity, unsigned int windows)
{
	struct knee knee;

	knee_init(&knee, width_max);
	while (!knee.done && windows--) {
		double per_sec = knee.width * 10;

		knee_feed(&knee, per_sec < capacity ? per_sec : capacity);
	}
	knee_end(&knee);
	return knee.found;
}

static void test_knee_found(void **state)
{
	(void)state;
	assert_true(finds(512, 160, 1000));
	/* widths 1 to 16 gain, 32 and 64 do not: 21 windows until the search is over */
	assert_false(finds(512, 160, 20));
	assert_true(finds(512, 160, 21));
	assert_true(finds(512, 160, 24));
	/* as wide as may be, and still gaining */
	assert_false(finds(16, 160, 1000));
	assert_true(finds(32, 160, 1000));
	assert_false(finds(1, 160, 1000));
	/* nothing connects */
	assert_false(finds(512, 0, 1000));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hist),	cmocka_unit_test(test_shares),
		cmocka_unit_test(test_seconds), cmocka_unit_test(test_timers),
		cmocka_unit_test(test_knee),	cmocka_unit_test(test_knee_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
