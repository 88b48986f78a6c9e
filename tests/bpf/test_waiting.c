// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* SYNs that come again: how they are told from new ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "waiting_rig.h"

/* Which echo the SYN of @spec is counted as. */
static enum echo echo_of(const struct frame_spec *spec)
{
	uint64_t before[ECHO_COUNT];

	for (int echo = 0; echo < ECHO_COUNT; echo++)
		before[echo] = rig_echoes(&rig, echo);
	rig_reason(&rig, spec);
	for (int echo = 0; echo < ECHO_COUNT; echo++)
		if (rig_echoes(&rig, echo) != before[echo])
			return echo;
	fail_msg("the SYN was not counted");
	return ECHO_COUNT;
}

static void test_time_between(void **state)
{
	static const struct {
		uint64_t after_ns;
		enum echo echo;
	} rows[] = {
		{ 0, ECHO_DOUBLE },	 { 140 * MS, ECHO_DOUBLE },    { 155 * MS, ECHO_WAITED },
		{ SECOND, ECHO_WAITED }, { 69 * SECOND, ECHO_WAITED }, { 71 * SECOND, ECHO_NEW },
	};

	(void)state;
	open_common(CLOSED);
	for (uint32_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct frame_spec spec = { .isn = 1000 + i };
		uint64_t first_ns = start_ns + i * 100 * SECOND;

		rig_at(&rig, first_ns);
		assert_int_equal(echo_of(&spec), ECHO_NEW);
		rig_at(&rig, first_ns + rows[i].after_ns);
		assert_int_equal(echo_of(&spec), rows[i].echo);
	}
}

/* The time of the first SYN counts, however often it comes: Linux gives up 67 s after it. */
static void test_first_time_is_kept(void **state)
{
	const struct frame_spec spec = { .isn = 7 };

	(void)state;
	open_common(CLOSED);
	assert_int_equal(echo_of(&spec), ECHO_NEW);
	for (int second = 10; second <= 69; second++) {
		rig_at(&rig, start_ns + second * SECOND);
		assert_int_equal(echo_of(&spec), ECHO_WAITED);
	}
	rig_at(&rig, start_ns + 71 * SECOND);
	assert_int_equal(echo_of(&spec), ECHO_NEW);
}

static void test_every_part_of_the_key_counts(void **state)
{
	static const struct frame_spec same[] = { { .isn = 5 }, { .version = 6, .isn = 5 } };
	static const struct frame_spec other[] = {
		{ .isn = 6 },
		{ .isn = 5, .sport = 40001 },
		{ .isn = 5, .dport = 8883 },
		{ .isn = 5, .src = "10.0.0.2" },
		{ .isn = 5, .dst = "192.0.2.2" },
		{ .version = 6, .isn = 5, .src = "2001:db8::2" },
		{ .version = 6, .isn = 5, .src = "2001:db9::1" },
		{ .version = 6, .isn = 5, .dst = "2001:db8:ffff::2" },
		{ .version = 6, .isn = 5, .dst = "2001:db8:fffe::1" },
	};

	(void)state;
	open_common(HEAD "[listener m]\nports = 1883, 8883\nrate = 0/s\n");
	for (size_t i = 0; i < 2; i++)
		assert_int_equal(echo_of(&same[i]), ECHO_NEW);
	rig_at(&rig, start_ns + SECOND);
	for (size_t i = 0; i < sizeof(other) / sizeof(other[0]); i++)
		assert_int_equal(echo_of(&other[i]), ECHO_NEW);
	for (size_t i = 0; i < 2; i++)
		assert_int_equal(echo_of(&same[i]), ECHO_WAITED);
}

/* A lost SYN+ACK: six more at the price of one, no faster than a TCP would send them. */
static void test_admitted_comes_again(void **state)
{
	uint64_t before;

	(void)state;
	open_common(SLOW);
	before = rig_echoes(&rig, ECHO_ADMITTED);
	assert_int_equal(syn(1), REASON_ADMITTED);
	rig_at(&rig, start_ns + 100 * MS);
	assert_int_equal(syn(1), REASON_LISTENER_LIMIT);
	for (int i = 1; i <= WAITING_PASSES_MAX; i++) {
		rig_at(&rig, start_ns + i * SECOND);
		assert_int_equal(syn(1), REASON_RETRANSMIT);
		rig_at(&rig, start_ns + i * SECOND + 100 * MS);
		assert_int_equal(syn(1), REASON_LISTENER_LIMIT);
	}
	rig_at(&rig, start_ns + 10 * SECOND);
	assert_int_equal(syn(1), REASON_LISTENER_LIMIT);
	assert_int_equal(syn(2), REASON_LISTENER_LIMIT);
	assert_int_equal(rig_echoes(&rig, ECHO_ADMITTED) - before, WAITING_PASSES_MAX);
}

