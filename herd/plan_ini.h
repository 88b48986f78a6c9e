/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A mixed fleet from an INI file, by libinih. Pure but for the FILE that is handed in. */
#ifndef HERD_PLAN_INI_H
#define HERD_PLAN_INI_H

#include <stdio.h>

#include "herd/plan_words.h"

/*
 * Sections [run] and [devices NAME], the keys the words of plan_words.h; `KEY = yes` for a word that
 * stands alone. 0, or -EINVAL with *line (0: no one line) and reading->message.
 */
int plan_read_ini(struct plan_reading *reading, FILE *file, unsigned int *line);

#endif
