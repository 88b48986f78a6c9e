// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "herd/commands.h"
#include "herd/run.h"

static enum herd_status run_linux(const struct plan *plan)
{
	return plan->capacity ? run_capacity(plan) : run_storm(plan);
}

const struct herd_stack herd_stacks[] = {
	{ "linux", "the TCP of this kernel", run_linux },
	{ 0 },
};
