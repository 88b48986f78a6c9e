/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Records of processes that stormed one broker together, made into one. Pure. */
#ifndef HERD_JSON_JOIN_H
#define HERD_JSON_JOIN_H

#include <stdint.h>

#include <jansson.h>

#include "herd/json_check.h"

#define JSON_JOIN_NONE SIZE_MAX

struct json_join_error {
	size_t wrong; /* the record that will not do */
	size_t other; /* that it does not go together with, or JSON_JOIN_NONE */
	char why[JSON_CHECK_WHY_MAX];
};

/*
 * A new record, or NULL with *error. Runs are laid
 * over each other by the time they started. Counters and histograms are summed, so percentiles are as
 * exact as of one run; t50..t100 are exact to a thousandth of each run's devices.
 */
json_t *json_join(json_t *const *runs, size_t count, struct json_join_error *error);

#endif
