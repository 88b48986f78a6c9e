/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The devices of a plan, and their XDP mode. Pure. */
#ifndef WEIR_PLAN_DEVICES_H
#define WEIR_PLAN_DEVICES_H

#include "plan.h"

void plan_devices(struct plan *plan, const struct snapshot *in_force, const struct config *wanted);

#endif
