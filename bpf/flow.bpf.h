/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Connections in set-up, as the packet path sees them: they begin with a SYN that is let pass, and
 * end with the client's FIN or RST. What is in between goes the other way (bpf/setup.bpf.c).
 *
 * Two CPUs that write one slot at once leave a flow of which nothing comes, until it is swept.
 */
#ifndef WEIR_FLOW_BPF_H
#define WEIR_FLOW_BPF_H

#include "parse.bpf.h"
#include "flow_table.bpf.h"

/* What ends a connection has a sequence number in the client's window; a forged one has to guess. */
#define FLOW_SEQ_MAX (1U << 20)

static __always_inline void flow_key(struct flow_key *key, const struct packet *packet)
{
	/* word by word: else the key is built on the stack, of which there is little */
#pragma unroll
	for (int i = 0; i < 4; i++) {
		__builtin_memcpy(&key->client[i], (const __u8 *)&packet->src + 4 * i, 4);
		__builtin_memcpy(&key->server[i], (const __u8 *)&packet->dst + 4 * i, 4);
	}
	if (addr_is_v4(&packet->src) && addr_is_v4(&packet->dst)) {
		key->client[2] = 0;
		key->server[2] = 0;
	}
	key->ports = (__u32)bpf_ntohs(packet->sport) << 16 | packet->dport;
}

/*
 * Tag and set of the connection of @packet, or of the one that it begins; 0: there is no table. With
 * what follows, functions of their own for the verifier, which so follows them once and not for
 * every way to get there; and for the stack, of which two levels of calls share little.
 */
__noinline __u64 flow_place(const struct packet *packet)
{
	__u32 zero = 0;
	const struct control *ctl = bpf_map_lookup_elem(&control, &zero);
	struct flow_key key;
	__u32 tag;

	if (!ctl || !packet)
		return 0;
	flow_key(&key, packet);
	tag = flow_tag(&key, &ctl->waiting_seed, false);
	return (__u64)tag << 32 | flow_set(&key, &ctl->waiting_seed, false, flow_slots);
}

static __always_inline void flow_mark(__u32 set, __u32 way)
{
	__u32 index = flow_word(set);
	__u64 *word = bpf_map_lookup_elem(&flows_used, &index);
	__u64 bit = 1ULL << (flow_shift(set) + way);

	if (word && !(READ_ONCE(*word) & bit))
		__sync_fetch_and_or(word, bit);
}

static __always_inline void flow_note(__u32 listener, __u64 now_ns)
{
	struct setup_counters *count = bpf_map_lookup_elem(&setup_counters, &listener);

	if (!count)
		return;
	count->n[SETUP_NOTED]++;
	count->noted[now_ns >> SETUP_SLICE_NS_SHIFT & (SETUP_SLICES - 1)]++;
}

/* Its client had gone before its request. If its SYN had come again that says that it was let pass too late, and not
 * that it was forged. */
static __always_inline void flow_withdrawn(__u32 listener, __u64 admitted_ns, __u32 waited)
{
	struct setup_counters *count = bpf_map_lookup_elem(&setup_counters, &listener);
	__u64 slice = admitted_ns >> SETUP_SLICE_NS_SHIFT;

	if (!count)
		return;
	count->n[SETUP_WITHDRAWN]++;
	if (waited && flow_slice_lasts(slice, bpf_ktime_get_ns()))
		count->noted[slice & (SETUP_SLICES - 1)]--;
}

/* The SYN of @isn (host order) at @place is let pass. */
__noinline int flow_admitted(__u64 place, __u32 isn, __u32 listener, __u32 connack_max,
			     __u64 now_ns)
{
	struct flow *flow, *other;
	__u32 former, set = place, tag = place >> 32, way = 0;

	flow = flow_slot(set, 0);
	other = flow_slot(set, 1);
	if (!tag || !flow || !other)
		return 0;
	if (other->tag == tag || (flow->tag != tag && flow_goes_before(other, flow))) {
		flow = other;
		way = 1;
	}
	former = READ_ONCE(flow->tag);
	/* the SYN+ACK was lost: it is still the same attempt */
	if (former == tag && flow->isn == isn)
		return 0;
	if (former)
		flow_count(flow->listener, former == tag ? SETUP_REPLACED : SETUP_EVICTED);
	flow_begin(flow, isn, listener, connack_max, now_ns);
	__sync_val_compare_and_swap(&flow->tag, former, tag);
	flow_mark(set, way);
	flow_note(listener, now_ns);
	return 0;
}

/*
 * A FIN or RST comes from the client. If its request was being served it has given up: that says of
 * how long it was held what a RST to the SYN+ACK would say, and *@packet becomes one.
 */
__noinline int flow_closed(struct packet *packet, __u64 place)
{
	__u32 listener, isn, waited, tag = place >> 32;
	struct flow *flow;
	__u64 admitted_ns;
	bool requested;

	if (!packet || !tag || !flow_is_likely(place))
		return 0;
	flow = flow_find(place, tag);
	if (!flow || bpf_ntohl(packet->isn) - flow->isn > FLOW_SEQ_MAX)
		return 0;
	listener = flow->listener;
	requested = flow->bursts;
	isn = flow->isn;
	admitted_ns = flow->admitted_ns;
	waited = flow->waited;
	if (!flow_free(flow, tag))
		return 0;
	if (requested) {
		flow_count(listener, SETUP_GIVEN_UP);
		packet->isn = bpf_htonl(isn + 1);
		packet->resets = true;
	} else {
		flow_withdrawn(listener, admitted_ns, waited);
	}
	return 0;
}

#endif
