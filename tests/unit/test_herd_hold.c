// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The relay's queue: when packets leave, in which order, and what it does when it is full. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "herd/hold.h"

#define MS 1000000ULL

static _Alignas(8) uint8_t memory[4096];

static void put(struct hold *hold, uint32_t number, size_t len, uint64_t now_ns)
{
	uint8_t packet[2048] = { 0 };

	memcpy(packet, &number, sizeof(number));
	memset(packet + sizeof(number), (int)(number & 0xff), len - sizeof(number));
	assert_true(hold_put(hold, packet, len, now_ns));
}

/* Takes the next one, which must be @number with all its bytes. */
static void take(struct hold *hold, uint32_t number, size_t len, uint64_t now_ns)
{
	size_t got_len = 0;
	const uint8_t *packet = hold_peek(hold, now_ns, &got_len);
	uint32_t got;

	assert_non_null(packet);
	assert_int_equal(got_len, len);
	memcpy(&got, packet, sizeof(got));
	assert_int_equal(got, number);
	for (size_t i = sizeof(number); i < len; i++)
		assert_int_equal(packet[i], number & 0xff);
	hold_pop(hold);
}

static void delay_is_exact(void **state)
{
	const struct hold_rule rule = { .delay_ns = 50 * MS };
	struct hold hold;
	size_t len;

	(void)state;
	hold_init(&hold, &rule, memory, sizeof(memory), 1);
	assert_true(hold_due_ns(&hold) == UINT64_MAX);
	put(&hold, 1, 60, 1000);
	put(&hold, 2, 61, 2000);
	assert_true(hold_due_ns(&hold) == 1000 + 50 * MS);
	assert_null(hold_peek(&hold, 999 + 50 * MS, &len));
	take(&hold, 1, 60, 1000 + 50 * MS);
	assert_null(hold_peek(&hold, 1999 + 50 * MS, &len));
	assert_true(hold_due_ns(&hold) == 2000 + 50 * MS);
	take(&hold, 2, 61, 2000 + 50 * MS);
	assert_true(hold_due_ns(&hold) == UINT64_MAX);
}

static void jitter_keeps_the_order(void **state)
{
	const struct hold_rule rule = { .delay_ns = 10 * MS, .jitter_ns = 5 * MS };
	uint64_t last_ns = 0, least_ns = UINT64_MAX, most_ns = 0;
	struct hold hold;

	(void)state;
	hold_init(&hold, &rule, memory, sizeof(memory), 7);
	for (uint32_t i = 0; i < 1000; i++) {
		uint64_t came_ns = i * 20 * MS, held_ns; /* so far apart that none waits */

		put(&hold, i, 40, came_ns);
		held_ns = hold_due_ns(&hold) - came_ns;
		assert_in_range(held_ns, 10 * MS, 15 * MS);
		least_ns = held_ns < least_ns ? held_ns : least_ns;
		most_ns = held_ns > most_ns ? held_ns : most_ns;
		take(&hold, i, 40, UINT64_MAX);
	}
	assert_true(least_ns < 10 * MS + MS / 10 && most_ns > 15 * MS - MS / 10);
	for (uint32_t i = 0; i < 1000; i++) { /* all at once: each draw would overtake */
		if (i % 40 == 0)
			for (uint32_t j = i; j < i + 40; j++)
				put(&hold, j, 40, 30000 * MS + j);
		assert_true(hold_due_ns(&hold) >= last_ns);
		last_ns = hold_due_ns(&hold);
		take(&hold, i, 40, UINT64_MAX);
	}
}

static void loss_is_the_share_said(void **state)
{
	const struct hold_rule rule = { .loss_ppm = 10000 };
	const uint8_t packet[40] = { 0 };
	struct hold hold;
	size_t len;

	(void)state;
	hold_init(&hold, &rule, memory, sizeof(memory), 3);
	for (unsigned int i = 0; i < 100000; i++)
		if (hold_put(&hold, packet, sizeof(packet), i) && hold_peek(&hold, i, &len))
			hold_pop(&hold);
	assert_in_range(hold.lost, 850, 1150);
	assert_int_equal(hold.taken + hold.lost, 100000);
	assert_int_equal(hold.full, 0);
}

static void a_slow_wire_takes_its_time(void **state)
{
	/* 1000 bytes at 8 Mbit/s take 1 ms */
	const struct hold_rule rule = { .delay_ns = 20 * MS, .bit_per_sec = 8000000 };
	struct hold hold;

	(void)state;
	hold_init(&hold, &rule, memory, sizeof(memory), 1);
	put(&hold, 1, 1000, 0);
	put(&hold, 2, 1000, 0);
	put(&hold, 3, 500, MS / 2);
	assert_true(hold_due_ns(&hold) == 21 * MS);
	take(&hold, 1, 1000, 21 * MS);
	assert_true(hold_due_ns(&hold) == 22 * MS);
	take(&hold, 2, 1000, 22 * MS);
	assert_true(hold_due_ns(&hold) == 22 * MS + MS / 2);
	take(&hold, 3, 500, 23 * MS);
	put(&hold, 4, 1000, 100 * MS);
	assert_true(hold_due_ns(&hold) == 121 * MS);
}

static void memory_is_bounded(void **state)
{
	const struct hold_rule rule = { .delay_ns = MS };
	const uint8_t packet[1500] = { 0 };
	struct hold hold;
	unsigned int taken = 0;

	(void)state;
	memset(memory, 0xee, sizeof(memory));
	hold_init(&hold, &rule, memory, 1024, 1);
	while (taken < 100 && hold_put(&hold, packet, 40, 0))
		taken++;
	assert_in_range(taken, 1024 / 56 - 1, 1024 / 56); /* 40 and the entry of 16 */
	assert_int_equal(hold.full, 1);
	assert_false(hold_put(&hold, packet, 1500, 0));
	assert_int_equal(hold.full, 2);
	assert_int_equal(memory[1024], 0xee);
	assert_true(hold_due_ns(&hold) == MS);
}

/* Sizes that meet the end of the ring in every way; nothing may be lost or changed on the way. */
static void wraps_at_every_size(void **state)
{
	const struct hold_rule rule = { .delay_ns = 1 };
	uint32_t in = 0, out = 0;
	struct hold hold;
	size_t size;

	(void)state;
	for (size = 64; size <= 640; size += 8) {
		struct chance chance = chance_seed(5, size);
		size_t lens[64];

		hold_init(&hold, &rule, memory, size, 1);
		in = out = 0;
		for (unsigned int step = 0; step < 3000; step++) {
			uint8_t packet[256];
			size_t len = chance_between(&chance, 4, 60);

			memset(packet, (int)(in & 0xff), len);
			memcpy(packet, &in, sizeof(in));
			if (chance_next(&chance) & 1) {
				if (hold_put(&hold, packet, len, in))
					lens[in++ % 64] = len;
			} else if (out < in) {
				take(&hold, out, lens[out % 64], UINT64_MAX - 1);
				out++;
			}
			assert_int_equal(hold_due_ns(&hold) == UINT64_MAX, in == out);
		}
		assert_true(out > 300);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(delay_is_exact),
		cmocka_unit_test(jitter_keeps_the_order),
		cmocka_unit_test(loss_is_the_share_said),
		cmocka_unit_test(a_slow_wire_takes_its_time),
		cmocka_unit_test(memory_is_bounded),
		cmocka_unit_test(wraps_at_every_size),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
