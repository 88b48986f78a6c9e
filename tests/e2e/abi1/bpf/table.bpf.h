/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The bucket table of sources and sites: a set-associative cache. A key has one set, a cache line
 * of four slots {tag, GCRA word}, and may lie in any of them; no slot stands for nothing but its
 * tag, a keyed 64-bit hash.
 *
 * A bucket whose TAT is past is full, and a full bucket says nothing: reusing its slot loses
 * nothing. So there is no list, no timer and no lock, and only when all four are in debt is a debt
 * (the smallest) forgotten, which is counted.
 *
 * Races: a slot is claimed by compare-and-swap on its tag. Whoever loses looks again, and the
 * first match wins. A charge may then fall on a bucket that has just changed hands: at most one
 * misplaced charge a race.
 */
#ifndef WEIR_TABLE_BPF_H
#define WEIR_TABLE_BPF_H

#include "maps.bpf.h"

#define TABLE_CLAIMS_MAX 4

#define READ_ONCE(x) (*(const volatile typeof(x) *)&(x))

const volatile __u32 bucket_set_mask = 0;

/*
 * Multilinear hashing, strongly universal for whoever does not know the seed: two keys share a
 * 32-bit half with probability 2^-32. Lemire & Kaser, "Strongly universal string hashing is fast",
 * 2014, section 3.
 */
static __always_inline __u64 table_tag(const struct hash_seed *seed, const struct addr *prefix,
				       __u32 listener, enum level level)
{
	const __u32 words[HASH_WORDS] = { prefix->hi >> 32, prefix->hi, prefix->lo >> 32,
					  prefix->lo, listener << 8 | level };
	__u64 upper = seed->offset[0], lower = seed->offset[1], tag;

#pragma unroll
	for (int i = 0; i < HASH_WORDS; i++) {
		upper += seed->factor[0][i] * words[i];
		lower += seed->factor[1][i] * words[i];
	}
	tag = (upper >> 32 << 32) | lower >> 32;
	return tag ? tag : 1;
}

static __always_inline struct bucket_set *table_set(__u64 tag)
{
	__u32 index = (__u32)tag & bucket_set_mask;

	return bpf_map_lookup_elem(&buckets, &index);
}

/* @way < TABLE_WAYS; the mask says so to the verifier, which on Linux 6.1 has forgotten it. */
static __always_inline struct bucket_slot *table_slot(struct bucket_set *set, __u32 way)
{
	barrier_var(way);
	return &set->way[way & (TABLE_WAYS - 1)];
}

/* 1 unless @x is 0, without a branch. */
static __always_inline __u64 is_nonzero(__u64 x)
{
	x = (x | -x) >> 63;
	barrier_var(x);
	return x;
}

/* 1 if @a < @b, without a branch; both below 2^63. */
static __always_inline __u64 is_less(__u64 a, __u64 b)
{
	a = (a - b) >> 63;
	barrier_var(a);
	return a;
}

/*
 * The first way that holds @tag; TABLE_WAYS: none does, so no debt is known and the bucket is full.
 * Without branches: which way it is cannot be predicted, and the verifier need not follow each.
 */
static __always_inline __u32 table_find(const struct bucket_set *set, __u64 tag)
{
	__u64 not0 = is_nonzero(READ_ONCE(set->way[0].tag) ^ tag);
	__u64 not01 = not0 & is_nonzero(READ_ONCE(set->way[1].tag) ^ tag);
	__u64 not012 = not01 & is_nonzero(READ_ONCE(set->way[2].tag) ^ tag);
	__u64 none = not012 & is_nonzero(READ_ONCE(set->way[3].tag) ^ tag);

	return not0 + not01 + not012 + none;
}

/* The key by which ways are given up: the TAT, or 0 if it is left over from a slower limit. */
static __always_inline __u64 table_rank(const struct bucket_slot *slot, __u64 horizon_ns)
{
	__u64 word = READ_ONCE(slot->word) & ~(1ULL << 63);

	return word & (is_less(horizon_ns, word) - 1);
}

/* The way to give up first: a bucket that is full, else the one nearest to it. */
static __always_inline __u32 table_victim(const struct bucket_set *set, __u64 horizon_ns)
{
	__u64 rank0 = table_rank(&set->way[0], horizon_ns);
	__u64 rank1 = table_rank(&set->way[1], horizon_ns);
	__u64 rank2 = table_rank(&set->way[2], horizon_ns);
	__u64 rank3 = table_rank(&set->way[3], horizon_ns);
	__u64 low = is_less(rank1, rank0);
	__u64 high = is_less(rank3, rank2);
	__u64 low_rank = rank0 ^ ((rank0 ^ rank1) & -low);
	__u64 high_rank = rank2 ^ ((rank2 ^ rank3) & -high);
	__u64 upper = is_less(high_rank, low_rank);

	return (low & ~-upper) | ((2 + high) & -upper);
}

/* What table_claim did: the way, and whether that is charged already. */
#define CLAIM_UNCHARGED 8
#define CLAIM_CONTENDED 16

/*
 * A way for @tag, which had none: one is taken over as a full bucket, and charged with one token of
 * @limit. If another CPU has given @tag a way in the meantime, that one, uncharged. A function of
 * its own, since most SYNs find their bucket.
 */
__noinline int table_claim(struct bucket_set *set, __u64 tag, const struct limit *limit,
			   __u64 now_ns, __u64 refill_max_ns)
{
	struct table_counters *count;
	__u32 zero = 0;

	count = bpf_map_lookup_elem(&table_counters, &zero);
	if (!set || !limit || !count)
		return CLAIM_CONTENDED;
#pragma clang loop unroll(disable)
	for (int i = 0; i < TABLE_CLAIMS_MAX; i++) {
		__u32 way = table_find(set, tag);
		struct bucket_slot *slot;
		__u64 former, word;

		if (way < TABLE_WAYS)
			return way | CLAIM_UNCHARGED;
		way = table_victim(set, now_ns + refill_max_ns);
		slot = table_slot(set, way);
		former = slot->tag;
		word = READ_ONCE(slot->word);
		if (__sync_val_compare_and_swap(&slot->tag, former, tag) != former) {
			count->lost_claims++;
			continue;
		}
		if (word > now_ns)
			count->evicted_in_debt++;
		else if (former)
			count->evicted_full++;
		/* fails if someone has charged the new owner already */
		if (__sync_val_compare_and_swap(&slot->word, word,
						gcra_charged(0, limit, now_ns)) == word)
			return way;
		return way | CLAIM_UNCHARGED;
	}
	return CLAIM_CONTENDED;
}

#endif
