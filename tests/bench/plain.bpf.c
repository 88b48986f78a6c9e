// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The ends of the scale: a program that does nothing, and the least that judging a SYN can be. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "parse.bpf.h"

SEC("xdp.frags")
int pass(struct xdp_md *ctx)
{
	(void)ctx;
	return XDP_PASS;
}

/* Parse, clock, drop: for SYNs. The comparison keeps the clock from being optimised away. */
SEC("xdp.frags")
int parse_drop(struct xdp_md *ctx)
{
	struct packet packet = {};

	if (parse(ctx, &packet))
		return XDP_PASS;
	return bpf_ktime_get_ns() ? XDP_DROP : XDP_ABORTED;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
