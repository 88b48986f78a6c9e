// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * usage: sim DIRECTORY [NAME]
 *
 * Runs every scenario, or those whose name contains NAME, with three seeds. Prints a table, and
 * leaves sim.json, and the series of each scenario's first seed as a .csv of its name, what is no letter
 * or digit being a -. 1 if one is missed.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "tests/sim/judge.h"

#define SEEDS 3

static double seconds(uint32_t ms)
{
	return ms == SIM_NEVER ? -1 : ms / 1000.0;
}

static double share(uint32_t part, uint32_t whole)
{
	return whole ? (double)part / whole : 0;
}

static void write_json(FILE *json, const char *name, uint32_t seed, const struct result *result,
		       const char *missed)
{
	static bool more;

	fprintf(json,
		"%s  {\"name\": \"%s\", \"seed\": %u, \"devices\": %u, \"connected\": %u, "
		"\"t50_s\": %.3f, \"t90_s\": %.3f, \"t99_s\": %.3f, \"all_s\": %.3f, "
		"\"finished\": %u, \"wasted\": %u, \"setup_p99_ms\": %.0f, \"window_least\": %.1f, "
		"\"window_most\": %.1f, \"jain\": %.3f, \"syns\": %llu, \"attempts\": %llu, "
		"\"missed\": \"%s\"}",
		more ? ",\n" : "", name, seed, result->devices, result->connected,
		seconds(result->t50_ms), seconds(result->t90_ms), seconds(result->t99_ms),
		seconds(result->all_ms), result->finished, result->wasted, result->p99_ms,
		result->window_least, result->window_most, result->jain,
		(unsigned long long)result->syns, (unsigned long long)result->attempts,
		missed ? missed : "");
	more = true;
}

static int write_series(const char *directory, const char *name, const struct result *result)
{
	char path[4096];
	size_t prefix = (size_t)snprintf(path, sizeof(path), "%.3900s/", directory);
	FILE *csv;

	snprintf(path + prefix, sizeof(path) - prefix, "%s.csv", name);
	for (char *c = path + prefix; c[4]; c++)
		if (!isalnum((unsigned char)*c))
			*c = '-';
	csv = fopen(path, "w");
	if (!csv)
		return -1;
	fprintf(csv,
		"seconds,connected,in_flight,window,setup_p90_ms,admitted_per_s,finished_per_s\n");
	for (uint32_t i = 0; i < result->points; i++) {
		const struct point *point = &result->series[i];

		fprintf(csv, "%.1f,%u,%u,%.0f,%.0f,%u,%u\n", i * SIM_STEP_MS / 1000.0,
			point->connected, point->in_flight, point->window, point->latency_ms,
			point->admitted * (1000 / SIM_STEP_MS),
			point->finished * (1000 / SIM_STEP_MS));
	}
	return fclose(csv);
}

static void print_row(const struct sim_case *sim_case, const struct result *result,
		      const char *missed)
{
	char t99[16] = "-", ratio[16] = "-";

	if (result->t99_ms != SIM_NEVER) {
		snprintf(t99, sizeof(t99), "%.1f", seconds(result->t99_ms));
		snprintf(ratio, sizeof(ratio), "%.2f", result->t99_ms / sim_case->ideal_ms);
	}
	printf("| %-34s | %4.0f | %5.1f %% | %5s | %4s | %4.1f %% | %4.0f | %3.0f..%-5.0f | %s |\n",
	       sim_case->scenario.name, sim_case->ideal_ms / 1000,
	       100 * share(result->connected, result->devices), t99, ratio,
	       100 * share(result->wasted, result->finished), result->p99_ms,
	       result->window_least > result->window_most ? 0 : result->window_least,
	       result->window_most, missed ? missed : "met");
}

/* 0: every seed met what was asked for. */
static int run_case(const char *directory, const struct sim_case *sim_case, FILE *json)
{
	const char *first_missed = NULL;
	struct result worst = { 0 };

	for (uint32_t seed = 1; seed <= SEEDS; seed++) {
		struct scenario scenario = sim_case->scenario;
		struct result result;
		const char *missed;

		scenario.seed = seed;
		result = sim_run(&scenario);
		missed = sim_judge(sim_case, &result);
		if (seed == 1 && write_series(directory, scenario.name, &result)) {
			fprintf(stderr, "sim: cannot write to '%s'\n", directory);
			return -1;
		}
		if (seed == 1 || missed || (!first_missed && result.t99_ms > worst.t99_ms))
			worst = result;
		if (missed)
			first_missed = missed;
		write_json(json, scenario.name, seed, &result, missed);
	}
	print_row(sim_case, &worst, first_missed);
	fflush(stdout);
	return first_missed ? 1 : 0;
}

int main(int argc, char **argv)
{
	const struct sim_case *storm;
	const char *only = argc > 2 ? argv[2] : "";
	char path[4096];
	int status = 0;
	FILE *json;

	if (argc < 2) {
		fprintf(stderr, "usage: sim DIRECTORY [NAME]\n");
		return 2;
	}
	snprintf(path, sizeof(path), "%s/sim.json", argv[1]);
	json = fopen(path, "w");
	if (!json) {
		fprintf(stderr, "sim: cannot write '%s'\n", path);
		return 1;
	}
	fprintf(json, "[\n");
	printf("| scenario, worst of %d seeds | ideal, s | connected | 99 %%, s | of ideal | "
	       "wasted | "
	       "set-up p99, ms | window | |\n|---|---|---|---|---|---|---|---|---|\n",
	       SEEDS);
	for (size_t i = 0; (storm = sim_case_at(i)); i++)
		if (strstr(storm->scenario.name, only))
			status |= run_case(argv[1], storm, json);
	fprintf(json, "\n]\n");
	return fclose(json) || status ? 1 : 0;
}