/* One that was refused and then admitted is one that was admitted. */
static void test_refused_then_admitted(void **state)
{
	(void)state;
	open_common(SLOW);
	assert_int_equal(syn(1), REASON_ADMITTED);
	assert_int_equal(syn(2), REASON_LISTENER_LIMIT);
	rig_limit(&rig, 0, LEVEL_LISTENER, "1000/s", 1000);
	rig_at(&rig, start_ns + SECOND);
	assert_int_equal(syn(2), REASON_ADMITTED);
	rig_limit(&rig, 0, LEVEL_LISTENER, "0/s", 0);
	rig_at(&rig, start_ns + 2 * SECOND);
	assert_int_equal(syn(2), REASON_RETRANSMIT);
}

/* Beyond the budget nobody looks, unless a token hangs on it; and nothing more is remembered. */
static void test_budget(void **state)
{
	(void)state;
	rig_open_remembering(&rig, CLOSED, 64, SECOND);
	assert_int_equal(echo_of(&(struct frame_spec){ .isn = 1 }), ECHO_NEW);
	assert_int_equal(echo_of(&(struct frame_spec){ .isn = 2 }), ECHO_UNKNOWN);
	rig_at(&rig, HOUR + SECOND);
	assert_int_equal(echo_of(&(struct frame_spec){ .isn = 2 }), ECHO_NEW);
	assert_int_equal(echo_of(&(struct frame_spec){ .isn = 1 }), ECHO_UNKNOWN);
	close_rig();

	rig_open_remembering(
		&rig, HEAD "[listener m]\nports = 1883\nrate = 1/h\nburst = 4\nreserve = 1\n", 64,
		SECOND);
	assert_int_equal(syn(1), REASON_ADMITTED);
	rig_at(&rig, HOUR + SECOND);
	assert_int_equal(syn(2), REASON_RESERVED); /* remembered */
	assert_int_equal(syn(3), REASON_RESERVED); /* not */
	rig_at(&rig, HOUR + 2 * SECOND);
	assert_int_equal(syn(4), REASON_RESERVED); /* spends the budget */
	assert_int_equal(syn(2), REASON_ADMITTED); /* looked up all the same */
	assert_int_equal(syn(3), REASON_RESERVED);
	close_rig();
}

static void test_oldest_is_forgotten(void **state)
{
	(void)state;
	rig_open_remembering(&rig, CLOSED, 1, FREE);
	for (uint32_t i = 0; i < WAITING_WAYS; i++) {
		rig_at(&rig, HOUR + i * 10 * MS);
		syn(1 + i);
	}
	assert_int_equal(rig_table(&rig).evicted_waiting, 0);
	syn(100);
	assert_int_equal(rig_table(&rig).evicted_waiting, 1);
	rig_at(&rig, HOUR + SECOND);
	for (uint32_t i = 1; i < WAITING_WAYS; i++)
		assert_int_equal(echo_of(&(struct frame_spec){ .isn = 1 + i }), ECHO_WAITED);
	assert_int_equal(echo_of(&(struct frame_spec){ .isn = 100 }), ECHO_WAITED);
	assert_int_equal(echo_of(&(struct frame_spec){ .isn = 1 }), ECHO_NEW);
	/* what is too old to come again is forgotten without a loss */
	rig_at(&rig, HOUR + 100 * SECOND);
	syn(200);
	assert_int_equal(rig_table(&rig).evicted_waiting, 2);
	close_rig();
}

static uint64_t echoes(void)
{
	uint64_t sum = 0;

	for (int echo = 0; echo < ECHO_COUNT; echo++)
		sum += rig_echoes(&rig, echo);
	return sum;
}

/* A prefix rule decides alone, and its SYNs are not remembered. */
static void test_rules_are_not_remembered(void **state)
{
	uint64_t before;

	(void)state;
	open_common(CLOSED "[prefix 10.0.0.1]\naction = allow\n");
	before = echoes();
	assert_int_equal(syn(1), REASON_ALLOWED);
	rig_at(&rig, start_ns + SECOND);
	assert_int_equal(syn(1), REASON_ALLOWED);
	assert_int_equal(echoes(), before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		/* with tables of their own */
		cmocka_unit_test(test_budget),
		cmocka_unit_test(test_oldest_is_forgotten),
		cmocka_unit_test(test_time_between),
		cmocka_unit_test(test_first_time_is_kept),
		cmocka_unit_test(test_every_part_of_the_key_counts),
		cmocka_unit_test(test_admitted_comes_again),
		cmocka_unit_test(test_refused_then_admitted),
		cmocka_unit_test(test_rules_are_not_remembered),
	};

	return cmocka_run_group_tests(tests, NULL, close_common);
}
