// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "queue.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "queue_fair.h"
#include "queue_keys.h"
#include "queue_terms.h"

#define NONE UINT32_MAX
#define AWAY_MAX 16384U
#define DRAWN_MOST 64

struct queue {
	uint32_t entries;
	uint32_t slots; /* one more, so that a victim can still be read when its place is taken */
	uint64_t delay_max_ns;
	uint64_t age_max_ns;
	uint32_t others_taken;	   /* since one was that is too old */
	uint64_t taken_ns;	   /* when any was last */
	struct queue_entry *entry; /* by slot, as is everything below */
	uint32_t *free_slot;	   /* a stack */
	uint32_t free_count;
	struct fair fair;
	struct keys keys;
	struct terms terms;
	/* keys of those that were sent away, each at the place that it says; 0: none */
	uint64_t *away;
	struct queue_stats stats;
};

_Static_assert(QUEUE_CLASSES == FAIR_CLASSES, "a round of sites for each class");

/* Times come from several CPUs and may be a little in the future. */
static uint64_t elapsed_ns(uint64_t now_ns, uint64_t since_ns)
{
	return now_ns > since_ns ? now_ns - since_ns : 0;
}

struct queue *queue_create(uint32_t entries, uint64_t delay_max_ns)
{
	struct queue *queue;
	uint32_t slots = entries + 1;
	bool complete;

	if (!entries || entries > QUEUE_ENTRIES_MAX)
		return NULL;
	queue = calloc(1, sizeof(*queue));
	if (!queue)
		return NULL;
	queue->entries = entries;
	queue->slots = slots;
	queue->delay_max_ns = delay_max_ns;
	queue->age_max_ns = UINT64_MAX;
	queue->entry = calloc(slots, sizeof(*queue->entry));
	queue->free_slot = calloc(slots, sizeof(*queue->free_slot));
	queue->away = calloc(AWAY_MAX, sizeof(*queue->away));
	complete = queue->entry && queue->free_slot && queue->away;
	/* no more of it is touched once some was refused */
	complete = complete && !fair_init(&queue->fair, slots);
	complete = complete && !keys_init(&queue->keys, slots);
	complete = complete && !terms_init(&queue->terms, slots);
	if (!complete) {
		queue_destroy(queue);
		return NULL;
	}
	for (uint32_t i = 0; i < slots; i++)
		queue->free_slot[i] = slots - 1 - i;
	queue->free_count = slots;
	return queue;
}

void queue_destroy(struct queue *queue)
{
	if (!queue)
		return;
	fair_destroy(&queue->fair);
	keys_destroy(&queue->keys);
	terms_destroy(&queue->terms);
	free(queue->entry);
	free(queue->free_slot);
	free(queue->away);
	free(queue);
}

void queue_set_delay_max(struct queue *queue, uint64_t delay_max_ns, uint64_t age_max_ns)
{
	queue->delay_max_ns = delay_max_ns;
	queue->age_max_ns = age_max_ns;
}

static uint32_t length(const struct queue *queue)
{
	return queue->terms.count;
}

static void drop(struct queue *queue, uint32_t slot, enum queue_end end)
{
	queue->stats.ends[queue->entry[slot].class][end]++;
	keys_remove(&queue->keys, slot);
	terms_remove(&queue->terms, slot);
	fair_remove(&queue->fair, slot);
	queue->free_slot[queue->free_count++] = slot;
}

uint32_t queue_expire(struct queue *queue, uint64_t now_ns)
{
	const struct term *first;
	uint32_t count = 0;

	while ((first = terms_first(&queue->terms)) &&
	       elapsed_ns(now_ns, first->start_ns) >= queue->delay_max_ns) {
		drop(queue, first->entry, QUEUE_EXPIRED);
		count++;
	}
	return count;
}

/* Frame and what goes with it, and when it was seen. */
static void copy_syn(struct queue_entry *entry, const struct queue_syn *syn, uint64_t now_ns)
{
	entry->last_seen_ns = now_ns;
	entry->meta = syn->meta;
	entry->ifindex = syn->ifindex;
	entry->len = (uint16_t)syn->len;
	memcpy(entry->frame, syn->frame, syn->len);
}

static enum queue_result replace(struct queue *queue, uint32_t slot, const struct queue_syn *syn,
				 uint64_t now_ns)
{
	struct queue_entry *entry = &queue->entry[slot];

	if (!syn->retransmit && elapsed_ns(now_ns, entry->first_seen_ns) < QUEUE_RETRANSMIT_MIN_NS)
		return QUEUE_DUPLICATE;
	copy_syn(entry, syn, now_ns);
	if (entry->class == QUEUE_RETRANSMITS)
		return QUEUE_REPLACED;
	fair_remove(&queue->fair, slot);
	entry->class = QUEUE_RETRANSMITS;
	fair_add(&queue->fair, entry->class, entry->site, entry->source, slot);
	return QUEUE_REPLACED;
}

