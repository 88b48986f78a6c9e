// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Who is taken out of the queue to be refused, and that it does not come back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/queueing.h"

/* Only those that have come again: of another it is not known that it is there. */
static void test_send_away(void **state)
{
	const struct queue_entry *entry;

	(void)state;
	make_queue(8, 60 * SEC);
	assert_null(queue_draw(queue, UINT32_MAX));
	put(1, 1, 1, false, START);
	put(2, 2, 2, false, START);
	assert_null(queue_draw(queue, 0));
	assert_null(queue_draw(queue, UINT32_MAX));
	put(2, 2, 2, true, START + SEC);
	entry = queue_draw(queue, 0);
	assert_ptr_equal(queue_draw(queue, UINT32_MAX), entry);
	assert_int_equal(entry->key, 2);
	assert_int_equal(total_length(), 2);
	queue_send_away(queue, entry->key);
	assert_memory_equal(entry->frame, "SYN", 3);
	check_queue();
	assert_int_equal(queue_stats(queue)->ends[QUEUE_RETRANSMITS][QUEUE_SENT_AWAY], 1);
	assert_null(queue_draw(queue, 0));

	/* it is not queued again, other ones are */
	assert_int_equal(put(2, 2, 2, true, START + 2 * SEC), QUEUE_REFUSED_AWAY);
	assert_int_equal(put(3, 2, 2, true, START + 2 * SEC), QUEUE_QUEUED);
	assert_int_equal(total_length(), 2);
	assert_int_equal(take(START + 2 * SEC), 3);
	assert_int_equal(take(START + 2 * SEC), 1);
	assert_int_equal(take(START + 2 * SEC), 0);
}

/* Nobody is meant: each goes as often as the others. */
static void test_send_away_at_random(void **state)
{
	uint32_t gone[5] = {};

	(void)state;
	for (uint32_t i = 0; i < 1000; i++) {
		make_queue(16, 60 * SEC);
		for (uint64_t key = 1; key <= 5; key++)
			put_quickly(key, key, key, true, START + key);
		gone[queue_draw(queue, i * 4294967U)->key - 1]++;
		drop_queue(NULL);
	}
	for (int i = 0; i < 5; i++)
		assert_in_range(gone[i], 195, 205);
}

/* However many new ones there are, it is not looked through all of them. */
static void test_among_many_new_ones(void **state)
{
	uint32_t drawn = 0;

	(void)state;
	make_queue(4096, 60 * SEC);
	for (uint64_t key = 1; key <= 2000; key++)
		put_quickly(key, key, key, key % 100 == 0, START);
	for (uint32_t i = 0; i < 1000; i++)
		drawn += queue_draw(queue, i * 4294967U) != NULL;
	/* 64 in a row without one of every hundredth */
	assert_in_range(drawn, 500, 750);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		queue_test(test_send_away),
		queue_test(test_send_away_at_random),
		queue_test(test_among_many_new_ones),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
