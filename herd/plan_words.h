/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The words of a run, from the command line or from a line of an INI file, into a plan. Pure. */
#ifndef HERD_PLAN_WORDS_H
#define HERD_PLAN_WORDS_H

#include "herd/plan.h"

#define PLAN_MESSAGE_MAX 512

/* Whose words are legal. */
enum plan_scope {
	SCOPE_RUN = 1,
	SCOPE_GROUP = 2
};

struct plan_reading {
	struct plan *plan;
	struct plan_group *group; /* for words of SCOPE_GROUP */
	unsigned int scopes;	  /* enum plan_scope */
	uint64_t seen;		  /* by place in the table, so that none is said twice */
	uint64_t said;		  /* as seen, in any section */
	char message[PLAN_MESSAGE_MAX];
};

/* Every default that does not depend on what is said; no groups. */
void plan_init(struct plan *plan);
/* A group of defaults, appended; NULL: there are too many. */
struct plan_group *plan_add_group(struct plan *plan, const char *name);

/* All of the NULL-ended @words. 0, or -EINVAL with a message. */
int plan_take_words(struct plan_reading *reading, const char *const *words);
/* HOST and PORT. */
int plan_take_target(struct plan_reading *reading, const char *host, const char *port);
/* The rest of the defaults, and what does not go together. */
int plan_finish(struct plan_reading *reading);

#endif
