/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Every map. All are pinned: they are the only runtime state, and outlive any one program. */
#ifndef WEIR_MAPS_BPF_H
#define WEIR_MAPS_BPF_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "abi.h"

/* Written by the command line, read here. Mapped, so that one store changes the generation. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct control);
} control SEC(".maps");

/* Written by the command line into the copy not in force, read here. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 2);
	__type(key, __u32);
	__type(value, struct policy);
} policy SEC(".maps");

/*
 * Prefix rules by family, two tries each: like the policy's copies, control.generation says which
 * are in force. The command line fills a new trie and puts it in the place not in force, so rules
 * change together, and together with the policy.
 */
struct rules_v4_trie {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, RULES_MAX);
	__uint(key_size, sizeof(struct rule_key_v4));
	__uint(value_size, sizeof(struct rule));
};

struct rules_v6_trie {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, RULES_MAX);
	__uint(key_size, sizeof(struct rule_key_v6));
	__uint(value_size, sizeof(struct rule));
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 2);
	__type(key, __u32);
	__array(values, struct rules_v4_trie);
} rules_v4 SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 2);
	__type(key, __u32);
	__array(values, struct rules_v6_trie);
} rules_v6 SEC(".maps");

/* What can be said of a source without the tries. Written with them, read here. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 2 * FAMILY_COUNT);
	__type(key, __u32);
	__type(value, struct rule_filter);
} rule_filters SEC(".maps");

/* Charged here by compare-and-swap; mapped by user space, which may charge the same way. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, LEVELS_MAX);
	__type(key, __u32);
	__type(value, struct level_state);
} levels SEC(".maps");

/*
 * Buckets of sources and sites. Mappable above all because the values of such an array start on a
 * page: those of a plain one start at byte 312, and every set would straddle two cache lines.
 * User space sets max_entries (sets) from the configuration.
 */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct bucket_set);
} buckets SEC(".maps");

/* Connections that have asked, sized like the buckets by the configuration. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct waiting_set);
} waiting SEC(".maps");

/* By listener id. Counted here, read here and by user space, which takes back what was let in
 * before it could come again. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, LISTENERS_MAX);
	__type(key, __u32);
	__type(value, struct returns);
} returns_by_listener SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct look_pool);
} look_pool SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct look_budget);
} look_budget SEC(".maps");

/* Counted here, summed by user space. [0] frames not judged, [1 + id] SYNs of a listener. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1 + LISTENERS_MAX);
	__type(key, __u32);
	__type(value, struct counters);
} counters SEC(".maps");

/* By listener id. Counted here, summed by user space. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, LISTENERS_MAX);
	__type(key, __u32);
	__type(value, struct echoes);
} echoes SEC(".maps");

/* SYNs to be held: copied here, taken by `weir run`. Three thousand have room, so many as come in
 * 10 ms at 300 000 a second. */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, DELAY_RING_BYTES);
} delays SEC(".maps");

/* By listener id. Written by `weir run`, read here. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, LISTENERS_MAX);
	__type(key, __u32);
	__type(value, struct queue_state);
} queues SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct delay_budget);
} delay_budget SEC(".maps");

/* By listener id. Counted here, summed by user space. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, LISTENERS_MAX);
	__type(key, __u32);
	__type(value, struct unheld_counters);
} unheld SEC(".maps");

/* Counted here, merged by user space: set by hash, for each slice of time in turn. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, TOP_SLICES *TOP_SETS);
	__type(key, __u32);
	__type(value, struct top_set);
} top SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct table_counters);
} table_counters SEC(".maps");

/*
 * Connections in set-up. Begun and ended here, moved on by the egress program, read and swept by
 * user space, which sets max_entries; 1: nothing is tracked.
 */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct flow);
} flows SEC(".maps");

/* A bit a slot of flows: set here, cleared by user space when it finds the slot free. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} flows_used SEC(".maps");

/* By listener id. Counted here and by the egress program, summed by user space. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, LISTENERS_MAX);
	__type(key, __u32);
	__type(value, struct setup_counters);
} setup_counters SEC(".maps");

/* By listener id. Learned by the egress program, shown by user space, which counts there, too. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, LISTENERS_MAX);
	__type(key, __u32);
	__type(value, struct setup_state);
} setups SEC(".maps");

/* By listener id. Written by `weir run`, and taken from here and there. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, LISTENERS_MAX);
	__type(key, __u32);
	__type(value, struct window_state);
} windows SEC(".maps");

#endif
