/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Where a connection lies in the table of flows: sets of FLOW_WAYS, and one bit a slot that says
 * whether it is worth a look. The bits of all slots fit a processor's first cache, so that a packet
 * that belongs to no set-up costs next to nothing. Pure; used by BPF and by user space.
 */
#ifndef WEIR_FLOW_H
#define WEIR_FLOW_H

#include <linux/types.h>

#include "abi.h"

#define FLOW_INLINE static inline __attribute__((always_inline))

/* Of each end, as in the packet: an IPv4 address is in [3], the rest 0. */
struct flow_key {
	__u32 client[4];
	__u32 server[4];
	__u32 ports; /* client's << 16 | server's, host order */
};

/*
 * Multilinear, as the waiting table's hash, whose secret it shares: nothing of either can be seen
 * from outside. The words of IPv4 that are 0 need not be multiplied.
 */
FLOW_INLINE __u32 flow_hash(const struct flow_key *key, const __u64 *factor, __u64 offset,
			    int is_v4)
{
	__u64 sum = offset + factor[3] * key->client[3] + factor[7] * key->server[3] +
		    factor[8] * key->ports;

	if (!is_v4)
		sum += factor[0] * key->client[0] + factor[1] * key->client[1] +
		       factor[2] * key->client[2] + factor[4] * key->server[0] +
		       factor[5] * key->server[1] + factor[6] * key->server[2];
	return sum >> 32;
}

/* @slots: a power of two. */
FLOW_INLINE __u32 flow_set(const struct flow_key *key, const struct waiting_seed *seed, int is_v4,
			   __u32 slots)
{
	return flow_hash(key, seed->factor[1], seed->offset[1], is_v4) & (slots / FLOW_WAYS - 1);
}

FLOW_INLINE __u32 flow_tag(const struct flow_key *key, const struct waiting_seed *seed, int is_v4)
{
	__u32 tag = flow_hash(key, seed->factor[0], seed->offset[0], is_v4);

	return tag + !tag;
}

/* Of the bits of @set in their word. */
FLOW_INLINE __u32 flow_word(__u32 set)
{
	return set / (FLOWS_PER_WORD / FLOW_WAYS);
}

FLOW_INLINE __u32 flow_shift(__u32 set)
{
	return set % (FLOWS_PER_WORD / FLOW_WAYS) * FLOW_WAYS;
}

/* Which of two gives way: one that is free, else one of which no request has come, else the older. */
FLOW_INLINE int flow_goes_before(const struct flow *a, const struct flow *b)
{
	if (!a->tag || !b->tag)
		return !a->tag && b->tag;
	if (!a->bursts != !b->bursts)
		return !a->bursts;
	return a->admitted_ns < b->admitted_ns;
}

/* A new attempt, all but its tag, which comes last. */
FLOW_INLINE void flow_begin(struct flow *flow, __u32 isn, __u8 listener, __u16 connack_max,
			    __u64 now_ns)
{
	flow->isn = isn;
	flow->admitted_ns = now_ns;
	flow->turn_ns = 0;
	flow->moved_ns = now_ns;
	flow->spent_ns = 0;
	flow->acked = isn + 1;
	flow->next = 0;
	flow->held = 0;
	flow->connack_max = connack_max;
	flow->listener = listener;
	flow->stage = 0;
	flow->bursts = 0;
	flow->synced = 0;
	flow->waited = 0;
}

#endif
