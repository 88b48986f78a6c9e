// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "herd/knee.h"

#include <stdlib.h>
#include <string.h>

#define GAIN 1.05   /* less is noise */
#define ENOUGH 0.95 /* of the best rate, at the knee */
#define FLAT_MAX 2U
#define STEADY 0.7 /* of the best, for the result to be believed */

void knee_init(struct knee *knee, uint32_t width_max)
{
	*knee = (struct knee){ .width = 1, .width_max = width_max };
}

static int by_rate(const void *a, const void *b)
{
	double left = *(const double *)a, right = *(const double *)b;

	return left < right ? -1 : left > right;
}

static double median(const double *values, unsigned int count)
{
	double sorted[KNEE_FINAL_WINDOWS];

	if (!count)
		return 0;
	memcpy(sorted, values, count * sizeof(*values));
	qsort(sorted, count, sizeof(*sorted), by_rate);
	return count % 2 ? sorted[count / 2] : (sorted[count / 2 - 1] + sorted[count / 2]) / 2;
}

/* The final windows must not contradict what was seen on the way. */
static void judge(struct knee *knee)
{
	knee->unsteady = knee->capacity_per_sec < STEADY * knee->best_per_sec ||
			 knee->best_per_sec < STEADY * knee->capacity_per_sec;
	knee->done = true;
}

static void find_knee(struct knee *knee)
{
	for (unsigned int i = 0; i < knee->steps_count; i++) {
		if (knee->steps[i].per_sec < ENOUGH * knee->best_per_sec)
			continue;
		knee->knee_width = knee->steps[i].width;
		return;
	}
	knee->knee_width = knee->width;
}

/* Twice the knee: with no more than the knee, the broker idles while a client takes its turn. */
static void begin_final(struct knee *knee)
{
	find_knee(knee);
	/* at the greatest width one doubling without gain has to do */
	knee->found = knee->flat > 0 && knee->best_per_sec > 0;
	knee->final = true;
	knee->width = knee->knee_width * 2 < knee->width_max ? knee->knee_width * 2
							     : knee->width_max;
}

static void end_step(struct knee *knee)
{
	double rate = median(knee->windows, knee->windows_count);
	bool gained = rate > GAIN * knee->best_per_sec;

	if (knee->steps_count < sizeof(knee->steps) / sizeof(knee->steps[0]))
		knee->steps[knee->steps_count++] = (struct knee_step){ knee->width, rate };
	knee->windows_count = 0;
	if (rate > knee->best_per_sec)
		knee->best_per_sec = rate;
	knee->flat = gained ? 0 : knee->flat + 1;
	if (knee->flat >= FLAT_MAX || knee->width >= knee->width_max)
		begin_final(knee);
	else
		knee->width = knee->width * 2 < knee->width_max ? knee->width * 2 : knee->width_max;
}

bool knee_feed(struct knee *knee, double per_sec)
{
	if (knee->done)
		return false;
	knee->windows[knee->windows_count++] = per_sec;
	if (knee->final && knee->windows_count == KNEE_FINAL_WINDOWS) {
		knee->capacity_per_sec = median(knee->windows, knee->windows_count);
		judge(knee);
	} else if (!knee->final && knee->windows_count == KNEE_WINDOWS) {
		end_step(knee);
		return true;
	}
	return false;
}

void knee_end(struct knee *knee)
{
	if (knee->done)
		return;
	if (knee->final && knee->windows_count >= KNEE_WINDOWS) {
		knee->capacity_per_sec = median(knee->windows, knee->windows_count);
	} else {
		if (!knee->final && knee->windows_count) {
			end_step(knee);
			/* on fewer windows than it takes to tell */
			knee->final = knee->found = false;
		}
		find_knee(knee);
		knee->capacity_per_sec = knee->best_per_sec;
	}
	judge(knee);
}
