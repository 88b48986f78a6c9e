// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What is queued, in which order, and how it leaves. */
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
		queue_test(test_silent_clients_are_skipped),
		queue_test(test_forget),
		queue_test(test_times_held),
		queue_test(test_times_out_of_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
