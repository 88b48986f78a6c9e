/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The bucket table of sources and sites: a set-associative cache. The hash of a key names its set,
 * a cache line, and its tag there; the key may lie in any of the ways, {tag, GCRA word}, and nothing
 * but its tag is kept of it.
 *
 * A bucket whose TAT is past is full, and a full bucket says nothing: reusing its slot loses
 * nothing. So there is no list, no timer and no lock, and only when all are in debt is a debt (the
 * smallest) forgotten, which is counted.
 *
 * Races: a slot is claimed by compare-and-swap on its tag. Whoever loses looks again, and the
 * first match wins. A charge may then fall on a bucket that has just changed hands: at most one
 * misplaced charge a race.
 */
#ifndef WEIR_TABLE_BPF_H
#define WEIR_TABLE_BPF_H

#include "maps.bpf.h"
#include "once.bpf.h"

#define TABLE_CLAIMS_MAX 4

const volatile __u32 bucket_sets = 1;

/* Where a key lies, if it does. */
struct place {
	struct bucket_set *set;
	__u32 tag; /* never 0 */
};

/* Of a key: what it is known by, and of which set in 2^32 parts of the table. */
struct hash {
	__u32 tag; /* never 0 */
	__u32 set;
};

/*
 * Multilinear hashing, strongly universal for whoever does not know the seed: two keys share a
 * tag with probability 2^-32, and, independently, a set with that of a fair draw. Lemire & Kaser,
 * "Strongly universal string hashing is fast", 2014, section 3.
 */
struct hash_sum {
	__u64 for_tag;
	__u64 for_set;
};

static __always_inline void hash_add(struct hash_sum *sum, __u64 tag_factor, __u64 set_factor,
				     __u32 word)
{
	sum->for_tag += tag_factor * word;
	sum->for_set += set_factor * word;
}

static __always_inline struct hash hash_of(const struct hash_sum *sum)
{
	struct hash hash = { .tag = sum->for_tag >> 32, .set = sum->for_set >> 32 };

	hash.tag += !hash.tag;
	return hash;
}

/* Of a prefix, and what it is looked up for. */
static __always_inline struct hash hash_prefix(const struct hash_seed *seed, __u64 hi, __u64 lo,
					       __u32 key)
{
	const __u64 *tag = seed->factor[0], *set = seed->factor[1];
	struct hash_sum sum = { seed->offset[0], seed->offset[1] };

	hash_add(&sum, tag[0], set[0], hi >> 32);
	hash_add(&sum, tag[1], set[1], hi);
	hash_add(&sum, tag[2], set[2], lo >> 32);
	hash_add(&sum, tag[3], set[3], lo);
	hash_add(&sum, tag[4], set[4], key);
	return hash_of(&sum);
}

/* False: the map is missing. */
static __always_inline bool table_place(struct place *place, const struct hash_seed *seed,
					const struct addr *prefix, __u32 key)
{
	const struct hash hash = hash_prefix(seed, prefix->hi, prefix->lo, key);
	__u32 index = (__u64)hash.set * bucket_sets >> 32;

	place->tag = hash.tag;
	place->set = bpf_map_lookup_elem(&buckets, &index);
	return place->set;
}

/*
 * Has the processor fetch the line of @set without waiting for it, as a load would have to: the
 * clock is read only after all loads before it.
 */
static __always_inline void table_prefetch(struct bucket_set *set)
{
	WRITE_ONCE(set->fetch, 0);
}

/* Way @way of @set; NULL if there is none, which only the verifier thinks possible. */
static __always_inline __u64 *table_word(struct bucket_set *set, __u32 way)
{
	barrier_var(way);
	return way < TABLE_WAYS ? &set->word[way] : NULL;
}

static __always_inline __u32 *table_tag(struct bucket_set *set, __u32 way)
{
	barrier_var(way);
	return way < TABLE_WAYS ? &set->tag[way] : NULL;
}

