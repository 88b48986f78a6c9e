/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * delay: a SYN over the limit of host or listener is copied to user space, which holds it until
 * there is a token for it and then lets it in. XDP cannot hold a frame: the original is dropped.
 *
 * Site and source are charged here, once for a connection however often its SYN comes; host and
 * listener are charged by user space when it lets the SYN in. As long as any is held, new ones are
 * held behind them, though a token may be there.
 */
#ifndef WEIR_DELAY_BPF_H
#define WEIR_DELAY_BPF_H

#include "match.bpf.h"
#include "table.bpf.h"
#include "waiting.bpf.h"

/* Of one CPU: a copy takes a lock that all share. 50 000 a second, 1000 at once; the half of those
 * is for retransmits, or a flood of forged SYNs would leave nothing for them. */
#define DELAY_PERIOD_NS 20000ULL
#define DELAY_BURST_NS 20000000ULL

static __always_inline bool delay_is_paid(bool waited, __u64 now_ns)
{
	__u64 burst_ns = waited ? DELAY_BURST_NS : DELAY_BURST_NS / 2;
	__u32 zero = 0;
	struct delay_budget *budget = bpf_map_lookup_elem(&delay_budget, &zero);

	if (!budget || budget->tat > now_ns + burst_ns)
		return false;
	budget->tat = (budget->tat > now_ns ? budget->tat : now_ns) + DELAY_PERIOD_NS;
	return true;
}

/* What the packet path knows of a SYN that might be held. */
#define DELAY_WAITED 1U	    /* it is a retransmit */
#define DELAY_REMEMBERED 2U /* it has an entry in the waiting table, or may have one */
#define DELAY_HIDDEN 4U	    /* its VLAN tags are */
#define DELAY_OBSERVED 8U   /* it passes, whatever is said of it: nothing is copied */
#define DELAY_AGE_SHIFT 8   /* above it: ticks since it asked first */

/*
 * What keeps a SYN from being held, enum unheld. A retransmit may find the queue full: whether
 * another one has to go for it, the queue knows.
 */
static __always_inline enum unheld
delay_obstacle(struct xdp_md *ctx, const struct queue_state *queue, __u32 facts, __u64 now_ns)
{
	if (READ_ONCE(queue->lease_until_ns) <= now_ns)
		return UNHELD_NO_CONSUMER;
	if (facts & DELAY_HIDDEN)
		return UNHELD_VLAN_HIDDEN;
	if (bpf_xdp_get_buff_len(ctx) > DELAY_FRAME_MAX)
		return UNHELD_TOO_LONG;
	if (!(facts & DELAY_WAITED) &&
	    READ_ONCE(queue->length) >= (READ_ONCE(queue->entries) + 1) / 2)
		return UNHELD_QUEUE_FULL;
	if (!(facts & DELAY_REMEMBERED) ||
	    (!(facts & DELAY_OBSERVED) && !delay_is_paid(facts & DELAY_WAITED, now_ns)))
		return UNHELD_OVER_BUDGET;
	return UNHELD_NOT;
}

/* Are SYNs held that this one has to stay behind? */
static __always_inline bool delay_has_backlog(const struct queue_state *queue, __u64 now_ns)
{
	return READ_ONCE(queue->length) && READ_ONCE(queue->lease_until_ns) > now_ns;
}

/* Has its client given up, most likely? User space lets a few of these in. */
static __always_inline bool delay_is_too_old(const struct queue_state *queue, __u32 facts,
					     __u64 now_ns)
{
	__u64 age_ns = (__u64)(facts >> DELAY_AGE_SHIFT) << WAITING_TICK_NS_SHIFT;
	__u64 age_max_ns = READ_ONCE(queue->age_max_ns);

	return age_max_ns && age_ns >= age_max_ns && READ_ONCE(queue->lease_until_ns) > now_ns;
}

#define DELAY_REASON_MASK 0xffff
#define DELAY_UNHELD_SHIFT 16

/*
 * Of a SYN of which host and listener have said @shared: the reason it is not admitted for, or
 * REASON_NONE, and above DELAY_UNHELD_SHIFT what keeps it from being held. A function of its own for
 * the verifier, which so follows its branches once.
 */
__noinline __u32 delay_rule(struct xdp_md *ctx, __u32 listener, __u32 shared, __u32 facts,
			    __u64 now_ns)
{
	const struct queue_state *queue = bpf_map_lookup_elem(&queues, &listener);
	__u32 unheld;

	if (!queue)
		return shared | UNHELD_NO_CONSUMER << DELAY_UNHELD_SHIFT;
	if (!shared && delay_has_backlog(queue, now_ns))
		shared = REASON_BEHIND;
	if (!shared && !delay_is_too_old(queue, facts, now_ns))
		return REASON_NONE;
	unheld = delay_obstacle(ctx, queue, facts, now_ns);
	/* there was room for it, and nobody to be fair to */
	if (!shared && unheld)
		return REASON_NONE;
	return (shared ? shared : REASON_BEHIND) | unheld << DELAY_UNHELD_SHIFT;
}

