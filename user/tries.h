/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Prefix rules in the kernel: the maps rules_v4 and rules_v6 hold a trie for each copy of the
 * policy. @fd is one of them, @slot the number of the copy; an empty slot holds no rules. All return
 * 0 or -errno.
 */
#ifndef WEIR_TRIES_H
#define WEIR_TRIES_H

#include <stdint.h>

#include "rules.h"

/* Puts a new trie with those of @rules that are of @family in the place of what is at @slot. */
int tries_fill(int fd, uint32_t slot, enum family family, const struct rules *rules);
/* The same of their filter, in the map rule_filters. */
int tries_fill_filter(int fd, uint32_t slot, enum family family, const struct rules *rules,
		      const struct hash_seed *seed);
int tries_copy_filter(int fd, uint32_t from, uint32_t slot, enum family family);
/* Lets @slot hold the same trie as @from. */
int tries_copy(int fd, uint32_t from, uint32_t slot);
/* Adds what is at @slot to @rules. */
int tries_read(int fd, uint32_t slot, enum family family, struct rules *rules);

#endif
