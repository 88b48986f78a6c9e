// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Whose turn it is, and who has to go when the queue is full. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "queueing.h"

#define SITES_MAX 100

/* The site in bits 32 and up of a key. */
static uint64_t key_of(uint64_t site, uint64_t device)
{
	return site << 32 | device;
}

static void fill_site(uint64_t site, uint32_t devices, bool retransmit)
{
	for (uint32_t i = 1; i <= devices; i++)
		put_quickly(key_of(site, i), site, key_of(site, i), retransmit, START);
	check_queue();
}

/* Jain's index: 1 if all are equal, 1/n if one has everything. */
static double jain(const uint32_t *shares, uint32_t n)
{
	double sum = 0, squares = 0;

	for (uint32_t i = 0; i < n; i++) {
		sum += shares[i];
		squares += (double)shares[i] * shares[i];
	}
	return sum * sum / (n * squares);
}

/* One site with 4500 devices, nine with 55 each. */
static void test_small_sites_are_done_in_the_first_third(void **state)
{
	uint32_t total = 4500 + 9 * 55, shares[10] = { 0 }, small_left = 9 * 55;
	bool all_backlogged = true;

	(void)state;
	make_queue(16384, LONG);
	fill_site(1, 4500, false);
	for (uint64_t site = 2; site <= 10; site++)
		fill_site(site, 55, false);
	assert_int_equal(total_length(), total);
	for (uint32_t taken = 1; taken <= total / 3; taken++) {
		const struct queue_entry *entry = queue_take(queue, START);

		assert_non_null(entry);
		shares[entry->site - 1]++;
		small_left -= entry->site != 1;
		all_backlogged &= queue_sites(queue, QUEUE_NEW) == 10;
		if (all_backlogged && taken >= 20) /* two rounds */
			assert_true(jain(shares, 10) >= 0.9);
	}
	check_queue();
	assert_int_equal(small_left, 0);
}

/* Nine tenths of a site's devices behind one address take no more than their turn. */
static void test_sources_of_a_site_take_turns(void **state)
{
	uint32_t shares[10] = { 0 };

	(void)state;
	make_queue(1000, LONG);
	for (uint64_t i = 1; i <= 300; i++)
		assert_int_equal(put_quickly(i, 1, 1, false, START), QUEUE_QUEUED);
	for (uint64_t source = 2; source <= 10; source++)
		for (uint64_t i = 1; i <= 5; i++)
			put_quickly(key_of(source, i), 1, source, false, START);
	for (int i = 0; i < 50; i++)
		shares[queue_take(queue, START)->source - 1]++;
	check_queue();
	for (int i = 0; i < 10; i++)
		assert_int_equal(shares[i], 5);
}

/* The same source number in two sites is two sources. */
static void test_sources_belong_to_sites(void **state)
{
	(void)state;
	make_queue(20, LONG);
	put(1, 1, 5, false, START);
	put(2, 1, 5, false, START);
	put(3, 2, 5, false, START);
	put(4, 1, 6, false, START);
	assert_int_equal(take(START), 1);
	assert_int_equal(take(START), 3);
	assert_int_equal(take(START), 4);
	assert_int_equal(take(START), 2);
}

static void test_first_come_first_served_within_a_source(void **state)
{
	(void)state;
	make_queue(20, LONG);
	for (uint64_t key = 1; key <= 5; key++)
		put(key, 1, 1, false, START + key);
	for (uint64_t key = 1; key <= 5; key++)
		assert_int_equal(take(START + 10), key);
}

/* Leaving and coming back in between gives no second turn in a round. */
static void test_no_turn_twice_in_a_round(void **state)
{
	(void)state;
	make_queue(40, LONG);
	for (uint64_t site = 1; site <= 3; site++)
		fill_site(site, 3, false);
	assert_int_equal(take(START) >> 32, 1);
	queue_forget(queue, key_of(1, 2), START);
	queue_forget(queue, key_of(1, 3), START);
	put(key_of(1, 9), 1, 1, false, START);
	assert_int_equal(take(START) >> 32, 2);
	assert_int_equal(take(START) >> 32, 3);
	assert_int_equal(take(START) >> 32, 1);
}

