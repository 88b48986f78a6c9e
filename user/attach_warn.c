// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "attach_warn.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "datapath.h"
#include "log.h"
#include "policy.h"

/* What is requested is there now, so only more than that can differ. */
static unsigned int compare_devices(const struct config *config, const struct links *links,
				    const struct attach_plan *plan, FILE *out)
{
	const char *separator = "devices: ";
	bool more = false;

	for (unsigned int i = 0; i < links->count; i++)
		more |= !attach_requests(config, links->link[i].device);
	if (!more)
		return 0;
	for (unsigned int i = 0; i < links->count; i++) {
		fprintf(out, "%s%s", separator, links->link[i].device);
		separator = ", ";
	}
	for (unsigned int i = 0; i < plan->count; i++) {
		bool named = false;

		for (unsigned int j = 0; j < links->count; j++)
			named |= !strcmp(plan->target[i].device, links->link[j].device);
		if (!named)
			fprintf(out, "%s%s", separator, plan->target[i].device);
	}
	separator = " in force, ";
	for (unsigned int i = 0; i < config->devices_count; i++) {
		fprintf(out, "%s%s", separator, config->devices[i]);
		separator = ", ";
	}
	fprintf(out, " wanted\n");
	return 1;
}

static unsigned int compare_xdp(const struct config *config, const struct links *links, FILE *out)
{
	unsigned int different = 0;

	for (unsigned int i = 0; i < links->count; i++) {
		const struct link *link = &links->link[i];
		enum xdp_mode mode = link->native ? XDP_NATIVE : XDP_GENERIC;

		if (link->state != LINK_HERE || config->xdp == XDP_AUTO || config->xdp == mode)
			continue;
		fprintf(out, "%s xdp: %s in force, %s wanted\n", link->device, xdp_names[mode],
			xdp_names[config->xdp]);
		different++;
	}
	return different;
}

static unsigned int compare_sources(const struct attach_request *request,
				    const struct instance *instance, FILE *out)
{
	uint32_t slots = instance->control->source_slots, wanted = request->config.sources;

	if (!(request->said & POLICY_SAYS_REST) || datapath_slots(wanted) == slots)
		return 0;
	fprintf(out, "sources: %u in force, %u wanted\n", slots, wanted);
	return 1;
}

void attach_warn_differences(const struct attach_request *request, const struct instance *instance,
			     const struct links *links, const struct attach_plan *plan)
{
	struct policy *policy = malloc(sizeof(*policy));
	unsigned int different;
	char *text = NULL;
	size_t size;
	FILE *out;

	if (!policy || instance_policy(instance, policy))
		goto out;
	out = open_memstream(&text, &size);
	if (!out)
		goto out;
	different = compare_devices(&request->config, links, plan, out);
	different += compare_xdp(&request->config, links, out);
	different += compare_sources(request, instance, out);
	different += policy_differences(policy, &request->config, request->said, out);
	if (!fclose(out) && different)
		log_warning("'%s' runs already and keeps what is in force:\n%sto change it: `weir "
			    "limit`, `weir mode`, or detach and attach again",
			    request->name, text);
out:
	free(text);
	free(policy);
}
