// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* How long an entry may wait: its term, its age, and whose time is up next. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "queueing.h"

static void test_expires_by_the_first_syn(void **state)
{
	struct queue_syn syn = syn_of(7, 8, 9, START - 400 * MS);

	(void)state;
	make_queue(8, SEC);
	assert_int_equal(queue_put(queue, &syn, START, &victim), QUEUE_QUEUED);
	assert_true(queue_next_deadline(queue) == START + 600 * MS);
	assert_int_equal(put(7, 8, 9, true, START + 599 * MS), QUEUE_REPLACED);
	assert_int_equal(queue_expire(queue, START + 600 * MS - 1), 0);
	assert_int_equal(queue_expire(queue, START + 600 * MS), 1);
	check_queue();
	assert_int_equal(queue_stats(queue)->ends[QUEUE_RETRANSMITS][QUEUE_EXPIRED], 1);
	assert_int_equal(take(START + 600 * MS), 0);
}

/* A client that is back after its time was up is not turned away by how long it has waited. */
static void test_comes_back_for_another_term(void **state)
{
	struct queue_syn syn = syn_of(7, 8, 9, START);

	(void)state;
	make_queue(8, 800 * MS);
	syn.retransmit = true;
	assert_int_equal(queue_put(queue, &syn, START + SEC, &victim), QUEUE_QUEUED);
	assert_true(queue_next_deadline(queue) == START + 1800 * MS);
	assert_int_equal(take(START + 1800 * MS - 1), 7);
	/* so is one that has little left */
	assert_int_equal(queue_put(queue, &syn, START + 401 * MS, &victim), QUEUE_QUEUED);
	assert_true(queue_next_deadline(queue) == START + 1201 * MS);
}

static void test_take_skips_what_has_expired(void **state)
{
	(void)state;
	make_queue(8, SEC);
	put(1, 1, 1, false, START);
	put(2, 1, 1, false, START + 10 * MS);
	put(3, 1, 1, false, START + 20 * MS);
	assert_int_equal(take(START + SEC + 10 * MS), 3);
	assert_int_equal(queue_stats(queue)->ends[QUEUE_NEW][QUEUE_EXPIRED], 2);
	assert_int_equal(queue_stats(queue)->ends[QUEUE_NEW][QUEUE_RELEASED], 1);
}

/* Whoever comes back late waits for a term of its own; of those who are too old a sample is served. */
static void test_too_old(void **state)
{
	struct queue_syn syn = syn_of(1, 1, 1, START);
	uint64_t now_ns = START + 3 * SEC;

	(void)state;
	make_queue(80, SEC);
	queue_set_delay_max(queue, SEC, 3 * SEC);
	put(1, 1, 1, true, now_ns - 1); /* young, whatever its term */
	syn.retransmit = true;
	for (syn.key = 2; syn.key <= 9; syn.key++)
		assert_int_equal(queue_put(queue, &syn, now_ns - 1, &victim), QUEUE_QUEUED);
	assert_true(queue_next_deadline(queue) == now_ns - 1 + SEC);
	assert_int_equal(queue_take(queue, now_ns - 1)->key, 1);
	assert_int_equal(queue_take(queue, now_ns - 1)->key, 2);
	/* now they are */
	assert_null(queue_peek(queue, now_ns));
	assert_int_equal(queue_stats(queue)->ends[QUEUE_RETRANSMITS][QUEUE_EXPIRED], 7);
	/* nobody else has come since: the last of them */
	for (syn.key = 2; syn.key <= 9; syn.key++)
		assert_int_equal(queue_put(queue, &syn, now_ns, &victim), QUEUE_QUEUED);
	assert_int_equal(queue_peek(queue, now_ns + QUEUE_IDLE_NS - 1)->key, 9);
	assert_int_equal(queue_take(queue, now_ns + QUEUE_IDLE_NS - 1)->key, 9);
	syn.key = 2;
	assert_int_equal(queue_put(queue, &syn, now_ns + QUEUE_IDLE_NS, &victim), QUEUE_QUEUED);
	assert_null(queue_take(queue, now_ns + QUEUE_IDLE_NS));
	/* one after so many others, whether or not these wait */
	now_ns += QUEUE_IDLE_NS;
	for (uint64_t key = 1; key <= QUEUE_OTHERS + 1; key++) {
		syn.key = 100 + key;
		assert_int_equal(queue_put(queue, &syn, now_ns, &victim), QUEUE_QUEUED);
		put(key, 1, 1, true, now_ns);
		assert_int_equal(queue_take(queue, now_ns)->key,
				 key <= QUEUE_OTHERS ? key : 100 + key);
	}
	assert_int_equal(queue_take(queue, now_ns)->key, QUEUE_OTHERS + 1);
	assert_null(queue_take(queue, now_ns));
}

