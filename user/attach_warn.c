// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "attach_warn.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "plan.h"

/* After instance_devices() of the links that there were before. */
static void add_target(struct snapshot *snapshot, const struct target *target)
{
	struct snapshot_device *device = snapshot->devices;

	/* its dead link has made room */
	while (device < snapshot->devices + snapshot->devices_count &&
	       strcmp(device->name, target->device))
		device++;
	if (device == snapshot->devices + DEVICES_MAX)
		return;
	if (device == snapshot->devices + snapshot->devices_count)
		snapshot->devices_count++;
	*device = (struct snapshot_device){
		.state = DEVICE_ATTACHED,
		.native = target->native,
		.ifindex = target->ifindex,
	};
	snprintf(device->name, sizeof(device->name), "%s", target->device);
	snprintf(device->attached_as, sizeof(device->attached_as), "%s", target->device);
}

static void warn(const struct attach_request *request, const struct plan *plan)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	unsigned int different;

	if (!out)
		return;
	different = plan_print_said(out, plan, request->said);
	if (!fclose(out) && different)
		log_warning("'%s' runs already and keeps what is in force:\n%sto change it: "
			    "%s`weir limit`, `weir mode`, or detach and attach again",
			    request->name, text,
			    request->said & (SAYS_REST | SAYS_WINDOW) ? "`weir apply`, " : "");
	free(text);
}

void attach_warn_differences(const struct attach_request *request, const struct instance *instance,
			     const struct links *links, const struct attach_plan *attached)
{
	struct snapshot *snapshot = calloc(1, sizeof(*snapshot));
	struct plan plan = {};

	if (!snapshot)
		return;
	snapshot->policy = malloc(sizeof(*snapshot->policy));
	if (!snapshot->policy || instance_policy(instance, snapshot->policy))
		goto out;
	snapshot->now_ns = instance_now_ns();
	if (request->said & SAYS_REST && instance_rules(instance, &snapshot->rules))
		goto out;
	rules_expire(&snapshot->rules, snapshot->now_ns);
	rules_sort(&snapshot->rules);
	snapshot->control = *instance->control;
	instance_devices(snapshot, links);
	for (unsigned int i = 0; i < attached->count; i++)
		add_target(snapshot, &attached->target[i]);
	if (!plan_make(&plan, snapshot, &request->config, false, snapshot->now_ns))
		warn(request, &plan);
	plan_free(&plan);
out:
	instance_free_snapshot(snapshot);
	free(snapshot);
}
