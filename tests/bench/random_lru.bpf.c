// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * What the bucket table is compared with: the production program fed from random sources, but its
 * sources and sites in LRU_HASH maps. Same parser, listeners, keys, arithmetic and counters.
 */
#include "random.bpf.h"
#include "judge.bpf.h"

#define LRU_ENTRIES 1048576
#define LRU_TRIES_MAX 8

struct lru_key {
	struct addr prefix;
	__u32 listener_level;
	__u32 reserved;
};

struct lru_map {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, LRU_ENTRIES);
	__type(key, struct lru_key);
	__type(value, __u64);
};

struct lru_map lru_sites SEC(".maps");
struct lru_map lru_sources SEC(".maps");

static __always_inline struct lru_key lru_key(const struct packet *packet,
					      const struct cause *cause, const struct addr *mask,
					      enum level level)
{
	const struct lru_key key = {
		.prefix = { packet->src.hi & mask->hi, packet->src.lo & mask->lo },
		.listener_level = cause->listener_id << 8 | level,
	};

	return key;
}

/* Takes one token from *@word. */
static __always_inline bool lru_charge(__u64 *word, const struct limit *limit, __u64 now_ns)
{
#pragma clang loop unroll(disable)
	for (int i = 0; i < LRU_TRIES_MAX; i++) {
		__u64 former = *(const volatile __u64 *)word;
		__u64 tat = gcra_tat(former, limit, now_ns);

		if (!gcra_conforms(tat, limit, now_ns))
			return false;
		if (__sync_val_compare_and_swap(word, former, gcra_charged(tat, limit, now_ns)) ==
		    former)
			return true;
	}
	return false;
}

/* The same from the bucket of @key, which was found at @word or is entered, full but for one. */
static __always_inline bool lru_settle(struct lru_map *map, const struct lru_key *key, __u64 *word,
				       const struct limit *limit, __u64 now_ns)
{
	__u64 entered = gcra_charged(0, limit, now_ns);

	if (word)
		return lru_charge(word, limit, now_ns);
	bpf_map_update_elem(map, key, &entered, BPF_NOEXIST);
	return true;
}

static __always_inline __u64 *lru_level(const struct limit *limit, __u32 index)
{
	struct level_state *state;

	if (limit->kind != LIMIT_BUCKET)
		return NULL;
	state = bpf_map_lookup_elem(&levels, &index);
	return state ? &state->word : NULL;
}

static __always_inline enum reason lru_judge(const struct packet *packet, const struct cause *cause,
					     __u64 now_ns)
{
	const struct policy *policy = cause->policy;
	const struct limit *limits = cause->listener->limits;
	const struct lru_key site_key = lru_key(packet, cause,
						&policy->site_mask[packet->family & 1], LEVEL_SITE);
	const struct lru_key source_key =
		lru_key(packet, cause, &policy->source_mask[packet->family & 1], LEVEL_SOURCE);
	__u64 *host, *listener, *site, *source;

	host = lru_level(&policy->host, 0);
	if (host && !limit_admits(&policy->host, *host, now_ns))
		return REASON_HOST_LIMIT;
	listener = lru_level(&limits[LEVEL_LISTENER], 1 + cause->listener_id);
	if (listener && !limit_admits(&limits[LEVEL_LISTENER], *listener, now_ns))
		return REASON_LISTENER_LIMIT;
	site = bpf_map_lookup_elem(&lru_sites, &site_key);
	if (!limit_admits(&limits[LEVEL_SITE], site ? *site : 0, now_ns))
		return REASON_SITE_LIMIT;
	source = bpf_map_lookup_elem(&lru_sources, &source_key);
	if (!limit_admits(&limits[LEVEL_SOURCE], source ? *source : 0, now_ns))
		return REASON_SOURCE_LIMIT;

	if (listener && !lru_charge(listener, &limits[LEVEL_LISTENER], now_ns))
		return REASON_LISTENER_LIMIT;
	if (host && !lru_charge(host, &policy->host, now_ns))
		return REASON_HOST_LIMIT;
	if (!lru_settle(&lru_sites, &site_key, site, &limits[LEVEL_SITE], now_ns))
		return REASON_SITE_LIMIT;
	if (!lru_settle(&lru_sources, &source_key, source, &limits[LEVEL_SOURCE], now_ns))
		return REASON_SOURCE_LIMIT;
	return REASON_ADMITTED;
}

#define parse parse_random
#define judge(ctx, packet, cause, stakes, known)                                                \
	((stakes)->site.place.tag = 0, (stakes)->source.place.tag = 0, (known)->looked = false, \
	 lru_judge(packet, cause, cause_now_ns(cause)))
#include "weir.bpf.c"
