/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Snapshots of one instance, or of all. */
#ifndef WEIR_SURVEY_H
#define WEIR_SURVEY_H

#include "snapshot.h"

struct survey {
	struct snapshot *snapshots;
	unsigned int count;
	unsigned int unreadable; /* instances that are left out because of an error */
	unsigned int elsewhere;	 /* of other network namespaces, left out; named with -v */
};

/*
 * Of instance @name; NULL: of all in this network namespace. Errors have been reported; the first
 * is returned, the other instances are in the survey. -ENOENT: @name is not attached. No instance
 * at all is an empty survey and no error. Free it either way.
 */
int survey_take(struct survey *survey, const char *name);
void survey_free(struct survey *survey);

#endif