static __always_inline __u32 delay_facts(const struct cause *cause, const struct recall *known)
{
	const bool waited = known->looked && known->echo == ECHO_WAITED;

	return (waited ? waiting_age(known->entry, known->tick) << DELAY_AGE_SHIFT | DELAY_WAITED
		       : 0) |
	       (known->looked && (known->entry || known->may_enter)) * DELAY_REMEMBERED |
	       !!cause->control->vlan_hidden * DELAY_HIDDEN |
	       (cause->policy->mode != MODE_ENFORCE) * DELAY_OBSERVED;
}

/*
 * Is the SYN, of which host and listener have said @shared, to be held? Then cause->held is set, as
 * long as site and source agree. Returns why it is not admitted, REASON_NONE if it may be.
 */
static __always_inline enum reason delay_ask(struct xdp_md *ctx, enum reason shared,
					     struct cause *cause, const struct recall *known)
{
	__u32 ruling;

	if (cause->listener->excess != EXCESS_DELAY || shared == REASON_INTERNAL)
		return shared;
	ruling = delay_rule(ctx, cause->listener_id, shared, delay_facts(cause, known),
			    cause_now_ns(cause));
	cause->unheld = ruling >> DELAY_UNHELD_SHIFT;
	shared = ruling & DELAY_REASON_MASK;
	cause->held = shared && !cause->unheld;
	return shared;
}

static __always_inline __u64 delay_hash(const struct packet *packet, const struct hash_seed *seed,
					const struct addr *mask, __u32 level)
{
	const __u64 hi = packet->src.hi & mask->hi, lo = packet->src.lo & mask->lo;
	const struct hash hash = hash_prefix(seed, hi, lo, level);

	return (__u64)hash.tag << 32 | hash.set;
}

/* What the record says besides what is in the packet. */
struct delay_note {
	__u64 key;
	__u64 first_seen_ns;
	__u64 seen_ns;
	__u64 generation; /* of the policy */
	__u32 listener;
	__u32 retransmit;
};

/* False: there is no room in the ring buffer. A function of its own for the verifier. */
__noinline int delay_copy(struct xdp_md *ctx, const struct packet *packet,
			  const struct delay_note *note)
{
	__u32 len = bpf_xdp_get_buff_len(ctx), zero = 0, slot, family;
	const struct control *ctl = bpf_map_lookup_elem(&control, &zero);
	const struct policy *judged;
	struct delay_record *record;

	if (!packet || !note || !ctl)
		return false;
	slot = note->generation & 1;
	judged = bpf_map_lookup_elem(&policy, &slot);
	record = judged ? bpf_ringbuf_reserve(&delays, sizeof(*record), 0) : NULL;
	if (!record)
		return false;
	barrier_var(len);
	if (!len || len > DELAY_FRAME_MAX || bpf_xdp_load_bytes(ctx, 0, record->frame, len)) {
		bpf_ringbuf_discard(record, 0);
		return false;
	}
	family = packet->family & 1;
	record->key = note->key;
	record->site = delay_hash(packet, &ctl->seed, &judged->site_mask[family], LEVEL_SITE);
	record->source = delay_hash(packet, &ctl->seed, &judged->source_mask[family], LEVEL_SOURCE);
	record->first_seen_ns = note->first_seen_ns;
	record->seen_ns = note->seen_ns;
	record->serial = judged->listeners[note->listener & (LISTENERS_MAX - 1)].serial;
	record->ifindex = ctx->ingress_ifindex;
	record->len = len;
	record->listener = note->listener;
	record->retransmit = note->retransmit;
	record->reserved = 0;
	bpf_ringbuf_submit(record, 0);
	return true;
}

static __always_inline __u64 delay_first_seen_ns(const struct recall *known, __u64 now_ns)
{
	if (known->echo != ECHO_WAITED)
		return now_ns;
	return now_ns - ((__u64)waiting_age(known->entry, known->tick) << WAITING_TICK_NS_SHIFT);
}

/* Of a SYN that is to be held. If there is no room for it, its site and source have been charged
 * already: it need not pay again when it comes again. */
static __always_inline enum verdict delay(struct xdp_md *ctx, const struct packet *packet,
					  struct cause *cause, const struct recall *known,
					  bool enforced)
{
	const struct delay_note note = {
		.key = (__u64)known->tag << 32 | known->hash,
		.first_seen_ns = delay_first_seen_ns(known, cause->read_ns),
		.seen_ns = cause->read_ns,
		.generation = cause->generation,
		.listener = cause->listener_id,
		.retransmit = known->echo == ECHO_WAITED,
	};

	if (!enforced || delay_copy(ctx, packet, &note))
		return VERDICT_DELAY;
	cause->unheld = UNHELD_RING_FULL;
	return VERDICT_DROP;
}

static __always_inline void delay_count(const struct cause *cause)
{
	__u32 index = cause->listener_id;
	struct unheld_counters *count = bpf_map_lookup_elem(&unheld, &index);

	if (count)
		count->n[cause->unheld & (UNHELD_MAX - 1)]++;
}

#endif
