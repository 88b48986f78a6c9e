// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "queue_fair.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

static void ring_insert_before(struct fair_link *links, uint32_t at, uint32_t id)
{
	uint32_t prev = links[at].prev;

	links[id] = (struct fair_link){ .prev = prev, .next = at };
	links[prev].next = id;
	links[at].prev = id;
}

static void ring_append(struct fair_link *links, uint32_t *first, uint32_t id)
{
	if (*first == FAIR_NONE) {
		links[id] = (struct fair_link){ .prev = id, .next = id };
		*first = id;
	} else {
		ring_insert_before(links, *first, id);
	}
}

/* If it is the first, the next one becomes it. */
static void ring_remove(struct fair_link *links, uint32_t *first, uint32_t id)
{
	struct fair_link own = links[id];

	if (own.next == id) {
		*first = FAIR_NONE;
		return;
	}
	links[own.prev].next = own.next;
	links[own.next].prev = own.prev;
	if (*first == id)
		*first = own.next;
}

/* -- ranks ------------------------------------------------------------------------------------- */

static uint32_t rank_new(struct fair *fair, uint32_t length)
{
	uint32_t rank = fair->free_rank;

	fair->free_rank = fair->rank[rank].first;
	fair->rank[rank] = (struct fair_rank){ .length = length, .first = FAIR_NONE };
	return rank;
}

static void rank_join(struct fair *fair, uint32_t rank, uint32_t id)
{
	fair->group[id].rank = rank;
	ring_append(fair->peer, &fair->rank[rank].first, id);
}

static void rank_leave(struct fair *fair, uint32_t id)
{
	uint32_t rank = fair->group[id].rank;
	struct fair_group *parent = &fair->group[fair->group[id].parent];

	fair->group[id].rank = FAIR_NONE;
	ring_remove(fair->peer, &fair->rank[rank].first, id);
	if (fair->rank[rank].first != FAIR_NONE)
		return;
	ring_remove(fair->rank_link, &parent->longest, rank);
	fair->rank[rank].first = fair->free_rank;
	fair->free_rank = rank;
}

/* A group with its first entry: among the shortest. */
static void rank_enter(struct fair *fair, uint32_t id)
{
	struct fair_group *parent = &fair->group[fair->group[id].parent];
	uint32_t rank = FAIR_NONE;

	if (parent->longest != FAIR_NONE)
		rank = fair->rank_link[parent->longest].prev;
	if (rank == FAIR_NONE || fair->rank[rank].length != 1) {
		rank = rank_new(fair, 1);
		ring_append(fair->rank_link, &parent->longest, rank);
	}
	rank_join(fair, rank, id);
}

/*
 * Its length has gone up or down by one, and is not 0. One alone in its rank takes the rank along
 * if nobody has its new length: so there are never more ranks than groups.
 */
static void rank_move(struct fair *fair, uint32_t id)
{
	struct fair_group *group = &fair->group[id];
	struct fair_group *parent = &fair->group[group->parent];
	uint32_t rank = group->rank, length = group->length, beside;
	bool up = length > fair->rank[rank].length;
	bool at_end = up ? rank == parent->longest : fair->rank_link[rank].next == parent->longest;

	beside = up ? fair->rank_link[rank].prev : fair->rank_link[rank].next;
	if (!at_end && fair->rank[beside].length == length) {
		rank_leave(fair, id);
		rank_join(fair, beside, id);
		return;
	}
	if (fair->peer[id].next == id) {
		fair->rank[rank].length = length;
		return;
	}
	beside = rank_new(fair, length);
	ring_insert_before(fair->rank_link, up ? rank : fair->rank_link[rank].next, beside);
	if (up && rank == parent->longest)
		parent->longest = beside;
	rank_leave(fair, id);
	rank_join(fair, beside, id);
}

/* -- groups ------------------------------------------------------------------------------------ */

static uint32_t *bucket_of(const struct fair *fair, uint32_t parent, uint64_t key)
{
	uint64_t hash = (key ^ parent * 0xd6e8feb86659fd93ULL) * 0x9e3779b97f4a7c15ULL;

	return &fair->bucket[hash >> fair->bucket_shift];
}

uint32_t fair_find(const struct fair *fair, uint32_t parent, uint64_t key)
{
	uint32_t id;

	if (parent == FAIR_NONE)
		return FAIR_NONE;
	for (id = *bucket_of(fair, parent, key); id != FAIR_NONE; id = fair->group[id].hash_next)
		if (fair->group[id].key == key && fair->group[id].parent == parent)
			break;
	return id;
}

static uint32_t find_or_make(struct fair *fair, uint32_t parent, uint64_t key)
{
	uint32_t id = fair_find(fair, parent, key);
	uint32_t *bucket = bucket_of(fair, parent, key);

	if (id != FAIR_NONE)
		return id;
	id = fair->free_group;
	fair->free_group = fair->group[id].hash_next;
	fair->group[id] = (struct fair_group){
		.key = key,
		.parent = parent,
		.first = FAIR_NONE,
		.rank = FAIR_NONE,
		.longest = FAIR_NONE,
		.hash_next = *bucket,
	};
	*bucket = id;
	ring_append(fair->turn, &fair->group[parent].first, id);
	fair->group[parent].members++;
	return id;
}

