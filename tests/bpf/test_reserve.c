// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What is kept for SYNs that come again, and what decides how much. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "waiting_rig.h"

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reserve_of_a_burst),
		cmocka_unit_test(test_reserve_of_the_host),
		cmocka_unit_test(test_reserve_follows_returns),
		cmocka_unit_test(test_returns_of_the_front_of_a_herd),
		cmocka_unit_test(test_reserve_ends),
		cmocka_unit_test(test_no_reserve_without_waiting),
	};

	return cmocka_run_group_tests(tests, NULL, close_common);
}
