/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Which instance is meant when none is named. */
#ifndef WEIR_LOCATE_H
#define WEIR_LOCATE_H

#include "abi.h"
#include "config.h"
#include "pins.h"

/*
 * The instance of this network namespace that is on a device of @config, or else was when that had
 * this name; if @config is NULL or names no device, the only one. -ENOENT: there
 * is none; -EINVAL: there are several. Errors have been reported.
 */
int locate_instance(const struct pins *pins, const struct config *config,
		    char name[INSTANCE_NAME_MAX]);
/* Says that there is no instance @name, or none at all if NULL, since nothing is attached. */
void locate_none(const char *name);

#endif
