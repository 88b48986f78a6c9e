/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * May this SYN pass? All levels are judged together: first each one is asked, host and listener
 * before the table so that an exhausted listener refuses a flood without touching per-source
 * memory; then each is charged, and if one refuses after all (another CPU took its last token)
 * the charges made so far are taken back. Never over a rate; at most one false refusal per CPU
 * that is in the middle of this.
 */
#ifndef WEIR_JUDGE_BPF_H
#define WEIR_JUDGE_BPF_H

#include "match.bpf.h"
#include "table.bpf.h"
#include "delay.bpf.h"
#include "waiting.bpf.h"
#include "window.bpf.h"

#define CHARGE_TRIES_MAX 8

/* One level's bucket. */
struct stake {
	const struct limit *limit;
	struct place place; /* of the table's levels; no set: unlimited */
	__u64 *word;	    /* NULL: nothing to charge, or not in the table yet */
	__u64 seen;	    /* the word when it was asked, and its TAT */
	__u64 tat;
};

struct stakes {
	struct stake host;
	struct stake listener;
	struct stake site;
	struct stake source;
};

enum charge {
	CHARGE_TAKEN,
	CHARGE_REFUSED,
	CHARGE_CONTENDED,
};

/*
 * Takes one token from @word. A function of its own for the verifier, which so follows its loop
 * once instead of once for every mixture of limited and unlimited levels.
 */
__noinline int bucket_charge(__u64 *word, const struct limit *limit, const struct control *ctl,
			     __u64 generation, __u64 now_ns)
{
	__u64 fence = 0;

	if (!word || !limit || !ctl)
		return CHARGE_TAKEN;
	for (int i = 0; i < CHARGE_TRIES_MAX; i++) {
		__u64 old = READ_ONCE(*word);
		__u64 tat = gcra_tat(old, limit, now_ns);

		if (!gcra_conforms(tat, limit, now_ns))
			return CHARGE_REFUSED;
		/* Another epoch may be a newer one only if this policy is no longer in force; then
		 * its terms must not be written over the new ones. An atomic operation whose result
		 * is used is a full barrier, which keeps the two reads in order on any CPU. */
		if (gcra_epoch(old) != limit->epoch &&
		    READ_ONCE(ctl->generation) + __sync_fetch_and_add(&fence, 0) != generation)
			return CHARGE_CONTENDED;
		if (__sync_val_compare_and_swap(word, old, gcra_charged(tat, limit, now_ns)) == old)
			return CHARGE_TAKEN;
	}
	return CHARGE_CONTENDED;
}

/* Gives the token back; a bucket that has changed epoch since then keeps it. */
__noinline int bucket_refund(__u64 *word, const struct limit *limit)
{
	if (!word || !limit)
		return 0;
	for (int i = 0; i < CHARGE_TRIES_MAX; i++) {
		__u64 old = READ_ONCE(*word);

		if (gcra_epoch(old) != limit->epoch || old < limit->period_ns)
			return 0;
		if (__sync_val_compare_and_swap(word, old, old - limit->period_ns) == old)
			return 0;
	}
	return 0;
}

/* Has the bucket at @word a token? Takes none. */
static __always_inline bool stake_ask(struct stake *stake, __u64 *word, __u64 now_ns)
{
	stake->word = word;
	stake->seen = READ_ONCE(*word);
	stake->tat = gcra_tat(stake->seen, stake->limit, now_ns);
	return gcra_conforms(stake->tat, stake->limit, now_ns);
}

/* Takes one token from a level that had one when it was asked; @refusal if it has none now. */
static __always_inline enum reason stake_charge(const struct stake *stake,
						const struct cause *cause, __u64 now_ns,
						enum reason refusal)
{
	int charge;

	if (!stake->word)
		return REASON_NONE;
	/* nearly always nobody was in between */
	if (gcra_epoch(stake->seen) == stake->limit->epoch &&
	    __sync_val_compare_and_swap(stake->word, stake->seen,
					gcra_charged(stake->tat, stake->limit, now_ns)) ==
		    stake->seen)
		return REASON_NONE;
	charge = bucket_charge(stake->word, stake->limit, cause->control, cause->generation,
			       now_ns);
	if (charge == CHARGE_REFUSED)
		return refusal;
	return charge == CHARGE_CONTENDED ? REASON_CONTENDED : REASON_NONE;
}

