// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The law fed with anything: samples, signals and clocks that lie. Whatever comes in, every limit is
 * a number within its bounds, no two cuts lie in one period, a window grows by no more than it may,
 * and a change has a reason.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "law.h"

#define MS 1000000ULL
#define SEC (1000 * MS)

static const uint8_t *input;
static size_t left;

static struct {
	struct law law;
	struct law_sample sample;
	struct law_signal signal[LAW_SIGNALS_MAX];
	struct law_limits limits;
	uint64_t now_ns;
	uint64_t cut_ns; /* of the last cut; 0: none, or the clock went back since */
	double window;
	double rate;
} run;

static void expect(bool right, const char *what)
{
	if (right)
		return;
	fprintf(stderr, "fuzz_law: %s (%s)\n", what, law_why_name(run.limits.why));
	abort();
}

static uint8_t byte(void)
{
	if (!left)
		return 0;
	left--;
	return *input++;
}

/* From none to all bits set, mostly small. */
static uint64_t number(void)
{
	uint64_t value = byte();

	value |= (uint64_t)byte() << 8;
	return byte() < 250 ? value << (byte() & 31) : value * 0x0123456789abcdefULL;
}

/* Any bit pattern at all, and mostly sane ones. */
static double real(void)
{
	uint64_t bits = number() << 32 | number();
	double value;

	if (byte() < 200)
		return byte() / 64.0;
	memcpy(&value, &bits, sizeof(value));
	return value;
}

static struct law_config draw_config(void)
{
	struct law_config config = { 0 };

	if (byte() < 128)
		return config;
	config.target_ns = number();
	config.window_min = (uint32_t)number();
	config.window_max = (uint32_t)number();
	config.window_fixed = byte() < 250 ? 0 : (uint32_t)number();
	config.rate_per_sec = real() * byte();
	config.floor_per_sec = real();
	config.fallback_per_sec = real() * byte();
	config.first_byte = byte() & 1;
	config.shared = byte() & 1;
	return config;
}

static void move_clock(void)
{
	uint8_t how = byte();

	if (how < 230)
		run.now_ns += (how + 1) * MS;
	else if (how < 250)
		run.now_ns += (how - 229) * 500 * MS;
	else if (how < 253)
		run.now_ns += number();
	else
		run.now_ns -= run.now_ns > number() ? number() : 0;
}

static void draw_signals(void)
{
	for (uint32_t i = 0; i < LAW_SIGNALS_MAX; i++)
		if (byte() < 64)
			run.signal[i] = (struct law_signal){
				.ratio = real(),
				.age_ns = number(),
				.period_ns = byte() < 200 ? byte() * 100 * MS : number(),
				.lag_ns = byte() < 200 ? byte() * 100 * MS : number(),
				.timeouts = byte() & 7,
				.kind = byte() & 1 ? LAW_KIND_CUT : LAW_KIND_VETO,
			};
}

static void draw_sample(void)
{
	struct law_sample *sample = &run.sample;
	uint8_t what = byte();

	sample->tracked = what != 255;
	sample->tracked_at_ns = what < 240 ? run.now_ns : number();
	sample->in_flight = what & 1 ? (uint32_t)run.law.window : (uint32_t)number();
	sample->young = what & 2 ? 0 : (uint32_t)number();
	sample->latency_p90_ns = byte() * 4 * MS;
	sample->oldest_ns = what & 4 ? sample->latency_p90_ns : number();
	sample->latency_count = byte();
	sample->round_trip_ns = what & 8 ? 0 : number();
	sample->took_ns = what & 128 ? number() : byte() * 16 * MS;
	sample->answered += byte();
	sample->completed += what & 16 ? byte() : 0;
	sample->judged += byte();
	sample->requested += byte();
	sample->refused += byte();
	sample->overflows += what == 17;
	if (what == 18)
		sample->completed = number();
	if (what == 19)
		sample->refused = number();
	sample->backlog_max = what == 20 ? (uint32_t)number() : sample->backlog_max;
	sample->backlog = (uint32_t)number();
	sample->restarted = what == 21;
	sample->lease_lapsed = what == 22;
	sample->waiting = what & 32 ? byte() : 0;
	sample->signals = what & 64 ? byte() & 7 : (uint32_t)number();
	sample->signal = what == 23 ? NULL : run.signal;
}

static bool is_within(double value, double least, double most)
{
	return value >= least && value <= most; /* false for NaN */
}

