/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The filter in front of the prefix rules: for each length that a rule has, the prefix of a source
 * is a key; a rule's own has two bits set in one word. With 16 bits a rule, one prefix in a hundred
 * is taken for one that has a rule; none that has one is missed. Used by the packet path, which
 * asks, and by user space, which fills it.
 */
#ifndef WEIR_RULE_HASH_H
#define WEIR_RULE_HASH_H

#include "abi.h"

/* @addr cut to @mask, by a hash that nobody outside can foresee: multilinear, of which the upper
 * bits are good (Lemire and Kaser, "Strongly universal string hashing is fast"). */
static inline __u64 rule_hash(const struct addr *addr, const struct addr *mask,
			      const struct hash_seed *seed)
{
	const __u64 hi = addr->hi & mask->hi, lo = addr->lo & mask->lo;
	const __u64 *factor = seed->factor[0];

	return seed->offset[0] + (hi >> 32) * factor[0] + (__u32)hi * factor[1] +
	       (lo >> 32) * factor[2] + (__u32)lo * factor[3] + mask->lo * factor[4];
}

static inline __u64 rule_hash_bits(__u64 hash)
{
	return 1ULL << (hash >> 58) | 1ULL << (hash >> 52 & 63);
}

static inline __u32 rule_hash_word(__u64 hash, __u32 word_mask)
{
	return hash >> 32 & word_mask & (RULE_FILTER_WORDS - 1);
}

#endif
