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
	const struct sim_case *storm;
	size_t count = 0;

	for (size_t i = 0; count < 64 && (storm = sim_case_at(i)); i++)
		if (storm->brief)
			tests[count++] = (struct CMUnitTest){
				.name = storm->scenario.name,
				.test_func = run,
				.initial_state = (void *)storm,
			};
	return _cmocka_run_group_tests("storms", tests, count, NULL, NULL);
}
