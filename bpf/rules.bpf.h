/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What a prefix rule says about a source: the longest prefix decides, whole. */
#ifndef WEIR_RULES_BPF_H
#define WEIR_RULES_BPF_H

#include "maps.bpf.h"
#include "match.bpf.h"
#include "parse.bpf.h"

/* Expired rules that may lie over one source before they are cleared away by the next change of
 * the rules; behind more than these a wider one is not seen. */
#define RULE_EXPIRED_MAX 8

/*
 * The longest rule in force that one of the tries has for @listener and at most @len bits of the
 * address; NULL: none.
 */
static __always_inline const struct rule *rules_longest(const struct packet *packet, void *trie,
							__u32 listener, __u32 len)
{
	struct rule_key_v6 key = { .listener = bpf_htonl(listener), .addr = packet->src };
	struct rule_key_v4 key_v4 = { .listener = bpf_htonl(listener) };
	const struct rule *rule;

	key_v4.addr = ((const __be32 *)&packet->src)[3];
	for (int i = 0; i < RULE_EXPIRED_MAX; i++) {
		key.prefixlen = key_v4.prefixlen = RULE_LISTENER_BITS + len;
		if (packet->family == FAMILY_V4)
			rule = bpf_map_lookup_elem(trie, &key_v4);
		else
			rule = bpf_map_lookup_elem(trie, &key);
		if (!rule || !rule->expires_ns || rule->expires_ns > bpf_ktime_get_ns())
			return rule;
		if (!rule->prefix_len)
			return NULL;
		len = rule->prefix_len - 1;
	}
	return NULL;
}

static __always_inline enum reason rules(const struct packet *packet, struct cause *cause)
{
	const struct policy *policy = cause->policy;
	const struct rule *own = NULL, *general = NULL;
	__u32 family = packet->family & 1, slot = cause->generation & 1;
	__u32 len = family == FAMILY_V4 ? 32 : 128;
	bool has_own = policy->has_listener_rules[family] >> cause->listener & 1;
	void *trie;

	if (!has_own && !policy->has_rules[family])
		return REASON_NONE;
	trie = family == FAMILY_V4 ? bpf_map_lookup_elem(&rules_v4, &slot)
				   : bpf_map_lookup_elem(&rules_v6, &slot);
	if (!trie)
		return REASON_INTERNAL;
	if (has_own)
		own = rules_longest(packet, trie, cause->listener, len);
	if (policy->has_rules[family])
		general = rules_longest(packet, trie, RULE_EVERY_LISTENER, len);
	if (!own || (general && general->prefix_len > own->prefix_len))
		own = general;
	if (!own)
		return REASON_NONE;
	if (own->action == RULE_ALLOW)
		return REASON_ALLOWED;
	if (own->action == RULE_BLOCK)
		return REASON_BLOCKED;
	cause->rule = own;
	return REASON_NONE;
}

#endif
