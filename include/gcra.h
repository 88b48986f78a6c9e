/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Token bucket as GCRA (generic cell rate algorithm, ITU-T I.371 virtual scheduling): a bucket is
 * one 64-bit word that holds its theoretical arrival time (TAT), and one compare-and-swap charges
 * it. Pure: the clock is an argument. Used by the BPF program, by user space and by the tests.
 *
 * All times are nanoseconds of CLOCK_MONOTONIC. Valid for now_ns < 2^62.
 *
 * The two lowest bits of a word are not time: they name the epoch of the limit under which the
 * word was written, so that whoever reads it next can carry the debt over to a limit that was
 * changed in between. TATs are therefore multiples of 4 ns. Periods are rounded up to such, and a
 * bucket that is full counts from the multiple at or before now: a TAT moves by a whole period with
 * every token, so this is never over the rate, and a full bucket gives all of its burst at once.
 */
#ifndef WEIR_GCRA_H
#define WEIR_GCRA_H

#include <linux/types.h>

#define GCRA_EPOCH_MASK 3ULL
#define GCRA_GRAIN_NS (GCRA_EPOCH_MASK + 1)
#define GCRA_TAT_MAX ((1ULL << 63) - GCRA_GRAIN_NS)
/* Longest time from empty to full, burst x period: 73 years. Keeps every sum below 2^64. */
#define GCRA_REFILL_MAX_NS (1ULL << 61)
/* A TAT later than a full debt plus this much cannot come from the epoch that its word names. */
#define GCRA_CLOCK_SLACK_NS 1000000000ULL

#define LIMIT_RATE_MAX 1000000U /* per second */
#define LIMIT_BURST_MAX 10000000U

enum limit_kind {
	LIMIT_UNLIMITED, /* zero, so that an unwritten limit fails open */
	LIMIT_BUCKET,
	LIMIT_CLOSED, /* rate 0: refuses every new connection */
};

enum origin {
	ORIGIN_FILE,	/* from the configuration, or not said at all */
	ORIGIN_RUNTIME, /* from a command, which outlives what the file says */
};

struct limit {
	/* These, and the epoch, are of the last that was a bucket: the others charge nothing. */
	__u64 period_ns;      /* one token refills in this time; multiple of GCRA_GRAIN_NS */
	__u64 tolerance_ns;   /* largest debt that conforms: (burst - 1) x period */
	__u64 changed_ns;     /* when this limit came into force; 0: with the instance */
	__u64 prev_period_ns; /* period of the bucket before that; 0: there was none */
	__u64 settled_ns;     /* see gcra_carried_tat() */
	__u32 burst;
	__u32 rate; /* as the operator said it: rate tokens per rate_per_sec seconds */
	__u16 rate_per_sec;
	__u8 kind;   /* enum limit_kind */
	__u8 epoch;  /* 0..3, one more at each change */
	__u8 origin; /* enum origin */
	__u8 reserved[3];
};

static inline __attribute__((always_inline)) __u64 gcra_epoch(__u64 word)
{
	return word & GCRA_EPOCH_MASK;
}

/* Debt of an empty bucket: the time it needs to become full. */
static inline __attribute__((always_inline)) __u64 gcra_refill_ns(const struct limit *limit)
{
	return limit->tolerance_ns + limit->period_ns;
}

/*
 * TAT under @limit of a bucket that was last written before the limit just before. How long its
 * debt became in between the word does not tell: full if its TAT is not after settled_ns, else empty
 * at the time of the change.
 */
static inline __attribute__((always_inline)) __u64 gcra_outdated_tat(__u64 word,
								     const struct limit *limit)
{
	if ((word & ~GCRA_EPOCH_MASK) <= limit->settled_ns)
		return limit->changed_ns;
	return limit->changed_ns + gcra_refill_ns(limit);
}

/*
 * TAT under @limit of a bucket that was last written under an earlier one. If that was the limit
 * just before, what was full at the change is full, and tokens spent stay spent, to a millionth of
 * a token.
 */
