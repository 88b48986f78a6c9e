// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The delay queue against a model that does the same by looking through everything. Whatever is
 * put, taken, forgotten, sent away, at whatever times: the results are the same, and every invariant holds.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "delay_max.h"
#include "fuzz.h"
#include "queue.h"

#define MS 1000000ULL
#define KEYS 64
#define SITES 4
#define SOURCES 3
#define ENTRIES_MAX 24

struct model_entry {
	bool present;
	bool away; /* was sent away */
	uint8_t class;
	uint64_t first_ns, last_ns, term_ns;
	uint64_t order; /* in its source */
};

/* Rounds are orders, too: whoever has the least is next. */
static struct {
	uint32_t entries;
	uint64_t delay_max_ns;
	uint64_t age_max_ns;
	uint32_t others_taken;
	uint64_t taken_ns;
	uint64_t now_ns;
	uint64_t order;
	struct model_entry entry[KEYS];
	uint64_t site_order[QUEUE_CLASSES][SITES];
	uint64_t source_order[QUEUE_CLASSES][SITES][SOURCES];
} model;

static struct queue *queue;

static uint32_t site_of(uint32_t key)
{
	return key % SITES;
}

static uint32_t source_of(uint32_t key)
{
	return key / SITES % SOURCES;
}

static void expect(bool right, const char *what)
{
	if (right)
		return;
	fprintf(stderr, "fuzz_queue: %s\n", what);
	abort();
}

static uint64_t elapsed_ns(uint64_t since_ns)
{
	return model.now_ns > since_ns ? model.now_ns - since_ns : 0;
}

/* Entries of a class; of a site of it; of a source of that. -1: any. */
static uint32_t count(int class, int site, int source)
{
	uint32_t n = 0;

	for (uint32_t key = 0; key < KEYS; key++)
		n += model.entry[key].present && (class < 0 || model.entry[key].class == class) &&
		     (site < 0 || site_of(key) == (uint32_t)site) &&
		     (source < 0 || source_of(key) == (uint32_t)source);
	return n;
}

static uint32_t longest_site(int class)
{
	uint32_t most = 0;

	for (int site = 0; site < SITES; site++)
		most = count(class, site, -1) > most ? count(class, site, -1) : most;
	return most;
}

static uint32_t longest_source(int class, int site)
{
	uint32_t most = 0;

	for (int source = 0; source < SOURCES; source++)
		most = count(class, site, source) > most ? count(class, site, source) : most;
	return most;
}

static void model_expire(void)
{
	for (uint32_t key = 0; key < KEYS; key++)
		if (elapsed_ns(model.entry[key].term_ns) >= model.delay_max_ns)
			model.entry[key].present = false;
}

/* At the end of its source, and this and its site at the end of their rounds if they were in none. */
static void model_join(uint32_t key, int class)
{
	uint32_t site = site_of(key), source = source_of(key);

	model.entry[key].present = false;
	if (!count(class, (int)site, -1))
		model.site_order[class][site] = ++model.order;
	if (!count(class, (int)site, (int)source))
		model.source_order[class][site][source] = ++model.order;
	model.entry[key].present = true;
	model.entry[key].class = (uint8_t) class;
	model.entry[key].order = ++model.order;
}

static bool turn_is_before(uint32_t key, uint32_t other)
{
	const struct model_entry *a = &model.entry[key], *b = &model.entry[other];
	uint32_t site = site_of(key);

	if (a->class != b->class)
		return a->class < b->class;
	if (site != site_of(other))
		return model.site_order[a->class][site] <
		       model.site_order[a->class][site_of(other)];
	if (source_of(key) != source_of(other))
		return model.source_order[a->class][site][source_of(key)] <
		       model.source_order[a->class][site][source_of(other)];
	return a->order < b->order;
}

static bool is_too_old(const struct model_entry *entry)
{
	return entry->term_ns != entry->first_ns && elapsed_ns(entry->first_ns) >= model.age_max_ns;
}

static bool is_sample(void)
{
	return model.others_taken >= QUEUE_OTHERS ||
	       (count(QUEUE_RETRANSMITS, -1, -1) + count(QUEUE_NEW, -1, -1) == 1 &&
		elapsed_ns(model.taken_ns) >= QUEUE_IDLE_NS);
}

/* KEYS: none. Drops silent ones, and too old ones, on the way. */
static uint32_t model_next(void)
{
	for (;;) {
		uint32_t next = KEYS;
		struct model_entry *entry;

		for (uint32_t key = 0; key < KEYS; key++)
			if (model.entry[key].present && (next == KEYS || turn_is_before(key, next)))
				next = key;
		if (next == KEYS)
			return KEYS;
		entry = &model.entry[next];
		if (elapsed_ns(entry->last_ns) <=
		    (entry->last_ns > entry->first_ns ? entry->last_ns - entry->first_ns : 0) +
			    QUEUE_FIRST_GAP_MAX_NS) {
			if (!is_too_old(entry) || is_sample())
				return next;
		}
		entry->present = false;
	}
}

