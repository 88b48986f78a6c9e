// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Credits, pace, floor and fallback of a window, and what the law's limits make of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "release.h"
#include "window.h"
#include "window_limits.h"

#define MS 1000000ULL
#define SEC (1000 * MS)
#define NOW (1000 * SEC)
#define SERIAL 7

static struct window_state state;

static int start(void **unused)
{
	(void)unused;
	state = (struct window_state){
		.lease_until_ns = NOW + 2 * SEC,
		.serial = SERIAL,
		.window = 8,
		.credits = 8,
		.pace_from = 6,
	};
	return 0;
}

/* As whoever lets a SYN in does. */
static bool take_said(uint64_t said_ns, uint32_t reserve, uint64_t now_ns)
{
	if (window_ask(&state, SERIAL, said_ns, reserve, now_ns) != WINDOW_YES)
		return false;
	window_charge_one(&state, SERIAL, said_ns, now_ns);
	return true;
}

static bool take(uint32_t reserve, uint64_t now_ns)
{
	return take_said(0, reserve, now_ns);
}

static void test_credits(void **unused)
{
	(void)unused;
	for (int i = 0; i < 8; i++)
		assert_true(take(0, NOW));
	assert_false(take(0, NOW));
	assert_int_equal(state.credits, 0);
	assert_int_equal(state.pace_tat, 0);
	assert_int_equal(state.floor_tat, 0);
	assert_int_equal(state.fallback_tat, 0);
}

/* New SYNs leave the reserve alone; but what nobody else wants is not kept. */
static void test_reserve(void **unused)
{
	(void)unused;
	for (int i = 0; i < 4; i++)
		assert_true(take(RESERVE_ALL / 2, NOW));
	assert_int_equal(window_ask(&state, SERIAL, 0, RESERVE_ALL / 2, NOW), WINDOW_FOR_WAITED);
	assert_false(take(RESERVE_ALL / 2, NOW));
	assert_true(take(0, NOW));
	state.credits = 8;
	assert_true(take(RESERVE_ALL, NOW));
	assert_false(take(RESERVE_ALL, NOW));
}

/* Where there is no window nothing of it is kept. */
static void test_no_reserve_of_no_window(void **unused)
{
	(void)unused;
	state.window = WINDOW_AUTO;
	state.credits = 1LL << 31;
	assert_int_equal(window_ask(&state, SERIAL, 0, RESERVE_ALL, NOW), WINDOW_YES);
}

/* A quarter goes at once, the rest at the pace, with a burst of four. */
static void test_pace(void **unused)
{
	unsigned int taken = 0;

	(void)unused;
	state.window = 80;
	state.credits = 80;
	state.pace_from = 60;
	state.pace_period_ns = 10 * MS;
	state.pace_tolerance_ns = 30 * MS;
	while (take(0, NOW))
		taken++;
	assert_int_equal(taken, 20);
	assert_int_equal(window_pace_due(&state), NOW + 10 * MS);
	assert_false(take(0, NOW + 10 * MS - 1));
	assert_true(take(0, NOW + 10 * MS));
	assert_int_equal(window_pace_due(&state), NOW + 20 * MS);
	assert_int_equal(state.credits, 80 - 21);
	state.lease_until_ns = NOW + 11 * SEC;
	for (taken = 0; take(0, NOW + 10 * SEC); taken++)
		;
	assert_int_equal(taken, 4);
}

/* A window that is full for good lets in at the floor's rate, and none of those that are new. */
static void test_floor(void **unused)
{
	unsigned int taken = 0;

	(void)unused;
	state.credits = -100;
	state.floor_period_ns = SEC / 2;
	assert_false(take(1, NOW));
	for (uint64_t now_ns = NOW; now_ns < NOW + 10 * SEC; now_ns += MS) {
		state.lease_until_ns = now_ns + SEC;
		taken += take(0, now_ns);
	}
	assert_int_equal(taken, 20);
}

static unsigned int taken_in(uint64_t said_ns, uint64_t from_ns, uint64_t ns)
{
	unsigned int taken = 0;

	for (uint64_t now_ns = from_ns; now_ns < from_ns + ns; now_ns += MS)
		taken += take_said(said_ns, 0, now_ns);
	return taken;
}

/* A lease that has run out leaves the fallback rate, as said, or learned, with a second of it at
 * once; unlimited if neither is known, and never nothing. */
static void test_fallback(void **unused)
{
	(void)unused;
	state.credits = 0;
	state.lease_until_ns = NOW;
	state.fallback_period_ns = SEC / 10;
	assert_int_equal(taken_in(0, NOW, 10 * SEC), 11 + 99);
	assert_int_equal(taken_in(SEC / 20, NOW + 100 * SEC, 10 * SEC), 21 + 199);
	state.fallback_period_ns = 0;
	assert_int_equal(taken_in(0, NOW + 200 * SEC, SEC), 1000);
	/* what was learned of another listener does not count, nor does its lease */
	state.fallback_period_ns = SEC;
	state.lease_until_ns = NOW + 1000 * SEC;
	state.serial = SERIAL + 1;
	assert_int_equal(taken_in(0, NOW + 300 * SEC, SEC), 1000);
}

/* -- from the law's limits ----------------------------------------------------------------------- */

