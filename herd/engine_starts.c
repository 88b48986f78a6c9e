// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "herd/engine.h"
#include "herd/say.h"

#define STARTS_IN_A_ROW 8 /* before timers and sockets are looked at again */

/* Times of the group's own file, from starts[@first] on. */
static int read_schedule(struct engine *engine, const struct plan_group *group, uint32_t first)
{
	uint64_t *at_ns = calloc(group->devices, sizeof(*at_ns));
	FILE *file = fopen(group->schedule_file, "re");
	unsigned int line;
	const char *why;
	int err = 0;

	if (!at_ns || !file) {
		say_error("cannot read schedule '%s': %s", group->schedule_file, strerror(errno));
		err = -EINVAL;
	} else if (schedule_read(file, at_ns, group->devices, &line, &why)) {
		say_error("cannot read schedule '%s': line %u %s", group->schedule_file, line, why);
		err = -EINVAL;
	}
	for (uint32_t i = 0; !err && i < group->devices; i++)
		engine->starts[first + i] = (struct schedule_start){ at_ns[i], first + i };
	if (file)
		fclose(file);
	free(at_ns);
	return err;
}

int engine_start(struct engine *engine, uint64_t start_ns)
{
	const struct plan *plan = engine->plan;
	uint32_t first = 0;

	for (uint32_t i = 0; i < plan->groups_count; first += plan->groups[i++].devices) {
		const struct plan_group *group = &plan->groups[i];

		if (group->start == START_SCHEDULE && read_schedule(engine, group, first))
			return -EINVAL;
		for (uint32_t j = first;
		     group->start != START_SCHEDULE && j < first + group->devices; j++)
			engine->starts[j] = (struct schedule_start){
				schedule_draw(group, &engine->devices[j].chance), j
			};
	}
	schedule_sort(engine->starts, engine->devices_count);
	engine->starts_count = engine->devices_count;
	engine->start_ns = engine->tally.start_ns = start_ns;
	engine->storm = true;
	return 0;
}

/* Do as many attempts as a closed start allows go on already? */
static bool is_full(const struct engine *engine)
{
	const struct plan_group *group = &engine->plan->groups[0];

	return group->start == START_CLOSED &&
	       tally_under_way(&engine->tally) >= group->start_width;
}

void starts_run(struct engine *engine)
{
	for (int i = 0; i < STARTS_IN_A_ROW && !engine->frozen_ns &&
			engine->starts_next < engine->starts_count && !is_full(engine);
	     i++) {
		const struct schedule_start *start = &engine->starts[engine->starts_next];

		if (engine->start_ns + start->at_ns > engine->now_ns)
			return;
		engine->starts_next++;
		engine->now_ns = engine_clock_ns();
		engine_step(engine, start->device, EVENT_START, 0);
	}
}

bool starts_next_at(const struct engine *engine, uint64_t *at_ns)
{
	if (engine->frozen_ns || engine->starts_next >= engine->starts_count || is_full(engine))
		return false;
	*at_ns = engine->start_ns + engine->starts[engine->starts_next].at_ns;
	return true;
}
