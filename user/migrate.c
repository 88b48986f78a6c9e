// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "migrate.h"

#include <stddef.h>
#include <string.h>

#include "config.h"

_Static_assert(offsetof(struct abi1_control, abi) == offsetof(struct control, abi),
	       "every ABI says which it is at the same place");
_Static_assert(sizeof(struct abi1_seed) == sizeof(struct hash_seed), "copied as it is");
_Static_assert(sizeof(struct abi1_match) == sizeof(struct match), "copied as it is");
_Static_assert(ABI1_LISTENERS <= LISTENERS_MAX && ABI1_MATCHES == MATCHES_MAX &&
		       ABI1_PORTS == PORTS,
	       "there is room for what was there");
_Static_assert(sizeof(struct counters) == ABI1_COUNTERS_SIZE &&
		       sizeof(struct table_counters) == ABI1_TABLE_COUNTERS_SIZE,
	       "maps that go on being used");

/* Of listener @id: 0 is nobody's. */
static uint32_t serial_of(unsigned int id)
{
	return id + 1;
}

/* What serial_of() adds to the last word of every key, times its factor, the offset no longer has. */
static void keep_hashes(struct hash_seed *seed)
{
	for (int i = 0; i < 2; i++)
		seed->offset[i] -= seed->factor[i][HASH_WORDS - 1] * (serial_of(0) << 8);
}

void migrate_control_abi1(struct control *to, const struct abi1_control *from)
{
	to->generation = from->generation;
	memcpy(&to->seed, &from->seed, sizeof(to->seed));
	keep_hashes(&to->seed);
	to->abi = WEIR_ABI;
	to->netns_cookie = from->netns_cookie;
	to->created_ns = from->created_ns;
	memcpy(to->name, from->name, sizeof(to->name));
}

/* ABI 1 took any bucket for full whose TAT was not after the last change. */
static void migrate_limit(struct limit *to, const struct abi1_limit *from)
{
	*to = (struct limit){
		.period_ns = from->period_ns,
		.tolerance_ns = from->tolerance_ns,
		.changed_ns = from->changed_ns,
		.prev_period_ns = from->prev_period_ns,
		.settled_ns = from->changed_ns,
		.burst = from->burst,
		.rate = from->rate,
		.rate_per_sec = from->rate_per_sec,
		.kind = from->kind,
		.epoch = from->epoch,
		.origin = from->changed_ns ? ORIGIN_RUNTIME : ORIGIN_FILE,
	};
}

static void migrate_listener(struct listener *to, const struct abi1_listener *from, unsigned int id)
{
	/* the levels have kept their numbers: they are part of bucket keys */
	for (int level = 0; level < LEVEL_COUNT; level++)
		migrate_limit(&to->limits[level], &from->limits[level]);
	memcpy(to->name, from->name, sizeof(to->name));
	to->serial = serial_of(id);
	to->excess = from->excess;
	to->reserve = RESERVE_AUTO;
	to->delay_max_ns = DELAY_MAX_AUTO;
	to->queue_entries = QUEUE_ENTRIES_DEFAULT;
	to->connack_max = CONNACK_MAX_DEFAULT;
	to->window.window_min = WINDOW_MIN_DEFAULT;
	to->window.window_max = WINDOW_MAX_DEFAULT;
	to->window.target_ns = TARGET_DEFAULT_NS;
}

void migrate_policy_abi1(struct policy *to, const struct abi1_policy *from, uint64_t generation)
{
	migrate_limit(&to->host, &from->host);
	memcpy(to->source_mask, from->source_mask, sizeof(to->source_mask));
	memcpy(to->site_mask, from->site_mask, sizeof(to->site_mask));
	memcpy(to->source_len, from->source_len, sizeof(to->source_len));
	memcpy(to->site_len, from->site_len, sizeof(to->site_len));
	to->mode = from->mode;
	to->mode_origin = generation > 1 ? ORIGIN_RUNTIME : ORIGIN_FILE;
	to->refill_max_ns = from->refill_max_ns;
	for (unsigned int id = 0; id < ABI1_LISTENERS; id++) {
		if (!*from->listeners[id].name)
			continue;
		migrate_listener(&to->listeners[id], &from->listeners[id], id);
		to->last_serial = serial_of(id);
	}
	memcpy(to->matches, from->matches, sizeof(to->matches));
	memcpy(to->port_head, from->port_head, sizeof(to->port_head));
}

void migrate_levels_abi1(struct level_state to[LEVELS_MAX],
			 const struct abi1_level from[ABI1_LEVELS])
{
	to[0].word = __atomic_load_n(&from[0].word, __ATOMIC_RELAXED);
	for (unsigned int id = 0; id < ABI1_LISTENERS; id++)
		to[LEVELS_LISTENER + id].word = __atomic_load_n(&from[1 + id].word,
								__ATOMIC_RELAXED);
}

/* -- buckets ----------------------------------------------------------------------------------- */

/* By which a bucket is given up, as in bpf/table.bpf.h: what is later than any debt can be is left
 * over from a slower limit. */
static uint64_t rank(const struct new_table *table, uint64_t word)
{
	return word > table->now_ns + table->refill_max_ns ? 0 : word;
}

static void place_bucket(struct new_table *table, uint32_t index, uint32_t tag, uint64_t word)
{
	struct bucket_set *set = &table->sets[index];
	int victim = 0;

	for (int way = 0; way < TABLE_WAYS; way++) {
		if (!set->tag[way] || set->tag[way] == tag) {
			set->tag[way] = tag;
			/* a copy that is not the bucket in use has not been charged since */
			if (set->word[way] < word)
				set->word[way] = word;
			return;
		}
		if (rank(table, set->word[way]) < rank(table, set->word[victim]))
			victim = way;
	}
	if (rank(table, set->word[victim]) < rank(table, word)) {
		uint64_t former = set->word[victim];

		set->tag[victim] = tag;
		set->word[victim] = word;
		word = former;
	}
	table->forgotten += rank(table, word) > table->now_ns;
}

/* Set of a table of @count whose hash is @hash, as in bpf/table.bpf.h. */
static uint32_t set_index(uint32_t hash, uint32_t count)
{
	return (uint64_t)hash * count >> 32;
}

void migrate_buckets_abi1(struct new_table *to, const struct abi1_set *from, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		for (int way = 0; way < ABI1_WAYS; way++) {
			const struct abi1_slot *slot = &from[i].way[way];
			uint64_t hashes = __atomic_load_n(&slot->tag, __ATOMIC_ACQUIRE);
			uint32_t tag = hashes >> 32;

			if (hashes)
				place_bucket(to, set_index((uint32_t)hashes, to->count), tag + !tag,
					     __atomic_load_n(&slot->word, __ATOMIC_RELAXED));
		}
	}
}

/* The least hash whose set is @index or a later one. */
static uint64_t first_hash(uint64_t index, uint32_t count)
{
	return ((index << 32) + count - 1) / count;
}

void migrate_buckets(struct new_table *to, const struct bucket_set *from, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		uint32_t first = set_index(first_hash(i, count), to->count);
		uint32_t last = set_index(first_hash(i + 1ULL, count) - 1, to->count);

		for (int way = 0; way < TABLE_WAYS; way++) {
			uint32_t tag = __atomic_load_n(&from[i].tag[way], __ATOMIC_ACQUIRE);
			uint64_t word = __atomic_load_n(&from[i].word[way], __ATOMIC_RELAXED);

			for (uint32_t index = first; tag && index <= last; index++)
				place_bucket(to, index, tag, word);
		}
	}
}
