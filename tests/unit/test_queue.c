// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What is queued, for how long, and how it leaves. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "queueing.h"

static void test_size(void **state)
{
	(void)state;
	assert_null(queue_create(0, SEC));
	assert_null(queue_create(QUEUE_ENTRIES_MAX + 1, SEC));
	make_queue(1, SEC);
	assert_int_equal(queue_entries(queue), 1);
	assert_int_equal(take(START), 0);
	assert_null(queue_peek(queue, START));
	assert_false(queue_forget(queue, 7, START));
	assert_true(queue_next_deadline(queue) == UINT64_MAX);
	/* half of one is one */
	assert_int_equal(put(7, 1, 1, false, START), QUEUE_QUEUED);
	assert_int_equal(put(8, 1, 1, false, START), QUEUE_REFUSED_RETRANSMITS_ONLY);
	assert_int_equal(take(START), 7);
}

static void test_entry_comes_back_whole(void **state)
{
	uint8_t frame[QUEUE_FRAME_MAX];
	struct queue_syn syn = syn_of(7, 8, 9, START - 300 * MS);
	const struct queue_entry *entry;

	(void)state;
	make_queue(4, SEC);
	for (size_t i = 0; i < sizeof(frame); i++)
		frame[i] = (uint8_t)i;
	syn.frame = frame;
	syn.len = sizeof(frame);
	syn.ifindex = 5;
	syn.meta = 0x1234567890abcdefULL;
	assert_int_equal(queue_put(queue, &syn, START, &victim), QUEUE_QUEUED);
	memset(frame, 0, sizeof(frame));
	entry = queue_peek(queue, START + MS);
	assert_ptr_equal(queue_take(queue, START + MS), entry);
	assert_int_equal(entry->key, 7);
	assert_int_equal(entry->site, 8);
	assert_int_equal(entry->source, 9);
	assert_true(entry->first_seen_ns == START - 300 * MS);
	assert_true(entry->last_seen_ns == START && entry->queued_ns == START);
	assert_true(entry->meta == syn.meta);
	assert_int_equal(entry->ifindex, 5);
	assert_int_equal(entry->class, QUEUE_NEW);
	assert_int_equal(entry->len, sizeof(frame));
	for (size_t i = 0; i < sizeof(frame); i++)
		assert_int_equal(entry->frame[i], i);
}

static void test_frames_that_do_not_fit(void **state)
{
	uint8_t frame[QUEUE_FRAME_MAX + 1] = { 0 };
	struct queue_syn syn = syn_of(7, 8, 9, START);

	(void)state;
	make_queue(4, SEC);
	syn.frame = frame;
	syn.len = sizeof(frame);
	assert_int_equal(queue_put(queue, &syn, START, &victim), QUEUE_REFUSED_FRAME);
	syn.len = 0;
	assert_int_equal(queue_put(queue, &syn, START, &victim), QUEUE_REFUSED_FRAME);
	assert_int_equal(total_length(), 0);
}

/* One entry a connection: its retransmit brings the newer frame, the first class, and no time. */
static void test_retransmit_replaces(void **state)
{
	struct queue_syn syn = syn_of(7, 8, 9, START);
	const struct queue_entry *entry;

	(void)state;
	make_queue(8, 2 * SEC);
	assert_int_equal(put(6, 8, 9, false, START), QUEUE_QUEUED);
	assert_int_equal(queue_put(queue, &syn, START, &victim), QUEUE_QUEUED);
	syn.frame = "newer";
	syn.len = 5;
	syn.meta = 1;
	syn.ifindex = 2;
	assert_int_equal(queue_put(queue, &syn, START + SEC, &victim), QUEUE_REPLACED);
	check_queue();
	assert_int_equal(queue_length(queue, QUEUE_NEW), 1);
	assert_int_equal(queue_length(queue, QUEUE_RETRANSMITS), 1);
	assert_true(queue_next_deadline(queue) == START + 2 * SEC);
	entry = queue_take(queue, START + SEC);
	assert_int_equal(entry->key, 7);
	assert_int_equal(entry->class, QUEUE_RETRANSMITS);
	assert_memory_equal(entry->frame, "newer", 5);
	assert_int_equal(entry->len, 5);
	assert_int_equal(entry->meta, 1);
	assert_int_equal(entry->ifindex, 2);
	assert_true(entry->first_seen_ns == START && entry->last_seen_ns == START + SEC);
	assert_int_equal(take(START + SEC), 6);
	assert_int_equal(take(START + SEC), 0);
}

static void test_copies_of_the_network_are_no_retransmits(void **state)
{
	(void)state;
	make_queue(8, SEC);
	assert_int_equal(put(7, 1, 1, false, START), QUEUE_QUEUED);
	assert_int_equal(put(7, 1, 1, false, START + 149 * MS), QUEUE_DUPLICATE);
	assert_int_equal(queue_length(queue, QUEUE_NEW), 1);
	assert_int_equal(put(7, 1, 1, false, START + 150 * MS), QUEUE_REPLACED);
	assert_int_equal(queue_length(queue, QUEUE_RETRANSMITS), 1);
	/* whoever recognised it has looked at the time */
	assert_int_equal(put(8, 1, 1, false, START), QUEUE_QUEUED);
	assert_int_equal(put(8, 1, 1, true, START + MS), QUEUE_REPLACED);
	assert_int_equal(queue_length(queue, QUEUE_NEW), 0);
}

static void test_retransmits_first(void **state)
{
	(void)state;
	make_queue(8, SEC);
	put(1, 1, 1, false, START);
	put(2, 2, 2, false, START);
	put(3, 3, 3, true, START + 1);
	put(4, 1, 1, true, START + 2);
	assert_int_equal(take(START + 2), 3);
	assert_int_equal(take(START + 2), 4);
	assert_int_equal(take(START + 2), 1);
	assert_int_equal(take(START + 2), 2);
}

