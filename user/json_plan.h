/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The changes of a plan as JSON, as plan_print() has them for people. Pure. */
#ifndef WEIR_JSON_PLAN_H
#define WEIR_JSON_PLAN_H

#include <jansson.h>

#include "plan.h"

json_t *json_changes(const struct change *changes, unsigned int count);

#endif
