/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A snapshot as JSON for programs, as render.h has it for people. Pure. docs/json.md says what
 * every key means; keys are added, never renamed or removed. */
#ifndef WEIR_JSON_INSTANCE_H
#define WEIR_JSON_INSTANCE_H

#include <jansson.h>

#include "snapshot.h"

/* Everything of one instance, and of @count of them in an array. */
json_t *json_instance(const struct snapshot *snapshot);
json_t *json_instances(const struct snapshot *snapshots, unsigned int count);
json_t *json_limit(const struct limit *limit);

#endif
