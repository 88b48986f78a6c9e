/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Putting an instance on its devices, or a new program under a running one. */
#ifndef WEIR_ATTACH_H
#define WEIR_ATTACH_H

#include <stdbool.h>

#include "config.h"
#include "pins.h"
#include "plan_said.h"

struct attach_request {
	const char *name;
	bool is_named;	      /* else the name is that of the first device */
	struct config config; /* checked, with devices */
	unsigned int said;    /* of config, SAYS_* */
	bool overrides_mode;  /* the mode is not the file's */
};

/*
 * Makes instance request->name with the state that request->config asks for and attaches it to
 * every device, or to none and leaves nothing.
 *
 * If it exists already, puts this program under all its links without a frame unjudged, and
 * attaches to devices of the request that it is not on yet, or to none of them. Limits, mode,
 * buckets and counters stay; where the request differs from them, a warning says so.
 *
 * The caller holds the lock. *made: it did not exist. Errors have been reported.
 */
int attach_run(const struct pins *pins, const struct attach_request *request, bool *made);

#endif
