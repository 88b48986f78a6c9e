// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "tests/sim/scenarios.h"

#define POINT(seconds) ((seconds)*1000 / SIM_STEP_MS)

/* 5000 devices that wait 5 s and come back after 1 to 3 s; HAProxy with RSA-4096 on one core. */
#define HERD                                                                       \
	.round_trip_ms = 2, .until_ms = 100000,                                    \
	.fleet = { { &linux_new, 5000, 100, 5000, BACKOFF_UNIFORM, 1000, 3000 } }, \
	.broker = { .discipline = IN_TURN, .cores = 1, .work_ms = 4.545, .fixed = true }

/* Four cores of TLS behind which authentication is the bottleneck: 400/s. */
#define SHARED_AUTH                                                                           \
	.discipline = SHARED, .cores = 4, .work_ms = 8, .inflation = 0.25, .auth_servers = 2, \
	.auth_ms = 5
#define JITTERED(stack, patience_ms)                                             \
	{                                                                        \
		stack, 20000, 500, patience_ms, BACKOFF_FULL_JITTER, 1000, 60000 \
	}
#define STUBBORN(stack, patience_ms, pause_ms)                                          \
	{                                                                               \
		stack, 20000, 500, patience_ms, BACKOFF_EXPONENTIAL, pause_ms, pause_ms \
	}
#define IMPULSE(stacked...) .round_trip_ms = 50, .until_ms = 200000, .fleet = { stacked }
#define JITTERED_IMPULSE IMPULSE(JITTERED(&linux_new, 10000)), .broker = { SHARED_AUTH }
/* A signal, how old it is at best, and how often it is read. */
#define READ(what, lag, every) .kind = what, .lag_ms = lag, .period_ms = every
#define NO_QUEUE_TO_SPEAK_OF 600 /* ms; p99 of work that is exponential is six means */

static uint32_t sum(const struct result *result, double from_s, double to_s, bool finished)
{
	uint32_t count = 0;

	for (uint32_t i = (uint32_t)POINT(from_s); i < POINT(to_s) && i < result->points; i++)
		count += finished ? result->series[i].finished : result->series[i].admitted;
	return count;
}

static const char *check_unsqueezed(const struct result *result)
{
	if (result->refused)
		return "refused somebody";
	return result->window_most != result->window_least ? "the window moved" : NULL;
}

/* At 20 s authentication gets four times slower, at 50 s it is as before. */
static const char *check_step(const struct result *result)
{
	uint32_t slow = 0;

	for (uint32_t i = POINT(27); i < POINT(50) && i < result->points; i++)
		slow += result->series[i].latency_ms > 200;
	if (slow > POINT(23) / 10)
		return "set-ups took over twice the target 7 s after the step";
	if (sum(result, 65, 70, true) < 0.9 * 400 * 5)
		return "less than 90 % of the capacity was used 15 to 20 s after it came back";
	return NULL;
}

/* At 15 s the controller dies; the lease lasts for 2 s. It comes back at 30 s. */
static const char *check_killed(const struct result *result)
{
	for (uint32_t second = 1; second < 40; second++)
		if (!sum(result, second, second + 3, false))
			return "traffic stopped";
	/* half of the best goodput, which was 400/s */
	if (sum(result, 18, 29, false) > 11 * 230)
		return "more than the fallback rate without a controller";
	return NULL;
}

static const char *check_frozen(const struct result *result)
{
	return result->window_most > 150 ? "a frozen signal raised the window" : NULL;
}

static const char *check_flood(const struct result *result)
{
	if (result->window_least < 8)
		return "the flood closed the window";
	return result->forged_admitted > result->devices ? "the flood was let in" : NULL;
}

