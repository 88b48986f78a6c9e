/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The part of include/abi.h that is about how many connections may be in set-up at once. */
#ifndef WEIR_ABI_WINDOW_H
#define WEIR_ABI_WINDOW_H

#include <linux/types.h>

/* Of a listener, as the operator wants it; else it is a number. 0, so that an unwritten one fails
 * open. */
#define WINDOW_OFF 0U
#define WINDOW_AUTO 0xffffffffU

#define WINDOW_LEARNED_BYTES 256
#define WINDOW_SIGNALS_MAX 16
#define WINDOW_NAME_MAX 32

/* What the operator says of a listener's window. */
struct window_terms {
	__u32 window; /* WINDOW_OFF, WINDOW_AUTO, or a number */
	__u32 window_min;
	__u32 window_max;
	__u32 fallback_rate; /* per fallback_per_sec seconds; 0: it is learned */
	__u64 target_ns;
	__u64 fallback_period_ns; /* of one connection; 0: as fallback_rate */
	__u32 floor_rate;
	__u16 floor_per_sec;
	__u16 fallback_per_sec;
};

/* An external signal, as it was at the last decision. */
struct window_signal {
	char name[WINDOW_NAME_MAX]; /* NUL-terminated; empty: no more follow */
	__u64 read_ns;		    /* CLOCK_MONOTONIC; 0: nothing was ever read */
	__u64 ratio_millionths;	    /* value / target */
	__u64 failures;		    /* to read it, in a row */
	__u64 reserved;
};

/*
 * The window of a listener, by its id. The limits are written by `weir run`, every 10 ms; the packet
 * path and `weir run` both take from it as include/window.h says. Without a valid lease the fallback
 * rate is in force.
 */
struct window_state {
	__u64 lease_until_ns; /* CLOCK_MONOTONIC */
	__u32 serial;	      /* of the listener; else this is another's */
	__u32 window;	      /* WINDOW_AUTO: there is none, only the pace */
	__u32 reserve;	      /* of RESERVE_ALL: share for those who have waited, if the kernel's
				 own is not more */
	__u32 pace_from;      /* the pace counts while not more credits than this are left */
	__u64 pace_period_ns; /* 0: there is none */
	__u64 pace_tolerance_ns;
	__u64 floor_period_ns;	  /* of those let in although the window is full */
	__u64 fallback_period_ns; /* as learned, unless the operator says it; 0: unlimited */
	__u64 fallback_tat;

	/* taken from by whoever lets a SYN in: a cache line */
	__s64 credits; /* how many more may be in set-up */
	__u64 pace_tat;
	__u64 floor_tat;
	__u64 reserved0[5];

	/* what there is to show */
	__u64 latency_p90_ns;
	__u64 oldest_turn_ns;
	__u64 target_ns; /* in force */
	__u64 ceiling_milli_per_sec;
	__u64 floor_milli_per_sec;
	__u64 goodput_milli_per_sec;
	__u64 x_millionths; /* what decided; a million is at the target */
	__u32 in_flight;
	__u32 young; /* SYNs let in whose request is on its way */
	__u32 share_millionths;
	__u8 state; /* user space's enum law_state */
	__u8 why;   /* enum law_why */
	__u8 alarm;
	__u8 hidden; /* connections in set-up cannot be seen */
	__u64 reserved1[7];
	__u8 learned[WINDOW_LEARNED_BYTES]; /* user space's struct law_goodput */
	struct window_signal signals[WINDOW_SIGNALS_MAX];
};

_Static_assert(sizeof(struct window_terms) == 40, "struct window_terms is part of the pinned ABI");
_Static_assert(sizeof(struct window_state) == 1536,
	       "struct window_state is part of the pinned ABI");

#endif
