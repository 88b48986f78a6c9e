/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the packet path and user space share: the contents of the pinned maps. A change of any
 * layout here is a new WEIR_ABI.
 */
#ifndef WEIR_ABI_H
#define WEIR_ABI_H

#include <linux/types.h>

#include "gcra.h"
#include "reason.h"

#define WEIR_ABI 1

#define LISTENERS_MAX 64
#define MATCHES_MAX 1024
/* Destination prefixes that one port may have, over all listeners: the length of the walk. */
#define MATCHES_PER_PORT_MAX 16
#define PORTS 65536

/* A 128-bit address, network byte order; IPv4 is held as ::ffff:a.b.c.d. */
struct addr {
	__be64 hi;
	__be64 lo;
};

enum family {
	FAMILY_V4,
	FAMILY_V6,
	FAMILY_COUNT,
};

enum mode {
	MODE_OBSERVE,
	MODE_ENFORCE,
};

enum excess {
	EXCESS_DROP,
	EXCESS_DELAY,
	EXCESS_REJECT,
};

enum level {
	LEVEL_HOST,
	LEVEL_LISTENER,
	LEVEL_SITE,
	LEVEL_SOURCE,
	LEVEL_COUNT,
};

#define LISTENER_NAME_MAX 32

/* Its place in policy.listeners is its id, for as long as the instance lives. */
struct listener {
	struct limit limits[LEVEL_COUNT]; /* [LEVEL_HOST] unused: see policy.host */
	char name[LISTENER_NAME_MAX];	  /* NUL-terminated; empty: id not in use */
	__u8 excess;			  /* enum excess */
	__u8 reserved[31];
};

/* One destination of a listener: addr & mask == prefix. Ports chain theirs, longest mask first. */
struct match {
	struct addr prefix;
	struct addr mask;
	__u16 next; /* index of the next match of this port; 0: none */
	__u8 listener;
	__u8 prefix_len; /* of the 128 bits */
	__u8 reserved[4];
};

/*
 * Everything an operator can set. Two copies lie in the policy map; control.generation says which
 * is in force, so any change, however large, takes effect at once for the next frame.
 */
struct policy {
	struct limit host;
	struct addr source_mask[FAMILY_COUNT];
	struct addr site_mask[FAMILY_COUNT];
	__u8 source_len[FAMILY_COUNT]; /* prefix lengths in the family's own bits: /32, /64 */
	__u8 site_len[FAMILY_COUNT];
	__u8 mode; /* enum mode */
	__u8 reserved[3];
	__u64 refill_max_ns; /* longest refill of all source and site limits */
	struct listener listeners[LISTENERS_MAX];
	struct match matches[MATCHES_MAX]; /* [0] unused */
	__u16 port_head[PORTS]; /* by destination port, host order; 0: not a listener's */
};

#define HASH_WORDS 5 /* four of the address, one for listener and level */

/* Secret coefficients of the table's hash (bpf/table.bpf.h), drawn once per instance. */
struct hash_seed {
	__u64 factor[2][HASH_WORDS];
	__u64 offset[2];
};

#define INSTANCE_NAME_MAX 64

/* The one entry of the control map: what the instance is, and which policy is in force. */
struct control {
	__u64 generation; /* policy in force: [generation & 1] */
	__u64 reserved0;
	struct hash_seed seed;
	__u32 abi; /* WEIR_ABI */
	__u32 source_slots;
	__u64 netns_cookie; /* SO_NETNS_COOKIE of where the devices are */
	__u64 created_ns;   /* CLOCK_MONOTONIC */
	char name[INSTANCE_NAME_MAX];
	char version[32]; /* of the program that is attached */
};

/* Buckets of one word: [0] the host's, [1 + id] a listener's. A cache line each. */
struct level_state {
	__u64 word;
	__u64 reserved[7];
};

#define TABLE_WAYS 4

/* One set of the source table: one cache line. A free slot has tag 0. */
struct bucket_slot {
	__u64 tag;
	__u64 word;
};

struct bucket_set {
	struct bucket_slot way[TABLE_WAYS];
};

/* Per CPU; [0] frames that were not judged, [1 + id] the SYNs of a listener. */
struct counters {
	__u64 n[2][VERDICT_COUNT][REASON_MAX]; /* [enforced] */
};

/* Per CPU: how the source table bears its load. */
struct table_counters {
	__u64 evicted_full;    /* slot of a full bucket reused: nothing lost */
	__u64 evicted_in_debt; /* all four in debt: one debt forgotten */
	__u64 lost_claims;     /* another CPU took the slot first */
	__u64 reserved;
};

_Static_assert(sizeof(struct limit) == 48, "struct limit is part of the pinned ABI");
_Static_assert(sizeof(struct listener) == 256, "struct listener is part of the pinned ABI");
_Static_assert(sizeof(struct match) == 40, "struct match is part of the pinned ABI");
_Static_assert(sizeof(struct level_state) == 64, "a level is one cache line");
_Static_assert(sizeof(struct bucket_set) == 64, "a set is one cache line");
_Static_assert(sizeof(struct counters) == 2048, "struct counters is part of the pinned ABI");

#endif
