/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Which sources and sites were refused most: see struct top_set. */
#ifndef WEIR_TOP_BPF_H
#define WEIR_TOP_BPF_H

#include "maps.bpf.h"

static __always_inline bool top_is(const struct top_entry *entry, const struct top_entry *other)
{
	return entry->prefix.lo == other->prefix.lo && entry->prefix.hi == other->prefix.hi &&
	       entry->serial == other->serial && entry->level == other->level;
}

/* Counts one refusal of @refused, whose hash is @tag. One CPU's memory: no atomics. A function of
 * its own, since only refusals by source or site come here. */
__noinline int top_count(const struct top_entry *refused, __u32 tag, __u64 now_ns)
{
	__u64 slice = now_ns / TOP_SLICE_NS;
	__u32 index = slice % TOP_SLICES * TOP_SETS + tag % TOP_SETS, least = 0;
	struct top_set *set = bpf_map_lookup_elem(&top, &index);

	if (!set || !refused)
		return 0;
	if (set->slice != slice) {
		__builtin_memset(set, 0, sizeof(*set));
		set->slice = slice;
	}
#pragma clang loop unroll(disable)
	for (__u32 i = 0; i < TOP_WAYS; i++) {
		struct top_entry *entry = &set->way[i];

		if (top_is(entry, refused)) {
			entry->count++;
			return 0;
		}
		if (entry->count < set->way[least & (TOP_WAYS - 1)].count)
			least = i;
	}
	least &= TOP_WAYS - 1;
	set->way[least].over = set->way[least].count;
	set->way[least].count++;
	set->way[least].prefix = refused->prefix;
	set->way[least].serial = refused->serial;
	set->way[least].listener = refused->listener;
	set->way[least].level = refused->level;
	set->way[least].prefix_len = refused->prefix_len;
	return 0;
}

#endif
