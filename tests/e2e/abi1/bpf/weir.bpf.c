// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The packet path: parse -> match -> judge -> finish. A stage returns the reason that decides the
 * frame, or REASON_NONE to hand it on. Anything unexpected passes.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "maps.bpf.h"
#include "parse.bpf.h"
#include "match.bpf.h"
#include "table.bpf.h"
#include "judge.bpf.h"

static __always_inline enum verdict verdict_of(enum reason reason)
{
	return reason > REASON_ADMITTED ? VERDICT_DROP : VERDICT_PASS;
}

/* The only place where a reason is counted and becomes an action. */
static __always_inline int finish(enum reason reason, const struct cause *cause)
{
	bool judged = reason >= REASON_ADMITTED;
	bool enforced = judged && cause->policy->mode == MODE_ENFORCE;
	enum verdict verdict = verdict_of(reason);
	__u32 index = judged ? 1 + cause->listener : 0;
	struct counters *count = bpf_map_lookup_elem(&counters, &index);

	if (count)
		count->n[enforced][verdict][reason & (REASON_MAX - 1)]++;
	return enforced && verdict == VERDICT_DROP ? XDP_DROP : XDP_PASS;
}

SEC("xdp.frags")
int weir(struct xdp_md *ctx)
{
	struct packet packet = {};
	struct cause cause = {};
	enum reason reason;

	reason = parse(ctx, &packet);
	if (!reason)
		reason = match(&packet, &cause);
	if (!reason)
		reason = judge(&packet, &cause, bpf_ktime_get_ns());
	return finish(reason, &cause);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