static enum queue_result expected_result(uint32_t key, bool retransmit, uint64_t age_ns,
					 uint32_t len)
{
	const struct model_entry *entry = &model.entry[key];
	int site = (int)site_of(key), source = (int)source_of(key);

	if (!len || len > QUEUE_FRAME_MAX)
		return QUEUE_REFUSED_FRAME;
	if (entry->away)
		return QUEUE_REFUSED_AWAY;
	if (entry->present)
		return retransmit || elapsed_ns(entry->first_ns) >= QUEUE_RETRANSMIT_MIN_NS
			       ? QUEUE_REPLACED
			       : QUEUE_DUPLICATE;
	if (!retransmit && 2 * count(-1, -1, -1) >= model.entries)
		return QUEUE_REFUSED_RETRANSMITS_ONLY;
	if (count(-1, -1, -1) < model.entries)
		return QUEUE_QUEUED;
	if (age_ns >= model.age_max_ns)
		return QUEUE_REFUSED_FULL;
	if (count(QUEUE_NEW, -1, -1) ||
	    longest_site(QUEUE_RETRANSMITS) > count(QUEUE_RETRANSMITS, site, -1) + 1 ||
	    longest_source(QUEUE_RETRANSMITS, site) > count(QUEUE_RETRANSMITS, site, source) + 1)
		return QUEUE_QUEUED;
	return QUEUE_REFUSED_FULL;
}

static void check_victim(const struct queue_entry *victim, uint32_t site)
{
	struct model_entry *entry;
	int class = count(QUEUE_NEW, -1, -1) ? QUEUE_NEW : QUEUE_RETRANSMITS;
	uint32_t length, own = count(class, (int)site, -1);

	if (!victim) {
		expect(count(-1, -1, -1) < model.entries, "nobody made room");
		return;
	}
	expect(count(-1, -1, -1) == model.entries, "a victim without need");
	expect(victim->key < KEYS && model.entry[victim->key].present, "a victim from nowhere");
	entry = &model.entry[victim->key];
	expect(entry->class == class && victim->class == class, "a retransmit went first");
	length = count(class, (int)victim->site, -1);
	expect(length == longest_site(class) ||
		       (class == QUEUE_RETRANSMITS && victim->site == site &&
			longest_site(class) <= own + 1),
	       "not of the longest site");
	expect(count(class, (int)victim->site, (int)victim->source) ==
		       longest_source(class, (int)victim->site),
	       "not of the longest source");
	for (uint32_t key = 0; key < KEYS; key++)
		expect(!model.entry[key].present || model.entry[key].class != class ||
			       site_of(key) != victim->site || source_of(key) != victim->source ||
			       model.entry[key].order <= entry->order,
		       "not the last of its source");
	entry->present = false;
}

static void put(uint32_t key, bool retransmit, uint64_t age_ns, uint32_t len)
{
	static const uint8_t frame[QUEUE_FRAME_MAX];
	struct model_entry *entry = &model.entry[key];
	struct queue_syn syn = {
		.key = key,
		.site = site_of(key),
		.source = source_of(key),
		.first_seen_ns = model.now_ns - age_ns,
		.frame = frame,
		.len = len,
		.retransmit = retransmit,
	};
	const struct queue_entry *victim;
	enum queue_result result;

	model_expire();
	result = queue_put(queue, &syn, model.now_ns, &victim);
	expect(result == expected_result(key, retransmit, age_ns > model.now_ns ? 0 : age_ns, len),
	       "another result than expected");
	if (result == QUEUE_QUEUED) {
		check_victim(victim, site_of(key));
		entry->first_ns = age_ns > model.now_ns ? model.now_ns : syn.first_seen_ns;
		entry->last_ns = model.now_ns;
		entry->term_ns = model.now_ns - entry->first_ns > model.delay_max_ns / 2
					 ? model.now_ns
					 : entry->first_ns;
		model_join(key, retransmit ? QUEUE_RETRANSMITS : QUEUE_NEW);
		return;
	}
	expect(!victim, "a victim for nothing");
	if (result != QUEUE_REPLACED)
		return;
	entry->last_ns = model.now_ns;
	if (entry->class == QUEUE_NEW)
		model_join(key, QUEUE_RETRANSMITS);
}

