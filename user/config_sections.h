/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A configuration file on its way through libinih: what its lines and sections share. Pure. */
#ifndef WEIR_CONFIG_SECTIONS_H
#define WEIR_CONFIG_SECTIONS_H

#include "config.h"
#include "config_keys.h"
#include "config_signals.h"

#define CONFIG_BLANKS " \t"
#define CONFIG_COMMENTS ";#"
#define QUOTE_MAX 72

struct reading {
	FILE *in;
	const char *name;
	struct config *config;
	struct config_errors *errors;
	size_t bytes;
	int line;
	int result;
	const struct key *keys; /* of this section; NULL: there was none, or one that is unknown */
	void *target;		/* what they fill */
	unsigned int *wrong;	/* its PART_*; never NULL */
	bool unknown;		/* keys of an unknown section are not looked at */
	int seen[KEYS_MAX];	/* line of each key of this section */
	struct wanted_listener spare; /* filled where a section is wrong: its keys are checked */
	struct wanted_rule spare_rule;
	struct wanted_signal spare_signal;
	char section[QUOTE_MAX]; /* as in the file, for messages */
	char quote[QUOTE_MAX];	 /* of a line that libinih must split; empty: none, or done */
};

#define COMPLAIN(reading, ...) \
	config_error((reading)->errors, (reading)->name, (reading)->line, __VA_ARGS__)

/* Begins the section of @line, which begins with '[' and is changed. */
void config_begin_section(struct reading *reading, char *line);

#endif
