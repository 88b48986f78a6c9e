/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The JSON record of a run, as docs/herd.md has it. Pure. */
#ifndef HERD_JSON_REPORT_H
#define HERD_JSON_REPORT_H

#include <jansson.h>

#include "herd/report.h"

#define HERD_SCHEMA 1

json_t *json_report(const struct report *report);

/* Shared with json_join.c. */
json_t *json_ns_percentiles(const struct hist *hist, double unit_ns, bool with_p90);
json_t *json_attempts(const struct hist *hist);
json_t *json_hist(const struct hist *hist); /* [[bucket, count], ...] */
/* Adds to @hist; -EINVAL if @json is not such, or too much. */
int json_hist_read(const json_t *json, struct hist *hist);

#endif