static const struct law_limits limits = {
	.window = 100,
	.ceiling_per_sec = LAW_PER_SEC_MAX,
	.floor_per_sec = 2,
	.pace_per_sec = 1000,
	.young_share = 0.5,
	.reserve = 0.25,
	.lease_until_ns = NOW + 2 * SEC,
};

static void test_limits(void **unused)
{
	const struct setup_sample sample = { .in_flight = 30, .young = 21 };
	const struct listener listener = { .serial = SERIAL };
	struct law_limits other = limits;

	(void)unused;
	window_put_limits(&state, &limits, &listener, LAW_PER_SEC_MAX, true);
	window_give_credits(&state, &limits, &sample);
	assert_int_equal(state.window, 100);
	assert_int_equal(state.credits, 100 - 41);
	assert_int_equal(state.pace_from, 75);
	assert_int_equal(state.pace_period_ns, MS);
	assert_int_equal(state.pace_tolerance_ns, 10 * MS);
	assert_int_equal(state.floor_period_ns, SEC / 2);
	assert_int_equal(state.fallback_period_ns, 0);
	assert_int_equal(state.reserve, RESERVE_ALL / 4);
	assert_int_equal(state.lease_until_ns, NOW + 2 * SEC);
	/* where nothing can be held a pace would only refuse */
	window_put_limits(&state, &limits, &listener, 50, false);
	assert_int_equal(state.pace_period_ns, 0);
	assert_int_equal(state.fallback_period_ns, SEC / 50);
	/* no window: only the rate, and always */
	other.window = LAW_WINDOW_OFF;
	other.ceiling_per_sec = 10;
	window_put_limits(&state, &other, &listener, 50, true);
	window_give_credits(&state, &other, &sample);
	assert_int_equal(state.pace_period_ns, SEC / 10);
	assert_true(take(0, NOW));
	for (int i = 0; i < 3; i++)
		assert_true(take(0, NOW));
	assert_false(take(0, NOW));
}

static void test_law_config(void **unused)
{
	struct listener listener = {
		.connack_max = 0,
		.limits[LEVEL_LISTENER] = { .kind = LIMIT_BUCKET, .rate = 600, .rate_per_sec = 60 },
		.window = { .window = WINDOW_AUTO,
			    .fallback_rate = 90,
			    .fallback_per_sec = 60,
			    .floor_rate = 3,
			    .floor_per_sec = 1,
			    .target_ns = 5 * MS },
	};
	struct law_config config = window_law_config(&listener);

	(void)unused;
	assert_int_equal(config.window_fixed, 0);
	assert_true(config.first_byte);
	assert_float_equal(config.rate_per_sec, 10, 1e-9);
	assert_float_equal(config.fallback_per_sec, 1.5, 1e-9);
	assert_float_equal(config.floor_per_sec, 3, 1e-9);
	assert_int_equal(config.target_ns, 5 * MS);
	listener.window.window = 12;
	assert_int_equal(window_law_config(&listener).window_fixed, 12);
	listener.window.window = WINDOW_OFF;
	assert_int_equal(window_law_config(&listener).window_fixed, LAW_WINDOW_OFF);
}

static void test_learned(void **unused)
{
	struct law_goodput goodput = { .hour = 3, .best_per_sec = { 1, 2, 3 } }, other = { 0 };

	(void)unused;
	window_learn(&state, &goodput);
	window_recall(&state, SERIAL + 1, &other);
	assert_int_equal(other.hour, 0);
	window_recall(&state, SERIAL, &other);
	assert_memory_equal(&goodput, &other, sizeof(other));
}

/* A SYN that is held takes a credit with its tokens, or neither. */
static void test_release(void **unused)
{
	const struct limit unlimited = { .kind = LIMIT_UNLIMITED },
			   closed = { .kind = LIMIT_CLOSED };
	__u64 word = 0, generation = 2;
	struct release_terms terms = {
		.host = { &word, &unlimited },
		.listener = { &word, &unlimited },
		.window = &state,
		.serial = SERIAL,
		.generation_in_force = &generation,
		.generation = 2,
	};
	uint64_t due_ns;

	(void)unused;
	assert_int_equal(release_take(&terms, NOW, &due_ns), RELEASE_NOW);
	assert_int_equal(state.credits, 7);
	terms.listener.limit = &closed;
	assert_int_equal(release_take(&terms, NOW, &due_ns), RELEASE_LATER);
	assert_int_equal(state.credits, 7);
	terms.listener.limit = &unlimited;
	state.credits = 0;
	assert_int_equal(release_take(&terms, NOW, &due_ns), RELEASE_LATER);
	assert_true(due_ns == UINT64_MAX);
	state.credits = 2;
	state.pace_period_ns = SEC;
	state.pace_tat = NOW + 5 * MS;
	assert_int_equal(release_take(&terms, NOW, &due_ns), RELEASE_LATER);
	assert_int_equal(due_ns, NOW + 5 * MS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_credits, start),
		cmocka_unit_test_setup(test_reserve, start),
		cmocka_unit_test_setup(test_no_reserve_of_no_window, start),
		cmocka_unit_test_setup(test_pace, start),
		cmocka_unit_test_setup(test_floor, start),
		cmocka_unit_test_setup(test_fallback, start),
		cmocka_unit_test_setup(test_limits, start),
		cmocka_unit_test_setup(test_law_config, start),
		cmocka_unit_test_setup(test_learned, start),
		cmocka_unit_test_setup(test_release, start),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
