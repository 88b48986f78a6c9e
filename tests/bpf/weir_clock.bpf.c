// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The packet path with a clock that the test sets, and that may go on by itself when it is read. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

volatile __u64 clock_ns;
volatile __u64 clock_step_ns;

#define bpf_ktime_get_ns() __sync_fetch_and_add(&clock_ns, clock_step_ns)
#include "weir.bpf.c"

/* A CPU that read the generation just before it changed, and judges just after. */
SEC("xdp.frags")
int weir_late(struct xdp_md *ctx)
{
	struct packet packet = {};
	struct stakes stakes = {};
	struct cause cause = {};
	struct recall known = {};
	enum reason reason = parse(ctx, &packet);
	__u32 slot;

	if (!reason)
		reason = match(&packet, &cause);
	if (!reason) {
		cause.generation--;
		slot = cause.generation & 1;
		cause.policy = bpf_map_lookup_elem(&policy, &slot);
		if (!cause.policy)
			return XDP_ABORTED;
		cause.listener = &cause.policy->listeners[cause.listener_id & (LISTENERS_MAX - 1)];
		reason = judge(ctx, &packet, &cause, &stakes, &known);
	}
	return finish(ctx, reason, &packet, &cause, &stakes, &known);
}
