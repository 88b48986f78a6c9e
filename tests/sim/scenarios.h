/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The storms that the law has to get through, and how much it has to reach in each (judge.h). */
#ifndef WEIR_TESTS_SIM_SCENARIOS_H
#define WEIR_TESTS_SIM_SCENARIOS_H

#include <stddef.h>

#include "tests/sim/sim.h"

struct sim_case {
	struct scenario scenario;
	double ideal_ms;       /* devices / capacity */
	double t99_most;       /* of ideal_ms; 0: any */
	double connected_most; /* share of the devices at the end, where it has to collapse; 0: any */
	double wasted_most;    /* share of finished set-ups; 0: any */
	double p99_most_ms;    /* of the set-up latency; 0: any */
	double jain_least;     /* 0: any */
	/* NULL, or what is wrong. */
	const char *(*check)(const struct result *result);
	bool brief; /* a part of the unit tests */
};

/* Case @i, from 0 on; NULL: there is none. */
const struct sim_case *sim_case_at(size_t i);

/* A part of them (scenarios_clients.c). */
extern const struct sim_case sim_client_cases[];
extern const size_t sim_client_cases_count;

#endif
