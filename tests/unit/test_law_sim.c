// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The law among simulated herds, the short part: `make sim` runs all of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/sim/judge.h"

static void run(void **state)
{
	const struct sim_case *sim_case = *state;
	struct scenario scenario = sim_case->scenario;
	struct result result;
	const char *missed;

	scenario.seed = 7;
	result = sim_run(&scenario);
	missed = sim_judge(sim_case, &result);
	if (missed)
		fail_msg("%s: %s (%u of %u connected, 99 %% after %d ms, %u of %u wasted)",
			 scenario.name, missed, result.connected, result.devices,
			 (int)result.t99_ms, result.wasted, result.finished);
}

int main(void)
{
	struct CMUnitTest tests[64] = { 0 };
	size_t count = 0;

	for (size_t i = 0; i < sim_cases_count && count < 64; i++)
		if (sim_cases[i].brief)
			tests[count++] = (struct CMUnitTest){
				.name = sim_cases[i].scenario.name,
				.test_func = run,
				.initial_state = (void *)&sim_cases[i],
			};
	return _cmocka_run_group_tests("storms", tests, count, NULL, NULL);
}