const struct sim_case sim_cases[] = {
	/* the herd of the benchmark, in the way of the prototype */
	{ { .name = "herd, nothing", HERD }, 22725, .connected_most = 0.25, .brief = true },
	{ { .name = "herd, 300/s",
	    .shaper = SHAPER_STATIC,
	    .rate_per_sec = 300,
	    .burst = 300,
	    HERD },
	  22725,
	  .connected_most = 0.9 },
	{ { .name = "herd, 200/s",
	    .shaper = SHAPER_STATIC,
	    .rate_per_sec = 200,
	    .burst = 200,
	    HERD },
	  22725,
	  .t99_most = 1.3 },
	{ { .name = "herd, delay", .shaper = SHAPER_DELAY, HERD },
	  22725,
	  .t99_most = 1.10,
	  .wasted_most = 0.03,
	  .p99_most_ms = 300,
	  .brief = true },
	{ { .name = "herd, drop", .shaper = SHAPER_DROP, HERD },
	  22725,
	  .t99_most = 1.35,
	  .wasted_most = 0.03,
	  .p99_most_ms = 300,
	  .brief = true },
	/* 1, 2 */
	{ { .name = "1 impulse, delay", .shaper = SHAPER_DELAY, JITTERED_IMPULSE },
	  50000,
	  .t99_most = 1.1,
	  .wasted_most = 0.02,
	  .p99_most_ms = 200 },
	{ { .name = "1 impulse, drop", .shaper = SHAPER_DROP, JITTERED_IMPULSE },
	  50000,
	  .t99_most = 1.5,
	  .wasted_most = 0.02,
	  .p99_most_ms = 200 },
	{ { .name = "2 impulse, nothing", JITTERED_IMPULSE }, 50000, .connected_most = 0.5 },
	/* 3, signals */
	{ { .name = "3 lag 2 s",
	    .shaper = SHAPER_DELAY,
	    .signal = { { READ(HONEST, 2000, 1000) } },
	    JITTERED_IMPULSE },
	  50000,
	  .t99_most = 1.2,
	  .wasted_most = 0.02 },
	{ { .name = "3 lag 11 s",
	    .shaper = SHAPER_DELAY,
	    .signal = { { READ(HONEST, 11000, 1000) } },
	    JITTERED_IMPULSE },
	  50000,
	  .t99_most = 1.2,
	  .wasted_most = 0.02 },
	{ { .name = "3 read every 10 s",
	    .shaper = SHAPER_DELAY,
	    .signal = { { READ(HONEST, 10000, 10000) } },
	    JITTERED_IMPULSE },
	  50000,
	  .t99_most = 1.2,
	  .wasted_most = 0.02 },
	{ { .name = "3 noise of 20 %",
	    .shaper = SHAPER_DELAY,
	    .signal = { { READ(HONEST, 0, 1000), .noise = 0.2 } },
	    JITTERED_IMPULSE },
	  50000,
	  .t99_most = 1.2,
	  .wasted_most = 0.02 },
	{ { .name = "3 dies after 5 s",
	    .shaper = SHAPER_DELAY,
	    .signal = { { READ(HONEST, 0, 1000), .dead_from_ms = 5000, .dead_to_ms = SIM_NEVER } },
	    JITTERED_IMPULSE },
	  50000,
	  .t99_most = 1.5,
	  .wasted_most = 0.02 },
	{ { .name = "3 frozen at rest",
	    .shaper = SHAPER_DELAY,
	    .signal = { { READ(FROZEN, 0, 1000), .value = 100 } },
	    JITTERED_IMPULSE },
	  50000,
	  .t99_most = 1.5,
	  .wasted_most = 0.02,
	  .check = check_frozen },
	{ { .name = "3 absurd",
	    .shaper = SHAPER_DELAY,
	    .signal = { { READ(CONSTANT, 0, 1000), .value = 1e300 } },
	    JITTERED_IMPULSE },
	  50000,
	  .t99_most = 1.5,
	  .wasted_most = 0.02,
	  .brief = true },
	{ { .name = "3 lying at random",
	    .shaper = SHAPER_DELAY,
	    .signal = { { READ(RANDOM, 0, 1000), .value = 10 } },
	    JITTERED_IMPULSE },
	  50000,
	  .t99_most = 1.5,
	  .wasted_most = 0.02 },
	{ { .name = "3 not a number",
	    .shaper = SHAPER_DELAY,
	    .signal = { { READ(NOT_A_NUMBER, 0, 1000) } },
	    JITTERED_IMPULSE },
	  50000,
	  .t99_most = 1.5,
	  .wasted_most = 0.02 },
/* 3, without tracking: the law on a rate */
#define UNTRACKED(lag)                                                                 \
	.shaper = SHAPER_DELAY, .untracked = true, .law = { .fallback_per_sec = 200 }, \
	.signal = { { .kind = HONEST, .lag_ms = lag, .period_ms = 1000 } }, JITTERED_IMPULSE
	{ { .name = "3 untracked, lag 0", UNTRACKED(0) },
	  50000,
	  .t99_most = 2,
	  .wasted_most = 0.1 },
	{ { .name = "3 untracked, lag 1 s", UNTRACKED(1000) },
	  50000,
	  .t99_most = 2,
	  .wasted_most = 0.1 },
	{ { .name = "3 untracked, lag 2 s", UNTRACKED(2000) },
	  50000,
	  .t99_most = 2,
	  .wasted_most = 0.1 },
	{ { .name = "3 untracked, lag 5 s", UNTRACKED(5000) },
	  50000,
	  .t99_most = 2,
	  .wasted_most = 0.1 },
	{ { .name = "3 untracked, lag 11 s", UNTRACKED(11000) },
	  50000,
	  .t99_most = 2,
	  .wasted_most = 0.1,
	  .brief = true },
	/* 4 */
	{ { .name = "4 a quarter for 30 s",
	    .shaper = SHAPER_DELAY,
	    .change = { { 20000, AUTH_FACTOR, 0.25 }, { 50000, AUTH_FACTOR, 1 } },
	    JITTERED_IMPULSE },
	  72500,
	  .t99_most = 1.2,
	  .wasted_most = 0.02,
	  .check = check_step,
	  .brief = true },
	{ { .name = "4 a fortieth for 30 s",
	    .shaper = SHAPER_DELAY,
	    .change = { { 20000, AUTH_FACTOR, 0.025 }, { 50000, AUTH_FACTOR, 1 } },
	    JITTERED_IMPULSE },
	  79250,
	  .t99_most = 1.5,
	  .wasted_most = 0.02 },
	/* 5 */
	{ { .name = "5 half of the capacity",
	    .shaper = SHAPER_DELAY,
	    .round_trip_ms = 5,
	    .until_ms = 100000,
	    .fleet = { { &linux_new, 12000, 60000, 10000, BACKOFF_UNIFORM, 1000, 3000 } },
	    .broker = { SHARED_AUTH } },
	  60000,
	  .t99_most = 1,
	  .check = check_unsqueezed,
	  .brief = true },
/* 6 */
#define NODES_FROM(count, ...)                                              \
	.shaper = SHAPER_DELAY, .nodes = count, .windows = { __VA_ARGS__ }, \
	.law = { .shared = true }, JITTERED_IMPULSE
	{ { .name = "6 two hosts", NODES_FROM(2, 4, 512) },
	  50000,
	  .t99_most = 1.2,
	  .wasted_most = 0.03,
	  .jain_least = 0.9 },
	{ { .name = "6 four hosts", NODES_FROM(4, 4, 32, 128, 512) },
	  50000,
	  .t99_most = 1.2,
	  .wasted_most = 0.03,
	  .jain_least = 0.9,
	  .brief = true },
	{ { .name = "6 sixteen hosts",
	    NODES_FROM(16, 4, 32, 128, 512, 4, 32, 128, 512, 4, 32, 128, 512, 4, 32, 128, 512) },
	  50000,
	  .t99_most = 1.2,
	  .wasted_most = 0.03,
	  .jain_least = 0.9 },
	{ { .name = "6 two join, one leaves",
	    .change = { { 10000, NODES, 4 }, { 35000, NODES, 3 } },
	    NODES_FROM(2, 0) },
	  50000,
	  .t99_most = 1.2,
	  .wasted_most = 0.03 },
	/* 7 */
	{ { .name = "7 killed for 15 s",
	    .shaper = SHAPER_DELAY,
	    .change = { { 15000, CONTROLLER_DIES, 1 }, { 30000, CONTROLLER_LIVES, 1 } },
	    JITTERED_IMPULSE },
	  50000,
	  .t99_most = 1.5,
	  .wasted_most = 0.02,
	  .check = check_killed,
	  .brief = true },
	{ { .name = "7 killed for good",
	    .shaper = SHAPER_DELAY,
	    .change = { { 15000, CONTROLLER_DIES, 1 } },
	    JITTERED_IMPULSE },
	  50000,
	  .t99_most = 2.5,
	  .wasted_most = 0.02 },
	{ { .name = "7 broker restarts",
	    .shaper = SHAPER_DELAY,
	    .change = { { 15000, BROKER_RESTARTS, 1 } },
	    JITTERED_IMPULSE },
	  50000,
	  .t99_most = 1.3,
	  .wasted_most = 0.03 },
	/* 10 */
	{ { .name = "10 flood of 200 000/s",
	    .shaper = SHAPER_DELAY,
	    .change = { { 1, FLOOD, 200000 } },
	    JITTERED_IMPULSE },
	  50000,
	  .t99_most = 1.25,
	  .wasted_most = 0.02,
	  .check = check_flood },
	{ { .name = "10 flood of 20 000/s beside a herd",
	    .shaper = SHAPER_DELAY,
	    .change = { { 1, FLOOD, 20000 } },
	    HERD },
	  22725,
	  .t99_most = 1.5,
	  .wasted_most = 0.03,
	  .check = check_flood,
	  .brief = true },
/* brokers a to e; c is above */
#define BROKER(...) \
	.shaper = SHAPER_DELAY, IMPULSE(JITTERED(&linux_new, 10000)), .broker = { __VA_ARGS__ }
#define NAKED(...) IMPULSE(JITTERED(&linux_new, 10000)), .broker = { __VA_ARGS__ }
	{ { .name = "a accepts in turn, backlog 100",
	    BROKER(.discipline = IN_TURN, .cores = 1, .work_ms = 2.5, .backlog = 100) },
	  50000,
	  .t99_most = 1.2,
	  .wasted_most = 0.02,
	  .p99_most_ms = NO_QUEUE_TO_SPEAK_OF },
	{ { .name = "b shared", BROKER(.discipline = SHARED, .cores = 4, .work_ms = 8) },
	  40000,
	  .t99_most = 1.2,
	  .wasted_most = 0.02,
	  .p99_most_ms = NO_QUEUE_TO_SPEAK_OF },
	{ { .name = "b, nothing", NAKED(.discipline = SHARED, .cores = 4, .work_ms = 8) },
	  40000,
	  .connected_most = 0.95 },
	{ { .name = "d slower by 2 per 1000",
	    BROKER(.discipline = SHARED, .cores = 4, .work_ms = 8, .inflation = 2) },
	  40000,
	  .t99_most = 1.25,
	  .wasted_most = 0.02,
	  .p99_most_ms = NO_QUEUE_TO_SPEAK_OF },
	{ { .name = "d, nothing",
	    NAKED(.discipline = SHARED, .cores = 4, .work_ms = 8, .inflation = 2) },
	  40000,
	  .connected_most = 0.25 },
	{ { .name = "e in turn", BROKER(.discipline = IN_TURN, .cores = 4, .work_ms = 8) },
	  40000,
	  .t99_most = 1.2,
	  .wasted_most = 0.02,
	  .p99_most_ms = NO_QUEUE_TO_SPEAK_OF },
	{ { .name = "e, nothing", NAKED(.discipline = IN_TURN, .cores = 4, .work_ms = 8) },
	  40000,
	  .connected_most = 0.5 },
	{ { .name = "150 ms for everybody, 1000/s",
	    BROKER(.discipline = IN_TURN, .cores = 1, .work_ms = 1, .wait_ms = 150) },
	  20000,
	  .t99_most = 1.6,
	  .wasted_most = 0.03,
	  .p99_most_ms = NO_QUEUE_TO_SPEAK_OF,
	  .brief = true },
/* clients */
#define CLIENTS(...) .shaper = SHAPER_DELAY, IMPULSE(__VA_ARGS__), .broker = { SHARED_AUTH }
	{ { .name = "5 s, 1 s pause", CLIENTS(STUBBORN(&linux_new, 5000, 1000)) },
	  50000,
	  .t99_most = 1.4,
	  .wasted_most = 0.03 },
	{ { .name = "3 s, jittered, Zephyr", CLIENTS(JITTERED(&zephyr, 3000)) },
	  50000,
	  .t99_most = 2,
	  .wasted_most = 0.03 },
	{ { .name = "30 s, 10 s pause, FreeRTOS", CLIENTS(STUBBORN(&freertos, 30000, 10000)) },
	  50000,
	  .t99_most = 1.8,
	  .wasted_most = 0.03 },
	{ { .name = "10 s, 10 s pause, old Linux", CLIENTS(STUBBORN(&linux_old, 10000, 10000)) },
	  50000,
	  .t99_most = 2.6,
	  .wasted_most = 0.03 },
	{ { .name = "10 s, 10 s pause, ESP", CLIENTS(STUBBORN(&esp_idf, 10000, 10000)) },
	  50000,
	  .t99_most = 4,
	  .wasted_most = 0.05 },
	{ { .name = "mixed",
	    CLIENTS({ &linux_new, 8000, 5000, 10000, BACKOFF_FULL_JITTER, 1000, 60000 },
		    { &lwip, 6000, 500, 10000, BACKOFF_EXPONENTIAL, 10000, 10000 },
		    { &linux_old, 6000, 10000, 30000, BACKOFF_EXPONENTIAL, 1000, 60000 }) },
	  50000,
	  .t99_most = 1.6,
	  .wasted_most = 0.02 },
/* round trips */
#define AWAY(ms, patience_ms)                                                                  \
	.shaper = SHAPER_DELAY, .round_trip_ms = ms, .until_ms = 100000,                       \
	.fleet = { { &linux_new, 5000, 100, patience_ms, BACKOFF_FULL_JITTER, 1000, 60000 } }, \
	.broker = { .discipline = IN_TURN, .cores = 1, .work_ms = 4.545, .fixed = true }
	{ { .name = "10 s, 300 ms away", AWAY(300, 10000) },
	  22725,
	  .t99_most = 1.25,
	  .wasted_most = 0.03,
	  .brief = true },
	{ { .name = "10 s, 800 ms away", AWAY(800, 10000) },
	  22725,
	  .t99_most = 2,
	  .wasted_most = 0.1 },
};

const size_t sim_cases_count = sizeof(sim_cases) / sizeof(sim_cases[0]);

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
