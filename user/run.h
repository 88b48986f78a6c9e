/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The loop of `weir run`. */
#ifndef WEIR_RUN_H
#define WEIR_RUN_H

#include "config.h"

#define RUN_INSTANCES_MAX 64

struct run_request {
	const char *const *names;
	unsigned int count;
	const char *file;	     /* that is read again and applied at SIGHUP; NULL: none */
	const struct config *config; /* of it; whose signals are read */
};

/*
 * Serves the named instances of this network namespace until SIGINT or SIGTERM ends it, or the last
 * of them is detached. Errors have been reported.
 */
int run(const struct run_request *request);

#endif
