// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Why an instance cannot be opened, in words. */
#include "instance.h"

#include <errno.h>
#include <stdio.h>

#include "absent.h"
#include "log.h"

const char *instance_fault(char buf[FAULT_TEXT_MAX], const struct instance *instance,
			   const struct pins *pins, int err)
{
	const char *name = instance->name, *map = instance_map_names[instance->fault];

	if (err == -ENOENT)
		absent_text(buf, pins, name);
	else if (err == -ENOTDIR)
		snprintf(buf, FAULT_TEXT_MAX,
			 "cannot use '%s/%s': it is not an instance; remove it with `rm %s/%s`",
			 pins->root, name, pins->root, name);
	else if (err == -ESTALE)
		snprintf(
			buf, FAULT_TEXT_MAX,
			"cannot use instance '%s': its state is that of an earlier weir (ABI %u); "
			"`weir attach DEV name %s` upgrades it and keeps limits, mode, buckets and "
			"counters",
			name, instance->control->abi, name);
	else if (err == -EPROTO)
		snprintf(buf, FAULT_TEXT_MAX,
			 "cannot use instance '%s': its state has ABI %u, which this weir (ABI %u) "
			 "does not know; use the weir that attached it, or `weir detach %s` and "
			 "attach again",
			 name, instance->control->abi, (unsigned int)WEIR_ABI, name);
	else if (err == -EXDEV)
		snprintf(buf, FAULT_TEXT_MAX,
			 "cannot use instance '%s': it belongs to another network namespace; enter "
			 "that with `nsenter --net=`, or attach under another name here: `weir "
			 "attach DEV name NAME`",
			 name);
	else if (err == -ENODATA)
		snprintf(buf, FAULT_TEXT_MAX,
			 "cannot use instance '%s': its state is incomplete, '%s' is missing; "
			 "`weir detach %s` and attach again",
			 name, map, name);
	else if (err == -EINVAL)
		snprintf(
			buf, FAULT_TEXT_MAX,
			"cannot use instance '%s': what is pinned as '%s' is not that map of this "
			"weir; use the weir that attached it, or `weir detach %s` and attach again",
			name, map, name);
	else
		snprintf(buf, FAULT_TEXT_MAX, "cannot open instance '%s': %s", name,
			 log_reason(err));
	return buf;
}
