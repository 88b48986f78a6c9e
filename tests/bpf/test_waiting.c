// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* SYNs that come again: how they are told from new ones, and what is kept for them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/bpf.h>

#include "rig.h"

#define MS (SECOND / 1000)
#define HEAD "[weir]\nmode = enforce\nsources = 65\n"
#define CLOSED HEAD "[listener m]\nports = 1883\nrate = 0/s\n"
#define SLOW HEAD "[listener m]\nports = 1883\nrate = 1/h\nburst = 1\n"
#define FREE 1 /* look-ups cost nothing */

static struct rig rig;
static uint64_t start_ns; /* of a test: no SYN before it counts */

/* One table for most tests, since the verifier takes longer than they do. */
static void open_common(const char *ini)
{
	if (rig.skel)
		start_ns = rig_reopen(&rig, ini);
	else
		rig_open_remembering(&rig, ini, 4096, FREE);
	if (!start_ns)
		start_ns = HOUR;
}

static void close_rig(void)
{
	rig_close(&rig);
	rig.skel = NULL;
}

static int close_common(void **state)
{
	(void)state;
	close_rig();
	return 0;
}

static enum reason syn(uint32_t isn)
{
	return rig_reason(&rig, &(struct frame_spec){ .isn = isn });
}

/* The same, far quicker: nobody asks what became of it. */
static void send(uint32_t isn)
{
	struct frame frame;

	frame_build(&frame, &(struct frame_spec){ .isn = isn });
	rig_run_many(&rig, &frame, 1);
}

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

/* New SYNs may use half of the burst, those that have waited all of it; and of a full bucket a new
 * one may take a token whatever is kept. */
static void test_reserve_of_a_burst(void **state)
{
	static const struct {
		const char *reserve;
		int new_ones;
	} rows[] = { { "0", 10 }, { "0.5", 5 }, { "0.8", 2 }, { "1", 1 } };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char ini[256];
		int admitted = 0;

		snprintf(ini, sizeof(ini),
			 HEAD "[listener m]\nports = 1883\nrate = 1/h\nburst = 10\nreserve = %s\n",
			 rows[i].reserve);
		open_common(ini);
		for (uint32_t isn = 1; isn <= 40; isn++)
			admitted += syn(isn) == REASON_ADMITTED;
		assert_int_equal(admitted, rows[i].new_ones);
		assert_int_equal(syn(41), admitted < 10 ? REASON_RESERVED : REASON_LISTENER_LIMIT);
		rig_at(&rig, start_ns + SECOND);
		for (uint32_t isn = 21; isn <= 40; isn++)
			admitted += syn(isn) == REASON_ADMITTED;
		assert_int_equal(admitted, 10);
		assert_int_equal(syn(20), REASON_LISTENER_LIMIT);
	}
}

static void test_reserve_of_the_host(void **state)
{
	(void)state;
	open_common(HEAD "host-rate = 1/h\nhost-burst = 2\n"
			 "[listener m]\nports = 1883\nreserve = 1\n");
	assert_int_equal(syn(1), REASON_ADMITTED);
	assert_int_equal(syn(2), REASON_RESERVED);
	rig_at(&rig, start_ns + SECOND);
	assert_int_equal(syn(3), REASON_RESERVED);
	assert_int_equal(syn(2), REASON_ADMITTED);
	assert_int_equal(syn(3), REASON_HOST_LIMIT);
}

/* @per_slice new SYNs a slice, of which @returning of 100 come again after a second. Returns the
 * reserve when that has gone on for @slices. */
static unsigned int reserve_after(unsigned int slices, unsigned int per_slice,
				  unsigned int returning)
{
	const uint64_t slice_ns = 1ULL << RETURN_SLICE_NS_SHIFT;

	for (unsigned int slice = 0; slice < slices; slice++) {
		rig_at(&rig, start_ns + slice * slice_ns);
		for (uint32_t i = 0; i < per_slice; i++)
			send(1 + slice * 1000 + i);
		for (uint32_t i = 0; slice >= 2 && i < per_slice; i++)
			if (i * 100 < returning * per_slice)
				send(1 + (slice - 2) * 1000 + i);
	}
	return rig_returns(&rig).reserve;
}

