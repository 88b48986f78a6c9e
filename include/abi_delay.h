/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The part of include/abi.h that is about SYNs that are held. */
#ifndef WEIR_ABI_DELAY_H
#define WEIR_ABI_DELAY_H

#include <linux/types.h>

#define DELAY_FRAME_MAX 256
#define DELAY_RING_BYTES (1U << 20)

/* One SYN on its way to the queue of user space, in the ring buffer. */
struct delay_record {
	__u64 key;  /* of 4-tuple and ISN: tag of the waiting table << 32 | hash of its set */
	__u64 site; /* hashes with a secret seed */
	__u64 source;
	__u64 first_seen_ns; /* CLOCK_MONOTONIC; of the connection's first SYN */
	__u64 seen_ns;	     /* of this one */
	__u32 serial;	     /* of the listener */
	__u32 ifindex;
	__u16 len;
	__u8 listener;	 /* id */
	__u8 retransmit; /* recognised as one */
	__u32 reserved;
	__u8 frame[DELAY_FRAME_MAX];
};

/* Why a SYN that was to be held was dropped at once. */
enum unheld {
	UNHELD_NOT,	    /* it was held, or was not to be */
	UNHELD_NO_CONSUMER, /* no `weir run` serves the listener */
	UNHELD_QUEUE_FULL,  /* half full, of a new SYN */
	UNHELD_RING_FULL,   /* user space does not keep up */
	UNHELD_TOO_LONG,    /* longer than DELAY_FRAME_MAX */
	UNHELD_OVER_BUDGET, /* more of them than are copied, or remembered */
	UNHELD_VLAN_HIDDEN, /* the device takes off VLAN tags: it could not be put back */
	UNHELD_COUNT,
};

#define UNHELD_MAX 8 /* room for later ones in pinned counters */

/* Per CPU, by listener id. */
struct unheld_counters {
	__u64 n[UNHELD_MAX];
};

/* Per CPU: what may be spent on copies. */
struct delay_budget {
	__u64 tat; /* as of GCRA */
};

#define QUEUE_STATE_RESULTS 8
#define QUEUE_STATE_CLASSES 2
#define QUEUE_STATE_ENDS 8
#define QUEUE_STATE_HELD 16
#define QUEUE_STATE_LATE 12

/* The queue of a listener, by its id. Written by `weir run`, which alone may: what the packet path
 * has to know of it, and what there is to show. Counts go on when `weir run` is started again. */
struct queue_state {
	__u64 lease_until_ns; /* CLOCK_MONOTONIC; later than that nobody takes anything */
	__u32 length;
	__u32 entries;	 /* room */
	__u32 releasing; /* not 0: a frame is being put back just now */
	__u32 reserved00;
	__u64 age_max_ns; /* who asked first so long ago is to be held, whatever room there is; 0: nobody */
	__u64 reserved0[4];
	__u64 delay_max_ns; /* in force */
	__u32 lengths[QUEUE_STATE_CLASSES];
	__u32 sites[QUEUE_STATE_CLASSES];
	__u64 results[QUEUE_STATE_RESULTS];		   /* user space's enum queue_result */
	__u64 ends[QUEUE_STATE_CLASSES][QUEUE_STATE_ENDS]; /* enum queue_end */
	__u64 held[QUEUE_STATE_HELD];			   /* by time; of those released */
	__u64 held_sum_ns;
	__u64 late[QUEUE_STATE_LATE]; /* releases, by how long after they were due */
	__u64 late_sum_ns;
	__u64 failed;	/* releases that the kernel refused */
	__u64 outdated; /* records of a listener that is no more */
	__u64 reserved1[5];
};

#endif
