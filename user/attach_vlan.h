/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Whether the devices of an instance show XDP the VLAN tags of frames, which RSTs and
 * SYNs that are put back need. */
#ifndef WEIR_ATTACH_VLAN_H
#define WEIR_ATTACH_VLAN_H

#include "attach_plan.h"
#include "instance.h"

/*
 * Does any device of @plan or @links take tags off frames that something above it waits for? If
 * excess is to be held or rejected, @sends, a warning says of each what would help.
 */
bool attach_vlan_hidden(const struct attach_plan *plan, const struct links *links, bool sends);
/* The same, with what the policy in force says. */
bool attach_vlan_hidden_now(const struct instance *instance, const struct attach_plan *plan,
			    const struct links *links);

#endif