/* The source of @class that loses an entry to @syn, or NONE: nobody has two more. */
static uint32_t longest_source(const struct queue *queue, const struct queue_syn *syn)
{
	const struct fair *fair = &queue->fair;
	uint32_t site, source, own;

	if (queue_length(queue, QUEUE_NEW))
		return fair_longest(fair, fair_longest(fair, QUEUE_NEW));
	site = fair_longest(fair, QUEUE_RETRANSMITS);
	own = fair_find(fair, QUEUE_RETRANSMITS, syn->site);
	if (fair_length(fair, site) > fair_length(fair, own) + 1)
		return fair_longest(fair, site);
	if (own == FAIR_NONE)
		return NONE;
	source = fair_longest(fair, own);
	own = fair_find(fair, own, syn->source);
	return fair_length(fair, source) > fair_length(fair, own) + 1 ? source : NONE;
}

static enum queue_result put_new(struct queue *queue, const struct queue_syn *syn, uint64_t now_ns,
				 const struct queue_entry **victim)
{
	enum queue_class class = syn->retransmit ? QUEUE_RETRANSMITS : QUEUE_NEW;
	struct queue_entry *entry;
	uint32_t slot, source;
	bool full = length(queue) == queue->entries;

	/* rounded up, so that a queue of one entry takes a new SYN */
	if (class == QUEUE_NEW && length(queue) >= queue->entries - queue->entries / 2)
		return QUEUE_REFUSED_RETRANSMITS_ONLY;
	source = full ? longest_source(queue, syn) : NONE;
	/* nobody has to go for one whose client has gone */
	if (full && (source == NONE || elapsed_ns(now_ns, syn->first_seen_ns) >= queue->age_max_ns))
		return QUEUE_REFUSED_FULL;
	slot = queue->free_slot[--queue->free_count];
	if (full) {
		uint32_t last = fair_last(&queue->fair, source);

		*victim = &queue->entry[last];
		drop(queue, last, QUEUE_EVICTED);
	}
	entry = &queue->entry[slot];
	entry->key = syn->key;
	entry->site = syn->site;
	entry->source = syn->source;
	entry->first_seen_ns = syn->first_seen_ns < now_ns ? syn->first_seen_ns : now_ns;
	entry->queued_ns = now_ns;
	entry->term_ns = entry->first_seen_ns;
	if (now_ns - entry->first_seen_ns > queue->delay_max_ns / 2)
		entry->term_ns = now_ns;
	entry->class = class;
	copy_syn(entry, syn, now_ns);
	keys_add(&queue->keys, entry->key, slot);
	terms_add(&queue->terms, slot, entry->term_ns);
	fair_add(&queue->fair, class, entry->site, entry->source, slot);
	return QUEUE_QUEUED;
}

enum queue_result queue_put(struct queue *queue, const struct queue_syn *syn, uint64_t now_ns,
			    const struct queue_entry **victim)
{
	enum queue_result result;
	uint32_t slot;

	*victim = NULL;
	queue_expire(queue, now_ns);
	slot = keys_find(&queue->keys, syn->key);
	if (!syn->len || syn->len > QUEUE_FRAME_MAX)
		result = QUEUE_REFUSED_FRAME;
	else if (syn->key && queue->away[syn->key % AWAY_MAX] == syn->key)
		result = QUEUE_REFUSED_AWAY;
	else if (slot != KEYS_NONE)
		result = replace(queue, slot, syn, now_ns);
	else
		result = put_new(queue, syn, now_ns, victim);
	queue->stats.results[result]++;
	return result;
}

static bool is_silent(const struct queue_entry *entry, uint64_t now_ns)
{
	return elapsed_ns(now_ns, entry->last_seen_ns) >
	       elapsed_ns(entry->last_seen_ns, entry->first_seen_ns) + QUEUE_FIRST_GAP_MAX_NS;
}

/* Has its client given up, most likely, by what is known of others? One with the term that all have is
 * not older than delay-max. */
static bool is_too_old(const struct queue *queue, const struct queue_entry *entry, uint64_t now_ns)
{
	return entry->term_ns != entry->first_seen_ns &&
	       elapsed_ns(now_ns, entry->first_seen_ns) >= queue->age_max_ns;
}

/* Some have to be served, or it would never be seen that they are patient; but not so many that it takes much
 * of what can be done, however often those come again that are too old. */
static bool is_sample(const struct queue *queue, uint64_t now_ns)
{
	return queue->others_taken >= QUEUE_OTHERS ||
	       (length(queue) == 1 && elapsed_ns(now_ns, queue->taken_ns) >= QUEUE_IDLE_NS);
}

