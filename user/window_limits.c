// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "window_limits.h"

#include <string.h>

#include "config.h"
#include "window.h"

#define NS_PER_SEC 1e9
#define MILLION 1e6
#define MILLI 1e3
/* More than can be in set-up: no window. */
#define CREDITS_ANY (1LL << 31)

/* Where SYNs are held a pace needs no more room than what comes of waking up late. */
#define PACE_BURST_NS 10000000ULL
#define PACE_BURST_LEAST 4
/* Where they are dropped they come again in clumps, a second apart. */
#define RATE_BURST_NS 1000000000ULL

_Static_assert(LAW_TARGET_NS == TARGET_DEFAULT_NS, "one default of the target");
_Static_assert(sizeof(struct law_goodput) <= WINDOW_LEARNED_BYTES, "it has room in the map");

struct law_config window_law_config(const struct listener *listener)
{
	const struct window_terms *terms = &listener->window;
	const struct limit *rate = &listener->limits[LEVEL_LISTENER];
	struct law_config config = {
		.target_ns = terms->target_ns,
		.window_min = terms->window_min,
		.window_max = terms->window_max,
		.first_byte = !listener->connack_max,
	};

	if (terms->window != WINDOW_AUTO)
		config.window_fixed = terms->window ? terms->window : LAW_WINDOW_OFF;
	if (rate->kind == LIMIT_BUCKET && rate->rate_per_sec)
		config.rate_per_sec = (double)rate->rate / rate->rate_per_sec;
	if (terms->floor_rate && terms->floor_per_sec)
		config.floor_per_sec = (double)terms->floor_rate / terms->floor_per_sec;
	if (terms->fallback_rate && terms->fallback_per_sec)
		config.fallback_per_sec = (double)terms->fallback_rate / terms->fallback_per_sec;
	return config;
}

static uint64_t period_ns(double per_sec)
{
	return per_sec > 0 && per_sec < LAW_PER_SEC_MAX ? (uint64_t)(NS_PER_SEC / per_sec) : 0;
}

void window_give_credits(struct window_state *state, const struct law_limits *limits,
			 const struct setup_sample *sample)
{
	double used = sample->in_flight + sample->young * limits->young_share;
	int64_t credits = CREDITS_ANY;

	if (limits->window != LAW_WINDOW_OFF)
		credits = (int64_t)limits->window - (int64_t)(used + 0.999);
	__atomic_store_n(&state->credits, credits, __ATOMIC_RELEASE);
	state->in_flight = sample->in_flight;
	state->young = sample->young;
}

static void put_pace(struct window_state *state, const struct law_limits *limits, bool holds)
{
	bool windowed = limits->window != LAW_WINDOW_OFF;
	double per_sec = windowed ? limits->pace_per_sec : limits->ceiling_per_sec;
	uint64_t period = windowed && !holds ? 0 : period_ns(per_sec);
	uint64_t tolerance_ns = holds ? PACE_BURST_NS : RATE_BURST_NS;

	if (tolerance_ns < (PACE_BURST_LEAST - 1) * period)
		tolerance_ns = (PACE_BURST_LEAST - 1) * period;
	state->pace_tolerance_ns = tolerance_ns;
	state->pace_from = windowed ? limits->window - limits->window / 4 : UINT32_MAX;
	__atomic_store_n(&state->pace_period_ns, period, __ATOMIC_RELEASE);
}

void window_put_limits(struct window_state *state, const struct law_limits *limits,
		       const struct listener *listener, double fallback_per_sec, bool holds)
{
	state->serial = listener->serial;
	state->window = limits->window == LAW_WINDOW_OFF ? WINDOW_AUTO : limits->window;
	state->reserve = (uint32_t)(limits->reserve * RESERVE_ALL + 0.5);
	state->floor_period_ns = period_ns(limits->floor_per_sec);
	state->fallback_period_ns = period_ns(fallback_per_sec);
	put_pace(state, limits, holds);
	__atomic_store_n(&state->lease_until_ns, limits->lease_until_ns, __ATOMIC_RELEASE);
}

static uint64_t scaled(double value, double scale)
{
	return value > 0 && value < 1e12 ? (uint64_t)(value * scale + 0.5) : 0;
}

void window_show(struct window_state *state, const struct law *law, const struct law_limits *limits,
		 const struct setup_sample *sample)
{
	state->latency_p90_ns = sample->p90_ns;
	state->oldest_turn_ns = sample->oldest_turn_ns;
	state->target_ns = limits->target_ns;
	state->ceiling_milli_per_sec = scaled(limits->ceiling_per_sec, MILLI);
	state->floor_milli_per_sec = scaled(limits->floor_per_sec, MILLI);
	state->goodput_milli_per_sec = scaled(law->goodput_1s, MILLI);
	state->x_millionths = scaled(limits->x, MILLION);
	state->share_millionths = (uint32_t)scaled(limits->young_share, MILLION);
	state->state = (uint8_t)limits->state;
	state->why = (uint8_t)limits->why;
	state->alarm = limits->alarm;
	state->hidden = sample->hidden;
}

void window_recall(const struct window_state *state, uint32_t serial, struct law_goodput *goodput)
{
	if (state->serial == serial)
		memcpy(goodput, state->learned, sizeof(*goodput));
}

void window_learn(struct window_state *state, const struct law_goodput *goodput)
{
	memcpy(state->learned, goodput, sizeof(*goodput));
}
