// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "queue_terms.h"

#include <errno.h>
#include <stdlib.h>

int terms_init(struct terms *terms, uint32_t entries)
{
	*terms = (struct terms){
		.heap = calloc(entries, sizeof(*terms->heap)),
		.place = calloc(entries, sizeof(*terms->place)),
		.entries = entries,
	};
	if (!terms->heap || !terms->place)
		return -ENOMEM;
	for (uint32_t i = 0; i < entries; i++)
		terms->place[i] = TERMS_NONE;
	return 0;
}

void terms_destroy(struct terms *terms)
{
	free(terms->heap);
	free(terms->place);
}

static void put_at(struct terms *terms, uint32_t place, struct term term)
{
	terms->heap[place] = term;
	terms->place[term.entry] = place;
}

static void rise(struct terms *terms, uint32_t place, struct term term)
{
	for (; place; place = (place - 1) / 2) {
		struct term parent = terms->heap[(place - 1) / 2];

		if (parent.start_ns <= term.start_ns)
			break;
		put_at(terms, place, parent);
	}
	put_at(terms, place, term);
}

static void sink(struct terms *terms, uint32_t place, struct term term)
{
	for (;;) {
		uint32_t child = 2 * place + 1;

		if (child + 1 < terms->count &&
		    terms->heap[child + 1].start_ns < terms->heap[child].start_ns)
			child++;
		if (child >= terms->count || terms->heap[child].start_ns >= term.start_ns)
			break;
		put_at(terms, place, terms->heap[child]);
		place = child;
	}
	put_at(terms, place, term);
}

void terms_add(struct terms *terms, uint32_t entry, uint64_t start_ns)
{
	rise(terms, terms->count++, (struct term){ .start_ns = start_ns, .entry = entry });
}

void terms_remove(struct terms *terms, uint32_t entry)
{
	uint32_t place = terms->place[entry];
	struct term last = terms->heap[--terms->count];

	terms->place[entry] = TERMS_NONE;
	if (last.entry == entry)
		return;
	if (place && terms->heap[(place - 1) / 2].start_ns > last.start_ns)
		rise(terms, place, last);
	else
		sink(terms, place, last);
}

const struct term *terms_first(const struct terms *terms)
{
	return terms->count ? &terms->heap[0] : NULL;
}

const struct term *terms_nth(const struct terms *terms, uint64_t n)
{
	return n < terms->count ? &terms->heap[n] : NULL;
}

const char *terms_check(const struct terms *terms)
{
	uint32_t placed = 0;

	for (uint32_t i = 0; i < terms->count; i++) {
		if (terms->heap[i].entry >= terms->entries ||
		    terms->place[terms->heap[i].entry] != i)
			return "an entry is not where its term is";
		if (i && terms->heap[(i - 1) / 2].start_ns > terms->heap[i].start_ns)
			return "terms are out of order";
	}
	for (uint32_t i = 0; i < terms->entries; i++)
		placed += terms->place[i] != TERMS_NONE;
	return placed == terms->count ? NULL : "an entry without a term believes it has one";
}
