// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The table of connections that have asked, as user space writes it when it lets one in. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <string.h>

#include "waiting.h"

#define MS 1000000ULL
#define SEC (1000 * MS)
#define TICK_NS (1ULL << WAITING_TICK_NS_SHIFT)
#define ROUND_NS (TICK_NS << 24) /* after it ticks are the same again */
#define START (1000 * SEC)
#define SETS 5

static struct waiting_set sets[SETS];
static const struct waiting_table table = { sets, SETS };
static struct returns returns;

static int start(void **state)
{
	(void)state;
	memset(sets, 0, sizeof(sets));
	memset(&returns, 0, sizeof(returns));
	return 0;
}

static __u64 word(uint32_t tag, uint64_t at_ns, __u64 marks)
{
	return (__u64)tag << WAITING_TAG_SHIFT |
	       (at_ns >> WAITING_TICK_NS_SHIFT & WAITING_TICK_MASK) << WAITING_TICK_SHIFT | marks;
}

#define LET_IN (WAITING_WAS_ADMITTED | WAITING_IS_RELEASED)
#define TAG 0xabcd1234U
/* Of the set that the hash 2^31 names: the middle one of five. */
#define KEY ((uint64_t)TAG << 32 | 0x80000000U)
#define SET (&sets[2])

static void admit(uint64_t now_ns)
{
	waiting_admit(&table, KEY, now_ns, &returns);
}

/* In which way the entry is, the only one of its tag; no other set has been written. */
static int way_of(__u64 entry)
{
	int found = -1;

	for (int i = 0; i < SETS; i++)
		for (int way = 0; way < WAITING_WAYS; way++) {
			if (sets[i].entry[way] >> WAITING_TAG_SHIFT != entry >> WAITING_TAG_SHIFT)
				continue;
			assert_ptr_equal(&sets[i], SET);
			assert_int_equal(found, -1);
			assert_true(sets[i].entry[way] == entry);
			found = way;
		}
	return found;
}

static void test_the_set_of_a_hash(void **state)
{
	static const struct {
		uint32_t hash, set;
	} rows[] = {
		{ 0, 0 },	   { 0x33333333, 0 }, { 0x33333334, 1 },
		{ 0x80000000, 2 }, { 0xcccccccc, 3 }, { 0xffffffff, 4 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		start(state);
		waiting_admit(&table, (uint64_t)TAG << 32 | rows[i].hash, START, &returns);
		assert_true(sets[rows[i].set].entry[0] == word(TAG, START, LET_IN));
	}
}

/* Whatever was known of it, and wherever it lies. */
static void test_known(void **state)
{
	static const __u64 marks[] = {
		0,
		WAITING_IS_AWAITED,
		WAITING_HAS_PAID,
		WAITING_HAS_PAID | WAITING_IS_AWAITED,
		WAITING_WAS_ADMITTED | 6,
		LET_IN | 3,
	};

	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++)
		for (int way = 0; way < WAITING_WAYS; way++) {
			start(state);
			for (int other = 0; other < WAITING_WAYS; other++)
				SET->entry[other] = word(1 + other, START - 60 * SEC, 0);
			SET->entry[way] = word(TAG, START - 3 * SEC, marks[i]);
			admit(START);
			assert_int_equal(way_of(word(TAG, START, LET_IN)), way);
		}
}

/* A free way, else that of the oldest; what is too old to come again is as good as free. */
static void test_forgotten(void **state)
{
	(void)state;
	for (int way = 0; way < WAITING_WAYS; way++)
		SET->entry[way] = word(1 + way, START - (1 + way) * SEC, 0);
	SET->entry[3] = 0;
	admit(START);
	assert_int_equal(way_of(word(TAG, START, LET_IN)), 3);
	SET->entry[3] = word(99, START, 0);
	admit(START);
	assert_int_equal(way_of(word(TAG, START, LET_IN)), WAITING_WAYS - 1);
	/* of its own tag, but from long ago: another connection's */
	start(state);
	for (int way = 0; way < WAITING_WAYS; way++)
		SET->entry[way] = word(1 + way, START, 0);
	SET->entry[5] = word(TAG, START - 71 * SEC, WAITING_IS_AWAITED);
	admit(START);
	assert_int_equal(way_of(word(TAG, START, LET_IN)), 5);
}

static void test_ticks_come_round(void **state)
{
	const uint64_t now_ns = 5 * ROUND_NS + SEC;

	(void)state;
	SET->entry[0] = word(1, now_ns - 60 * SEC, 0);
	SET->entry[1] = word(TAG, now_ns - 3 * SEC, 0);
	admit(now_ns);
	assert_int_equal(way_of(word(TAG, now_ns, LET_IN)), 1);
}

static uint32_t *refused_at(uint64_t at_ns)
{
	return &returns.refused[(at_ns >> RETURN_SLICE_NS_SHIFT) % RETURN_SLICES];
}

