/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A set of prefix rules, as in force or as wanted. Pure. */
#ifndef WEIR_RULES_H
#define WEIR_RULES_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "abi.h"
#include "config.h"

/* One rule; no two of a set have the same family, prefix, length and listener. */
struct rule_entry {
	enum family family;
	struct addr prefix; /* cut to its length; IPv4 as ::ffff:a.b.c.d */
	uint8_t len;	    /* in the family's bits */
	uint32_t listener;  /* id, or RULE_EVERY_LISTENER */
	struct rule rule;   /* prefix_len is that of the packet path's copy, and not used here */
	uint32_t chain;	    /* of the set's index */
};

/* All zero is the empty set. */
struct rules {
	struct rule_entry *entries; /* in no order but that of rules_sort() */
	unsigned int count;
	unsigned int count_of[FAMILY_COUNT];
	unsigned int room;
	uint32_t *index; /* by hash of the key: place + 1 in entries, 0: none; as many as room */
};

void rules_free(struct rules *rules);

/* Family, prefix and length of @source, which is as of text_parse_source; every listener. */
struct rule_entry rules_key(const struct wanted_address *source);
/* The source of @entry, with its length in 128 bits. */
struct wanted_address rules_source(const struct rule_entry *entry);

/* The entry with the key of @key, or NULL. Good until the set changes. */
struct rule_entry *rules_find(const struct rules *rules, const struct rule_entry *key);

/* Adds @entry as it is, or puts it in the place of the one with its key. 0, -ENOMEM, or -ENOSPC:
 * RULES_MAX of its family are there. */
int rules_add(struct rules *rules, const struct rule_entry *entry);

/* Adds all entries of @from. As rules_add(). */
int rules_add_all(struct rules *rules, const struct rules *from);

/*
 * Lets action, expiry and origin of @entry hold for its key from @now_ns on, and for a RULE_LIMIT
 * the limit @source. Sources that have spent tokens under a limit that is replaced have spent them
 * under the new one, too. Returns 1; 0 if action, expiry and limit were so before, whatever the
 * origin; or as rules_add().
 */
int rules_put(struct rules *rules, const struct rule_entry *entry,
	      const struct wanted_limit *source, uint64_t now_ns);

/* Returns whether there was one. */
bool rules_remove(struct rules *rules, const struct rule_entry *key);
/* Removes what is not in force any more, as every change does. Returns how many. */
unsigned int rules_expire(struct rules *rules, uint64_t now_ns);

/* By family, prefix, length and listener. */
void rules_sort(struct rules *rules);

/* What @wanted says, but for its limit, where @policy has the listeners; false: it lacks this one. */
bool rules_entry(struct rule_entry *entry, const struct wanted_rule *wanted,
		 const struct policy *policy);
/* Adds the rules of a checked @config to an instance with the listeners of @policy, without those
 * for other listeners. 0 or as rules_add(). */
int rules_build(struct rules *rules, const struct policy *policy, const struct config *config,
		uint64_t now_ns);

/* Tells @policy, with which @rules will be in force, what there is to be looked for. */
void rules_seal(const struct rules *rules, struct policy *policy);

/*
 * Adds the prefixes of @in, one a line, '#' begins a comment; all else of the rules is zero. @name
 * stands for it in messages; *masked counts prefixes with bits set behind their length. Returns 0;
 * or -EINVAL after every error was written to errors->out; or as rules_add().
 */
int rules_read(struct rules *rules, FILE *in, const char *name, struct config_errors *errors,
	       unsigned int *masked);

/* "10.0.0.0/8" */
char *rules_text(char *buf, size_t size, const struct rule_entry *entry);

#endif