static void test_reserve_follows_returns(void **state)
{
	static const struct {
		unsigned int slices, per_slice, returning, least, most;
	} rows[] = {
		/* a herd: all come back */
		{ 12, 40, 100, 0, 0 },
		{ 12, 40, 80, 0, 0 },
		/* forged: nobody does; known when the slowest would have */
		{ 6, 40, 0, 0, 0 },
		{ 9, 40, 0, RESERVE_ALL, RESERVE_ALL },
		{ 20, 40, 0, RESERVE_ALL, RESERVE_ALL },
		{ 12, 40, 20, RESERVE_ALL, RESERVE_ALL },
		/* half and half */
		{ 12, 40, 50, RESERVE_ALL * 45 / 100, RESERVE_ALL * 55 / 100 },
		/* too few to say anything */
		{ 12, 5, 0, 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		unsigned int reserve;

		open_common(SLOW);
		reserve = reserve_after(rows[i].slices, rows[i].per_slice, rows[i].returning);
		if (reserve < rows[i].least || reserve > rows[i].most)
			fail_msg("row %zu: reserve %u", i, reserve);
	}
}

/* A herd grows: those of each slice come back a second later, in which there were more. */
static void test_returns_of_the_front_of_a_herd(void **state)
{
	const uint64_t slice_ns = 1ULL << RETURN_SLICE_NS_SHIFT,
		       tick_ns = 1ULL << WAITING_TICK_NS_SHIFT;
	uint64_t first_ns;

	(void)state;
	open_common(SLOW);
	first_ns = (start_ns / slice_ns + 2) * slice_ns - tick_ns;
	/* just before a slice ends, and back just after another has begun */
	rig_at(&rig, first_ns);
	for (uint32_t i = 0; i < 40; i++)
		send(1 + i);
	rig_at(&rig, first_ns + 2 * slice_ns - 2 * tick_ns);
	for (uint32_t i = 0; i < 40; i++)
		send(1 + i);
	for (unsigned int i = 0; i < RETURN_SLICES; i++) {
		assert_int_equal(rig_returns(&rig).returned[i], rig_returns(&rig).refused[i]);
		assert_true(rig_returns(&rig).refused[i] == 0 ||
			    i == (first_ns >> RETURN_SLICE_NS_SHIFT) % RETURN_SLICES);
	}
}

/* When the forged ones have gone, the next refusals say so. */
static void test_reserve_ends(void **state)
{
	(void)state;
	open_common(SLOW);
	assert_int_equal(reserve_after(12, 40, 0), RESERVE_ALL);
	rig_at(&rig, start_ns + 60 * SECOND);
	syn(900000);
	assert_int_equal(rig_returns(&rig).reserve, 0);
}

/* Where nothing is refused, or nobody is left to wait, nothing comes back, and that means nothing. */
static void test_no_reserve_without_waiting(void **state)
{
	static const char *const inis[] = {
		"[weir]\nmode = observe\nsources = 65\n[listener m]\nports = 1883\nrate = 1/h\n",
		HEAD "[listener m]\nports = 1883\nrate = 1/h\nexcess = reject\nreject-rate = 0/s\n",
		HEAD "[listener m]\nports = 1883\nsource-rate = 1/h\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(inis) / sizeof(inis[0]); i++) {
		open_common(inis[i]);
		assert_int_equal(reserve_after(12, 40, 0), 0);
	}
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
		cmocka_unit_test(test_reserve_of_a_burst),
		cmocka_unit_test(test_reserve_of_the_host),
		cmocka_unit_test(test_reserve_follows_returns),
		cmocka_unit_test(test_returns_of_the_front_of_a_herd),
		cmocka_unit_test(test_reserve_ends),
		cmocka_unit_test(test_no_reserve_without_waiting),
		cmocka_unit_test(test_rules_are_not_remembered),
	};

	return cmocka_run_group_tests(tests, NULL, close_common);
}