/*
 * A site that fills the queue with retransmits, over and over, and one with five devices: the first
 * round of their retransmits brings all five in, at the cost of the large site.
 */
static void test_small_site_gets_into_a_full_queue(void **state)
{
	(void)state;
	make_queue(100, LONG);
	fill_site(1, 50000, true);
	assert_int_equal(queue_length(queue, QUEUE_RETRANSMITS), 100);
	assert_int_equal(queue_stats(queue)->results[QUEUE_REFUSED_FULL], 50000 - 100);
	for (uint64_t i = 1; i <= 5; i++) {
		assert_int_equal(put(key_of(2, i), 2, i, true, START), QUEUE_QUEUED);
		assert_non_null(victim);
		assert_int_equal(victim->site, 1);
	}
	fill_site(1, 50000, true);
	for (int i = 0; i < 10; i++)
		assert_int_equal(take(START) >> 32, 1 + i % 2);
}

/* The last of the longest source of the longest site: its client's next SYN comes soonest. */
static void test_victim(void **state)
{
	(void)state;
	make_queue(10, LONG);
	for (uint64_t i = 1; i <= 3; i++)
		put(i, 1, 1, true, START);
	put(4, 1, 2, true, START);
	put(5, 1, 2, true, START);
	for (uint64_t i = 6; i <= 9; i++)
		put(i, 2, 3, true, START);
	put(10, 3, 4, true, START);
	assert_int_equal(put(11, 4, 5, true, START), QUEUE_QUEUED);
	assert_int_equal(victim->key, 3);
	assert_int_equal(victim->class, QUEUE_RETRANSMITS);
	/* sites: 4, 4, 1, 1; the first of them has had them longer */
	assert_int_equal(put(12, 5, 6, true, START), QUEUE_QUEUED);
	assert_int_equal(victim->key, 9);
	assert_int_equal(queue_stats(queue)->ends[QUEUE_RETRANSMITS][QUEUE_EVICTED], 2);
}

static void test_victim_is_readable_until_the_next(void **state)
{
	struct queue_syn syn = syn_of(3, 2, 2, START);

	(void)state;
	make_queue(2, LONG);
	put(1, 1, 1, true, START);
	put(2, 1, 1, true, START);
	syn.retransmit = true;
	syn.frame = "other";
	syn.len = 5;
	assert_int_equal(queue_put(queue, &syn, START, &victim), QUEUE_QUEUED);
	assert_int_equal(victim->key, 2);
	assert_memory_equal(victim->frame, "SYN", 3);
}

/* New SYNs go first, and come back as retransmits. */
static void test_new_syns_make_room(void **state)
{
	(void)state;
	make_queue(8, LONG);
	put(1, 1, 1, false, START);
	put(2, 2, 2, false, START);
	put(3, 2, 3, false, START);
	for (uint64_t i = 10; i < 15; i++)
		put(i, 9, 9, true, START);
	assert_int_equal(put(15, 9, 9, true, START), QUEUE_QUEUED);
	assert_int_equal(victim->key, 2);
	assert_int_equal(put(16, 9, 9, true, START), QUEUE_QUEUED);
	assert_int_equal(victim->key, 1);
	assert_int_equal(put(17, 9, 9, true, START), QUEUE_QUEUED);
	assert_int_equal(victim->key, 3);
	assert_int_equal(victim->class, QUEUE_NEW);
	assert_int_equal(put(18, 9, 9, true, START), QUEUE_REFUSED_FULL);
	assert_null(victim);
}

