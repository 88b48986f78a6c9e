/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* When each device of a group begins. Pure. */
#ifndef HERD_SCHEDULE_H
#define HERD_SCHEDULE_H

#include <stdint.h>
#include <stdio.h>

#include "herd/plan.h"

struct schedule_start {
	uint64_t at_ns; /* after the start of the run */
	uint32_t device;
};

/* Of a device of a group that starts by a distribution; an exponential one is cut at ten means. */
uint64_t schedule_draw(const struct plan_group *group, struct chance *chance);
void schedule_sort(struct schedule_start *starts, uint32_t count);

/*
 * A recorded schedule: seconds since the start, one device a line ("0.25"), in any order; empty
 * lines and what follows '#' do not count. Fills at_ns[]; if it has fewer than @count, the devices
 * that are left begin with its lines again. 0, or -EINVAL with *line and *why.
 */
int schedule_read(FILE *file, uint64_t *at_ns, uint32_t count, unsigned int *line,
		  const char **why);

#endif
