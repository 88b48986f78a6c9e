// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Which connections are in set-up, as a look at the table of flows says. */
#include "flowing.h"

static void test_in_flight(void **state)
{
	(void)state;
	put(0, START);
	request(put(63, START), START + 100 * MS);
	request(put(64, START), START + 150 * MS);
	request(put(255, START), START + 200 * MS);
	setup_turn_ends(&table[63], START + 210 * MS);
	scan(START + 250 * MS);
	assert_int_equal(sample.in_flight, 3);
	assert_int_equal(sample.young, 1);
	assert_int_equal(sample.oldest_turn_ns, 100 * MS);
	/* another listener's */
	table[64].listener = 2;
	scan(START + 250 * MS);
	assert_int_equal(sample.in_flight, 2);
	assert_int_equal(sample.oldest_turn_ns, 50 * MS);
}

/* However it ended, the next look knows; and the bit goes. */
static void test_ended(void **state)
{
	(void)state;
	request(put(5, START), START);
	request(put(70, START), START);
	table[5].tag = 0;
	scan(START + MS);
	assert_int_equal(sample.in_flight, 1);
	assert_int_equal(used[0], 0);
	assert_int_equal(used[1], 1 << 6);
	table[70].tag = 0;
	scan(START + MS);
	assert_int_equal(sample.in_flight, 0);
	assert_int_equal(sample.oldest_turn_ns, 0);
	assert_int_equal(used[1], 0);
}

static void test_young_until_the_horizon(void **state)
{
	static const struct {
		uint64_t age_ns;
		unsigned int young, there;
	} rows[] = {
		{ 0, 1, 1 },
		{ FLOWS_HORIZON_FIRST_NS, 1, 1 },
		{ FLOWS_HORIZON_FIRST_NS + 1, 0, 1 },
		{ FLOWS_YOUNG_MAX_NS, 0, 1 },
		{ FLOWS_YOUNG_MAX_NS + 1, 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		put(9, START);
		scan(START + rows[i].age_ns);
		assert_int_equal(sample.young, rows[i].young);
		assert_int_equal(sample.in_flight, 0);
		assert_int_equal(!!table[9].tag, rows[i].there);
	}
	assert_int_equal(setups[1].swept_young, 1);
}

static void test_stalled(void **state)
{
	(void)state;
	request(put(9, START), START);
	scan(START + FLOWS_STALLED_MAX_NS);
	assert_int_equal(sample.in_flight, 1);
	scan(START + FLOWS_STALLED_MAX_NS + 1);
	assert_int_equal(sample.in_flight, 0);
	assert_int_equal(table[9].tag, 0);
	assert_int_equal(setups[1].swept_stalled, 1);
	count(START + FLOWS_STALLED_MAX_NS + 1);
	assert_int_equal(sample.swept, 1);
}

/* What was let in while nobody looked is not in flight for ever. */
static void test_forgotten(void **state)
{
	(void)state;
	request(put(9, START), START + MS);
	put(10, START);
	request(put(70, START + 300 * MS), START + 310 * MS);
	flows_forget(flows, START + 300 * MS);
	scan(START + 320 * MS);
	assert_int_equal(sample.in_flight, 1);
	assert_int_equal(sample.young, 0);
	assert_int_equal(table[9].tag, 0);
	assert_int_equal(table[10].tag, 0);
	assert_int_equal(setups[1].swept_stalled, 2);
}

/* A record that was a ticket or a CONNACK, and nothing after it: a CONNACK. */
static void test_held(void **state)
{
	struct flow *flow = put(9, START);

	(void)state;
	request(flow, START);
	setup_hello(flow, 0, START);
	setup_heard(flow, &setups[1], flow->acked + 1, START);
	assert_int_equal(setup_record(flow, &setups[1], RECORD_APPLICATION, 60, START),
			 SETUP_GOES_ON);
	scan(START + SETUP_HELD_MAX_NS);
	assert_int_equal(sample.in_flight, 1);
	scan(START + SETUP_HELD_MAX_NS + 1);
	assert_int_equal(sample.in_flight, 0);
	assert_int_equal(setups[1].swept_done, 1);
	assert_int_equal(setups[1].untold, 1);
	count(START + SETUP_HELD_MAX_NS + 1);
	assert_int_equal(sample.total[SETUP_DONE], 1);
	/* one too long for a CONNACK is a ticket, and goes on */
	put(9, START);
	request(flow, START);
	flow->turn_ns = 0;
	flow->held = CONNACK_MAX_DEFAULT + 1;
	scan(START + 5 * SECOND);
	assert_int_equal(sample.in_flight, 1);
}

/* While others are done quickly, who has sent half a request is none of the broker's work. */
static void test_stragglers(void **state)
{
	(void)state;
	for (unsigned int slot = 0; slot < 20; slot++)
		request(put(slot, START), START);
	count(START);
	scan(START + 10 * SECOND);
	assert_int_equal(sample.in_flight, 20);
	done(5, 50 * MS);
	count(START + 10 * SECOND + 100 * MS);
	scan(START + 10 * SECOND + 100 * MS);
	assert_int_equal(sample.in_flight, 0);
	assert_int_equal(sample.oldest_turn_ns, 0);
	/* one as slow as those that are done is work */
	done(100, 4 * SECOND);
	count(START + 10 * SECOND + 200 * MS);
	scan(START + 10 * SECOND + 200 * MS);
	assert_int_equal(sample.in_flight, 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_in_flight),  TEST(test_ended),     TEST(test_young_until_the_horizon),
		TEST(test_stalled),    TEST(test_forgotten), TEST(test_held),
		TEST(test_stragglers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
