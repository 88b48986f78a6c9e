/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The records of `herd relay` and `herd flood`. */
#ifndef HERD_JSON_RAW_H
#define HERD_JSON_RAW_H

#include <jansson.h>

#include "herd/flood.h"
#include "herd/relay.h"

#define JSON_RAW_FLAGS JSON_INDENT(2)

json_t *json_raw_relay(const struct relay_plan *plan, const struct relay_report *report);
json_t *json_raw_flood(const struct flood_plan *plan, const struct flood_report *report);

#endif
