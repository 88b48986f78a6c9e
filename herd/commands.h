/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The command table. A command joins by a struct herd_command of its own and a row in main.c; what
 * plays the devices of a run (`stack NAME`) by a row in stacks.c.
 */
#ifndef HERD_COMMANDS_H
#define HERD_COMMANDS_H

#include "herd/plan.h"

enum herd_status {
	STATUS_DONE = 0,
	STATUS_FAILED = 1,
	STATUS_USAGE = 2,
};

struct herd_command {
	const char *name;
	const char *usage; /* what follows `herd`, the name included */
	const char *summary;
	const char *details; /* for `herd help NAME`; may be NULL */
	/* @argv are the words after the name, NULL-ended */
	enum herd_status (*run)(int argc, char **argv);
};

extern const struct herd_command command_run; /* HOST PORT ... and FILE.ini: has no name to say */
extern const struct herd_command command_capacity; /* for `herd help capacity` */
extern const struct herd_command command_join;
extern const struct herd_command command_relay;
extern const struct herd_command command_flood;
extern const struct herd_command command_help;
extern const struct herd_command command_version;

/* Ended by NULL. */
extern const struct herd_command *const herd_commands[];

const struct herd_command *command_find(const char *name);
/* Says that the words are wrong, and how they should be. */
enum herd_status command_usage(const struct herd_command *command, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

struct herd_stack {
	const char *name;
	const char *summary;
	/* Runs and reports @plan, whose words are all checked. */
	enum herd_status (*run)(const struct plan *plan);
};

/* Ended by a NULL name. */
extern const struct herd_stack herd_stacks[];

#endif
