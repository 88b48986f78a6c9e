/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Devices that went away and came back. */
#ifndef WEIR_REATTACH_H
#define WEIR_REATTACH_H

#include "instance.h"

/*
 * Puts the program of @instance on every device again that it has lost and that is there once more,
 * and warns of it. Where that fails, it warns, too, and the instance is as it was. It
 * warns as well of devices that are without it because somebody took it off. The caller holds the lock alone.
 */
void reattach(const struct pins *pins, const struct instance *instance);

/* Is any of its lost devices there again? */
bool reattach_is_due(const struct snapshot *snapshot);

#endif
