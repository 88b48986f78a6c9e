/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Is it the record of a storm as docs/herd.md has it, and one that was not given before? Pure. */
#ifndef HERD_JSON_CHECK_H
#define HERD_JSON_CHECK_H

#include <stdbool.h>

#include <jansson.h>

#define JSON_CHECK_WHY_MAX 256

/* Every number in it must be one that a run may have. 0, or -EINVAL and @why says what is wrong and
 * where, to follow the record's name. */
int json_check_storm(const json_t *record, char why[JSON_CHECK_WHY_MAX]);

/* What tells a run from all others; of a joined record, of each. A new array, or NULL. */
json_t *json_check_runs(const json_t *record);
/*
 * Notes the runs of record number @place in the object @seen. 0; -EEXIST if one of them is there
 * already, of record *other; -ENOMEM.
 */
int json_check_once(json_t *seen, const json_t *record, size_t place, size_t *other);

#endif
