/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The contents of the pinned maps of ABI 1, which user/migrate.c turns into those of today. Nothing
 * here changes any more, and nothing of it is taken from abi.h, which does.
 */
#ifndef WEIR_ABI1_H
#define WEIR_ABI1_H

#include <linux/types.h>

#define ABI1 1

#define ABI1_LISTENERS 64
#define ABI1_MATCHES 1024
#define ABI1_PORTS 65536
#define ABI1_WAYS 4

struct abi1_addr {
	__be64 hi;
	__be64 lo;
};

struct abi1_limit {
	__u64 period_ns;
	__u64 tolerance_ns;
	__u64 changed_ns; /* 0: with the instance */
	__u64 prev_period_ns;
	__u32 burst;
	__u32 rate;
	__u16 rate_per_sec;
	__u8 kind;
	__u8 epoch;
	__u32 reserved;
};

struct abi1_listener {
	struct abi1_limit limits[4]; /* host (unused), listener, site, source */
	char name[32];
	__u8 excess;
	__u8 reserved[31];
};

struct abi1_match {
	struct abi1_addr prefix;
	struct abi1_addr mask;
	__u16 next;
	__u8 listener;
	__u8 prefix_len;
	__u8 reserved[4];
};

struct abi1_policy {
	struct abi1_limit host;
	struct abi1_addr source_mask[2]; /* IPv4, IPv6 */
	struct abi1_addr site_mask[2];
	__u8 source_len[2];
	__u8 site_len[2];
	__u8 mode;
	__u8 reserved[3];
	__u64 refill_max_ns;
	struct abi1_listener listeners[ABI1_LISTENERS];
	struct abi1_match matches[ABI1_MATCHES];
	__u16 port_head[ABI1_PORTS];
};

/* Two multilinear hashes of the words of an address and a last one, listener id << 8 | level. */
struct abi1_seed {
	__u64 factor[2][5];
	__u64 offset[2];
};

struct abi1_control {
	__u64 generation;
	__u64 reserved0;
	struct abi1_seed seed;
	__u32 abi;
	__u32 source_slots; /* a power of two */
	__u64 netns_cookie;
	__u64 created_ns;
	char name[64];
	char version[32];
};

/* [0] the host's, [1 + id] a listener's. */
struct abi1_level {
	__u64 word;
	__u64 reserved[7];
};

#define ABI1_LEVELS (1 + ABI1_LISTENERS)

/* Upper halves of the two hashes, the first one's in the higher bits, the set's number in the
 * lowest; 0: free. */
struct abi1_slot {
	__u64 tag;
	__u64 word;
};

struct abi1_set {
	struct abi1_slot way[ABI1_WAYS];
};

/* Per CPU: counters, and how the table bears its load. */
#define ABI1_COUNTERS_SIZE 2048
#define ABI1_TABLE_COUNTERS_SIZE 32

_Static_assert(sizeof(struct abi1_limit) == 48, "ABI 1 is as it was");
_Static_assert(sizeof(struct abi1_listener) == 256, "ABI 1 is as it was");
_Static_assert(sizeof(struct abi1_match) == 40, "ABI 1 is as it was");
_Static_assert(sizeof(struct abi1_policy) == 188544, "ABI 1 is as it was");
_Static_assert(sizeof(struct abi1_control) == 232, "ABI 1 is as it was");
_Static_assert(sizeof(struct abi1_level) == 64, "ABI 1 is as it was");
_Static_assert(sizeof(struct abi1_set) == 64, "ABI 1 is as it was");

#endif
