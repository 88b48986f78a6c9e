/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Who has asked before? A SYN that comes again with the same addresses, ports and sequence number is
 * the same attempt, sent again by a TCP that had no answer. It tells clients from forged sources,
 * which never send anything twice, and new demand from the echo of what was refused.
 *
 * The table is like that of the buckets (bpf/table.bpf.h), but an entry is one word: finding,
 * entering and changing it is one compare-and-swap each. Its lines are cold; so that a flood cannot
 * make every SYN pay for one, look-ups have a budget, in which all slots are overwritten no sooner
 * than the slowest TCP sends a SYN again. Beyond it a SYN is judged as new and not remembered.
 */
#ifndef WEIR_WAITING_BPF_H
#define WEIR_WAITING_BPF_H

#include "match.bpf.h"
#include "returns.bpf.h"
#include "table.bpf.h"

const volatile __u32 waiting_sets;   /* 0: nothing is remembered */
const volatile __u64 look_period_ns; /* between look-ups in the long run */
const volatile __u64 look_chunk = 1; /* of them that a CPU draws at once */

/* A tenth of the slots at once: a herd comes all in one moment, and who is not remembered is not
 * held. */
#define LOOK_BURST_NS (((__u64)RETURN_WAIT << RETURN_SLICE_NS_SHIFT) / 10)
#define TICK_NS (1 << WAITING_TICK_NS_SHIFT)
#define SLICE_TICKS_SHIFT (RETURN_SLICE_NS_SHIFT - WAITING_TICK_NS_SHIFT)
#define LOOK_HOPELESS 16
#define LOOK_SPARSE 8

/* One SYN, and what the table knows of it. */
struct recall {
	__u64 entry; /* 0: there is none */
	__u32 tag;
	__u32 hash; /* of the set */
	__u32 way;
	__u32 tick; /* now */
	__u32 echo; /* enum echo */
	bool looked;
	bool may_enter;
};

static __always_inline __u32 waiting_age(__u64 entry, __u32 tick)
{
	return (tick - (__u32)(entry >> WAITING_TICK_SHIFT)) & WAITING_TICK_MASK;
}

/*
 * Draws the next chunk for this CPU, if there is one left. Where so many SYNs come that hardly one
 * in LOOK_HOPELESS would be looked up, few of them would be met twice: then only one chunk in
 * LOOK_SPARSE is drawn, and the flood costs that much less. A function of its own, since one SYN in
 * many comes here.
 */
__noinline int look_draw(struct look_budget *budget, __u64 now_ns)
{
	__u64 cost_ns = look_chunk * look_period_ns, tat, base_ns;
	__u32 zero = 0;
	struct look_pool *pool = bpf_map_lookup_elem(&look_pool, &zero);
	bool hopeless;

	if (!pool || !budget)
		return false;
	hopeless = budget->passed_over > LOOK_HOPELESS * look_chunk;
	tat = READ_ONCE(pool->tat);
	if (tat > now_ns + LOOK_BURST_NS) {
		budget->draws_ns = tat - LOOK_BURST_NS;
		return false;
	}
	base_ns = tat > now_ns ? tat : now_ns;
	if (__sync_val_compare_and_swap(&pool->tat, tat, base_ns + cost_ns) != tat)
		return false;
	budget->left = look_chunk;
	budget->passed_over = 0;
	budget->draws_ns = hopeless ? now_ns + LOOK_SPARSE * cost_ns : 0;
	return true;
}

static __always_inline bool look_is_paid(__u32 listener, __u64 now_ns)
{
	__u32 zero = 0;
	struct look_budget *budget = bpf_map_lookup_elem(&look_budget, &zero);

	if (!budget)
		return false;
	if (!budget->left && (budget->draws_ns > now_ns || !look_draw(budget, now_ns))) {
		budget->passed_over++;
		budget->unpaid[listener & (LISTENERS_MAX - 1)]++;
		return false;
	}
	budget->left--;
	return true;
}

/* The way that holds @tag and is not too old; WAITING_WAYS: none. */
__noinline int waiting_find(struct waiting_set *set, __u32 tag, __u32 tick)
{
	if (!set)
		return WAITING_WAYS;
#pragma unroll
	for (int i = 0; i < WAITING_WAYS; i++) {
		__u64 entry = READ_ONCE(set->entry[i]);

		if (entry >> WAITING_TAG_SHIFT == tag &&
		    waiting_age(entry, tick) <= WAITING_MAX_NS / TICK_NS)
			return i;
	}
	return WAITING_WAYS;
}

/* The way to enter another in: one that is free, else the oldest, which is done with or has waited
 * longest in vain. */
__noinline int waiting_victim(struct waiting_set *set, __u32 tick)
{
	__u32 most = 0, way = 0;

	if (!set)
		return 0;
#pragma unroll
	for (int i = 0; i < WAITING_WAYS; i++) {
		__u64 entry = READ_ONCE(set->entry[i]);
		__u32 age = entry ? waiting_age(entry, tick) : WAITING_TICK_MASK;

		if (age > most) {
			most = age;
			way = i;
		}
	}
	return way;
}

