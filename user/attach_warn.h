/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Saying what an attach to a running instance has not changed. */
#ifndef WEIR_ATTACH_WARN_H
#define WEIR_ATTACH_WARN_H

#include "attach_plan.h"
#include "instance.h"

/* Warns of everything that @request says and that is otherwise in @instance, which is on @links and
 * on what @attached has added. */
void attach_warn_differences(const struct attach_request *request, const struct instance *instance,
			     const struct links *links, const struct attach_plan *attached);

#endif
