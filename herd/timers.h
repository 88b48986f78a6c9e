/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * One timer for each of a fixed number of members, the earliest first: a heap of four children, with
 * the place of each member, so that setting, changing and removing are O(log n) and exact. Pure.
 */
#ifndef HERD_TIMERS_H
#define HERD_TIMERS_H

#include <stdbool.h>
#include <stdint.h>

struct timers {
	struct timers_entry {
		uint64_t due_ns;
		uint32_t member;
	} * heap;
	uint32_t *place; /* by member: in the heap, + 1; 0: not set */
	uint32_t count, members;
};

/* 0 or -ENOMEM. */
int timers_init(struct timers *timers, uint32_t members);
void timers_free(struct timers *timers);
/* @due_ns 0: takes it off. */
void timers_set(struct timers *timers, uint32_t member, uint64_t due_ns);
/* The earliest; false if none is set. */
bool timers_first(const struct timers *timers, uint64_t *due_ns, uint32_t *member);

#endif
