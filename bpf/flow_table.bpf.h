/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The table of connections in set-up (include/flow.h), as the programs of both directions use it. */
#ifndef WEIR_FLOW_TABLE_BPF_H
#define WEIR_FLOW_TABLE_BPF_H

#include <stdbool.h>

#include "maps.bpf.h"
#include "once.bpf.h"
#include "flow.h"

const volatile __u32 flow_slots = FLOW_WAYS; /* a power of two */

static __always_inline struct flow *flow_slot(__u32 set, __u32 way)
{
	__u32 index = set * FLOW_WAYS + way;

	return bpf_map_lookup_elem(&flows, &index);
}

static __always_inline void flow_count(__u32 listener, enum setup_event event)
{
	struct setup_counters *count = bpf_map_lookup_elem(&setup_counters, &listener);

	if (count)
		count->n[event]++;
}

/* Is the slice of time @slice still the same in the counts by slices? */
static __always_inline bool flow_slice_lasts(__u64 slice, __u64 now_ns)
{
	return (now_ns >> SETUP_SLICE_NS_SHIFT) - slice < SETUP_SLICES - 1;
}

/* Takes the flow out of the table; false: somebody else has. */
static __always_inline bool flow_free(struct flow *flow, __u32 tag)
{
	return __sync_val_compare_and_swap(&flow->tag, tag, 0) == tag;
}

/* Is any slot of the set worth a look? The bits of all of them fit a processor's first cache. */
static __always_inline bool flow_is_likely(__u32 set)
{
	__u32 index = flow_word(set);
	const __u64 *word = bpf_map_lookup_elem(&flows_used, &index);

	return word && READ_ONCE(*word) >> flow_shift(set) & ((1 << FLOW_WAYS) - 1);
}

static __always_inline struct flow *flow_find(__u32 set, __u32 tag)
{
	struct flow *flow;

#pragma unroll
	for (__u32 way = 0; way < FLOW_WAYS; way++) {
		flow = flow_slot(set, way);
		if (flow && READ_ONCE(flow->tag) == tag)
			return flow;
	}
	return NULL;
}

#endif
