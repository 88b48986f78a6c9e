// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The packet path: parse -> match -> rules -> judge -> finish. A stage returns the reason that decides the
 * frame, or REASON_NONE to hand it on. Anything unexpected passes.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "maps.bpf.h"
#include "parse.bpf.h"
#include "match.bpf.h"
#include "rules.bpf.h"
#include "table.bpf.h"
#include "judge.bpf.h"
#include "reply.bpf.h"
#include "top.bpf.h"
#include "flow.bpf.h"

/* Every set bit is a reason that lets a SYN pass. */
#define REASONS_THAT_PASS                                                         \
	(1U << REASON_ADMITTED | 1U << REASON_ALLOWED | 1U << REASON_RETRANSMIT | \
	 1U << REASON_RELEASED)

/*
 * Is this refusal to be answered with a RST, and has the listener a token for one? Then the offset
 * of the IP header that the answer takes the place of, else 0.
 */
static __always_inline __u32 reject_at(struct xdp_md *ctx, enum reason reason, struct cause *cause)
{
	const struct listener *listener = cause->listener;
	__u32 index = LEVELS_REJECT + cause->listener_id;
	struct level_state *state;
	__u32 l3_at;

	if (listener->excess != EXCESS_REJECT || cause->control->vlan_hidden ||
	    (reason != REASON_LISTENER_LIMIT && reason != REASON_HOST_LIMIT &&
	     reason != REASON_WINDOW))
		return 0;
	l3_at = reply_l3(ctx);
	if (!l3_at || listener->reject.kind == LIMIT_UNLIMITED)
		return l3_at;
	state = bpf_map_lookup_elem(&levels, &index);
	if (!state || listener->reject.kind != LIMIT_BUCKET ||
	    bucket_charge(&state->word, &listener->reject, cause->control, cause->generation,
			  cause_now_ns(cause)) != CHARGE_TAKEN)
		return 0;
	return l3_at;
}

static __always_inline void note_refused(enum reason reason, const struct packet *packet,
					 struct cause *cause, const struct stakes *stakes)
{
	const struct policy *policy = cause->policy;
	bool is_site = reason == REASON_SITE_LIMIT;
	__u32 source_level = cause->rule ? LEVEL_RULE : LEVEL_SOURCE;
	__u32 family = packet->family & 1;
	const struct addr *mask = is_site ? &policy->site_mask[family]
					  : &policy->source_mask[family];
	const struct top_entry refused = {
		.prefix = { packet->src.hi & mask->hi, packet->src.lo & mask->lo },
		.serial = cause->listener->serial,
		.listener = cause->listener_id,
		.level = is_site ? LEVEL_SITE : source_level,
		/* no branch on the family, which the verifier would follow */
		.prefix_len = (is_site ? policy->site_len : policy->source_len)[family] +
			      (FAMILY_V6 - family) * 96,
	};

	top_count(&refused, is_site ? stakes->site.place.tag : stakes->source.place.tag,
		  cause_now_ns(cause));
}

/* The only place where a reason is counted and becomes an action. */
static __always_inline int finish(struct xdp_md *ctx, enum reason reason,
				  const struct packet *packet, struct cause *cause,
				  const struct stakes *stakes, const struct recall *known)
{
	bool judged = reason >= REASON_ADMITTED;
	bool enforced = judged && cause->policy->mode == MODE_ENFORCE;
	__u32 index = judged ? 1 + cause->listener_id : 0, reject = 0;
	struct counters *count = bpf_map_lookup_elem(&counters, &index);
	enum verdict verdict = VERDICT_PASS;

	if (judged && !(REASONS_THAT_PASS >> reason & 1)) {
		reject = reject_at(ctx, reason, cause);
		if (reject && enforced)
			reject = reply_reset(ctx, reject);
		verdict = reject ? VERDICT_REJECT : VERDICT_DROP;
		if (cause->held)
			verdict = delay(ctx, packet, cause, known, enforced);
		if (cause->unheld)
			delay_count(cause);
	}
	if (reason == REASON_SITE_LIMIT || reason == REASON_SOURCE_LIMIT)
		note_refused(reason, packet, cause, stakes);
	if (judged)
		remember(known, cause, reason);
	if (count)
		count->n[enforced][verdict][reason & (REASON_MAX - 1)]++;
	if (enforced && verdict != VERDICT_PASS)
		return verdict == VERDICT_REJECT ? XDP_TX : XDP_DROP;
	if (judged && cause->listener->window.window != WINDOW_OFF)
		flow_admitted(flow_place(packet), bpf_ntohl(packet->isn), cause->listener_id,
			      cause->listener->connack_max, cause_now_ns(cause));
	return XDP_PASS;
}

SEC("xdp.frags")
int weir(struct xdp_md *ctx)
{
	struct packet packet = {};
	struct cause cause = {};
	struct stakes stakes;
	struct recall known;
	enum reason reason;

	known.looked = false; /* of the rest nothing is read before it is */
	reason = parse(ctx, &packet);
	if (packet.ends)
		flow_closed(&packet, flow_place(&packet));
	if (packet.resets && match(&packet, &cause) == REASON_NONE)
		waiting_reset(&packet, cause.listener_id, cause_now_ns(&cause));
	if (!reason)
		reason = match(&packet, &cause);
	if (!reason)
		reason = rules(&packet, &cause);
	if (!reason)
		reason = judge(ctx, &packet, &cause, &stakes, &known);
	return finish(ctx, reason, &packet, &cause, &stakes, &known);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
