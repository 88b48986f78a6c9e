// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "top.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* An entry, and what its set would know of it had it none there. */
struct found {
	const struct top_entry *entry;
	uint32_t least;
};

static bool is_recent(const struct top_set *set, uint64_t now_ns)
{
	return now_ns / TOP_SLICE_NS - set->slice < TOP_SLICES;
}

/* 0 if a way is free. */
static uint32_t least_count(const struct top_set *set)
{
	uint32_t least = set->way[0].count;

	for (int i = 1; i < TOP_WAYS; i++)
		if (set->way[i].count < least)
			least = set->way[i].count;
	return least;
}

static int compare_keys(const void *a, const void *b)
{
	const struct top_entry *x = ((const struct found *)a)->entry;
	const struct top_entry *y = ((const struct found *)b)->entry;
	int order = memcmp(&x->prefix, &y->prefix, sizeof(x->prefix));

	if (order)
		return order;
	if (x->serial != y->serial)
		return x->serial < y->serial ? -1 : 1;
	return x->level - y->level;
}

static bool ranks_before(const struct top_row *row, const struct top_row *other)
{
	if (row->at_least != other->at_least)
		return row->at_least > other->at_least;
	if (row->at_most != other->at_most)
		return row->at_most > other->at_most;
	/* so that the same counts are listed in the same order each time */
	return memcmp(&row->prefix, &other->prefix, sizeof(row->prefix)) < 0;
}

static void note_other(struct top *top, uint64_t at_most)
{
	if (at_most > top->others_at_most)
		top->others_at_most = at_most;
}

static void insert(struct top *top, const struct top_row *row)
{
	struct top_list *list = row->level == LEVEL_SITE ? &top->sites : &top->sources;
	unsigned int place = list->count;

	while (place && ranks_before(row, &list->rows[place - 1]))
		place--;
	if (list->count == TOP_SHOWN)
		note_other(top,
			   place < TOP_SHOWN ? list->rows[--list->count].at_most : row->at_most);
	if (place == TOP_SHOWN)
		return;
	memmove(&list->rows[place + 1], &list->rows[place],
		(list->count - place) * sizeof(list->rows[0]));
	list->rows[place] = *row;
	list->count++;
}

/* The row of the prefix that @found[0] and those after it are of; @missed is how often one may have
 * been refused that is in none of the sets. Returns how many they are. */
static size_t add_up(struct top_row *row, const struct found *found, size_t count, uint64_t missed)
{
	const struct top_entry *first = found[0].entry;
	size_t i;

	*row = (struct top_row){
		.prefix = first->prefix,
		.prefix_len = first->prefix_len,
		.level = first->level,
		.listener = first->listener,
		.serial = first->serial,
		.at_most = missed,
	};
	for (i = 0; i < count && !compare_keys(found, &found[i]); i++) {
		const struct top_entry *entry = found[i].entry;

		row->at_least += entry->count > entry->over ? entry->count - entry->over : 0;
		row->at_most += (uint64_t)entry->count - found[i].least;
	}
	row->refused = (row->at_least + row->at_most) / 2;
	return i;
}

int top_merge(struct top *top, const struct top_set *sets, unsigned int count, uint64_t now_ns)
{
	struct found *found = calloc((size_t)count * TOP_WAYS + 1, sizeof(*found));
	struct top_row row;
	uint64_t missed = 0;
	size_t n = 0;

	if (!found)
		return -ENOMEM;
	for (unsigned int i = 0; i < count; i++) {
		uint32_t least = least_count(&sets[i]);

		if (!is_recent(&sets[i], now_ns))
			continue;
		missed += least;
		for (int way = 0; way < TOP_WAYS; way++)
			if (sets[i].way[way].count)
				found[n++] = (struct found){ &sets[i].way[way], least };
	}
	qsort(found, n, sizeof(*found), compare_keys);
	for (size_t i = 0; i < n;) {
		i += add_up(&row, &found[i], n - i, missed);
		insert(top, &row);
	}
	note_other(top, missed);
	free(found);
	return 0;
}
