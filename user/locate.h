/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Which instance is meant when none is named. */
#ifndef WEIR_LOCATE_H
#define WEIR_LOCATE_H

#include "abi.h"
#include "config.h"
#include "pins.h"

/*
 * The instance of this network namespace that is on a device of @config, or else was when that had
 * this name; if @config names no device, the only one. -ENOENT: there is none; -EINVAL: there are several. Errors have been
 * reported.
 */
int locate_instance(const struct pins *pins, const struct config *config,
		    char name[INSTANCE_NAME_MAX]);

#endif
