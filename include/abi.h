/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the packet path and user space share: the contents of the pinned maps. A change of any
 * layout here is a new WEIR_ABI.
 */
#ifndef WEIR_ABI_H
#define WEIR_ABI_H

#include <linux/types.h>

#include "abi_delay.h"
#include "abi_setup.h"
#include "abi_window.h"
#include "gcra.h"
#include "reason.h"

#define WEIR_ABI 2

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

/* In keys: the source level under a rule's own limit, which has its own epochs. */
#define LEVEL_RULE LEVEL_COUNT

#define LISTENER_NAME_MAX 32

/* Its place in policy.listeners is its id, for as long as it exists. */
struct listener {
	struct limit limits[LEVEL_COUNT]; /* [LEVEL_HOST] unused: see policy.host */
	struct limit reject;		  /* RSTs sent */
	char name[LISTENER_NAME_MAX];	  /* NUL-terminated; empty: id not in use */
	__u32 serial;			  /* never that of another listener: part of bucket keys */
	__u8 excess;			  /* enum excess */
	__u8 reserved0;
	__u16 reserve;	     /* 0..RESERVE_ALL, or RESERVE_AUTO */
	__u64 delay_max_ns;  /* DELAY_MAX_AUTO, or how long a SYN may be held */
	__u32 queue_entries; /* SYNs that may be held at once */
	__u16 connack_max;   /* see struct flow */
	__u16 reserved1;
	struct window_terms window;
};

/* The share of a bucket's burst that is kept for SYNs that have waited, of RESERVE_ALL. */
#define RESERVE_SHIFT 10
#define RESERVE_ALL (1 << RESERVE_SHIFT)
#define RESERVE_AUTO 0xffff

#define DELAY_MAX_AUTO 0

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
	__u8 mode;				/* enum mode */
	__u8 mode_origin;			/* enum origin */
	__u8 has_rules[FAMILY_COUNT];		/* for every listener */
	__u64 has_listener_rules[FAMILY_COUNT]; /* a bit each listener that has its own */
	__u64 rules_refill_ns;			/* longest refill of a rule's own limit */
	__u64 refill_max_ns;			/* of all source and site limits and rules */
	__u32 last_serial;			/* given to a listener */
	__u32 reserved;
	struct listener listeners[LISTENERS_MAX];
	struct match matches[MATCHES_MAX]; /* [0] unused */
	__u16 port_head[PORTS]; /* by destination port, host order; 0: not a listener's */
};

enum rule_action {
	RULE_ALLOW, /* passes, and no bucket is asked */
	RULE_BLOCK,
	RULE_LIMIT, /* own source limit */
};

#define RULES_MAX 65536 /* of each family */
#define RULE_EVERY_LISTENER 0xffffffffU

/* Keys of the rules: listener id, then address, both network byte order, so that the longest match
 * is one look-up for a listener's own rules and one for those of every listener. */
struct rule_key_v4 {
	__u32 prefixlen; /* RULE_LISTENER_BITS + that of the address */
	__be32 listener;
	__be32 addr;
};

struct rule_key_v6 {
	__u32 prefixlen;
	__be32 listener;
	struct addr addr;
};

#define RULE_LISTENER_BITS 32

struct rule {
	struct limit source; /* of RULE_LIMIT */
	__u64 expires_ns;    /* CLOCK_MONOTONIC; 0: never */
	__u8 action;	     /* enum rule_action */
	__u8 prefix_len;     /* of the address, in its family's bits */
	__u8 origin;	     /* enum origin */
	__u8 reserved[5];
};

#define RULE_FILTER_MASKS 8
#define RULE_FILTER_WORDS 16384U /* 16 bits a rule for RULES_MAX of them */

/*
 * A Bloom filter in front of the tries of one family, in the copy of the policy that its index
 * [2 * slot + family] says: most sources have no rule, and a walk through a trie costs more than all
 * else. See include/rule_hash.h.
 */
struct rule_filter {
	__u32 masks_count; /* 0: it knows nothing, and every source may have a rule */
	__u32 word_mask;   /* words in use, a power of two, minus 1 */
	struct addr masks[RULE_FILTER_MASKS]; /* of every length that a rule has */
	__u64 words[RULE_FILTER_WORDS];
};

#define HASH_WORDS 5 /* four of the address, one for listener and level */

