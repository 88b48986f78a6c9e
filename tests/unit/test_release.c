// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Tokens for SYNs that are held: of both levels or of none, when they fall due, and by which terms. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>

#include "policy.h"
#include "release.h"

#define MS 1000000ULL
#define SEC (1000 * MS)
#define START (1000 * SEC)

static struct limit host, listener;
static __u64 host_word, listener_word, generation;

/* @per_sec 0: unlimited. */
static void set_limit(struct limit *limit, uint32_t per_sec, uint32_t burst, uint64_t now_ns)
{
	const struct wanted_limit wanted = {
		.rate = { .count = per_sec, .per_sec = 1, .unlimited = !per_sec },
		.burst = burst,
	};

	policy_set_limit(limit, &wanted, now_ns);
}

static int start(void **state)
{
	(void)state;
	host = (struct limit){};
	listener = (struct limit){};
	host_word = listener_word = 0;
	generation = 8;
	set_limit(&listener, 10, 5, START - SEC);
	listener_word = listener.epoch;
	return 0;
}

static struct release_terms terms_now(void)
{
	return (struct release_terms){
		.host = { &host_word, &host },
		.listener = { &listener_word, &listener },
		.generation_in_force = &generation,
		.generation = 8,
	};
}

static uint64_t due_ns;

static enum release_answer ask(uint64_t now_ns)
{
	const struct release_terms terms = terms_now();

	return release_take(&terms, now_ns, &due_ns);
}

/* The burst, and then one exactly a period later, each time. */
static void test_at_the_rate(void **state)
{
	uint64_t now_ns = START;

	(void)state;
	for (int i = 0; i < 5; i++) {
		assert_int_equal(ask(now_ns), RELEASE_NOW);
		assert_true(due_ns <= now_ns);
	}
	for (int i = 1; i < 100; i++) {
		assert_int_equal(ask(now_ns), RELEASE_LATER);
		assert_true(due_ns == START + i * 100 * MS);
		assert_int_equal(ask(due_ns - 1), RELEASE_LATER);
		now_ns = START + i * 100 * MS;
		assert_int_equal(ask(now_ns), RELEASE_NOW);
		assert_true(due_ns == now_ns);
	}
}

/* The packet path would write the same word. */
static void test_same_arithmetic_as_the_packet_path(void **state)
{
	__u64 expected = listener_word;

	(void)state;
	for (uint64_t now_ns = START; now_ns < START + SEC; now_ns += 37 * MS + 1) {
		__u64 tat = gcra_tat(expected, &listener, now_ns);
		bool conforms = gcra_conforms(tat, &listener, now_ns);

		assert_int_equal(ask(now_ns) == RELEASE_NOW, conforms);
		if (conforms)
			expected = gcra_charged(tat, &listener, now_ns);
		assert_true(listener_word == expected);
	}
}

static void test_both_levels_or_none(void **state)
{
	__u64 word;

	(void)state;
	set_limit(&host, 1, 2, START - SEC);
	host_word = host.epoch;
	assert_int_equal(ask(START), RELEASE_NOW);
	assert_int_equal(ask(START), RELEASE_NOW);
	word = listener_word;
	assert_int_equal(ask(START), RELEASE_LATER);
	assert_true(due_ns == START + SEC);
	assert_true(listener_word == word);
	/* three of five are left */
	set_limit(&host, 0, 0, START);
	for (int i = 0; i < 3; i++)
		assert_int_equal(ask(START), RELEASE_NOW);
	word = host_word;
	assert_int_equal(ask(START), RELEASE_LATER);
	assert_true(due_ns == START + 100 * MS);
	assert_true(host_word == word);
}

static void test_unlimited_and_closed(void **state)
{
	(void)state;
	set_limit(&listener, 0, 0, START);
	for (int i = 0; i < 1000; i++)
		assert_int_equal(ask(START), RELEASE_NOW);
	assert_true(due_ns == 0);
	listener.kind = LIMIT_CLOSED;
	assert_int_equal(ask(START), RELEASE_LATER);
	assert_true(due_ns == UINT64_MAX);
	set_limit(&listener, 10, 5, START);
	host.kind = LIMIT_CLOSED;
	assert_int_equal(ask(START + SEC), RELEASE_LATER);
	assert_true(due_ns == UINT64_MAX);
	host.kind = LIMIT_UNLIMITED;
	for (int i = 0; i < 5; i++)
		assert_int_equal(ask(START + SEC), RELEASE_NOW);
}

