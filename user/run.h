/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The loop of `weir run`. */
#ifndef WEIR_RUN_H
#define WEIR_RUN_H

#include "config.h"
#include "pins.h"

#define RUN_INSTANCES_MAX 64

/* Serves the named instances of this network namespace until a signal ends it, or the last of them
 * is detached. @config: whose signals are read, or NULL. Errors have been reported. */
int run(const char *const *names, unsigned int count, const struct config *config);

#endif