/* Secret coefficients of the bucket table's hash (bpf/table.bpf.h), drawn once per instance. */
struct hash_seed {
	__u64 factor[2][HASH_WORDS];
	__u64 offset[2];
};

#define WAITING_WORDS 10 /* two addresses, ports, sequence number */

/* The same of the waiting table. */
struct waiting_seed {
	__u64 factor[2][WAITING_WORDS];
	__u64 offset[2];
};

#define INSTANCE_NAME_MAX 64
#define DEVICES_MAX 16

/* The one entry of the control map: what the instance is, and which policy is in force. */
struct control {
	__u64 generation; /* policy in force: [generation & 1] */
	__u64 reserved0;
	struct hash_seed seed;
	__u32 abi; /* WEIR_ABI */
	__u32 source_slots;
	__u8 vlan_hidden;  /* frames come without their VLAN tags: no RST may be sent */
	__u8 xdp;	   /* user space's enum xdp_mode: as what devices are attached to */
	__u16 clsact_made; /* bit i: the clsact qdisc of ifindex[i] is weir's */
	__u8 reserved1[4];
	__u64 netns_cookie; /* SO_NETNS_COOKIE of where the devices are */
	__u64 created_ns;   /* CLOCK_MONOTONIC */
	char name[INSTANCE_NAME_MAX];
	char version[32]; /* of the program that is attached */
	/* what it was attached to, as long as that is there; 0: free. A device of one of these that
	 * has no program was not lost: somebody took the program off. */
	__u32 ifindex[DEVICES_MAX];
	struct waiting_seed waiting_seed;
};

/* Buckets of one word, a cache line each: [0] the host's, [LEVELS_LISTENER + id] a listener's,
 * [LEVELS_REJECT + id] of its RSTs. */
#define LEVELS_LISTENER 1
#define LEVELS_REJECT (LEVELS_LISTENER + LISTENERS_MAX)
#define LEVELS_MAX (LEVELS_REJECT + LISTENERS_MAX)

struct level_state {
	__u64 word;
	__u64 reserved[7];
};

#define TABLE_WAYS 5

/* One set of the source table: one cache line of GCRA words and whose they are. A free slot has
 * tag 0. */
struct bucket_set {
	__u64 word[TABLE_WAYS];
	__u32 tag[TABLE_WAYS];
	__u32 fetch; /* no meaning: written to have the line fetched */
};

/* Has this SYN been here before? In any case it is counted by its reason, too. */
enum echo {
	ECHO_UNKNOWN,  /* nobody looked; counted in struct look_budget */
	ECHO_NEW,      /* not since WAITING_MAX_NS */
	ECHO_DOUBLE,   /* sooner than any TCP would send it again: a copy made on the way */
	ECHO_WAITED,   /* refused the last time */
	ECHO_ADMITTED, /* admitted the last time: its SYN+ACK was lost */
	ECHO_COUNT,
};

#define ECHO_MAX 8 /* room for later ones in pinned counters */

/* Per CPU, by listener id. */
struct echoes {
	__u64 n[ECHO_MAX];
};

/* Per CPU; [0] frames that were not judged, [1 + id] the SYNs of a listener. */
struct counters {
	__u64 n[2][VERDICT_COUNT][REASON_MAX]; /* [enforced] */
};

#define WAITING_WAYS 8

/*
 * One set of the table of connections that have asked: a cache line. An entry is one word, from its
 * highest bit: the fingerprint of addresses, ports and sequence number (32), never 0 unless the
 * entry is free; when it asked first, was admitted last, or gave up, in ticks (24); what became of it (8).
 */
struct waiting_set {
	__u64 entry[WAITING_WAYS];
};

#define WAITING_TAG_SHIFT 32
#define WAITING_TICK_SHIFT 8
#define WAITING_TICK_MASK 0xffffffULL
#define WAITING_TICK_NS_SHIFT 22  /* a tick is 4.2 ms; they come round after 19 hours */
#define WAITING_PASSES_MASK 7ULL  /* retransmits let pass since it was admitted */
#define WAITING_WAS_ADMITTED 8ULL /* else refused */
#define WAITING_IS_AWAITED 16ULL  /* counted as refused, and has not come back yet */
#define WAITING_HAS_PAID 32ULL	  /* its site and its source were charged when it was held */
#define WAITING_IS_RELEASED 64ULL /* let in by user space, and its frame may be met once more */
#define WAITING_WAS_RESET 128ULL  /* admitted, and the client answered the SYN+ACK with a RST */
/* No TCP known sends a SYN again sooner (Zephyr: 200 ms); Linux gives up after 67 s of waiting. */
#define WAITING_MIN_NS 150000000ULL
#define WAITING_MAX_NS 70000000000ULL
#define WAITING_PASSES_MAX 6

