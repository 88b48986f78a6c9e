// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "rules.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "policy.h"

#define ROOM_MIN 16 /* a power of two, as every room */
#define MAPPED_BITS 96

void rules_free(struct rules *rules)
{
	free(rules->entries);
	free(rules->index);
	*rules = (struct rules){ 0 };
}

struct rule_entry rules_key(const struct wanted_address *source)
{
	struct rule_entry key = { .prefix = source->prefix, .listener = RULE_EVERY_LISTENER };

	key.family = text_family(&source->prefix, source->len, &key.len);
	return key;
}

struct wanted_address rules_source(const struct rule_entry *entry)
{
	return (struct wanted_address){
		.prefix = entry->prefix,
		.len = (uint8_t)(entry->len + (entry->family == FAMILY_V4 ? MAPPED_BITS : 0)),
	};
}

/* -- the index --------------------------------------------------------------------------------- */

static bool same_key(const struct rule_entry *a, const struct rule_entry *b)
{
	return a->family == b->family && a->len == b->len && a->listener == b->listener &&
	       a->prefix.hi == b->prefix.hi && a->prefix.lo == b->prefix.lo;
}

static uint64_t hash(const struct rule_entry *key)
{
	uint64_t mixed = key->prefix.hi * 0x9e3779b97f4a7c15 ^ key->prefix.lo;

	mixed = (mixed ^ mixed >> 32) * 0xbf58476d1ce4e5b9;
	mixed ^= (uint64_t)key->listener << 8 | key->len;
	mixed = (mixed ^ mixed >> 29) * 0x94d049bb133111eb;
	return mixed ^ mixed >> 32;
}

/* Where the place of the entry with @key is written, or 0 if there is none. */
static uint32_t *link_of(const struct rules *rules, const struct rule_entry *key)
{
	uint32_t *link = &rules->index[hash(key) & (rules->room - 1)];

	while (*link && !same_key(&rules->entries[*link - 1], key))
		link = &rules->entries[*link - 1].chain;
	return link;
}

static void rebuild_index(struct rules *rules)
{
	memset(rules->index, 0, rules->room * sizeof(*rules->index));
	for (unsigned int i = 0; i < rules->count; i++) {
		uint32_t *head = &rules->index[hash(&rules->entries[i]) & (rules->room - 1)];

		rules->entries[i].chain = *head;
		*head = i + 1;
	}
}

static int grow(struct rules *rules)
{
	unsigned int room = rules->room ? 2 * rules->room : ROOM_MIN;
	struct rule_entry *entries;
	uint32_t *index;

	entries = reallocarray(rules->entries, room, sizeof(*entries));
	if (!entries)
		return -ENOMEM;
	rules->entries = entries;
	index = reallocarray(rules->index, room, sizeof(*index));
	if (!index)
		return -ENOMEM;
	rules->index = index;
	rules->room = room;
	rebuild_index(rules);
	return 0;
}

/* -- changes ----------------------------------------------------------------------------------- */

struct rule_entry *rules_find(const struct rules *rules, const struct rule_entry *key)
{
	uint32_t place = rules->count ? *link_of(rules, key) : 0;

	return place ? &rules->entries[place - 1] : NULL;
}

int rules_add(struct rules *rules, const struct rule_entry *entry)
{
	struct rule_entry *found = rules_find(rules, entry);
	uint32_t *head;

	if (found) {
		found->rule = entry->rule;
		return 0;
	}
	if (rules->count_of[entry->family] == RULES_MAX)
		return -ENOSPC;
	if (rules->count == rules->room && grow(rules))
		return -ENOMEM;
	head = &rules->index[hash(entry) & (rules->room - 1)];
	rules->entries[rules->count] = *entry;
	rules->entries[rules->count].chain = *head;
	*head = ++rules->count;
	rules->count_of[entry->family]++;
	return 0;
}

int rules_add_all(struct rules *rules, const struct rules *from)
{
	int err = 0;

	for (unsigned int i = 0; !err && i < from->count; i++)
		err = rules_add(rules, &from->entries[i]);
	return err;
}

int rules_put(struct rules *rules, const struct rule_entry *entry,
	      const struct wanted_limit *source, uint64_t now_ns)
{
	const struct rule_entry *former = rules_find(rules, entry);
	struct rule_entry next = *entry;
	bool changed;
	int err;

	/* kept under any action: it knows how sources were charged so far */
	next.rule.source = former ? former->rule.source : (struct limit){ 0 };
	changed = !former || former->rule.action != next.rule.action ||
		  former->rule.expires_ns != next.rule.expires_ns;
	if (next.rule.action == RULE_LIMIT)
		changed |= policy_set_limit(&next.rule.source, source, now_ns);
	if (!changed)
		return 0;
	err = rules_add(rules, &next);
	return err ? err : 1;
}

