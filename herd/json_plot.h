/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* From the record of a run to what its picture needs. Pure. */
#ifndef HERD_JSON_PLOT_H
#define HERD_JSON_PLOT_H

#include <jansson.h>

#include "herd/plot.h"

/*
 * 0; or -EINVAL and *why says what is wrong with the record (docs/herd.md), -ENOMEM. On failure there
 * is nothing to free.
 */
int plot_run_read(const json_t *record, struct plot_run *run, const char **why);

#endif
