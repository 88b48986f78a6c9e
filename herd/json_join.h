/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Records of processes that stormed one broker together, made into one. Pure. */
#ifndef HERD_JSON_JOIN_H
#define HERD_JSON_JOIN_H

#include <jansson.h>

/*
 * A new record, or NULL with *wrong, the place of the record that will not do, and *why. Runs are laid
 * over each other by the time they started. Counters and histograms are summed, so percentiles are as
 * exact as of one run; t50..t100 are exact to a thousandth of each run's devices.
 */
json_t *json_join(json_t *const *runs, size_t count, size_t *wrong, const char **why);

#endif
