/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A configuration and a running instance: what would change, and making it so. */
#ifndef WEIR_APPLY_H
#define WEIR_APPLY_H

#include "plan.h"

struct apply_request {
	const char *name; /* NULL: see locate_instance() */
	const struct config *config;
	bool reset;
};

/*
 * Plans what request->config changes. -ENOENT: the instance is not attached. Errors have been
 * reported. Free the plan either way.
 */
int apply_look(const struct apply_request *request, struct plan *plan);
/* The same, and makes all live changes at once, or none. */
int apply_make(const struct apply_request *request, struct plan *plan);

#endif
