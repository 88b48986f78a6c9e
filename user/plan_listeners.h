/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The listeners of a plan: which id each has, and what changes in it. Pure. */
#ifndef WEIR_PLAN_LISTENERS_H
#define WEIR_PLAN_LISTENERS_H

#include "plan.h"

/* Returns 0, or -ENOSPC: see plan_make(). */
int plan_listeners(struct plan *plan, const struct snapshot *in_force, const struct config *wanted);

/* Of plan_window.c. */
void plan_window(struct plan *plan, struct listener *listener, const struct wanted_listener *wanted,
		 const char *where);

#endif
