/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Keys with random hashes, and tables to put them in. Included by one test program each. */
#ifndef WEIR_TESTS_PLACING_H
#define WEIR_TESTS_PLACING_H

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "migrate.h"

#define SEC 1000000000ULL
#define NOW (1000000 * SEC)

/* xorshift64*: the same numbers in every run. */
static uint64_t draw(void)
{
	static uint64_t state = 0x9e3779b97f4a7c15;

	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return state * 0x2545f4914f6cdd1d;
}

struct key {
	uint32_t address[4];
	unsigned int listener; /* id */
	enum level level;
};

static struct key draw_key(void)
{
	return (struct key){
		{ 0, 0, 0xffff, (uint32_t)draw() },
		(unsigned int)(draw() % ABI1_LISTENERS),
		draw() & 1 ? LEVEL_SITE : LEVEL_SOURCE,
	};
}

static uint32_t hash(const __u64 factor[HASH_WORDS], uint64_t offset, const struct key *key,
		     uint32_t last)
{
	for (int i = 0; i < 4; i++)
		offset += factor[i] * key->address[i];
	return (offset + factor[4] * last) >> 32;
}

/* table_place() and table_find() of today. */
static __u64 *find(struct bucket_set *sets, uint32_t count, const struct hash_seed *seed,
		   const struct key *key, uint32_t serial, bool make)
{
	uint32_t last = serial << 8 | key->level;
	uint32_t tag = hash(seed->factor[0], seed->offset[0], key, last);
	uint32_t at = hash(seed->factor[1], seed->offset[1], key, last);
	struct bucket_set *set = &sets[(uint64_t)at * count >> 32];

	tag += !tag;
	for (int way = 0; way < TABLE_WAYS; way++) {
		if (!set->tag[way] && make)
			set->tag[way] = tag;
		if (set->tag[way] == tag)
			return &set->word[way];
	}
	return NULL;
}

static struct bucket_set *make_sets(uint32_t count)
{
	struct bucket_set *sets = calloc(count, sizeof(*sets));

	assert_non_null(sets);
	return sets;
}

static struct new_table make_table(uint32_t count)
{
	return (struct new_table){
		.sets = make_sets(count),
		.count = count,
		.now_ns = NOW,
		.refill_max_ns = 7200 * SEC,
	};
}

static void draw_seed(void *seed, size_t size)
{
	for (size_t i = 0; i < size / sizeof(uint64_t); i++)
		((uint64_t *)seed)[i] = draw();
}

#endif
