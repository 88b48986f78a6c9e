/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What tests/bench/flood.c tells its frame generator, flood.bpf.c. */
#ifndef BENCH_FLOOD_H
#define BENCH_FLOOD_H

#include <linux/types.h>

/* IPv4: 14 + 2 tags + 40 is 62. IPv6: 14 + 2 tags + 60 is 82. In whole words. */
#define FLOOD_LEN_V4 64
#define FLOOD_LEN_V6 88
#define FLOOD_LEN_MAX FLOOD_LEN_V6

enum flood_kind {
	FLOOD_SYN,
	FLOOD_ESTABLISHED, /* ACK without data */
	FLOOD_KINDS,
};

struct flood_plan {
	/* every byte of a frame, with zeros for what differs from frame to frame */
	__u64 words[FLOOD_LEN_MAX / 8];
	__u16 len;
	__u16 l3; /* offsets into the frame */
	__u16 l4;
	__u8 v6;
	__u8 index_high;	    /* IPv6: the index is added to the upper half of the address */
	__u64 src_hi;		    /* IPv6 only; both halves in host order */
	__u64 src_lo;		    /* IPv4: the lower 32 bits */
	__u64 sources;		    /* indices 0 .. sources - 1, at most 2^32 */
	__u32 ip_sum;		    /* 16-bit words of the template's IPv4 header, added up */
	__u32 tcp_sum[FLOOD_KINDS]; /* of pseudo-header and TCP header, flags included */
	__u32 established_share;    /* of 2^32 */
	__u8 flags[FLOOD_KINDS];
	__u8 sequential; /* sources one after the other, not at random */
	__u8 reserved;
	__u32 tid; /* of the thread that sends, in its PID namespace: whose redirects are counted */
	__u64 pidns_dev; /* of that namespace's file */
	__u64 pidns_ino;
	__u64 per_second; /* frames; 0: every run of the program makes one */
	__u64 count;	  /* of a paced flood: no more frames than these */
};

#endif
