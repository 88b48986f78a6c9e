// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Clients of other stacks and habits, and clients far away. */
#include "tests/sim/impulse.h"
#include "tests/sim/scenarios.h"

const struct sim_case sim_client_cases[] = {
#define CLIENTS(...) .shaper = SHAPER_DELAY, IMPULSE(__VA_ARGS__), .broker = { SHARED_AUTH }
	{ { .name = "3 s, 1 s pause", CLIENTS(STUBBORN(&linux_new, 3000, 1000)) },
	  50000,
	  .t99_most = 1.15,
	  .wasted_most = 0.02 },
	{ { .name = "5 s, 1 s pause", CLIENTS(STUBBORN(&linux_new, 5000, 1000)) },
	  50000,
	  .t99_most = 1.1,
	  .wasted_most = 0.02 },
	{ { .name = "5 s, full jitter",
	    CLIENTS({ &linux_new, 20000, 100, 5000, BACKOFF_FULL_JITTER, 1000, 60000 }) },
	  50000,
	  .t99_most = 1.1,
	  .wasted_most = 0.02 },
	{ { .name = "5 s, doubling to 60 s",
	    CLIENTS({ &linux_new, 20000, 100, 5000, BACKOFF_EXPONENTIAL, 1000, 60000 }) },
	  50000,
	  .t99_most = 3.6,
	  .wasted_most = 0.03 },
	{ { .name = "3 s, jittered, Zephyr", CLIENTS(JITTERED(&zephyr, 3000)) },
	  50000,
	  .t99_most = 1.6,
	  .wasted_most = 0.03 },
	{ { .name = "30 s, 10 s pause, FreeRTOS", CLIENTS(STUBBORN(&freertos, 30000, 10000)) },
	  50000,
	  .t99_most = 1.6,
	  .wasted_most = 0.03 },
	{ { .name = "10 s, 10 s pause, old Linux", CLIENTS(STUBBORN(&linux_old, 10000, 10000)) },
	  50000,
	  .t99_most = 1.8,
	  .wasted_most = 0.03 },
	{ { .name = "10 s, 10 s pause, ESP", CLIENTS(STUBBORN(&esp_idf, 10000, 10000)) },
	  50000,
	  .t99_most = 1.8,
	  .wasted_most = 0.05 },
	{ { .name = "mixed",
	    CLIENTS({ &linux_new, 8000, 5000, 10000, BACKOFF_FULL_JITTER, 1000, 60000 },
		    { &lwip, 6000, 500, 10000, BACKOFF_EXPONENTIAL, 10000, 10000 },
		    { &linux_old, 6000, 10000, 30000, BACKOFF_EXPONENTIAL, 1000, 60000 }) },
	  50000,
	  .t99_most = 1.3,
	  .wasted_most = 0.02 },
/* round trips */
#define AWAY(ms, patience_ms, ...)                                        \
	.shaper = SHAPER_DELAY, .round_trip_ms = ms, .until_ms = 100000,  \
	.fleet = { { &linux_new, 5000, 100, patience_ms, __VA_ARGS__ } }, \
	.broker = { .discipline = IN_TURN, .cores = 1, .work_ms = 4.545, .fixed = true }
#define PROXY(title, ms, of_ideal, waste)                                                      \
	{                                                                                      \
		{ .name = title,                                                               \
		  .shaper = SHAPER_DELAY,                                                      \
		  .round_trip_ms = ms,                                                         \
		  .until_ms = 100000,                                                          \
		  .fleet = { { &linux_new, 5000, 100, 5000, BACKOFF_UNIFORM, 1000, 3000 } },   \
		  .broker = { IN_TURN, 1, .work_ms = 6.9, .fixed = true, .answer_ms = 0.6 } }, \
			37500, .t99_most = of_ideal, .wasted_most = waste                      \
	}
#define FULL_JITTER BACKOFF_FULL_JITTER, 1000, 60000
	{ { .name = "5 s, 300 ms away", AWAY(300, 5000, BACKOFF_UNIFORM, 1000, 3000) },
	  22725,
	  .t99_most = 1.25,
	  .wasted_most = 0.1 },
	{ { .name = "5 s, 800 ms away", AWAY(800, 5000, BACKOFF_UNIFORM, 1000, 3000) },
	  22725,
	  .t99_most = 2.2,
	  .wasted_most = 0.4 },
	PROXY("proxy", 2, 1.1, 0.03),
	PROXY("proxy, 100 ms away", 100, 1.25, 0.03),
	PROXY("proxy, 300 ms away", 300, 1.4, 0.05),
	PROXY("proxy, 800 ms away", 800, 2, 0.3),
	{ { .name = "220 ms for everybody, 300 ms away",
	    .shaper = SHAPER_DELAY,
	    IMPULSE_FROM(300, JITTERED(&linux_new, 10000)),
	    .broker = { .discipline = IN_TURN, .cores = 1, .work_ms = 2.5, .wait_ms = 220 } },
	  50000,
	  .t99_most = 1.6,
	  .wasted_most = 0.03 },
	{ { .name = "a quarter for 30 s, 300 ms away",
	    .shaper = SHAPER_DELAY,
	    IMPULSE_FROM(300, JITTERED(&linux_new, 10000)),
	    .broker = { SHARED_AUTH },
	    .change = { { 20000, AUTH_FACTOR, 0.25 }, { 50000, AUTH_FACTOR, 1 } } },
	  72500,
	  .t99_most = 1.3,
	  .wasted_most = 0.05 },
	{ { .name = "10 s, 300 ms away", AWAY(300, 10000, FULL_JITTER) },
	  22725,
	  .t99_most = 1.25,
	  .wasted_most = 0.03,
	  .brief = true },
	{ { .name = "10 s, 800 ms away", AWAY(800, 10000, FULL_JITTER) },
	  22725,
	  .t99_most = 2,
	  .wasted_most = 0.1 },
};

const size_t sim_client_cases_count = sizeof(sim_client_cases) / sizeof(sim_client_cases[0]);