/* From the slice in which it was refused first, whenever in that it was; nothing below nothing. */
static void test_taken_back(void **state)
{
	for (uint64_t age_ns = 0; age_ns < 7 * SEC; age_ns += 13 * MS) {
		start(state);
		for (int i = 0; i < RETURN_SLICES; i++)
			returns.refused[i] = 10;
		SET->entry[2] = word(TAG, START - age_ns, WAITING_IS_AWAITED);
		admit(START);
		assert_int_equal(*refused_at(START - age_ns), 9);
		/* it is admitted now */
		admit(START + SEC);
		assert_int_equal(*refused_at(START - age_ns), 9);
		*refused_at(START - age_ns) = 10;
		for (int i = 0; i < RETURN_SLICES; i++)
			assert_int_equal(returns.refused[i], 10);
	}
	start(state);
	SET->entry[2] = word(TAG, START, WAITING_IS_AWAITED);
	admit(START);
	assert_int_equal(*refused_at(START), 0);
}

static void test_not_taken_back(void **state)
{
	static const struct {
		uint64_t age_ns;
		__u64 marks;
	} rows[] = {
		{ SEC, 0 },
		{ SEC, WAITING_HAS_PAID },
		{ SEC, WAITING_WAS_ADMITTED },
		/* its slice is that of another time by now */
		{ ((uint64_t)RETURN_SLICES << RETURN_SLICE_NS_SHIFT) + SEC, WAITING_IS_AWAITED },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		start(state);
		for (int slice = 0; slice < RETURN_SLICES; slice++)
			returns.refused[slice] = 10;
		SET->entry[0] = word(TAG, START - rows[i].age_ns, rows[i].marks);
		admit(START);
		for (int slice = 0; slice < RETURN_SLICES; slice++)
			assert_int_equal(returns.refused[slice], 10);
	}
}

static bool done;

/* The packet path enters others, always where ours has to go. */
static void *enter_others(void *arg)
{
	(void)arg;
	for (uint32_t tag = 1; !__atomic_load_n(&done, __ATOMIC_RELAXED); tag = tag % 1000 + 1) {
		__u64 former = __atomic_load_n(&SET->entry[0], __ATOMIC_RELAXED);

		if (former >> WAITING_TAG_SHIFT != TAG)
			__atomic_compare_exchange_n(&SET->entry[0], &former, word(tag, START, 0),
						    false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);
	}
	return NULL;
}

/* When it gave up, to a tick, also when ticks have come round since they began. */
static void test_reset(void **state)
{
	const uint64_t starts[] = { START, ROUND_NS - SEC, 7 * ROUND_NS - 10 * MS };

	(void)state;
	for (size_t i = 0; i < sizeof(starts) / sizeof(starts[0]); i++) {
		uint64_t reset_ns;

		assert_int_equal(waiting_reset_ns(&table, KEY, starts[i]), 0);
		SET->entry[3] = word(TAG, starts[i], LET_IN);
		assert_int_equal(waiting_reset_ns(&table, KEY, starts[i] + SEC), 0);
		SET->entry[3] = word(TAG, starts[i] + SEC, LET_IN | WAITING_WAS_RESET);
		reset_ns = waiting_reset_ns(&table, KEY, starts[i] + 3 * SEC);
		assert_in_range(reset_ns, starts[i] + SEC - TICK_NS, starts[i] + SEC + TICK_NS);
		/* by the packet path, just after the clock was read: not yet, or now */
		assert_int_equal(waiting_reset_ns(&table, KEY, starts[i] + SEC - TICK_NS), 0);
		for (int way = 0; way < WAITING_WAYS; way++)
			if (way != 3)
				SET->entry[way] = word(1 + way, starts[i], 0);
		reset_ns = waiting_reset_ns(&table, KEY, starts[i] + SEC - TICK_NS);
		assert_in_range(reset_ns, starts[i] + SEC - TICK_NS, starts[i] + SEC);
		memset(sets, 0, sizeof(sets));
	}
}

/* Whoever gets the way first, it is admitted when waiting_admit() returns. */
static void test_against_the_packet_path(void **state)
{
	unsigned int missed = 0;
	pthread_t thread;

	(void)state;
	for (int way = 0; way < WAITING_WAYS; way++)
		SET->entry[way] = word(1 + way, START, 0);
	done = false;
	assert_int_equal(pthread_create(&thread, NULL, enter_others, NULL), 0);
	for (int round = 0; round < 500000; round++) {
		admit(START);
		missed += __atomic_load_n(&SET->entry[0], __ATOMIC_RELAXED) !=
			  word(TAG, START, LET_IN);
		__atomic_store_n(&SET->entry[0], word(7, START, 0), __ATOMIC_RELAXED);
	}
	__atomic_store_n(&done, true, __ATOMIC_RELAXED);
	pthread_join(thread, NULL);
	assert_int_equal(missed, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_the_set_of_a_hash, start),
		cmocka_unit_test_setup(test_known, start),
		cmocka_unit_test_setup(test_forgotten, start),
		cmocka_unit_test_setup(test_ticks_come_round, start),
		cmocka_unit_test_setup(test_taken_back, start),
		cmocka_unit_test_setup(test_not_taken_back, start),
		cmocka_unit_test_setup(test_reset, start),
		cmocka_unit_test_setup(test_against_the_packet_path, start),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