bool rules_remove(struct rules *rules, const struct rule_entry *key)
{
	struct rule_entry *found = rules_find(rules, key);
	uint32_t place, *link;

	if (!found)
		return false;
	rules->count_of[found->family]--;
	link = link_of(rules, found);
	place = *link;
	*link = found->chain;
	/* the last one moves into its place */
	if (place != rules->count) {
		link = link_of(rules, &rules->entries[rules->count - 1]);
		*found = rules->entries[rules->count - 1];
		*link = place;
	}
	rules->count--;
	return true;
}

unsigned int rules_expire(struct rules *rules, uint64_t now_ns)
{
	unsigned int before = rules->count, i = 0;

	while (i < rules->count) {
		const struct rule_entry key = rules->entries[i];

		if (!key.rule.expires_ns || key.rule.expires_ns > now_ns)
			i++;
		else
			rules_remove(rules, &key);
	}
	return before - rules->count;
}

static int compare(const void *a, const void *b)
{
	const struct rule_entry *x = a, *y = b;
	int order = (int)x->family - (int)y->family;

	if (!order)
		order = memcmp(&x->prefix, &y->prefix, sizeof(x->prefix));
	if (!order)
		order = x->len - y->len;
	/* those for every listener first */
	return order ? order
		     : (x->listener + 1 > y->listener + 1) - (x->listener + 1 < y->listener + 1);
}

void rules_sort(struct rules *rules)
{
	if (!rules->count)
		return;
	qsort(rules->entries, rules->count, sizeof(*rules->entries), compare);
	rebuild_index(rules);
}

/* -- configuration and policy ------------------------------------------------------------------ */

bool rules_entry(struct rule_entry *entry, const struct wanted_rule *wanted,
		 const struct policy *policy)
{
	int id = *wanted->listener ? policy_find_listener(policy, wanted->listener) : 0;

	*entry = rules_key(&wanted->source);
	if (*wanted->listener)
		entry->listener = (uint32_t)id;
	entry->rule.action = (uint8_t)wanted->action;
	entry->rule.origin = ORIGIN_FILE;
	return id >= 0;
}

int rules_build(struct rules *rules, const struct policy *policy, const struct config *config,
		uint64_t now_ns)
{
	for (unsigned int i = 0; i < config->rules_count; i++) {
		const struct wanted_rule *wanted = &config->rules[i];
		struct rule_entry entry;
		int put = 0;

		if (rules_entry(&entry, wanted, policy))
			put = rules_put(rules, &entry, &wanted->limit, now_ns);
		if (put < 0)
			return put;
	}
	return 0;
}

void rules_seal(const struct rules *rules, struct policy *policy)
{
	memset(policy->has_rules, 0, sizeof(policy->has_rules));
	memset(policy->has_listener_rules, 0, sizeof(policy->has_listener_rules));
	policy->rules_refill_ns = 0;
	for (unsigned int i = 0; i < rules->count; i++) {
		const struct rule_entry *entry = &rules->entries[i];
		uint64_t refill_ns = gcra_refill_ns(&entry->rule.source);

		if (entry->listener == RULE_EVERY_LISTENER)
			policy->has_rules[entry->family] = 1;
		else if (entry->listener < LISTENERS_MAX)
			policy->has_listener_rules[entry->family] |= 1ULL << entry->listener;
		if (refill_ns > policy->rules_refill_ns)
			policy->rules_refill_ns = refill_ns;
	}
}

/* -- text -------------------------------------------------------------------------------------- */

char *rules_text(char *buf, size_t size, const struct rule_entry *entry)
{
	const struct wanted_address source = rules_source(entry);

	return text_source(buf, size, &source.prefix, source.len);
}

/* Takes the blanks and the comment off @line; returns what is left. */
static char *strip(char *line)
{
	char *start = line + strspn(line, " \t"), *end;

	start[strcspn(start, "#\r\n")] = '\0';
	end = start + strlen(start);
	while (end > start && strchr(" \t", end[-1]))
		*--end = '\0';
	return start;
}

int rules_read(struct rules *rules, FILE *in, const char *name, struct config_errors *errors,
	       unsigned int *masked)
{
	unsigned int before = errors->count;
	char *line = NULL;
	size_t room = 0;
	ssize_t len;
	int err = 0;

	*masked = 0;
	for (int number = 1; !err && (len = getline(&line, &room, in)) >= 0; number++) {
		bool whole = strlen(line) == (size_t)len;
		const char *text = strip(line), *why = "holds a NUL byte; is this a text file?";
		struct wanted_address source;
		struct rule_entry key;
		char quote[72];
		bool cut;

		if (!*text && whole)
			continue;
		if (!whole || text_parse_source(text, &source.prefix, &source.len, &cut, &why)) {
			config_error(errors, name, number, "prefix '%s': %s",
				     text_quote(quote, sizeof(quote), text), why);
			continue;
		}
		*masked += cut;
		key = rules_key(&source);
		err = rules_add(rules, &key);
	}
	if (!err && ferror(in))
		err = errno ? -errno : -EIO;
	free(line);
	if (err)
		return err;
	return errors->count == before ? 0 : -EINVAL;
}