/* The same for a level of the table, whose bucket may have to be given a slot first. */
static __always_inline enum reason stake_charge_prefix(struct stake *stake,
						       const struct cause *cause, __u64 now_ns,
						       enum reason refusal)
{
	int claim;

	if (!stake->place.set || stake->word)
		return stake_charge(stake, cause, now_ns, refusal);
	claim = table_claim(stake->place.set, stake->place.tag, stake->limit, now_ns,
			    cause->policy->refill_max_ns);
	stake->word = table_word(stake->place.set, claim & CLAIM_WAY_MASK);
	if (claim & CLAIM_CONTENDED || !stake->word)
		return REASON_CONTENDED;
	if (!(claim & CLAIM_UNCHARGED))
		return REASON_NONE;
	/* another CPU's claim: no token of it has been seen */
	stake->seen = ~(__u64)stake->limit->epoch;
	return stake_charge(stake, cause, now_ns, refusal);
}

static __always_inline void stake_refund(const struct stake *stake)
{
	if (stake->word)
		bucket_refund(stake->word, stake->limit);
}

/* The level of one word at @index of the levels map. */
static __always_inline enum reason stake_ask_level(struct stake *stake, __u32 index,
						   struct cause *cause, enum reason refusal)
{
	__u64 now_ns;

	struct level_state *state;

	stake->word = NULL;
	if (stake->limit->kind == LIMIT_UNLIMITED)
		return REASON_NONE;
	if (stake->limit->kind != LIMIT_BUCKET)
		return refusal;
	state = bpf_map_lookup_elem(&levels, &index);
	if (!state)
		return REASON_INTERNAL;
	now_ns = cause_now_ns(cause);
	if (!stake_ask(stake, &state->word, now_ns))
		return refusal;
	cause->kept |= !gcra_conforms_beside(stake->tat, stake->limit, now_ns,
					     returns_reserve(cause), RESERVE_SHIFT);
	return REASON_NONE;
}

/*
 * Finds where the bucket of a prefix level lies. Nothing is read from there yet, but its line is on
 * its way from memory. False: no map.
 */
static __always_inline bool stake_place(struct stake *stake, const struct cause *cause,
					const struct packet *packet, const struct addr *mask,
					__u32 level)
{
	const struct addr prefix = { packet->src.hi & mask->hi, packet->src.lo & mask->lo };

	stake->word = NULL;
	stake->place.set = NULL;
	if (stake->limit->kind == LIMIT_UNLIMITED)
		return true;
	if (!table_place(&stake->place, &cause->control->seed, &prefix,
			 cause->listener->serial << 8 | level))
		return false;
	table_prefetch(stake->place.set);
	return true;
}

static __always_inline bool stake_ask_prefix(struct stake *stake, struct cause *cause)
{
	__u64 *word, now_ns;

	if (stake->limit->kind != LIMIT_BUCKET || !stake->place.set)
		return stake->limit->kind == LIMIT_UNLIMITED;
	now_ns = cause_now_ns(cause);
	word = table_word(stake->place.set, table_find(stake->place.set, stake->place.tag));
	return !word || stake_ask(stake, word, now_ns);
}

/* Host and listener, without a look at the table: most of a storm ends here. */
static __always_inline enum reason ask_shared(struct cause *cause, struct stakes *stakes)
{
	enum reason reason;

	cause->kept = false;
	stakes->listener.word = NULL;
	stakes->host.limit = &cause->policy->host;
	stakes->listener.limit = &cause->listener->limits[LEVEL_LISTENER];
	reason = stake_ask_level(&stakes->host, 0, cause, REASON_HOST_LIMIT);
	if (!reason)
		reason = window_ask_shared(cause);
	if (reason)
		return reason;
	return stake_ask_level(&stakes->listener, LEVELS_LISTENER + cause->listener_id, cause,
			       REASON_LISTENER_LIMIT);
}

