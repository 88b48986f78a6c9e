/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Taking an instance off its devices. */
#ifndef WEIR_DETACH_H
#define WEIR_DETACH_H

#include "pins.h"

/*
 * Detaches every link of instance @name, whoever else holds it, and removes all that is pinned.
 * Pins that are not weir's stay, and the instance with them. The caller holds the lock. Errors
 * have been reported; -ENOENT: there is none.
 */
int detach_instance(const struct pins *pins, const char *name);

/*
 * The same for every instance of this network namespace and for what killed commands left of one.
 * Those of other namespaces are named and left alone. Continues after errors; returns the first.
 */
int detach_all(const struct pins *pins);

#endif