/* 1 unless @x is 0, without a branch, which the compiler would make of it if it knew that @x has no
 * more than 32 bits. */
static __always_inline __u64 is_nonzero(__u64 x)
{
	barrier_var(x);
	return (0 - x) >> 63;
}

/* @a or @b, whichever is less, without a branch; both below 2^63. */
static __always_inline __u64 lesser(__u64 a, __u64 b)
{
	__u64 less = (__s64)(a - b) >> 63;

	barrier_var(less);
	return b ^ ((a ^ b) & less);
}

/*
 * The first way that holds @tag; TABLE_WAYS: none does, so no debt is known and the bucket is full.
 * Without branches: which way it is cannot be predicted, and the verifier need not follow each.
 */
static __always_inline __u32 table_find(const struct bucket_set *set, __u32 tag)
{
	__u64 none = 1, way = 0;

#pragma unroll
	for (int i = 0; i < TABLE_WAYS; i++) {
		none &= is_nonzero(READ_ONCE(set->tag[i]) ^ tag);
		way += none;
	}
	return way;
}

#define RANK_WAY_MASK 7ULL

/*
 * The way to give up first: a bucket that is full, else the one nearest to it. What is later than
 * @horizon_ns is left over from a slower limit and counts as full. Found as the least of the words
 * with the way in their lowest bits.
 */
static __always_inline __u32 table_victim(const struct bucket_set *set, __u64 horizon_ns)
{
	__u64 least = ~0ULL >> 1;

#pragma unroll
	for (__u64 i = 0; i < TABLE_WAYS; i++) {
		__u64 word = READ_ONCE(set->word[i]) & ~(1ULL << 63);
		__u64 in_time = ~(__u64)((__s64)(horizon_ns - word) >> 63);

		barrier_var(in_time);
		least = lesser((word & in_time & ~RANK_WAY_MASK) | i, least);
	}
	return least & RANK_WAY_MASK;
}

/* What table_claim did: the way, and whether that is charged already. */
#define CLAIM_WAY_MASK 7
#define CLAIM_UNCHARGED 8
#define CLAIM_CONTENDED 16

/*
 * A way for @tag, which had none: one is taken over as a full bucket, and charged with one token of
 * @limit. If another CPU has given @tag a way in the meantime, that one, uncharged. A function of
 * its own, since most SYNs find their bucket.
 */
__noinline int table_claim(struct bucket_set *set, __u32 tag, const struct limit *limit,
			   __u64 now_ns, __u64 refill_max_ns)
{
	struct table_counters *count;
	__u32 zero = 0;

	count = bpf_map_lookup_elem(&table_counters, &zero);
	if (!set || !limit || !count)
		return CLAIM_CONTENDED;
#pragma clang loop unroll(disable)
	for (int i = 0; i < TABLE_CLAIMS_MAX; i++) {
		__u32 way = table_find(set, tag), *owner, former;
		__u64 *bucket, word;

		if (way < TABLE_WAYS)
			return way | CLAIM_UNCHARGED;
		way = table_victim(set, now_ns + refill_max_ns);
		owner = table_tag(set, way);
		bucket = table_word(set, way);
		if (!owner || !bucket)
			return CLAIM_CONTENDED;
		former = READ_ONCE(*owner);
		word = READ_ONCE(*bucket);
		if (__sync_val_compare_and_swap(owner, former, tag) != former) {
			count->lost_claims++;
			continue;
		}
		/* beyond the horizon: left over from a slower limit, no debt */
		if (word > now_ns && word <= now_ns + refill_max_ns)
			count->evicted_in_debt++;
		else if (former)
			count->evicted_full++;
		/* fails if someone has charged the new owner already */
		if (__sync_val_compare_and_swap(bucket, word, gcra_charged(0, limit, now_ns)) ==
		    word)
			return way;
		return way | CLAIM_UNCHARGED;
	}
	return CLAIM_CONTENDED;
}

#endif
