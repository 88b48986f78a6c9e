/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Entries by the start of their term, earliest first: a binary heap that knows where each one is.
 * All have the same time from there to their deadline, so a change of it changes no order. Pure.
 */
#ifndef WEIR_QUEUE_TERMS_H
#define WEIR_QUEUE_TERMS_H

#include <stdint.h>

#define TERMS_NONE UINT32_MAX

struct term {
	uint64_t start_ns;
	uint32_t entry;
};

struct terms {
	struct term *heap;
	uint32_t *place; /* by entry: in the heap, or TERMS_NONE */
	uint32_t entries;
	uint32_t count;
};

/* For entries 0 to @entries - 1. 0 or -ENOMEM; then terms_destroy() is due, too. */
int terms_init(struct terms *terms, uint32_t entries);
void terms_destroy(struct terms *terms);

/* @entry must not be there. O(log n), O(1) if its term is the latest. */
void terms_add(struct terms *terms, uint32_t entry, uint64_t start_ns);
void terms_remove(struct terms *terms, uint32_t entry);

/* NULL: none. */
const struct term *terms_first(const struct terms *terms);

/* Each entry is one of @n from 0 on, in no order that is promised; NULL: there are not so many. */
const struct term *terms_nth(const struct terms *terms, uint64_t n);

const char *terms_check(const struct terms *terms);

#endif
