/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A listener as the law sees it, moved on by hand, 100 ms a step. */
#ifndef WEIR_TESTS_LAWING_H
#define WEIR_TESTS_LAWING_H

#include <math.h>
#include <string.h>

#include "law.h"

#define MS 1000000ULL
#define SEC (1000 * MS)
#define START (100000 * SEC)

static struct law law;
static struct law_sample sample;
static struct law_signal signals[LAW_SIGNALS_MAX];
static struct law_limits limits;
static uint64_t now_ns;
static uint32_t done_per_step, answered_per_step;
static bool demand; /* more than the window lets through, and it is full */
static double full; /* so much of the window, that is */
static uint64_t tracked_ago_ns;

#define TARGET_NS (100 * MS)

static inline void configure(const struct law_config *config)
{
	struct law_config with_target = *config;

	if (!with_target.target_ns)
		with_target.target_ns = TARGET_NS;
	now_ns = START;
	law_init(&law, &with_target, 1, now_ns);
	memset(&sample, 0, sizeof(sample));
	memset(signals, 0, sizeof(signals));
	sample.tracked = true;
	sample.signal = signals;
	sample.latency_count = 50;
	done_per_step = answered_per_step = 20;
	demand = true;
	full = 1;
	tracked_ago_ns = 0;
}

/* For cmocka_unit_test_setup(). */
static inline int start(void **state)
{
	static const struct law_config config;

	(void)state;
	configure(&config);
	return 0;
}

/* Set-up latency as a share of the target. */
static inline void set_x(double x)
{
	sample.latency_p90_ns = (uint64_t)(x * TARGET_NS);
	sample.oldest_ns = sample.latency_p90_ns;
}

static inline enum law_why step(void)
{
	now_ns += 100 * MS;
	sample.tracked_at_ns = now_ns - tracked_ago_ns;
	sample.answered += answered_per_step;
	sample.completed += done_per_step;
	sample.in_flight = demand ? (uint32_t)(full * law.window) : 2;
	sample.refused += demand ? 10 : 0;
	limits = law_step(&law, &sample, now_ns);
	return limits.why;
}

static inline void run(double seconds)
{
	for (int i = 0; i < seconds * 10; i++)
		step();
}

/* Steps until @why is given, 60 s at most. */
static inline void run_until(enum law_why why)
{
	for (int i = 0; i < 600; i++)
		if (step() == why)
			return;
	fail_msg("never '%s', but '%s'", law_why_name(why), law_why_name(limits.why));
}

/* A window well away from its bounds, in steady state, with nothing pending. */
static inline void settle(double window)
{
	set_x(0.8);
	run(3);
	law.state = LAW_STEADY;
	law.window = window;
	run(1);
	assert_int_equal(limits.why, LAW_WHY_NEAR);
}

static inline void add_signal(enum law_kind kind, double ratio, uint64_t period_ns)
{
	signals[sample.signals++] = (struct law_signal){
		.ratio = ratio,
		.period_ns = period_ns,
		.kind = kind,
	};
}

#define law_test(function) cmocka_unit_test_setup(function, start)

#endif
