/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Where more concurrency brings no more: a closed loop's width is doubled until two doublings in a
 * row gain less than a twentieth, then the best width is measured for longer. Pure.
 */
#ifndef HERD_KNEE_H
#define HERD_KNEE_H

#include <stdbool.h>
#include <stdint.h>

#define KNEE_WINDOWS 3	     /* of a width while it is sought */
#define KNEE_FINAL_WINDOWS 9 /* of the width that was found */

struct knee {
	uint32_t width, width_max;
	uint32_t knee_width; /* the smallest that reaches 95 % of the best */
	double best_per_sec;
	unsigned int flat; /* doublings in a row without gain */
	bool final;	   /* the search is over, and its result is measured */
	bool found; /* wider brought no more; else what was best so far is all that is known */
	bool done;
	double windows[KNEE_FINAL_WINDOWS];
	unsigned int windows_count;
	double capacity_per_sec; /* when done: median of the final windows; 0: nothing connects */
	bool unsteady;		 /* the windows differ too much for the figure to be trusted */
	struct knee_step {
		uint32_t width;
		double per_sec;
	} steps[32];
	unsigned int steps_count;
};

void knee_init(struct knee *knee, uint32_t width_max);
/* The rate in one more window at knee->width, which may then be another; true: it is. */
bool knee_feed(struct knee *knee, double per_sec);
/* There is no time for more: what has been measured has to do. */
void knee_end(struct knee *knee);

#endif