/* As in the packet path: of a full bucket one may have a token whatever is kept for others. */
static void test_reserve(void **state)
{
	static const struct {
		uint32_t reserve;
		int taken;
	} rows[] = {
		{ 0, 5 }, { RESERVE_ALL / 2, 3 }, { RESERVE_ALL * 3 / 4, 2 }, { RESERVE_ALL, 1 }
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct release_terms terms = terms_now();
		int taken = 0;

		start(state);
		terms.reserve = rows[i].reserve;
		while (release_take(&terms, START, &due_ns) == RELEASE_NOW)
			taken++;
		assert_int_equal(taken, rows[i].taken);
		/* to the grain of what is kept, a 1024th of the burst */
		assert_in_range(due_ns, START + MS, START + 100 * MS);
		assert_int_equal(release_take(&terms, due_ns, &due_ns), RELEASE_NOW);
		terms.reserve = 0;
		for (; taken < 5; taken++)
			assert_int_equal(release_take(&terms, START, &due_ns),
					 taken < 4 ? RELEASE_NOW : RELEASE_LATER);
	}
}

/* Terms that are no longer in force are not written over newer ones. */
static void test_stale_terms(void **state)
{
	const struct limit old = listener;
	struct limit newer = listener;
	__u64 word;

	(void)state;
	assert_int_equal(ask(START), RELEASE_NOW);
	set_limit(&newer, 1, 1, START);
	generation++;
	/* nobody has charged under the new ones yet: the packet path, too, would still take it */
	assert_int_equal(ask(START), RELEASE_NOW);
	listener_word = gcra_charged(gcra_tat(listener_word, &newer, START), &newer, START);
	word = listener_word;
	listener = old;
	assert_int_equal(ask(START + 10 * SEC), RELEASE_STALE);
	assert_true(listener_word == word);
	generation--;
	assert_int_equal(ask(START + 10 * SEC), RELEASE_NOW);
}

/* A host that is out of date gives the listener's token back, too. */
static void test_stale_host_refunds(void **state)
{
	__u64 word;

	(void)state;
	set_limit(&host, 100, 100, START - SEC);
	host_word = host.epoch + 1;
	generation++;
	assert_int_equal(ask(START), RELEASE_STALE);
	word = listener_word;
	generation--;
	for (int i = 0; i < 5; i++)
		assert_int_equal(ask(START), RELEASE_NOW);
	assert_true(word <= START + GCRA_EPOCH_MASK);
}

#define THREADS 4
#define TRIES 200000

static void *take_many(void *arg)
{
	unsigned int *taken = arg;
	uint64_t due;

	for (int i = 0; i < TRIES; i++) {
		const struct release_terms terms = terms_now();

		*taken += release_take(&terms, START, &due) == RELEASE_NOW;
	}
	return NULL;
}

/* Both at once: never one more than there are, and what was given back is there again. */
static void test_threads(void **state)
{
	unsigned int taken[THREADS] = {}, sum = 0;
	pthread_t threads[THREADS];

	(void)state;
	set_limit(&listener, 1000, 3000, START - SEC);
	set_limit(&host, 1000, 1000, START - SEC);
	listener_word = listener.epoch;
	host_word = host.epoch;
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, take_many, &taken[i]), 0);
	for (int i = 0; i < THREADS; i++) {
		pthread_join(threads[i], NULL);
		sum += taken[i];
	}
	assert_int_equal(sum, 1000);
	set_limit(&host, 0, 0, START);
	while (ask(START) == RELEASE_NOW)
		sum++;
	assert_int_equal(sum, 3000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_at_the_rate, start),
		cmocka_unit_test_setup(test_same_arithmetic_as_the_packet_path, start),
		cmocka_unit_test_setup(test_both_levels_or_none, start),
		cmocka_unit_test_setup(test_unlimited_and_closed, start),
		cmocka_unit_test_setup(test_reserve, start),
		cmocka_unit_test_setup(test_stale_terms, start),
		cmocka_unit_test_setup(test_stale_host_refunds, start),
		cmocka_unit_test_setup(test_threads, start),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
