/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The keys of the configuration file, and how each value is read. Pure. */
#ifndef WEIR_CONFIG_KEYS_H
#define WEIR_CONFIG_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct key {
	const char *name;
	/* Returns as text_parse_*; @field is the key's target plus its offset. */
	int (*parse)(const struct key *key, void *field, const char *value, const char **why);
	size_t offset;
	uint32_t min, max; /* of a length */
	unsigned int part; /* PART_*: what is not checked further if this is wrong */
	bool list;	   /* parse takes one element at a time */
};

#define KEYS_MAX 32

/* Ended by a key without a name. */
extern const struct key weir_keys[];	 /* fill a struct config */
extern const struct key listener_keys[]; /* fill a struct wanted_listener */
extern const struct key prefix_keys[];	 /* fill a struct wanted_rule */

#endif