/* Nobody has to go for one that is too old. */
static void test_too_old_for_a_full_queue(void **state)
{
	struct queue_syn syn = syn_of(9, 9, 9, START);

	(void)state;
	make_queue(2, SEC);
	put(1, 1, 1, true, START + 3 * SEC);
	put(2, 1, 1, true, START + 3 * SEC);
	syn.retransmit = true;
	queue_set_delay_max(queue, SEC, 3 * SEC);
	assert_int_equal(queue_put(queue, &syn, START + 3 * SEC, &victim), QUEUE_REFUSED_FULL);
	queue_set_delay_max(queue, SEC, 3 * SEC + 1);
	assert_int_equal(queue_put(queue, &syn, START + 3 * SEC, &victim), QUEUE_QUEUED);
	assert_int_equal(victim->key, 2);
}

static void test_deadlines_in_order(void **state)
{
	static const uint32_t ages_ms[] = { 30, 7, 90, 2, 55, 13, 99, 41, 1, 70 };
	uint64_t deadline = 0;

	(void)state;
	make_queue(20, SEC);
	for (uint32_t i = 0; i < 10; i++) {
		struct queue_syn syn = syn_of(i + 1, i, i, START - ages_ms[i] * MS);

		assert_int_equal(queue_put(queue, &syn, START, &victim), QUEUE_QUEUED);
	}
	assert_true(queue_forget(queue, 5, START));
	for (uint32_t left = 9; left; left--) {
		assert_true(queue_next_deadline(queue) > deadline);
		deadline = queue_next_deadline(queue);
		assert_int_equal(total_length(), left);
		assert_int_equal(queue_expire(queue, deadline), 1);
		check_queue();
	}
}

/* Removing the fourth puts the last in its place, which belongs before the second. */
static void test_deadlines_after_one_has_left(void **state)
{
	static const uint32_t starts_ms[] = { 1, 10, 2, 11, 12, 3, 4 };
	static const uint32_t left_ms[] = { 1, 2, 3, 4, 10, 12 };

	(void)state;
	make_queue(20, SEC);
	for (uint32_t i = 0; i < 7; i++)
		put(starts_ms[i], i, i, false, START + starts_ms[i] * MS);
	assert_true(queue_forget(queue, 11, START));
	check_queue();
	for (uint32_t i = 0; i < 6; i++) {
		assert_true(queue_next_deadline(queue) == START + SEC + left_ms[i] * MS);
		queue_forget(queue, left_ms[i], START);
	}
}

static void test_delay_max_changes(void **state)
{
	(void)state;
	make_queue(8, SEC);
	put(1, 1, 1, false, START);
	queue_set_delay_max(queue, 2 * SEC, UINT64_MAX);
	assert_true(queue_next_deadline(queue) == START + 2 * SEC);
	assert_int_equal(queue_expire(queue, START + SEC), 0);
	queue_set_delay_max(queue, 100 * MS, UINT64_MAX);
	assert_int_equal(queue_expire(queue, START + SEC), 1);
	queue_set_delay_max(queue, UINT64_MAX, UINT64_MAX);
	put(2, 1, 1, false, START);
	assert_true(queue_next_deadline(queue) == UINT64_MAX);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		queue_test(test_expires_by_the_first_syn),
		queue_test(test_comes_back_for_another_term),
		queue_test(test_take_skips_what_has_expired),
		queue_test(test_too_old),
		queue_test(test_too_old_for_a_full_queue),
		queue_test(test_deadlines_in_order),
		queue_test(test_deadlines_after_one_has_left),
		queue_test(test_delay_max_changes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