static void take(bool peek)
{
	const struct queue_entry *entry;
	uint32_t key, site;

	model_expire();
	entry = peek ? queue_peek(queue, model.now_ns) : queue_take(queue, model.now_ns);
	key = model_next();
	expect(key == (entry ? entry->key : KEYS), "it was somebody else's turn");
	if (peek || !entry)
		return;
	site = site_of(key);
	model.others_taken = is_too_old(&model.entry[key]) ? 0 : model.others_taken + 1;
	model.taken_ns = model.now_ns;
	model.entry[key].present = false;
	model.site_order[entry->class][site] = ++model.order;
	model.source_order[entry->class][site][source_of(key)] = ++model.order;
}

static void send_away(uint32_t chance)
{
	const struct queue_entry *entry = queue_draw(queue, chance);

	if (!entry) {
		expect(!count(QUEUE_RETRANSMITS, -1, -1), "nobody was drawn");
		return;
	}
	expect(model.entry[entry->key].present && entry->class == QUEUE_RETRANSMITS &&
		       model.entry[entry->key].class == QUEUE_RETRANSMITS,
	       "a new one was drawn");
	queue_send_away(queue, entry->key);
	model.entry[entry->key].present = false;
	/* 0 is nobody's key */
	model.entry[entry->key].away = entry->key;
}

static void check(void)
{
	const char *wrong = queue_check(queue);
	uint64_t deadline_ns = UINT64_MAX;

	expect(!wrong, wrong);
	for (int class = 0; class < QUEUE_CLASSES; class ++)
		expect(queue_length(queue, class) == count(class, -1, -1), "lengths differ");
	for (uint32_t key = 0; key < KEYS; key++)
		if (model.entry[key].present && model.entry[key].term_ns < deadline_ns)
			deadline_ns = model.entry[key].term_ns;
	if (deadline_ns != UINT64_MAX)
		deadline_ns += model.delay_max_ns;
	expect(queue_next_deadline(queue) == deadline_ns, "deadlines differ");
}

static void learn(struct delay_max *law, const uint8_t *op)
{
	static const enum delay_outcome outcomes[] = { DELAY_WELL, DELAY_WELL, DELAY_FAILED,
						       DELAY_FAILED_AFTER_ALL };
	uint64_t held_ns = (uint64_t)op[1] << (op[2] & 31), ns;

	law->setup_ns = (uint64_t)op[3] << (op[1] & 31);
	delay_max_note(law, held_ns, held_ns << (op[2] & 1), op[3], outcomes[op[2] >> 4 & 3]);
	ns = delay_max_update(law, model.entries, op[2] & 64 ? op[3] * 8U : 0, model.now_ns);
	expect(ns >= DELAY_MAX_LEAST_NS && ns <= DELAY_MAX_MOST_NS, "delay-max out of bounds");
	model.delay_max_ns = ns;
	model.age_max_ns = delay_max_age_ns(law, model.now_ns);
	expect(model.age_max_ns, "everybody is too old");
	queue_set_delay_max(queue, ns, model.age_max_ns);
}

/* Four bytes an operation: what, which key, how, how long after the one before. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct delay_max law;

	if (!size)
		return 0;
	memset(&model, 0, sizeof(model));
	model.entries = data[0] % ENTRIES_MAX + 1;
	model.age_max_ns = UINT64_MAX;
	model.delay_max_ns = 500 * MS << 2 * (data[0] >> 5 & 3);
	model.now_ns = data[0] & 128 ? 0 : 1000000 * MS;
	delay_max_init(&law, model.now_ns);
	queue = queue_create(model.entries, model.delay_max_ns);
	expect(queue, "no memory");
	for (data++, size--; size >= 4; data += 4, size -= 4) {
		uint32_t key = data[1] % KEYS, how = data[2];

		/* mostly a little, sometimes seconds, now and then backwards */
		if (data[3] < 252)
			model.now_ns += (uint64_t)data[3] * data[3] * (MS / 2000);
		else if (data[3] < 255)
			model.now_ns += (data[3] - 251) * 1000 * MS;
		else if (model.now_ns > 20 * MS)
			model.now_ns -= 20 * MS;
		if (data[0] < 150) {
			put(key, how & 1, (how >> 1 & 31) * 40 * MS, how > 251 ? how + 3 : how);
		} else if (data[0] < 200) {
			take(false);
		} else if (data[0] < 210) {
			take(true);
		} else if (data[0] < 225) {
			model_expire();
			expect(queue_forget(queue, key, model.now_ns) == model.entry[key].present,
			       "forgot another one");
			model.entry[key].present = false;
		} else if (data[0] < 230) {
			model_expire();
			queue_expire(queue, model.now_ns);
			send_away((uint32_t)data[1] << 24 | how);
		} else if (data[0] < 240) {
			model_expire();
			queue_expire(queue, model.now_ns);
		} else {
			learn(&law, data);
		}
		check();
	}
	queue_destroy(queue);
	return 0;
}