/*
 * How many of the refused come back, by the slice of time in which they were refused first: real
 * clients do, forged sources do not. From that follows the reserve of a listener.
 */
#define RETURN_SLICE_NS_SHIFT 29 /* a slice is 0.54 s */
#define RETURN_SLICES 16
#define RETURN_WAIT 7	/* slices: 3.8 s; the slowest TCP sends a SYN again after 3 s */
#define RETURN_WINDOW 4 /* slices looked at, when they have waited for so long */

struct returns {
	__u64 slice;   /* number of the present one: time >> RETURN_SLICE_NS_SHIFT */
	__u32 reserve; /* of RESERVE_ALL, in force if that is automatic */
	__u32 reserved;
	__u32 refused[RETURN_SLICES]; /* by slice % RETURN_SLICES */
	__u32 returned[RETURN_SLICES];
};

/* What may be spent on look-ups in the waiting table, by all CPUs together: they draw on it by the
 * chunk, so that it does not matter which of them a flood meets. */
struct look_pool {
	__u64 tat; /* as of GCRA */
	__u64 reserved[7];
};

/* Per CPU: its part of that. */
struct look_budget {
	__u64 left;		     /* look-ups of the chunk drawn last */
	__u64 draws_ns;		     /* when it may draw the next one, CLOCK_MONOTONIC */
	__u64 passed_over;	     /* SYNs that nobody looked up since it drew */
	__u64 unpaid[LISTENERS_MAX]; /* all of them, by listener */
};

/* Per CPU: how the source table bears its load. */
struct table_counters {
	__u64 evicted_full;    /* slot of a full bucket reused: nothing lost */
	__u64 evicted_in_debt; /* all of a set in debt: one debt forgotten */
	__u64 lost_claims;     /* another CPU took the slot first */
	__u64 evicted_waiting; /* of the waiting table: a connection forgotten before its time */
};

/*
 * Per CPU: the sources and sites that were refused most, by the Space-Saving algorithm (Metwally,
 * Agrawal & El Abbadi, "Efficient computation of frequent and top-k elements in data streams",
 * 2005) in sets of TOP_WAYS: a new one takes the place of the least, and its count on top. Time is
 * cut in slices, so that what is older than TOP_SLICES - 1 of them is gone.
 */
#define TOP_SLICE_NS 10000000000ULL
#define TOP_SLICES 7 /* a minute and the slice that has just begun */
#define TOP_SETS 64
#define TOP_WAYS 8

struct top_entry {
	struct addr prefix;
	__u32 count; /* refusals; at most @over too many; 0: free */
	__u32 over;
	__u32 serial; /* of the listener */
	__u16 listener;
	__u8 level;	 /* LEVEL_SITE, LEVEL_SOURCE or LEVEL_RULE */
	__u8 prefix_len; /* of the 128 bits */
};

struct top_set {
	__u64 slice; /* number of the slice it counts: time / TOP_SLICE_NS */
	struct top_entry way[TOP_WAYS];
};

_Static_assert(sizeof(struct limit) == 56, "struct limit is part of the pinned ABI");
_Static_assert(sizeof(struct listener) == 376, "struct listener is part of the pinned ABI");
_Static_assert(sizeof(struct match) == 40, "struct match is part of the pinned ABI");
_Static_assert(sizeof(struct rule) == 72, "struct rule is part of the pinned ABI");
_Static_assert(sizeof(struct level_state) == 64, "a level is one cache line");
_Static_assert(sizeof(struct bucket_set) == 64, "a set is one cache line");
_Static_assert(sizeof(struct top_set) == 264, "struct top_set is part of the pinned ABI");
_Static_assert(sizeof(struct waiting_set) == 64, "a set is one cache line");
_Static_assert(sizeof(struct returns) == 144, "struct returns is part of the pinned ABI");
_Static_assert(sizeof(struct delay_record) == 312, "struct delay_record is part of the pinned ABI");
_Static_assert(sizeof(struct queue_state) == 576, "struct queue_state is part of the pinned ABI");
_Static_assert(sizeof(struct counters) == 2048, "struct counters is part of the pinned ABI");

#endif
