// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "tests/sim/judge.h"

#define POINT(seconds) ((seconds)*1000 / SIM_STEP_MS)

static uint32_t sum(const struct result *result, double from_s, double to_s, bool finished)
{
	uint32_t count = 0;

	for (uint32_t i = (uint32_t)POINT(from_s); i < POINT(to_s) && i < result->points; i++)
		count += finished ? result->series[i].finished : result->series[i].admitted;
	return count;
}

const char *check_unsqueezed(const struct result *result)
{
	if (result->refused)
		return "refused somebody";
	return result->window_most != result->window_least ? "the window moved" : NULL;
}

/* At 20 s authentication gets four times slower, at 50 s it is as before. */
const char *check_step(const struct result *result)
{
	uint32_t slow = 0;

	for (uint32_t i = POINT(27); i < POINT(50) && i < result->points; i++)
		slow += result->series[i].latency_ms > 500;
	if (slow > POINT(23) / 10)
		return "set-ups took over twice the target 7 s after the step";
	if (sum(result, 65, 70, true) < 0.9 * 400 * 5)
		return "less than 90 % of the capacity was used 15 to 20 s after it came back";
	return NULL;
}

/* At 15 s the controller dies; the lease lasts for 2 s. It comes back at 30 s. */
const char *check_killed(const struct result *result)
{
	for (uint32_t second = 1; second < 40; second++)
		if (!sum(result, second, second + 3, false))
			return "traffic stopped";
	/* half of the best goodput, which was 400/s */
	if (sum(result, 18, 29, false) > 11 * 230)
		return "more than the fallback rate without a controller";
	return NULL;
}

const char *check_frozen(const struct result *result)
{
	return result->window_most > 150 ? "a frozen signal raised the window" : NULL;
}

const char *check_flood(const struct result *result)
{
	if (result->window_least < 8)
		return "the flood closed the window";
	return result->forged_admitted > result->devices ? "the flood was let in" : NULL;
}

const char *sim_judge(const struct sim_case *sim_case, const struct result *result)
{
	if (result->cuts_too_soon)
		return "two cuts in a period";
	if (sim_case->connected_most > 0 &&
	    result->connected > sim_case->connected_most * result->devices)
		return "it did not collapse";
	if (sim_case->t99_most > 0 && (result->t99_ms == SIM_NEVER ||
				       result->t99_ms > sim_case->t99_most * sim_case->ideal_ms))
		return "99 % were connected too late";
	if (sim_case->wasted_most > 0 && result->wasted > sim_case->wasted_most * result->finished)
		return "too many set-ups were wasted";
	if (sim_case->p99_most_ms > 0 && result->p99_ms > sim_case->p99_most_ms)
		return "set-ups took too long";
	if (sim_case->jain_least > 0 && result->jain < sim_case->jain_least)
		return "hosts had unequal shares";
	return sim_case->check ? sim_case->check(result) : NULL;
}
