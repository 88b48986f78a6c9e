/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Whose turn it is, and who has most: entries (numbers from 0 on) in rounds of sources, these in
 * rounds of sites, one round of sites for each class. Every operation is O(1). Pure.
 *
 * One SYN is one unit, so deficit round robin is plain round robin. Whoever has nothing queued is in
 * no round and joins at its end: nobody gets two turns in one round.
 *
 * A site or source exists only while it has entries, and each entry has one of each. So there is
 * room for as many as there are entries, and no flood can exhaust it.
 */
#ifndef WEIR_QUEUE_FAIR_H
#define WEIR_QUEUE_FAIR_H

#include <stdint.h>

#define FAIR_NONE UINT32_MAX
#define FAIR_CLASSES 2U

/* Of a ring; its elements are numbers, and whoever has the ring knows the first. */
struct fair_link {
	uint32_t prev;
	uint32_t next;
};

/* A class (the first FAIR_CLASSES groups), a site, or a source. */
struct fair_group {
	uint64_t key;
	uint32_t parent;    /* group; FAIR_NONE: a class */
	uint32_t first;	    /* whose turn it is in it; FAIR_NONE: empty */
	uint32_t members;   /* in it */
	uint32_t length;    /* entries below it */
	uint32_t rank;	    /* its place among those of its parent */
	uint32_t longest;   /* rank of the longest groups in it; FAIR_NONE: none, or a source */
	uint32_t hash_next; /* also of free ones */
};

/* Groups of one parent that have the same length. The ranks of a parent are a ring, longest first. */
struct fair_rank {
	uint32_t length;
	uint32_t first; /* group; of a free rank: next free rank */
};

struct fair {
	uint32_t entries;
	uint32_t groups;
	struct fair_group *group;
	struct fair_rank *rank;
	struct fair_link *turn;	     /* rounds: of groups, and from `groups` on of entries */
	struct fair_link *peer;	     /* groups of the same rank */
	struct fair_link *rank_link; /* ranks of the same parent */
	uint32_t *source_of;	     /* by entry; FAIR_NONE: in no list */
	uint32_t *bucket;	     /* hash table of sites and sources */
	uint32_t bucket_shift;
	uint32_t free_group;
	uint32_t free_rank;
};

/* 0 or -ENOMEM; then fair_destroy() is due, too. */
int fair_init(struct fair *fair, uint32_t entries);
void fair_destroy(struct fair *fair);

/* @entry joins at the end of its source; it must be in no list. */
void fair_add(struct fair *fair, uint32_t class, uint64_t site, uint64_t source, uint32_t entry);
void fair_remove(struct fair *fair, uint32_t entry);

/* The entry whose turn it is, or FAIR_NONE. */
uint32_t fair_next(const struct fair *fair, uint32_t class);

/* Its source and site have had their turn. To be called before it is removed. */
void fair_pass_turn(struct fair *fair, uint32_t entry);

/* The site @key of @class, or the source @key of the site @parent; FAIR_NONE: it has no entries. */
uint32_t fair_find(const struct fair *fair, uint32_t parent, uint64_t key);

/* 0 for FAIR_NONE. */
uint32_t fair_length(const struct fair *fair, uint32_t group);

/* The longest site of a class, or source of a site; FAIR_NONE: none. */
uint32_t fair_longest(const struct fair *fair, uint32_t parent);

/* The last entry of a source. */
uint32_t fair_last(const struct fair *fair, uint32_t source);

const char *fair_check(const struct fair *fair);

#endif