static void check_bounds(void)
{
	const struct law_limits *limits = &run.limits;
	const struct law_config *config = &run.law.config;

	expect(is_within(run.law.window, 1, LAW_WINDOW_MAX), "window out of bounds");
	expect(is_within(run.law.window, config->window_min, config->window_max),
	       "window outside of the configuration");
	expect(limits->window == LAW_WINDOW_OFF || limits->window <= LAW_WINDOW_MAX,
	       "a window that is none");
	expect(is_within(limits->ceiling_per_sec, 1e-3, config->rate_per_sec), "ceiling");
	expect(is_within(limits->floor_per_sec, 1e-3, LAW_PER_SEC_MAX), "floor");
	expect(limits->floor_per_sec <= limits->ceiling_per_sec, "floor over the ceiling");
	expect(is_within(limits->pace_per_sec, 1e-3, limits->ceiling_per_sec), "pace");
	expect(is_within(limits->young_share, 0.02, 1), "young share");
	expect(is_within(limits->reserve, 0, 1), "reserve");
	expect(is_within(limits->x, 0, 1e15), "x");
	expect(is_within(limits->x_local, 0, 1e15), "x of the listener");
	expect(is_within(limits->x_signal, 0, 1000), "x of the signals");
	expect(limits->target_ns >= config->target_ns &&
		       limits->target_ns / 10 <= config->target_ns,
	       "target");
	expect(limits->lease_until_ns >= run.now_ns, "a lease in the past");
	expect(limits->signal >= -1 && limits->signal < LAW_SIGNALS_MAX, "no such signal");
	expect((unsigned int)limits->state < LAW_STATES, "no such state");
	expect((unsigned int)limits->why < LAW_WHY_COUNT, "no such reason");
	expect(is_within(law_fallback_per_sec(&run.law, run.now_ns), 1e-3, config->rate_per_sec),
	       "fallback rate");
}

/* After it what was before does not count. */
static bool is_new_start(uint64_t last_ns)
{
	return run.limits.why == LAW_WHY_RESTARTED || run.limits.why == LAW_WHY_CLOCK ||
	       run.now_ns < last_ns || run.now_ns - last_ns > 5 * SEC;
}

/* What changed has a reason that says so. */
static void check_change(enum law_state before, uint64_t last_ns)
{
	enum law_why why = run.limits.why;
	bool cut = law_why_is_cut(why);
	double window = run.law.window;
	bool same = before == run.law.state ||
		    (before != LAW_FALLBACK && before != LAW_RATE && before != LAW_FIXED);

	/* another law, maybe from a start anew in the same step */
	if (!same)
		run.cut_ns = 0;
	if (cut) {
		expect(!run.cut_ns || run.now_ns - run.cut_ns >= 900 * MS, "two cuts in a period");
		expect(!same || why == LAW_WHY_RATE_CUT || window <= run.window,
		       "a cut that raises");
		run.cut_ns = run.now_ns;
	}
	if (run.law.state == LAW_RATE && before == LAW_RATE && !cut && !is_new_start(last_ns))
		expect(run.law.rate >= run.rate || run.rate > run.law.config.rate_per_sec,
		       "a rate that falls without a reason");
	/* room takes the reason's place, but the decision behind it was made */
	if (is_new_start(last_ns) || !same || why == LAW_WHY_ROOM)
		return;
	expect(cut || window >= run.window, "a window that falls without a reason");
	expect(why == LAW_WHY_STARTUP || why == LAW_WHY_GROW || why == LAW_WHY_GROW_FAST ||
		       why == LAW_WHY_PROBE || window <= run.window,
	       "a window that grows without a reason");
	expect(window <= 2 * run.window + 4 || why == LAW_WHY_PROBE, "a window that jumps");
}

static void step(void)
{
	uint64_t last_ns = run.now_ns;
	enum law_state before = run.law.state;

	move_clock();
	draw_sample();
	if (byte() < 32)
		draw_signals();
	run.limits = law_step(&run.law, &run.sample, run.now_ns);
	if (is_new_start(last_ns))
		run.cut_ns = 0;
	check_bounds();
	check_change(before, last_ns);
	if (run.limits.why == LAW_WHY_ROOM)
		run.cut_ns = 0;
	run.window = run.law.window;
	run.rate = run.law.rate;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct law_config config;

	input = data;
	left = size;
	memset(&run, 0, sizeof(run));
	run.now_ns = byte() & 1 ? 0 : 100000 * SEC;
	config = draw_config();
	law_init(&run.law, &config, byte(), run.now_ns);
	run.window = run.law.window;
	while (left) {
		if (byte() == 77) {
			config = draw_config();
			law_configure(&run.law, &config);
			run.window = run.law.window;
			run.rate = run.law.rate;
		}
		step();
	}
	return 0;
}
