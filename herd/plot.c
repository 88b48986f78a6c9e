// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "herd/plot.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* Okabe and Ito's colours, which are told apart by the colour-blind; dark enough on white. */
static const char *const colours[PLOT_RUNS_MAX] = {
	"#d55e00", "#0072b2", "#009e73", "#cc79a7", "#b8860b", "#56b4e9", "#7f3c8d", "#000000",
};

void plot_run_free(struct plot_run *run)
{
	free(run->points);
	run->points = NULL;
	run->points_count = 0;
}

/* As a string of gnuplot in which nothing has a meaning but the quote itself. */
static void write_quoted(FILE *out, const char *text)
{
	fputc('\'', out);
	for (; *text; text++) {
		if (*text == '\'')
			fputc('\'', out);
		fputc((unsigned char)*text < 0x20 ? ' ' : *text, out);
	}
	fputc('\'', out);
}

/* Is there a line for the same devices at the same capacity already? */
static bool ideal_is_drawn(const struct plot_run *runs, size_t place)
{
	const struct plot_run *run = &runs[place];

	for (size_t i = 0; i < place; i++)
		if (runs[i].devices == run->devices &&
		    runs[i].capacity_per_sec == run->capacity_per_sec)
			return true;
	return run->capacity_per_sec <= 0;
}

static void write_data(FILE *out, const struct plot_run *runs, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct plot_run *run = &runs[i];
		double ideal_seconds = run->devices / run->capacity_per_sec;

		if (!ideal_is_drawn(runs, i))
			fprintf(out, "$ideal%zu << EOD\n0 0\n%.3f %u\nEOD\n", i, ideal_seconds,
				run->devices);
		fprintf(out, "$run%zu << EOD\n0 0\n", i);
		for (size_t j = 0; j < run->points_count; j++)
			fprintf(out, "%.3f %.0f\n", run->points[j].second,
				run->points[j].connected);
		fputs("EOD\n", out);
		if (run->t100_seconds >= 0)
			fprintf(out, "$all%zu << EOD\n%.3f %u\nEOD\n", i, run->t100_seconds,
				run->devices);
	}
}

/* The name of a line and what came of it. */
static void write_line(FILE *out, const struct plot_run *run, size_t place)
{
	char text[sizeof(run->label) + 64];

	if (run->t100_seconds >= 0)
		snprintf(text, sizeof(text), "%s: all after %.1f s", run->label, run->t100_seconds);
	else
		snprintf(text, sizeof(text), "%s: %u of %u", run->label, run->connected,
			 run->devices);
	fprintf(out, ", \\\n     $run%zu using 1:2 with lines lw 2.5 lc rgb '%s' title ", place,
		colours[place % PLOT_RUNS_MAX]);
	write_quoted(out, text);
	if (run->t100_seconds >= 0)
		fprintf(out,
			", \\\n     $all%zu using 1:2 with points pt 7 ps 0.9 lc rgb '%s' notitle",
			place, colours[place % PLOT_RUNS_MAX]);
}

void plot_write(FILE *out, const struct plot_run *runs, size_t count, const char *title)
{
	uint32_t most = 0;

	/* a ground of its own, so that it is as legible on a dark page */
	fputs("set terminal svg size 960,540 noenhanced font 'sans-serif,15' background '#ffffff'\n"
	      "set border 3 lc rgb '#404040'\n"
	      "set tics nomirror textcolor rgb '#202020'\n"
	      "set grid ytics lc rgb '#dddddd' lw 1 dt 1\n"
	      "set key below left horizontal Left reverse maxcols 2 samplen 2 spacing 1.2 width -8 "
	      "textcolor rgb '#202020'\n"
	      "set xlabel 'seconds since the start' textcolor rgb '#202020'\n"
	      "set ylabel 'devices connected' textcolor rgb '#202020'\n",
	      out);
	if (title) {
		fputs("set title ", out);
		write_quoted(out, title);
		fputs(" textcolor rgb '#202020'\n", out);
	}
	for (size_t i = 0; i < count; i++)
		most = runs[i].devices > most ? runs[i].devices : most;
	fprintf(out, "set yrange [0:%.0f]\nset xrange [0:*]\nset autoscale xfixmax\n", most * 1.06);
	write_data(out, runs, count);
	/* of no length: it only makes every line that follows begin with a comma */
	fputs("plot 1/0 notitle", out);
	for (size_t i = 0; i < count; i++)
		if (!ideal_is_drawn(runs, i))
			fprintf(out,
				", \\\n     $ideal%zu using 1:2 with lines lw 1.5 dt 2 lc rgb "
				"'#606060' title 'ideal: %u at %.0f/s, %.1f s'",
				i, runs[i].devices, runs[i].capacity_per_sec,
				runs[i].devices / runs[i].capacity_per_sec);
	for (size_t i = 0; i < count; i++)
		write_line(out, &runs[i], i);
	fputc('\n', out);
}