static __always_inline __u64 *waiting_entry(struct waiting_set *set, __u32 way)
{
	barrier_var(way);
	return way < WAITING_WAYS ? &set->entry[way] : NULL;
}

static __always_inline void waiting_place(struct recall *recall, const struct packet *packet,
					  const struct waiting_seed *seed)
{
	const __u64 *tag = seed->factor[0], *set = seed->factor[1];
	struct hash_sum sum = { seed->offset[0], seed->offset[1] };
	struct hash hash;

	hash_add(&sum, tag[0], set[0], packet->src.hi >> 32);
	hash_add(&sum, tag[1], set[1], packet->src.hi);
	hash_add(&sum, tag[2], set[2], packet->src.lo >> 32);
	hash_add(&sum, tag[3], set[3], packet->src.lo);
	hash_add(&sum, tag[4], set[4], packet->dst.hi >> 32);
	hash_add(&sum, tag[5], set[5], packet->dst.hi);
	hash_add(&sum, tag[6], set[6], packet->dst.lo >> 32);
	hash_add(&sum, tag[7], set[7], packet->dst.lo);
	hash_add(&sum, tag[8], set[8], (__u32)packet->sport << 16 | packet->dport);
	hash_add(&sum, tag[9], set[9], packet->isn);
	hash = hash_of(&sum);
	recall->tag = hash.tag;
	recall->hash = hash.set;
}

static __always_inline struct waiting_set *waiting_set_of(const struct recall *recall)
{
	__u32 index = (__u64)recall->hash * waiting_sets >> 32;

	return bpf_map_lookup_elem(&waiting, &index);
}

static __always_inline enum echo waiting_echo(__u64 entry, __u32 tick)
{
	if (waiting_age(entry, tick) < WAITING_MIN_NS / TICK_NS)
		return ECHO_DOUBLE;
	if (!(entry & WAITING_WAS_ADMITTED))
		return ECHO_WAITED;
	return (entry & WAITING_PASSES_MASK) < WAITING_PASSES_MAX ? ECHO_ADMITTED : ECHO_NEW;
}

/* A function of its own for the verifier, which so follows what it may find once, and not once for
 * each way of judging it. */
__noinline int waiting_look(struct recall *recall, const struct packet *packet, __u64 now_ns)
{
	__u32 zero = 0;
	const struct control *ctl = bpf_map_lookup_elem(&control, &zero);
	struct waiting_set *set;
	__u64 *entry;

	if (!recall || !packet || !ctl)
		return 0;
	recall->tick = now_ns >> WAITING_TICK_NS_SHIFT & WAITING_TICK_MASK;
	waiting_place(recall, packet, &ctl->waiting_seed);
	set = waiting_set_of(recall);
	if (!set)
		return 0;
	recall->looked = true;
	recall->way = waiting_find(set, recall->tag, recall->tick);
	entry = waiting_entry(set, recall->way);
	recall->entry = entry ? READ_ONCE(*entry) : 0;
	recall->echo = recall->entry ? waiting_echo(recall->entry, recall->tick) : ECHO_NEW;
	return 0;
}

/* Is user space putting one back at this moment? In generic mode that is the frame seen here, most
 * likely: what it knows it by must be looked up, or it would be judged again and lost. */
__noinline int recall_may_be_released(__u32 listener)
{
	const struct queue_state *queue = bpf_map_lookup_elem(&queues, &listener);

	return queue && READ_ONCE(queue->releasing);
}

/* Looks the SYN up, if the budget allows it or @must; recall->looked must be false before. */
static __always_inline void recall(struct recall *recall, const struct packet *packet,
				   struct cause *cause, bool must)
{
	__u64 now_ns;
	bool paid;

	if (!waiting_sets)
		return;
	now_ns = cause_now_ns(cause);
	paid = look_is_paid(cause->listener_id, now_ns);
	if (!paid && !must && !recall_may_be_released(cause->listener_id))
		return;
	__builtin_memset(recall, 0, sizeof(*recall));
	recall->may_enter = paid;
	waiting_look(recall, packet, now_ns);
}

/* Was it let in by user space just now? In generic mode that frame comes by here, too. */
static __always_inline bool recall_is_released(const struct recall *recall)
{
	return recall->echo == ECHO_DOUBLE && recall->entry & WAITING_IS_RELEASED;
}

/* -- what comes back ----------------------------------------------------------------------------- */

/* Of a SYN that the shared levels have refused: will it come back? Where a refusal is only counted,
 * or answered with a RST, it never does. */
static __always_inline bool is_awaited(const struct cause *cause, enum reason reason)
{
	return (reason == REASON_HOST_LIMIT || reason == REASON_LISTENER_LIMIT ||
		reason == REASON_RESERVED || reason == REASON_BEHIND || reason == REASON_WINDOW) &&
	       cause->policy->mode == MODE_ENFORCE && cause->listener->excess != EXCESS_REJECT;
}

