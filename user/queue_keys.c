// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "queue_keys.h"

#include <errno.h>
#include <stdlib.h>

int keys_init(struct keys *keys, uint32_t entries)
{
	uint32_t bits = 1;

	while (1U << bits < entries)
		bits++;
	*keys = (struct keys){
		.key = calloc(entries, sizeof(*keys->key)),
		.next = calloc(entries, sizeof(*keys->next)),
		.bucket = calloc((size_t)1 << bits, sizeof(*keys->bucket)),
		.shift = 64 - bits,
	};
	if (!keys->key || !keys->next || !keys->bucket)
		return -ENOMEM;
	for (uint32_t i = 0; i < 1U << bits; i++)
		keys->bucket[i] = KEYS_NONE;
	return 0;
}

void keys_destroy(struct keys *keys)
{
	free(keys->key);
	free(keys->next);
	free(keys->bucket);
}

static uint32_t *bucket_of(const struct keys *keys, uint64_t key)
{
	return &keys->bucket[(key * 0x9e3779b97f4a7c15ULL) >> keys->shift];
}

uint32_t keys_find(const struct keys *keys, uint64_t key)
{
	uint32_t entry = *bucket_of(keys, key);

	while (entry != KEYS_NONE && keys->key[entry] != key)
		entry = keys->next[entry];
	return entry;
}

void keys_add(struct keys *keys, uint64_t key, uint32_t entry)
{
	uint32_t *bucket = bucket_of(keys, key);

	keys->key[entry] = key;
	keys->next[entry] = *bucket;
	*bucket = entry;
}

void keys_remove(struct keys *keys, uint32_t entry)
{
	uint32_t *link = bucket_of(keys, keys->key[entry]);

	while (*link != entry)
		link = &keys->next[*link];
	*link = keys->next[entry];
}
