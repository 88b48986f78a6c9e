/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A picture of runs: connected devices over time, as a script for gnuplot. Pure. */
#ifndef HERD_PLOT_H
#define HERD_PLOT_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* As many as have a colour of their own. */
#define PLOT_RUNS_MAX 8

struct plot_point {
	double second; /* since the start; of the first point above 0 */
	double connected;
};

struct plot_run {
	char label[80];
	uint32_t devices;
	uint32_t connected;	 /* at the end */
	double capacity_per_sec; /* 0: not known */
	double t100_seconds;	 /* below 0: never were all connected */
	struct plot_point *points;
	size_t points_count;
};

void plot_run_free(struct plot_run *run);

/* Writes the script, complete with its data; gnuplot then writes the SVG to its standard output.
 * 1..PLOT_RUNS_MAX runs; @title may be NULL. The caller checks @out for errors. */
void plot_write(FILE *out, const struct plot_run *runs, size_t count, const char *title);

#endif