/* An exchange that makes nothing fairer only costs somebody his place. */
static void test_no_victim_among_equals(void **state)
{
	(void)state;
	make_queue(4, LONG);
	for (uint64_t i = 1; i <= 4; i++)
		put(i, i, i, true, START);
	assert_int_equal(put(5, 5, 5, true, START), QUEUE_REFUSED_FULL);
	assert_int_equal(put(6, 1, 6, true, START), QUEUE_REFUSED_FULL);
	assert_int_equal(take(START), 1);
	put(7, 2, 2, true, START);
	/* site 2 has two: one with none takes one, its own does not */
	assert_int_equal(put(8, 2, 8, true, START), QUEUE_QUEUED);
	assert_int_equal(victim->key, 7);
}

/* Within one site, a source may not fill the queue either. */
static void test_small_source_gets_into_a_full_queue(void **state)
{
	(void)state;
	make_queue(10, LONG);
	for (uint64_t i = 1; i <= 10; i++)
		put(i, 1, 1, true, START);
	for (uint64_t i = 11; i <= 15; i++) {
		assert_int_equal(put(i, 1, 2, true, START), QUEUE_QUEUED);
		assert_int_equal(victim->source, 1);
	}
	assert_int_equal(put(16, 1, 2, true, START), QUEUE_REFUSED_FULL);
	assert_int_equal(put(17, 1, 1, true, START), QUEUE_REFUSED_FULL);
}

/* As many sites and sources as entries: every one of a flood of random addresses has room. */
static void test_sites_cannot_run_out(void **state)
{
	(void)state;
	make_queue(1000, LONG);
	for (uint64_t round = 0; round < 3; round++) {
		for (uint64_t i = 1; i <= 1000; i++)
			assert_int_equal(
				put_quickly(key_of(i, round), key_of(i, round), i, true, START),
				QUEUE_QUEUED);
		check_queue();
		assert_int_equal(queue_sites(queue, QUEUE_RETRANSMITS), 1000);
		for (int i = 0; i < 1000; i++)
			assert_non_null(queue_take(queue, START));
		check_queue();
		assert_int_equal(queue_sites(queue, QUEUE_RETRANSMITS), 0);
	}
}

static uint32_t draw(uint32_t *seed, uint32_t below)
{
	*seed = *seed * 1664525 + 1013904223;
	return (uint32_t)((uint64_t)*seed * below >> 32);
}

/* Sites of all sizes that come and go: whoever is longest loses, and nothing is lost otherwise. */
static void test_longest_site_by_a_count_of_its_own(void **state)
{
	uint32_t lengths[SITES_MAX] = { 0 }, seed = 1;

	(void)state;
	make_queue(300, LONG);
	for (uint64_t key = 1; key <= 20000; key++) {
		uint32_t site = draw(&seed, draw(&seed, SITES_MAX - 1) + 1), longest = 0;
		enum queue_result result;

		for (uint32_t i = 0; i < SITES_MAX; i++)
			longest = lengths[i] > longest ? lengths[i] : longest;
		result = put_quickly(key, site, draw(&seed, 9), true, START);
		if (victim) {
			assert_true(lengths[victim->site] == longest ||
				    (victim->site == site && lengths[site] + 1 >= longest));
			lengths[victim->site]--;
		}
		if (result == QUEUE_QUEUED)
			lengths[site]++;
		else
			assert_true(lengths[site] + 1 >= longest);
		if (draw(&seed, 40) == 0) {
			for (uint32_t n = draw(&seed, 60); n && total_length(); n--)
				lengths[queue_take(queue, START)->site]--;
			check_queue();
		}
	}
	check_queue();
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		queue_test(test_small_sites_are_done_in_the_first_third),
		queue_test(test_sources_of_a_site_take_turns),
		queue_test(test_sources_belong_to_sites),
		queue_test(test_first_come_first_served_within_a_source),
		queue_test(test_no_turn_twice_in_a_round),
		queue_test(test_small_site_gets_into_a_full_queue),
		queue_test(test_victim),
		queue_test(test_victim_is_readable_until_the_next),
		queue_test(test_new_syns_make_room),
		queue_test(test_no_victim_among_equals),
		queue_test(test_small_source_gets_into_a_full_queue),
		queue_test(test_sites_cannot_run_out),
		queue_test(test_longest_site_by_a_count_of_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
