/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Whose SYN is it? Destination port and address -> listener. */
#ifndef WEIR_MATCH_BPF_H
#define WEIR_MATCH_BPF_H

#include "maps.bpf.h"
#include "parse.bpf.h"

/* One SYN before its judges. */
struct cause {
	const struct control *control;
	const struct policy *policy;
	const struct listener *listener; /* whose SYN it is; NULL before match() */
	__u64 generation;		 /* of the policy */
	__u64 read_ns;			 /* see cause_now_ns() */
	__u32 listener_id;
	__u8 kept;		 /* not 0: the tokens left are for SYNs that come again */
	bool held;		 /* to be delayed: site and source have been charged */
	__u8 unheld;		 /* enum unheld: why not, if it was to be */
	const struct rule *rule; /* of a source with its own limit; NULL: the listener's counts */
};

/* CLOCK_MONOTONIC when this SYN first needed it: reading it is a third of what a SYN costs. */
static __always_inline __u64 cause_now_ns(struct cause *cause)
{
	if (!cause->read_ns)
		cause->read_ns = bpf_ktime_get_ns();
	return cause->read_ns;
}

static __always_inline bool match_covers(const struct match *match, const struct addr *addr)
{
	return (addr->hi & match->mask.hi) == match->prefix.hi &&
	       (addr->lo & match->mask.lo) == match->prefix.lo;
}

static __always_inline enum reason match(const struct packet *packet, struct cause *cause)
{
	__u32 zero = 0, slot, index, port = packet->dport;

	cause->control = bpf_map_lookup_elem(&control, &zero);
	if (!cause->control)
		return REASON_INTERNAL;
	cause->generation = cause->control->generation;
	slot = cause->generation & 1;
	cause->policy = bpf_map_lookup_elem(&policy, &slot);
	if (!cause->policy)
		return REASON_INTERNAL;

	/* the verifier of Linux 6.1 loses the range of a number whose bytes were swapped */
	barrier_var(port);
	index = cause->policy->port_head[port & (PORTS - 1)];
#pragma clang loop unroll(disable)
	for (int i = 0; i < MATCHES_PER_PORT_MAX && index; i++) {
		const struct match *match;

		barrier_var(index);
		if (index >= MATCHES_MAX)
			return REASON_INTERNAL;
		match = &cause->policy->matches[index];
		if (match_covers(match, &packet->dst)) {
			__u32 id = match->listener;

			if (id >= LISTENERS_MAX)
				return REASON_INTERNAL;
			cause->listener_id = id;
			cause->listener = &cause->policy->listeners[id];
			return REASON_NONE;
		}
		index = match->next;
	}
	return REASON_NOT_LISTENER;
}

#endif
