/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The command table: help, usage and dispatch come from it. */
#ifndef WEIR_COMMANDS_H
#define WEIR_COMMANDS_H

#include <stdbool.h>

#include "config.h"

enum exit_status {
	STATUS_DONE = 0,
	STATUS_FAILED = 1,
	STATUS_USAGE = 2,
	STATUS_NOT_ATTACHED = 3,
	STATUS_CHANGES = 4, /* diff found some */
};

struct command {
	const char *name;
	const char *usage; /* what follows the name */
	const char *summary;
	const char *details; /* for `weir help NAME`; may be NULL */
	bool changes;	     /* what it does counts, not what it says of it */
	/* @argv are the words after the name, NULL-ended */
	enum exit_status (*run)(int argc, char **argv);
};

extern const struct command command_attach;
extern const struct command command_detach;
extern const struct command command_show;
extern const struct command command_limit;
extern const struct command command_mode;
extern const struct command command_allow;
extern const struct command command_block;
extern const struct command command_forget;
extern const struct command command_check;
extern const struct command command_diff;
extern const struct command command_apply;
extern const struct command command_run;
extern const struct command command_metrics;
extern const struct command command_help;
extern const struct command command_version;

/* Ended by NULL. */
extern const struct command *const commands[];

const struct command *command_find(const char *name);
/* Says that the words are wrong, and how they should be. */
enum exit_status command_usage(const struct command *command, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* Says that @word is none of the NULL-ended @list of what there is as @what, and which is near. */
enum exit_status command_bad_word(const struct command *command, const char *what, const char *word,
				  const char *const *list);
/* STATUS_NOT_ATTACHED for -ENOENT, STATUS_FAILED for any other error, STATUS_DONE for 0. */
enum exit_status command_status(int err);
/* Are all words legal as an instance's name? Otherwise says so. */
int command_check_name(const struct command *command, const char *name);

#endif
