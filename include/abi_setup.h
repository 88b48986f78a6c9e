/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The part of include/abi.h that is about connections in set-up. */
#ifndef WEIR_ABI_SETUP_H
#define WEIR_ABI_SETUP_H

#include <linux/types.h>

#define FLOW_WAYS 2	  /* of a set of the table of flows */
#define FLOWS_PER_WORD 64 /* of the map of those in use */
#define FLOW_SLOTS_DEFAULT \
	131072 /* a power of two: 8 MiB; a storm of 5000 at once loses one flow in a thousand */

/* The largest record that can hold a CONNACK, unless the operator says otherwise. */
#define CONNACK_MAX_DEFAULT 128

/*
 * A connection whose SYN was let pass, until its set-up is done: one cache line. Begun by the packet
 * path, moved on by the broker's segments (bpf/setup.bpf.c by the rules of include/setup.h), and
 * freed by either or by user space: whoever changes its tag to 0.
 */
struct flow {
	__u32 tag; /* of the 4-tuple; 0: free */
	__u32 isn; /* of the client, host order, as all sequence numbers here */
	__u64 admitted_ns;
	__u64 turn_ns;	   /* since when the broker owes an answer; 0: it does not */
	__u64 moved_ns;	   /* when anything happened last */
	__u64 spent_ns;	   /* on the broker's turns so far */
	__u32 acked;	   /* the client's bytes that the broker's host has acknowledged */
	__u32 next;	   /* where the broker's next record begins */
	__u16 held;	   /* length of a record that is a ticket or a CONNACK; 0: none */
	__u16 connack_max; /* longer records are no CONNACK; 0: done at the first byte */
	__u8 listener;	   /* id */
	__u8 stage;	   /* enum setup_stage */
	__u8 bursts;	   /* of the client; 0: its request has not come yet */
	__u8 synced;	   /* next is known */
	__u32 waited;	   /* user space let it in when its SYN had come again: it is not forged */
	__u32 reserved;
};

/* What happened to connections in set-up: counted. */
enum setup_event {
	SETUP_NOTED,	 /* a SYN was let pass */
	SETUP_ANSWERED,	 /* SYN+ACKs of the broker's host */
	SETUP_REQUESTED, /* the client's first bytes have come */
	SETUP_DONE,
	SETUP_REFUSED,	 /* the broker closed it before */
	SETUP_GIVEN_UP,	 /* the client did, after its request */
	SETUP_WITHDRAWN, /* and before */
	SETUP_REPLACED,	 /* the client began anew from the same port */
	SETUP_EVICTED,	 /* lost sight of: more at once than there is room for */
	SETUP_SERVED,	 /* the broker has answered the request, whatever comes of it */
	SETUP_EVENT_COUNT,
};

#define SETUP_EVENT_MAX 16 /* room for later ones */

/*
 * Histograms of time: 1 << SETUP_BUCKETS_PER_OCTAVE_SHIFT equal parts of each doubling from
 * 1 << SETUP_BUCKET_MIN_SHIFT ns on, what is less in the first, what is more in the last: 131 us to 68 s.
 */
#define SETUP_BUCKETS 152
#define SETUP_BUCKETS_PER_OCTAVE_SHIFT 3
#define SETUP_BUCKET_MIN_SHIFT 17

/* Which share of the SYNs let pass in a slice of time turned into requests. Those that had come again, and whose
 * clients had gone then, and said so, are taken off: they were not forged. The slice is [time >> SETUP_SLICE_NS_SHIFT]
 * modulo SETUP_SLICES, and user space knows where it began. */
#define SETUP_SLICES 16
#define SETUP_SLICE_NS_SHIFT 28 /* 0.27 s */

/* Per CPU, by listener id. */
struct setup_counters {
	__u64 n[SETUP_EVENT_MAX];
	__u64 latency_sum_ns;
	__u64 request_sum_ns;
	__u64 took_sum_ns; /* of set-ups that are done: from SYN to answer, round trips and all */
	__u64 noted[SETUP_SLICES];
	__u64 requested[SETUP_SLICES];
	__u64 latency[SETUP_BUCKETS]; /* of set-ups that are done: the broker's turns */
	__u64 request[SETUP_BUCKETS]; /* from SYN to request */
};

#define SETUP_TICKETS 4

/* By listener id: what is known of its broker, and counts of user space. */
struct setup_state {
	__u16 ticket[SETUP_TICKETS]; /* lengths of records that are tickets */
	__u32 tickets;		     /* learned so far; the next takes the place of the oldest */
	__u32 untold;		     /* records that could have been one and were a CONNACK */
	__u64 swept_young;	     /* no request came */
	__u64 swept_stalled;	     /* nothing happened for too long */
	__u64 swept_done;	     /* nothing followed: it was a CONNACK */
	__u64 reserved[3];
};

_Static_assert(sizeof(struct flow) == 64, "a flow is one cache line");
_Static_assert(sizeof(struct setup_state) == 64, "struct setup_state is part of the pinned ABI");
_Static_assert(sizeof(struct setup_counters) == 2840,
	       "struct setup_counters is part of the pinned ABI");

#endif