static void test_above_half_full_only_retransmits(void **state)
{
	(void)state;
	make_queue(10, SEC);
	for (uint64_t key = 1; key <= 5; key++)
		assert_int_equal(put(key, key, key, false, START), QUEUE_QUEUED);
	assert_int_equal(put(6, 6, 6, false, START), QUEUE_REFUSED_RETRANSMITS_ONLY);
	assert_int_equal(put(7, 7, 7, true, START), QUEUE_QUEUED);
	/* what is queued is queued, however full */
	assert_int_equal(put(1, 1, 1, false, START + 200 * MS), QUEUE_REPLACED);
	assert_int_equal(take(START + 200 * MS), 7);
	assert_int_equal(take(START + 200 * MS), 1);
	assert_int_equal(put(6, 6, 6, false, START + 200 * MS), QUEUE_QUEUED);
	assert_int_equal(queue_stats(queue)->results[QUEUE_REFUSED_RETRANSMITS_ONLY], 1);
}

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

/* A stack waits at most twice as long as before: after 0, 1, 3 the next SYN comes at 7 s. */
static void test_silent_clients_are_skipped(void **state)
{
	(void)state;
	make_queue(8, 60 * SEC);
	put(1, 1, 1, false, START);
	assert_int_equal(put(1, 1, 1, false, START + SEC), QUEUE_REPLACED);
	assert_int_equal(put(1, 1, 1, false, START + 3 * SEC), QUEUE_REPLACED);
	put(2, 2, 2, true, START + 3 * SEC);
	assert_int_equal(queue_peek(queue, START + 10 * SEC)->key, 1);
	assert_int_equal(put(3, 1, 1, true, START + 7 * SEC), QUEUE_QUEUED);
	/* 2 came once, at 3 s; 1 not after 3 s: its turn is for 3, of the same source */
	assert_int_equal(take(START + 10 * SEC + 1), 3);
	assert_int_equal(take(START + 10 * SEC + 1), 0);
	assert_int_equal(queue_stats(queue)->ends[QUEUE_RETRANSMITS][QUEUE_SILENT], 2);
}

static void test_forget(void **state)
{
	(void)state;
	make_queue(8, SEC);
	for (uint64_t key = 1; key <= 3; key++)
		put(key, 1, 1, false, START);
	assert_true(queue_forget(queue, 2, START));
	check_queue();
	assert_false(queue_forget(queue, 2, START));
	assert_int_equal(take(START), 1);
	assert_int_equal(take(START), 3);
	assert_int_equal(queue_stats(queue)->ends[QUEUE_NEW][QUEUE_FORGOTTEN], 1);
	put(4, 1, 1, false, START);
	assert_false(queue_forget(queue, 4, START + SEC));
	assert_int_equal(queue_stats(queue)->ends[QUEUE_NEW][QUEUE_EXPIRED], 1);
}

static void test_times_held(void **state)
{
	static const struct {
		uint64_t held_ns;
		unsigned int bucket;
	} rows[] = {
		{ 0, 0 },	 { MS, 0 },	   { MS + 1, 1 },    { 100 * MS, 5 },
		{ 101 * MS, 6 }, { 60 * SEC, 13 }, { 61 * SEC, 14 },
	};
	uint64_t sum_ns = 0, counts[QUEUE_HELD_BUCKETS] = { 0 };

	(void)state;
	make_queue(8, LONG);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint64_t end_ns = START + rows[i].held_ns;

		put(1, 1, 1, true, START);
		/* alive to the end */
		put(1, 1, 1, true, end_ns);
		assert_int_equal(take(end_ns), 1);
		counts[rows[i].bucket]++;
		sum_ns += rows[i].held_ns;
	}
	assert_memory_equal(queue_stats(queue)->held, counts, sizeof(counts));
	assert_true(queue_stats(queue)->held_sum_ns == sum_ns);
}

/* The clocks of two CPUs may differ, and a record may be read late. */
static void test_times_out_of_order(void **state)
{
	struct queue_syn syn = syn_of(1, 1, 1, START + SEC);

	(void)state;
	make_queue(8, SEC);
	assert_int_equal(queue_put(queue, &syn, START, &victim), QUEUE_QUEUED);
	assert_true(queue_next_deadline(queue) == START + SEC);
	assert_int_equal(put(1, 1, 1, true, START - SEC), QUEUE_REPLACED);
	assert_int_equal(queue_expire(queue, START - SEC), 0);
	assert_int_equal(take(START - SEC), 1);
}

#define queue_test(function) cmocka_unit_test_teardown(function, drop_queue)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		queue_test(test_size),
		queue_test(test_entry_comes_back_whole),
		queue_test(test_frames_that_do_not_fit),
		queue_test(test_retransmit_replaces),
		queue_test(test_copies_of_the_network_are_no_retransmits),
		queue_test(test_retransmits_first),
		queue_test(test_above_half_full_only_retransmits),
		queue_test(test_expires_by_the_first_syn),
		queue_test(test_comes_back_for_another_term),
		queue_test(test_take_skips_what_has_expired),
		queue_test(test_too_old),
		queue_test(test_too_old_for_a_full_queue),
		queue_test(test_deadlines_in_order),
		queue_test(test_deadlines_after_one_has_left),
		queue_test(test_delay_max_changes),
		queue_test(test_silent_clients_are_skipped),
		queue_test(test_forget),
		queue_test(test_times_held),
		queue_test(test_times_out_of_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
