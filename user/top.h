/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Which sources and sites were refused most in the last minute, and how surely that is known: the
 * sets of struct top_set, which each CPU fills for itself, merged. Pure.
 *
 * The minute is the slice that has just begun and the six before it: 60 to 70 seconds.
 *
 * Each count is certain within bounds: in [at_least, at_most] lies the number of refusals of the
 * prefix at that level and listener. A CPU's slice adds to them
 *  - [count - over, count] of its entry;
 *  - [0, least count of its set] if it has none: whoever is not in a full set was at no time above
 *    the least in it. A set with a free way has missed nobody;
 * and all that CPUs and slices know of one prefix lies in sets of the same index, since that comes
 * from its hash. Only the least of a set is ever replaced, so an entry that is read while its CPU
 * changes hands of it is none of the first.
 */
#ifndef WEIR_TOP_H
#define WEIR_TOP_H

#include <stdint.h>

#include "abi.h"

#define TOP_SHOWN 20

struct top_row {
	struct addr prefix;
	uint8_t prefix_len; /* of the 128 bits */
	uint8_t level;	    /* LEVEL_SITE, LEVEL_SOURCE, or LEVEL_RULE: refused by its own limit */
	uint16_t listener;  /* id */
	uint32_t serial;    /* of the listener: another one may have its id by now */
	uint64_t refused;   /* in the middle of the two: the best guess */
	uint64_t at_least;
	uint64_t at_most;
};

/* Most refused first, by what is certain: whoever has just taken the place of another one has a
 * high upper bound, and was most likely refused but once. */
struct top_list {
	struct top_row rows[TOP_SHOWN];
	unsigned int count;
};

/* All 0 before the first call of top_merge(). */
struct top {
	struct top_list sources; /* LEVEL_SOURCE and LEVEL_RULE */
	struct top_list sites;
	uint64_t others_at_most; /* no prefix that is in neither list was refused more often */
};

/*
 * Adds what is known of the prefixes of one set index: @sets are the @count sets of that index, of
 * every CPU and slice, in any order. To be called once for each index. 0 or -ENOMEM.
 */
int top_merge(struct top *top, const struct top_set *sets, unsigned int count, uint64_t now_ns);

#endif