/* Slot of the next one to release, or NONE. Whose entry is dropped here keeps its turn. */
static uint32_t next(struct queue *queue, uint64_t now_ns)
{
	queue_expire(queue, now_ns);
	for (uint32_t class = 0; class < QUEUE_CLASSES; class ++) {
		uint32_t slot;

		while ((slot = fair_next(&queue->fair, class)) != FAIR_NONE) {
			const struct queue_entry *entry = &queue->entry[slot];

			if (is_silent(entry, now_ns)) {
				drop(queue, slot, QUEUE_SILENT);
			} else if (is_too_old(queue, entry, now_ns) && !is_sample(queue, now_ns)) {
				drop(queue, slot, QUEUE_EXPIRED);
			} else {
				return slot;
			}
		}
	}
	return NONE;
}

const struct queue_entry *queue_peek(struct queue *queue, uint64_t now_ns)
{
	uint32_t slot = next(queue, now_ns);

	return slot == NONE ? NULL : &queue->entry[slot];
}

static void count_held(struct queue_stats *stats, uint64_t held_ns)
{
	static const uint32_t bounds_ms[] = QUEUE_HELD_BOUNDS_MS;
	uint32_t bucket = 0;

	_Static_assert(sizeof(bounds_ms) / sizeof(bounds_ms[0]) + 1 == QUEUE_HELD_BUCKETS,
		       "and one above the last");
	while (bucket < QUEUE_HELD_BUCKETS - 1 && held_ns > bounds_ms[bucket] * 1000000ULL)
		bucket++;
	stats->held[bucket]++;
	stats->held_sum_ns += held_ns;
}

const struct queue_entry *queue_take(struct queue *queue, uint64_t now_ns)
{
	uint32_t slot = next(queue, now_ns);

	if (slot == NONE)
		return NULL;
	count_held(&queue->stats, elapsed_ns(now_ns, queue->entry[slot].queued_ns));
	queue->others_taken++;
	if (is_too_old(queue, &queue->entry[slot], now_ns))
		queue->others_taken = 0;
	queue->taken_ns = now_ns;
	fair_pass_turn(&queue->fair, slot);
	drop(queue, slot, QUEUE_RELEASED);
	return &queue->entry[slot];
}

const struct queue_entry *queue_draw(const struct queue *queue, uint32_t chance)
{
	uint64_t count = length(queue), first = chance * count >> 32;

	for (uint64_t i = 0; i < DRAWN_MOST && i < count; i++) {
		const struct term *term = terms_nth(&queue->terms, (first + i) % count);

		if (queue->entry[term->entry].class == QUEUE_RETRANSMITS)
			return &queue->entry[term->entry];
	}
	return NULL;
}

void queue_send_away(struct queue *queue, uint64_t key)
{
	uint32_t slot = keys_find(&queue->keys, key);

	queue->away[key % AWAY_MAX] = key;
	if (slot != KEYS_NONE)
		drop(queue, slot, QUEUE_SENT_AWAY);
}

bool queue_forget(struct queue *queue, uint64_t key, uint64_t now_ns)
{
	uint32_t slot;

	queue_expire(queue, now_ns);
	slot = keys_find(&queue->keys, key);
	if (slot == KEYS_NONE)
		return false;
	drop(queue, slot, QUEUE_FORGOTTEN);
	return true;
}

uint64_t queue_next_deadline(const struct queue *queue)
{
	const struct term *first = terms_first(&queue->terms);

	if (!first || first->start_ns > UINT64_MAX - queue->delay_max_ns)
		return UINT64_MAX;
	return first->start_ns + queue->delay_max_ns;
}

uint32_t queue_entries(const struct queue *queue)
{
	return queue->entries;
}

uint32_t queue_length(const struct queue *queue, enum queue_class class)
{
	return fair_length(&queue->fair, class);
}

uint32_t queue_sites(const struct queue *queue, enum queue_class class)
{
	return queue->fair.group[class].members;
}

const struct queue_stats *queue_stats(const struct queue *queue)
{
	return &queue->stats;
}

const char *queue_check(const struct queue *queue)
{
	const char *wrong = fair_check(&queue->fair);
	uint64_t ended = 0;
	uint32_t found = 0;

	if (!wrong)
		wrong = terms_check(&queue->terms);
	if (wrong)
		return wrong;
	for (uint32_t slot = 0; slot < queue->slots; slot++) {
		if (queue->terms.place[slot] == TERMS_NONE)
			continue;
		if (queue->fair.source_of[slot] == FAIR_NONE)
			return "an entry has a term and no turn";
		if (keys_find(&queue->keys, queue->entry[slot].key) != slot)
			return "an entry cannot be found by its key";
		found++;
	}
	if (found != queue_length(queue, QUEUE_RETRANSMITS) + queue_length(queue, QUEUE_NEW))
		return "lengths of the classes are not the entries";
	if (found > queue->entries || found + queue->free_count != queue->slots)
		return "a slot is lost";
	for (uint32_t class = 0; class < QUEUE_CLASSES; class ++)
		for (uint32_t end = 0; end < QUEUE_ENDS; end++)
			ended += queue->stats.ends[class][end];
	if (ended + found != queue->stats.results[QUEUE_QUEUED])
		return "what was queued is neither there nor counted as gone";
	return NULL;
}
