/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Which entry has a key: a hash table of entry numbers. Pure. */
#ifndef WEIR_QUEUE_KEYS_H
#define WEIR_QUEUE_KEYS_H

#include <stdint.h>

#define KEYS_NONE UINT32_MAX

struct keys {
	uint64_t *key;	  /* by entry */
	uint32_t *next;	  /* by entry: in the same bucket */
	uint32_t *bucket; /* first entry */
	uint32_t shift;
};

/* For entries 0 to @entries - 1. 0 or -ENOMEM; then keys_destroy() is due, too. */
int keys_init(struct keys *keys, uint32_t entries);
void keys_destroy(struct keys *keys);

/* KEYS_NONE: no entry has it. */
uint32_t keys_find(const struct keys *keys, uint64_t key);

/* No entry may have @key. */
void keys_add(struct keys *keys, uint64_t key, uint32_t entry);
void keys_remove(struct keys *keys, uint32_t entry);

#endif
