/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Gives each run of a program under BPF_PROG_RUN another of 2^20 sources: 10.0.0.0/12. */
#ifndef BENCH_RANDOM_BPF_H
#define BENCH_RANDOM_BPF_H

#include "parse.bpf.h"

#define RANDOM_PREFIX 0x0a000000
#define RANDOM_MASK 0xfffff

__u32 next_isn; /* of one thread; no SYN is another one's retransmit */

/* @ctx holds an untagged IPv4 frame without options. */
static __always_inline enum reason parse_random(const struct xdp_md *ctx, struct packet *packet)
{
	struct iphdr *ip = (void *)(long)ctx->data + sizeof(struct ethhdr);
	struct tcphdr *tcp = (void *)(ip + 1);

	if ((void *)(tcp + 1) > (void *)(long)ctx->data_end)
		return REASON_TRUNCATED;
	tcp->seq = next_isn++;
	ip->saddr = bpf_htonl(RANDOM_PREFIX | (bpf_get_prandom_u32() & RANDOM_MASK));
	return parse(ctx, packet);
}

#endif
