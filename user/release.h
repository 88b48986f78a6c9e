/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Tokens of host and listener for a SYN that is held, taken from the words that the packet path
 * charges too, in the same way. Pure: @now_ns is CLOCK_MONOTONIC.
 */
#ifndef WEIR_RELEASE_H
#define WEIR_RELEASE_H

#include <stdint.h>

#include "abi.h"

struct release_level {
	__u64 *word;
	const struct limit *limit;
};

struct release_terms {
	struct release_level host;
	struct release_level listener;
	/* NULL: the listener has none */
	struct window_state *window;
	__u32 serial;		  /* of the listener */
	__u64 fallback_period_ns; /* as the operator says it */
	uint32_t reserve;	  /* of RESERVE_ALL, kept for others; 0: for this one, too */
	const __u64 *generation_in_force;
	__u64 generation; /* of the policy that the limits are of */
};

enum release_answer {
	RELEASE_NOW,
	RELEASE_LATER,
	RELEASE_STALE, /* the policy is no longer in force, or others took all tries: ask again */
};

/*
 * Takes a token of both levels and a credit of the window, or nothing. *due_ns is when there was, or
 * will be, one: 0 if there is no limit, UINT64_MAX if it is closed, or if the window is full: then
 * ask again when credits have been counted anew.
 */
enum release_answer release_take(const struct release_terms *terms, uint64_t now_ns,
				 uint64_t *due_ns);

#endif
