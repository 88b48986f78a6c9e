/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What a prefix rule says about a source: the longest prefix decides, whole. */
#ifndef WEIR_RULES_BPF_H
#define WEIR_RULES_BPF_H

#include "maps.bpf.h"
#include "match.bpf.h"
#include "parse.bpf.h"
#include "rule_hash.h"

/* Expired rules that may lie over one source before they are cleared away by the next change of
 * the rules; behind more than these a wider one is not seen. */
#define RULE_EXPIRED_MAX 8

/* For either family: of an IPv4 trie only the first word of the address counts. One key, since a
 * branch on the family inside the loop below makes it one that the verifier of Linux 6.1 refuses. */
static __always_inline struct rule_key_v6 rules_key(const struct packet *packet, __u32 listener)
{
	struct rule_key_v6 key = { 0, bpf_htonl(listener), packet->src };

	if (packet->family == FAMILY_V4)
		((__be32 *)&key.addr)[0] = ((const __be32 *)&packet->src)[3];
	return key;
}

/* The longest rule with at most @len bits of the source's address; NULL: none. */
static __always_inline const struct rule *rules_look_up(void *trie, struct rule_key_v6 *key,
							__u32 len)
{
	key->prefixlen = RULE_LISTENER_BITS + len;
	return bpf_map_lookup_elem(trie, key);
}

/* The longest that has not expired. */
static __always_inline const struct rule *rules_longest(const struct packet *packet, void *trie,
							__u32 listener)
{
	__u32 len = packet->family == FAMILY_V4 ? 32 : 128;
	struct rule_key_v6 key = rules_key(packet, listener);

	for (int i = 0; i < RULE_EXPIRED_MAX; i++) {
		const struct rule *rule = rules_look_up(trie, &key, len);

		if (!rule || !rule->expires_ns || rule->expires_ns > bpf_ktime_get_ns())
			return rule;
		if (!rule->prefix_len)
			return NULL;
		len = rule->prefix_len - 1;
	}
	return NULL;
}

/* What rules_find returns for a rule that is in force: its action, its length, whose it is. */
#define FOUND_RULE (1 << 16)
#define FOUND_OWN (1 << 15) /* of this listener only */
#define FOUND_ACTION_SHIFT 8
#define FOUND_LEN_MASK 0xff

static __always_inline void *rules_trie(__u32 family, __u32 slot)
{
	return family == FAMILY_V4 ? bpf_map_lookup_elem(&rules_v4, &slot)
				   : bpf_map_lookup_elem(&rules_v6, &slot);
}

/* False: no rule has the source of @packet. A function of its own for the verifier. */
__noinline int rules_are_possible(const struct packet *packet, __u32 slot)
{
	const struct rule_filter *filter;
	const struct control *ctl;
	__u32 zero = 0, index;

	if (!packet)
		return true;
	index = (slot & 1) * FAMILY_COUNT + (packet->family & 1);
	filter = bpf_map_lookup_elem(&rule_filters, &index);
	ctl = bpf_map_lookup_elem(&control, &zero);
	if (!filter || !ctl || !filter->masks_count)
		return true;
#pragma clang loop unroll(disable)
	for (__u32 i = 0; i < RULE_FILTER_MASKS && i < filter->masks_count; i++) {
		__u64 hash = rule_hash(&packet->src, &filter->masks[i], &ctl->seed);
		__u64 bits = rule_hash_bits(hash);

		if ((filter->words[rule_hash_word(hash, filter->word_mask)] & bits) == bits)
			return true;
	}
	return false;
}

/*
 * The rule that decides about the source of @packet, among those that @own (has this listener its
 * own?) and @general (are there any for all?) say are worth looking for; 0: none. A function of its
 * own for the verifier, which so follows its loops once.
 */
__noinline int rules_find(const struct packet *packet, __u32 slot, __u32 listener, bool own,
			  bool general)
{
	const struct rule *first = NULL, *second = NULL;
	void *trie;

	if (!packet)
		return 0;
	trie = rules_trie(packet->family, slot);
	if (!trie)
		return 0;
	if (own)
		first = rules_longest(packet, trie, listener);
	if (general)
		second = rules_longest(packet, trie, RULE_EVERY_LISTENER);
	if (first && (!second || first->prefix_len >= second->prefix_len))
		return FOUND_RULE | FOUND_OWN | first->action << FOUND_ACTION_SHIFT |
		       first->prefix_len;
	return second ? FOUND_RULE | second->action << FOUND_ACTION_SHIFT | second->prefix_len : 0;
}

static __always_inline enum reason rules(const struct packet *packet, struct cause *cause)
{
	const struct policy *policy = cause->policy;
	__u32 family = packet->family & 1, slot = cause->generation & 1;
	bool own = policy->has_listener_rules[family] >> cause->listener_id & 1;
	bool general = policy->has_rules[family];
	int found;
	__u32 action;
	void *trie;

	if ((!own && !general) || !rules_are_possible(packet, slot))
		return REASON_NONE;
	found = rules_find(packet, slot, cause->listener_id, own, general);
	if (!found)
		return REASON_NONE;
	action = found >> FOUND_ACTION_SHIFT & 3;
	if (action == RULE_ALLOW)
		return REASON_ALLOWED;
	if (action == RULE_BLOCK)
		return REASON_BLOCKED;
	trie = rules_trie(family, slot);
	if (trie) {
		struct rule_key_v6 key = rules_key(packet, found & FOUND_OWN ? cause->listener_id
									     : RULE_EVERY_LISTENER);

		cause->rule = rules_look_up(trie, &key, found & FOUND_LEN_MASK);
	}
	return REASON_NONE;
}

#endif
