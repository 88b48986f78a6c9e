// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "attach_vlan.h"

#include <stdlib.h>

#include "log.h"
#include "offload.h"
#include "policy.h"

static bool device_hides(const char *device, uint32_t ifindex, bool sends)
{
	unsigned int tags = offload_tags(device);
	int matters = tags ? offload_matters(ifindex) : 0;

	if (!matters) {
		if (tags)
			log_detail("'%s' takes VLAN tags off before XDP sees them; "
				   "nothing here stands on it that takes tagged frames",
				   device);
		return false;
	}
	if (!sends)
		return true;
	if (matters < 0)
		log_warning("cannot tell whether there are VLANs on '%s': %s; excess is dropped, "
			    "neither held nor rejected",
			    device, log_reason(matters));
	else
		log_warning(
			"'%s' takes VLAN tags off before XDP sees them, and a RST or a SYN that "
			"was held would be without: excess is dropped; `ethtool -K %s%s%s`, "
			"then attach again",
			device, device, tags & OFFLOAD_CTAG ? " rxvlan off" : "",
			tags & OFFLOAD_STAG ? " rx-vlan-stag-hw-parse off" : "");
	return true;
}

bool attach_vlan_hidden(const struct attach_plan *plan, const struct links *links, bool sends)
{
	bool hidden = false;

	for (unsigned int i = 0; i < plan->count; i++)
		hidden |= device_hides(plan->target[i].device, plan->target[i].ifindex, sends);
	for (unsigned int i = 0; i < links->count; i++)
		if (links->link[i].state == LINK_HERE)
			hidden |= device_hides(links->link[i].device, links->link[i].ifindex,
					       sends);
	return hidden;
}

bool attach_vlan_hidden_now(const struct instance *instance, const struct attach_plan *plan,
			    const struct links *links)
{
	struct policy *policy = malloc(sizeof(*policy));
	bool sends = policy && !instance_policy(instance, policy) && policy_sends(policy);

	free(policy);
	return attach_vlan_hidden(plan, links, sends);
}