static __always_inline void count_returns(const struct recall *recall, __u32 index, __u64 now_ns,
					  bool awaited)
{
	__u32 age = waiting_age(recall->entry, recall->tick);
	__u64 slice = now_ns >> RETURN_SLICE_NS_SHIFT;
	/* the slice in which it was counted as refused, not one near it: at the front of a herd most would seem not
	 * to have come back */
	__u64 asked = ((now_ns >> WAITING_TICK_NS_SHIFT) - age) >> SLICE_TICKS_SHIFT;
	struct returns *returns = bpf_map_lookup_elem(&returns_by_listener, &index);

	if (!returns)
		return;
	if (READ_ONCE(returns->slice) != slice)
		returns_roll(returns, slice);
	if (awaited && recall->echo == ECHO_NEW)
		__sync_fetch_and_add(&returns->refused[slice & (RETURN_SLICES - 1)], 1);
	if (recall->echo == ECHO_WAITED && recall->entry & WAITING_IS_AWAITED &&
	    age <= RETURN_WAIT << SLICE_TICKS_SHIFT)
		__sync_fetch_and_add(&returns->returned[asked & (RETURN_SLICES - 1)], 1);
}

/* Writes @state of the SYN that asked first at @tick into its entry, or into a new one. */
static __always_inline void waiting_write(const struct recall *recall, __u32 tick, __u64 state)
{
	__u64 word = (__u64)recall->tag << WAITING_TAG_SHIFT | tick << WAITING_TICK_SHIFT | state;
	__u64 former = recall->entry, *entry;
	struct table_counters *count;
	struct waiting_set *set = waiting_set_of(recall);
	__u32 way = recall->way, zero = 0;

	if (!set)
		return;
	if (way >= WAITING_WAYS) {
		if (!recall->may_enter)
			return;
		way = waiting_victim(set, recall->tick);
		entry = waiting_entry(set, way);
		if (!entry)
			return;
		former = READ_ONCE(*entry);
		count = bpf_map_lookup_elem(&table_counters, &zero);
		if (count && former &&
		    waiting_age(former, recall->tick) <= WAITING_MAX_NS / TICK_NS)
			count->evicted_waiting++;
	}
	entry = waiting_entry(set, way);
	if (entry)
		__sync_val_compare_and_swap(entry, former, word);
}

/*
 * What became of a SYN that was looked up is remembered for when it comes again, with @marks:
 * WAITING_IS_AWAITED, WAITING_HAS_PAID. A function of its own for the verifier.
 */
__noinline int waiting_remember(const struct recall *recall, __u32 listener, __u32 reason,
				__u64 marks, __u64 now_ns)
{
	__u32 index = listener, asked;
	struct echoes *count = bpf_map_lookup_elem(&echoes, &index);

	if (!recall)
		return 0;
	if (count)
		count->n[recall->echo & (ECHO_MAX - 1)]++;
	count_returns(recall, listener, now_ns, marks & WAITING_IS_AWAITED);
	asked = recall->entry >> WAITING_TICK_SHIFT & WAITING_TICK_MASK;
	if (reason == REASON_ADMITTED)
		waiting_write(recall, recall->tick, WAITING_WAS_ADMITTED);
	else if (reason == REASON_RELEASED)
		waiting_write(recall, asked, WAITING_WAS_ADMITTED);
	else if (reason == REASON_RETRANSMIT)
		waiting_write(recall, recall->tick,
			      WAITING_WAS_ADMITTED | ((recall->entry & WAITING_PASSES_MASK) + 1));
	else if (recall->echo == ECHO_NEW)
		waiting_write(recall, recall->tick, marks);
	else if (recall->echo == ECHO_WAITED)
		waiting_write(recall, asked, (marks | recall->entry) & WAITING_HAS_PAID);
	return 0;
}

static __always_inline void remember(const struct recall *recall, const struct cause *cause,
				     enum reason reason)
{
	__u64 marks = 0;

	if (!recall->looked)
		return;
	if (is_awaited(cause, reason))
		marks |= WAITING_IS_AWAITED;
	if (cause->held)
		marks |= WAITING_HAS_PAID;
	waiting_remember(recall, cause->listener_id, reason, marks, cause->read_ns);
}

/*
 * Marks a connection whose SYN was admitted, and whose client answers the SYN+ACK with the RST
 * @packet: it had given up. Such a RST has the number after that of the SYN (RFC 9293, 3.10.7.1).
 */
__noinline int waiting_reset(struct packet *packet, __u32 listener, __u64 now_ns)
{
	__u32 zero = 0;
	const struct look_pool *pool = bpf_map_lookup_elem(&look_pool, &zero);
	struct recall known = {};

	/* half of the burst is for SYNs only: a flood of RSTs must not hide who has come again */
	if (!packet || !pool || READ_ONCE(pool->tat) > now_ns + LOOK_BURST_NS / 2 ||
	    !look_is_paid(listener, now_ns))
		return 0;
	packet->isn = bpf_htonl(bpf_ntohl(packet->isn) - 1);
	waiting_look(&known, packet, now_ns);
	if (known.entry & WAITING_WAS_ADMITTED && !(known.entry & WAITING_WAS_RESET))
		waiting_write(&known, known.tick,
			      (known.entry & ((1 << WAITING_TICK_SHIFT) - 1)) | WAITING_WAS_RESET);
	return 0;
}

#endif