/*
 * Where site and source lie, so that their lines come from memory while others read the clock and
 * look for the SYN among those that have waited. False: no map. A function of its own for the
 * verifier.
 */
static __noinline bool place_prefixes(const struct packet *packet, const struct cause *cause,
				      struct stakes *stakes)
{
	const struct policy *policy = cause->policy;
	const struct limit *limits = cause->listener->limits;
	__u32 family = packet->family & 1;

	stakes->site.limit = &limits[LEVEL_SITE];
	stakes->source.limit = cause->rule ? &cause->rule->source : &limits[LEVEL_SOURCE];
	return stake_place(&stakes->site, cause, packet, &policy->site_mask[family], LEVEL_SITE) &&
	       stake_place(&stakes->source, cause, packet, &policy->source_mask[family],
			   cause->rule ? LEVEL_RULE : LEVEL_SOURCE);
}

static __always_inline enum reason ask_prefixes(struct cause *cause, struct stakes *stakes)
{
	if (!stake_ask_prefix(&stakes->site, cause))
		return REASON_SITE_LIMIT;
	return stake_ask_prefix(&stakes->source, cause) ? REASON_NONE : REASON_SOURCE_LIMIT;
}

static __always_inline void stakes_pay_no_prefix(struct stakes *stakes)
{
	stakes->site.word = NULL;
	stakes->site.place.set = NULL;
	stakes->source.word = NULL;
	stakes->source.place.set = NULL;
}

/* Everyone agrees. Those first whose last token another CPU is likeliest to take. */
static __always_inline enum reason charge_all(const struct cause *cause, struct stakes *stakes)
{
	__u64 now_ns = cause->read_ns;
	enum reason reason;

	reason = stake_charge(&stakes->listener, cause, now_ns, REASON_LISTENER_LIMIT);
	if (reason)
		return reason;
	reason = stake_charge(&stakes->host, cause, now_ns, REASON_HOST_LIMIT);
	if (reason)
		goto refund_listener;
	reason = stake_charge_prefix(&stakes->site, cause, now_ns, REASON_SITE_LIMIT);
	if (reason)
		goto refund_host;
	reason = stake_charge_prefix(&stakes->source, cause, now_ns, REASON_SOURCE_LIMIT);
	if (reason)
		goto refund_site;
	window_charge(cause);
	return REASON_ADMITTED;

refund_site:
	stake_refund(&stakes->site);
refund_host:
	stake_refund(&stakes->host);
refund_listener:
	stake_refund(&stakes->listener);
	return reason;
}

static __always_inline enum reason judge(struct xdp_md *ctx, const struct packet *packet,
					 struct cause *cause, struct stakes *stakes,
					 struct recall *known)
{
	enum reason shared = ask_shared(cause, stakes), reason = REASON_NONE;
	bool placed = !shared && !cause->kept;

	stakes_pay_no_prefix(stakes);
	if (placed && !place_prefixes(packet, cause, stakes))
		return REASON_INTERNAL;
	recall(known, packet, cause, !shared && cause->kept);
	if (known->looked) {
		if (known->echo == ECHO_ADMITTED)
			return REASON_RETRANSMIT;
		if (recall_is_released(known))
			return REASON_RELEASED;
	}
	if (!shared && cause->kept && !(known->looked && known->echo == ECHO_WAITED))
		shared = REASON_RESERVED;
	shared = delay_ask(ctx, shared, cause, known);
	if (shared && !cause->held)
		return shared;
	if (cause->held) {
		/* they are charged when it is let in */
		stakes->host.word = NULL;
		stakes->listener.word = NULL;
	}
	if (known->looked && known->entry & WAITING_HAS_PAID)
		stakes_pay_no_prefix(stakes);
	else if (!placed && !place_prefixes(packet, cause, stakes))
		reason = REASON_INTERNAL;
	else
		reason = ask_prefixes(cause, stakes);
	if (!reason)
		reason = charge_all(cause, stakes);
	cause->held &= reason == REASON_ADMITTED;
	return cause->held ? shared : reason;
}

#endif
