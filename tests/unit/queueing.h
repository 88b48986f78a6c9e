/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A queue and SYNs for it. After each call the queue is checked. */
#ifndef WEIR_TESTS_QUEUEING_H
#define WEIR_TESTS_QUEUEING_H

#include <string.h>

#include "queue.h"

#define MS 1000000ULL
#define SEC (1000 * MS)
#define START (1000 * SEC)
#define LONG (3600 * SEC)

static struct queue *queue;
static const struct queue_entry *victim;

static inline void check_queue(void)
{
	const char *wrong = queue_check(queue);

	if (wrong)
		fail_msg("%s", wrong);
}

static inline void make_queue(uint32_t entries, uint64_t delay_max_ns)
{
	queue = queue_create(entries, delay_max_ns);
	assert_non_null(queue);
}

/* For cmocka_unit_test_teardown(). */
static inline int drop_queue(void **state)
{
	(void)state;
	queue_destroy(queue);
	queue = NULL;
	return 0;
}

/* The first SYN of connection @key, just arrived. */
static inline struct queue_syn syn_of(uint64_t key, uint64_t site, uint64_t source, uint64_t now_ns)
{
	return (struct queue_syn){
		.key = key,
		.site = site,
		.source = source,
		.first_seen_ns = now_ns,
		.frame = "SYN",
		.len = 3,
	};
}

/* Without a check of the queue: for thousands of them. */
static inline enum queue_result put_quickly(uint64_t key, uint64_t site, uint64_t source,
					    bool retransmit, uint64_t now_ns)
{
	struct queue_syn syn = syn_of(key, site, source, now_ns);

	syn.retransmit = retransmit;
	return queue_put(queue, &syn, now_ns, &victim);
}

static inline enum queue_result put(uint64_t key, uint64_t site, uint64_t source, bool retransmit,
				    uint64_t now_ns)
{
	enum queue_result result = put_quickly(key, site, source, retransmit, now_ns);

	check_queue();
	return result;
}

/* Key of the next one; 0: none. */
static inline uint64_t take(uint64_t now_ns)
{
	const struct queue_entry *entry = queue_take(queue, now_ns);

	check_queue();
	return entry ? entry->key : 0;
}

static inline uint32_t total_length(void)
{
	return queue_length(queue, QUEUE_RETRANSMITS) + queue_length(queue, QUEUE_NEW);
}

#define queue_test(function) cmocka_unit_test_teardown(function, drop_queue)

#endif
