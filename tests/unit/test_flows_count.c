// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What has become of connections in set-up: latency, horizon, share, from counters. */
#include "flowing.h"

static const struct waiting_seed seed = {
	.factor = { { 11, 13, 17, 19, 23, 29, 31, 37, 0x9e3779b97f4a7c15ULL, 43 },
		    { 47, 53, 59, 0xbf58476d1ce4e5b9ULL, 67, 71, 73, 79, 0x94d049bb133111ebULL } },
};

/* What was before the last second is not in it, and what was before the first look neither. */
static void test_last_second(void **state)
{
	(void)state;
	done(1000, 20 * SECOND);
	count(START);
	assert_int_equal(sample.done, 0);
	assert_int_equal(sample.p90_ns, 0);
	for (int i = 1; i <= 10; i++) {
		done(10, 50 * MS);
		count(START + i * FLOWS_STEP_NS);
	}
	assert_int_equal(sample.done, 100);
	assert_true(sample.goodput_per_sec > 99 && sample.goodput_per_sec < 101);
	assert_true(sample.p90_ns > 45 * MS && sample.p90_ns < 56 * MS);
	assert_int_equal(sample.took_ns, 350 * MS);
	for (int i = 11; i <= 20; i++) {
		done(i % 2, 400 * MS);
		count(START + i * FLOWS_STEP_NS);
	}
	assert_int_equal(sample.done, 5);
	assert_true(sample.p90_ns > 350 * MS && sample.p90_ns < 450 * MS);
	for (int i = 21; i <= 30; i++)
		count(START + i * FLOWS_STEP_NS);
	assert_int_equal(sample.done, 0);
	assert_int_equal(sample.p90_ns, 0);
	assert_int_equal(sample.total[SETUP_DONE], 1105);
	/* looked at more often, and after a break */
	for (int i = 0; i < 30; i++) {
		done(1, 50 * MS);
		count(START + 4 * SECOND + i * 10 * MS);
	}
	assert_true(sample.done >= 29 && sample.done <= 30);
	done(3, 50 * MS);
	count(START + 60 * SECOND);
	assert_true(sample.done <= 33);
	count(START + 61 * SECOND);
	assert_int_equal(sample.done, 0);
}

/* Counters that are less than before would be the difference to 2^64. */
static void test_begins_anew(void **state)
{
	(void)state;
	count(START);
	done(50, 90 * MS);
	counters.request[setup_bucket(700 * MS)] = 50;
	counters.n[SETUP_SERVED] = 50;
	count(START + SECOND);
	assert_true(sample.round_trip_ns > 600 * MS);
	memset(&counters, 0, sizeof(counters));
	put(3, START + 2 * SECOND);
	scan(START + 2 * SECOND);
	flows_begin(flows, 1);
	count(START + 2 * SECOND);
	assert_int_equal(sample.young, 1);
	assert_true(sample.horizon_ns > 0 && sample.share == 1);
	assert_int_equal(sample.round_trip_ns, 0);
	assert_int_equal(sample.done, 0);
	assert_int_equal(sample.took_ns, 0);
	counters.request[setup_bucket(20 * MS)] = 20;
	done(20, 30 * MS);
	count(START + 3 * SECOND);
	assert_int_equal(sample.done, 20);
	assert_true(sample.round_trip_ns > 0 && sample.round_trip_ns < 30 * MS);
	assert_int_equal(sample.took_ns, 330 * MS);
}

static void test_quantile(void **state)
{
	double buckets[SETUP_BUCKETS] = {};
	uint64_t p90_ns;

	(void)state;
	assert_int_equal(flows_quantile_ns(buckets, 900), 0);
	buckets[setup_bucket(10 * MS)] = 89;
	buckets[setup_bucket(900 * MS)] = 11;
	p90_ns = flows_quantile_ns(buckets, 900);
	assert_int_equal(setup_bucket(p90_ns), setup_bucket(900 * MS));
	assert_int_equal(setup_bucket(flows_quantile_ns(buckets, 880)), setup_bucket(10 * MS));
	buckets[0] = 1e6;
	assert_true(flows_quantile_ns(buckets, 500) < 1 * MS);
}

/* SYNs that come to a request after @took_ns, or never, @n in a tenth of a second. */
static void arrive(uint64_t *now_ns, unsigned int tenths, unsigned int n, unsigned int of_ten,
		   uint64_t took_ns)
{
	for (unsigned int i = 0; i < tenths; i++) {
		unsigned int slice = *now_ns >> SETUP_SLICE_NS_SHIFT & (SETUP_SLICES - 1);

		counters.n[SETUP_NOTED] += n;
		counters.noted[slice] += n;
		counters.n[SETUP_REQUESTED] += n * of_ten / 10;
		counters.requested[slice] += n * of_ten / 10;
		counters.request[setup_bucket(took_ns)] += n * of_ten / 10;
		*now_ns += FLOWS_STEP_NS;
		count(*now_ns);
	}
}