static inline __attribute__((always_inline)) __u64 gcra_carried_tat(__u64 word,
								    const struct limit *limit)
{
	__u64 tat = word & ~GCRA_EPOCH_MASK;
	__u64 debt, spent, fraction;

	if (gcra_epoch(word + 1) != limit->epoch || !limit->prev_period_ns || !limit->period_ns)
		return gcra_outdated_tat(word, limit);
	if (tat <= limit->changed_ns)
		return limit->changed_ns;
	debt = tat - limit->changed_ns;
	spent = debt / limit->prev_period_ns;
	if (spent > limit->tolerance_ns / limit->period_ns)
		return limit->changed_ns + gcra_refill_ns(limit);
	/* periods are at most 3.6e12 < 2^42, so neither shift nor product overflows */
	fraction = ((debt % limit->prev_period_ns) << 20) / limit->prev_period_ns;
	return limit->changed_ns + spent * limit->period_ns + ((fraction * limit->period_ns) >> 20);
}

/*
 * settled_ns of the limit that follows @limit at @now_ns: a bucket written before @limit is full
 * by then if it was full when @limit came, or if @limit was in force for a whole refill.
 */
static inline __attribute__((always_inline)) __u64 gcra_settled_ns(const struct limit *limit,
								   __u64 now_ns)
{
	if (limit->changed_ns + gcra_refill_ns(limit) <= now_ns)
		return GCRA_TAT_MAX;
	return limit->settled_ns < limit->changed_ns ? limit->settled_ns : limit->changed_ns;
}

/* TAT of the bucket @word, seen at @now_ns under @limit; <= now_ns means full. */
static inline __attribute__((always_inline)) __u64 gcra_tat(__u64 word, const struct limit *limit,
							    __u64 now_ns)
{
	if (gcra_epoch(word) != limit->epoch)
		return gcra_carried_tat(word, limit);
	/* Four changes without one charge between them come round to the same epoch. A charge of
	 * this one has left a TAT between its beginning and a full debt from now. */
	if (word - limit->changed_ns >
	    now_ns - limit->changed_ns + gcra_refill_ns(limit) + GCRA_CLOCK_SLACK_NS)
		return gcra_outdated_tat(word, limit);
	return word & ~GCRA_EPOCH_MASK;
}

/*
 * All ones if the bucket is full, else 0; both below 2^63. Whether a source is in debt is random
 * and known only after a cache miss: a branch on it would be mispredicted when it hurts most.
 */
static inline __attribute__((always_inline)) __u64 gcra_full_mask(__u64 tat, __u64 now_ns)
{
	__u64 mask = (__u64)((__s64)(tat - now_ns - 1) >> 63);

	__asm__("" : "+r"(mask)); /* or the compiler makes it a branch again */
	return mask;
}

static inline __attribute__((always_inline)) __u64 gcra_debt_ns(__u64 tat, __u64 now_ns)
{
	return (tat - now_ns) & ~gcra_full_mask(tat, now_ns);
}

static inline __attribute__((always_inline)) int gcra_conforms(__u64 tat, const struct limit *limit,
							       __u64 now_ns)
{
	return gcra_debt_ns(tat, now_ns) <= limit->tolerance_ns;
}

/* Would it, if the @reserve-th part of 2^@shift of the burst were for others? A full bucket always
 * conforms: what nobody else wants is not kept. */
static inline __attribute__((always_inline)) int
gcra_conforms_beside(__u64 tat, const struct limit *limit, __u64 now_ns, __u64 reserve, int shift)
{
	return gcra_debt_ns(tat, now_ns) <=
	       limit->tolerance_ns - (limit->tolerance_ns >> shift) * reserve;
}

/* The word to store after one token was taken at @now_ns from a bucket at @tat. */
static inline __attribute__((always_inline)) __u64
gcra_charged(__u64 tat, const struct limit *limit, __u64 now_ns)
{
	__u64 full = gcra_full_mask(tat, now_ns);
	__u64 start = (tat & ~full) | (now_ns & ~GCRA_EPOCH_MASK & full);
	__u64 charged = (start + limit->period_ns + GCRA_EPOCH_MASK) & ~GCRA_EPOCH_MASK;

	if (charged > GCRA_TAT_MAX)
		charged = GCRA_TAT_MAX;
	return charged | limit->epoch;
}

/* Would one token be there? Takes nothing. */
static inline __attribute__((always_inline)) int limit_admits(const struct limit *limit, __u64 word,
							      __u64 now_ns)
{
	if (limit->kind == LIMIT_BUCKET)
		return gcra_conforms(gcra_tat(word, limit, now_ns), limit, now_ns);
	return limit->kind == LIMIT_UNLIMITED;
}

#endif
