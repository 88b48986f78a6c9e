/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The records of `herd relay` and `herd flood`. @path "-" is standard output. */
#ifndef HERD_JSON_RAW_H
#define HERD_JSON_RAW_H

#include "herd/flood.h"
#include "herd/relay.h"

/* Errors have been reported. */
int json_raw_relay(const char *path, const struct relay_plan *plan,
		   const struct relay_report *report);
int json_raw_flood(const char *path, const struct flood_plan *plan,
		   const struct flood_report *report);

#endif
