/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The queue of a listener as JSON, as docs/json.md describes it. Pure. */
#ifndef WEIR_JSON_QUEUE_H
#define WEIR_JSON_QUEUE_H

#include <jansson.h>

#include "snapshot.h"

/* A new reference. */
json_t *json_queue(const struct snapshot *snapshot, unsigned int id);

#endif