static void test_horizon(void **state)
{
	uint64_t now_ns = START;

	(void)state;
	count(now_ns);
	assert_int_equal(sample.horizon_ns, FLOWS_HORIZON_FIRST_NS);
	arrive(&now_ns, 20, 10, 10, 800 * MS);
	assert_true(sample.horizon_ns > 700 * MS && sample.horizon_ns < 950 * MS);
	arrive(&now_ns, 200, 10, 10, 5 * MS);
	assert_int_equal(sample.horizon_ns, FLOWS_HORIZON_MIN_NS);
	arrive(&now_ns, 200, 10, 10, 9 * SECOND);
	assert_int_equal(sample.horizon_ns, FLOWS_HORIZON_MAX_NS);
	/* nobody comes: what was known stays */
	arrive(&now_ns, 600, 0, 0, 0);
	assert_int_equal(sample.horizon_ns, FLOWS_HORIZON_MAX_NS);
}

static void test_share(void **state)
{
	uint64_t now_ns = START, judged;

	(void)state;
	/* before the first look: of no known time */
	counters.noted[(START >> SETUP_SLICE_NS_SHIFT) % SETUP_SLICES] = 100000;
	count(now_ns);
	assert_true(sample.share >= 1);
	arrive(&now_ns, 40, 10, 10, 100 * MS);
	assert_true(sample.share >= 1);
	/* a flood that nobody stands behind */
	arrive(&now_ns, 40, 1000, 0, 0);
	assert_true(sample.share < 0.01);
	put(3, now_ns);
	scan(now_ns);
	assert_int_equal(sample.young, 1);
	assert_true(sample.expected < 0.01);
	arrive(&now_ns, 60, 100, 5, 100 * MS);
	assert_true(sample.share > 0.49 && sample.share < 0.51);
	/* nobody for long, and slices come round */
	arrive(&now_ns, 100, 0, 0, 0);
	assert_true(sample.share > 0.49 && sample.share < 0.51);
	now_ns += 60 * SECOND;
	count(now_ns);
	arrive(&now_ns, 40, 10, 10, 100 * MS);
	assert_true(sample.share >= 1);
	/* taken back by their clients, also some that were let in before the slice was first looked at */
	judged = sample.judged;
	counters.noted[now_ns >> SETUP_SLICE_NS_SHIFT & (SETUP_SLICES - 1)] -= 500;
	arrive(&now_ns, 40, 10, 10, 100 * MS);
	assert_true(sample.share >= 1);
	assert_true(sample.judged - judged <= 400);
}

static void test_hidden(void **state)
{
	(void)state;
	count(START);
	counters.n[SETUP_NOTED] = 100;
	count(START + SECOND);
	assert_false(sample.hidden);
	counters.n[SETUP_NOTED] = 200;
	count(START + 4 * SECOND);
	assert_true(sample.hidden);
	counters.n[SETUP_ANSWERED] = 1;
	count(START + 5 * SECOND);
	assert_false(sample.hidden);
	/* a broker that is stopped does answer */
	counters.n[SETUP_NOTED] = 400;
	counters.n[SETUP_REFUSED] = 100;
	count(START + 9 * SECOND);
	assert_false(sample.hidden);
	/* too few to say so, however long */
	counters.n[SETUP_NOTED] += 10;
	count(START + 10 * SECOND);
	count(START + 60 * SECOND);
	assert_false(sample.hidden);
}

/* As the packet path notes it: the same place, and not twice. */
static void test_note(void **state)
{
	struct flow_key key = { .client = { 0, 0, 0, 0x0a000001 }, .ports = 40000U << 16 | 1883 };
	uint32_t set = flow_set(&key, &seed, true, SLOTS), tag = flow_tag(&key, &seed, true);
	uint64_t now_ns = START;
	struct flow *flow = &table[set * FLOW_WAYS];

	(void)state;
	count(START);
	assert_true(flows_note(flows, &key, &seed, 7, 1, 100, true, START));
	assert_false(flows_note(flows, &key, &seed, 7, 1, 100, true, START + SECOND));
	assert_int_equal(flow->tag, tag);
	assert_int_equal(flow->connack_max, 100);
	scan(START + MS);
	assert_int_equal(sample.young, 1);
	/* a new attempt from the same port takes its place */
	assert_true(flows_note(flows, &key, &seed, 8, 1, 100, true, START + SECOND));
	scan(START + SECOND);
	assert_int_equal(sample.young, 1);
	assert_int_equal(flow->admitted_ns, START + SECOND);
	/* of two that are in the way, the one without a request goes */
	request(flow, START + SECOND);
	flow[1].tag = 5;
	assert_int_equal(flow_goes_before(&flow[1], flow), 1);
	flow[1].bursts = 1;
	flow[1].admitted_ns = START + 2 * SECOND;
	assert_int_equal(flow_goes_before(&flow[1], flow), 0);
	/* they count for the share */
	for (unsigned int i = 0; i < 100; i++) {
		key.ports++;
		flows_note(flows, &key, &seed, 7, 1, 100, true, now_ns);
	}
	arrive(&now_ns, 40, 0, 0, 0);
	assert_true(sample.total[SETUP_NOTED] >= 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_last_second), TEST(test_begins_anew), TEST(test_quantile),
		TEST(test_horizon),	TEST(test_share),	TEST(test_hidden),
		TEST(test_note),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
