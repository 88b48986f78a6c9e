/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The prefix rules of a plan. Pure. */
#ifndef WEIR_PLAN_RULES_H
#define WEIR_PLAN_RULES_H

#include "plan.h"

/* There may be thousands: so many are listed where not all of them need be. */
#define PLAN_RULES_SHOWN_MAX 20

/* After plan_listeners(). 0, -ENOMEM or -E2BIG: see plan_make(). */
int plan_rules(struct plan *plan, const struct snapshot *in_force, const struct config *wanted);

/* Is it a change of one rule? */
bool plan_is_rule(const struct change *change);

#endif
