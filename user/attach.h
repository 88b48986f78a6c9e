/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Putting an instance on its devices, or a new program under a running one. */
#ifndef WEIR_ATTACH_H
#define WEIR_ATTACH_H

#include <stdbool.h>

#include "config.h"
#include "pins.h"
#include "policy.h"

struct attach_request {
	const char *name;
	struct config config; /* checked, with devices */
	unsigned int said;    /* of config, POLICY_SAYS_* */
};

/*
 * Makes instance request->name with the state that request->config asks for and attaches it to
 * every device, or to none and leaves nothing. The caller holds the lock. Errors have been
 * reported.
 */
int attach_create(const struct pins *pins, const struct attach_request *request);

/*
 * The instance runs already: puts this program under all its links without a frame unjudged, and
 * attaches to devices of the request that it is not on yet. Limits, mode, buckets and counters
 * stay; where the request differs from them, a warning says so.
 */
int attach_take_over(const struct pins *pins, const struct attach_request *request);

/* Has @name a link to any device? If not, what is there is the rest of an interrupted attach. */
bool attach_is_running(const struct pins *pins, const char *name);

#endif