static void drop_group(struct fair *fair, uint32_t id)
{
	struct fair_group *group = &fair->group[id];
	struct fair_group *parent = &fair->group[group->parent];
	uint32_t *link = bucket_of(fair, group->parent, group->key);

	while (*link != id)
		link = &fair->group[*link].hash_next;
	*link = group->hash_next;
	ring_remove(fair->turn, &parent->first, id);
	parent->members--;
	group->parent = FAIR_NONE;
	group->hash_next = fair->free_group;
	fair->free_group = id;
}

static void lengthen(struct fair *fair, uint32_t id)
{
	fair->group[id].length++;
	if (fair->group[id].rank == FAIR_NONE)
		rank_enter(fair, id);
	else
		rank_move(fair, id);
}

static void shorten(struct fair *fair, uint32_t id)
{
	if (--fair->group[id].length) {
		rank_move(fair, id);
		return;
	}
	rank_leave(fair, id);
	drop_group(fair, id);
}

void fair_add(struct fair *fair, uint32_t class, uint64_t site, uint64_t source, uint32_t entry)
{
	uint32_t site_id = find_or_make(fair, class, site);
	uint32_t source_id = find_or_make(fair, site_id, source);

	ring_append(fair->turn, &fair->group[source_id].first, fair->groups + entry);
	fair->group[source_id].members++;
	fair->source_of[entry] = source_id;
	lengthen(fair, source_id);
	lengthen(fair, site_id);
	fair->group[class].length++;
}

void fair_remove(struct fair *fair, uint32_t entry)
{
	uint32_t source = fair->source_of[entry];
	uint32_t site = fair->group[source].parent;
	uint32_t class = fair->group[site].parent;

	ring_remove(fair->turn, &fair->group[source].first, fair->groups + entry);
	fair->group[source].members--;
	fair->source_of[entry] = FAIR_NONE;
	shorten(fair, source);
	shorten(fair, site);
	fair->group[class].length--;
}

uint32_t fair_next(const struct fair *fair, uint32_t class)
{
	uint32_t site = fair->group[class].first;

	if (site == FAIR_NONE)
		return FAIR_NONE;
	return fair->group[fair->group[site].first].first - fair->groups;
}

void fair_pass_turn(struct fair *fair, uint32_t entry)
{
	uint32_t source = fair->source_of[entry];
	uint32_t site = fair->group[source].parent;

	fair->group[site].first = fair->turn[source].next;
	fair->group[fair->group[site].parent].first = fair->turn[site].next;
}

uint32_t fair_length(const struct fair *fair, uint32_t group)
{
	return group == FAIR_NONE ? 0 : fair->group[group].length;
}

uint32_t fair_longest(const struct fair *fair, uint32_t parent)
{
	uint32_t rank = fair->group[parent].longest;

	return rank == FAIR_NONE ? FAIR_NONE : fair->rank[rank].first;
}

uint32_t fair_last(const struct fair *fair, uint32_t source)
{
	return fair->turn[fair->group[source].first].prev - fair->groups;
}

/* -- memory ------------------------------------------------------------------------------------ */

int fair_init(struct fair *fair, uint32_t entries)
{
	uint32_t groups = FAIR_CLASSES + 2 * entries, bits = 1;

	while (1U << bits < groups)
		bits++;
	*fair = (struct fair){
		.entries = entries,
		.groups = groups,
		.group = calloc(groups, sizeof(*fair->group)),
		.rank = calloc(groups, sizeof(*fair->rank)),
		.turn = calloc((size_t)groups + entries, sizeof(*fair->turn)),
		.peer = calloc(groups, sizeof(*fair->peer)),
		.rank_link = calloc(groups, sizeof(*fair->rank_link)),
		.source_of = calloc(entries, sizeof(*fair->source_of)),
		.bucket = calloc((size_t)1 << bits, sizeof(*fair->bucket)),
		.bucket_shift = 64 - bits,
	};
	if (!fair->group || !fair->rank || !fair->turn || !fair->peer || !fair->rank_link ||
	    !fair->source_of || !fair->bucket)
		return -ENOMEM;
	for (uint32_t i = 0; i < 1U << bits; i++)
		fair->bucket[i] = FAIR_NONE;
	for (uint32_t i = 0; i < entries; i++)
		fair->source_of[i] = FAIR_NONE;
	for (uint32_t i = 0; i < groups; i++) {
		uint32_t next = i + 1 < groups ? i + 1 : FAIR_NONE;

		fair->group[i] = (struct fair_group){
			.parent = FAIR_NONE,
			.first = FAIR_NONE,
			.rank = FAIR_NONE,
			.longest = FAIR_NONE,
			.hash_next = i < FAIR_CLASSES ? FAIR_NONE : next,
		};
		fair->rank[i].first = next;
	}
	fair->free_group = FAIR_CLASSES;
	fair->free_rank = 0;
	return 0;
}

void fair_destroy(struct fair *fair)
{
	free(fair->group);
	free(fair->rank);
	free(fair->turn);
	free(fair->peer);
	free(fair->rank_link);
	free(fair->source_of);
	free(fair->bucket);
}
