// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* How the window grows. */
#include <math.h>

#include "law_turn.h"

#define X_NOTHING 0.1

#define DOUBLE_FACTOR 2.0 /* while there is no queue at all */
#define GROW_FACTOR 1.5
#define GROW_LAST_SHARE 0.2 /* while there is one, and the target is not far */
#define GROW_STEP 4.0
#define GROW_SHARE 0.05
#define ANSWERED_FACTOR 2.0
#define FIRST_NS (250 * NS_PER_MS)
#define FAR_NS NS_PER_SEC
#define CALM_NS (3 * NS_PER_SEC)

static bool is_far(struct law *law, const struct turn *turn)
{
	if (turn->x >= X_FAR || law->config.shared ||
	    law->in_flight_peak < LAW_PACED * law->window) {
		law->low_since_ns = 0;
		return false;
	}
	if (!law->low_since_ns)
		law->low_since_ns = turn->now_ns;
	return law_elapsed(law->low_since_ns, FAR_NS, turn->now_ns) &&
	       law_elapsed(law->cut_ns, CALM_NS, turn->now_ns);
}

/* Of the start. Over X_NEAR a host of its own grows only where set-ups do not wait for each other. */
static double start_window(const struct law *law, const struct turn *turn)
{
	double step = law->window * GROW_LAST_SHARE;

	if (turn->x < X_NOTHING)
		return law->window * DOUBLE_FACTOR;
	if (turn->x < X_FAR || turn->x >= X_NEAR)
		return law->window * GROW_FACTOR;
	return law->window + (step < GROW_STEP ? GROW_STEP : step);
}

static double stepped_window(const struct law *law)
{
	double step = law->window * GROW_SHARE;

	return law->window + (step < GROW_STEP || law->config.shared ? GROW_STEP : step);
}

/* After the start by less, the farther away clients are: two round trips pass until it shows. */
static double fast_window(const struct law *law, const struct turn *turn)
{
	double client_ns = 2 * (double)turn->sample->round_trip_ns;
	double window = start_window(law, turn);
	double most = law->window * (1 + 1 / (1 + client_ns / (double)law->target_ns));

	if (law->state == LAW_STARTUP || window < most)
		return window;
	return fmax(most, stepped_window(law));
}

/* While most are still on their way, who say nothing: larger by twice as many as were answered since it grew. */
static double answered_window(const struct law *law, const struct law_sample *sample, double window)
{
	double most = law->window + ANSWERED_FACTOR * (double)(law->answered - law->grown_answered);

	return sample->young * law->young_share > sample->in_flight && window > most ? most
										     : window;
}

static enum law_why grow(struct law *law, struct turn *turn)
{
	double own_ns = 2 * (turn->latency_ns + (double)turn->sample->round_trip_ns);
	uint64_t age_ns = turn->signal >= 0 ? turn->external.age_ns : 0;
	bool far = is_far(law, turn);
	enum law_why why;

	if (law->config.first_byte)
		age_ns = turn->external.slowest_ns;
	/* what set-ups took while few came says nothing of what they take when the window is full */
	if (law->state == LAW_STARTUP && !law_elapsed(law->idle_ns, FIRST_NS, turn->now_ns))
		return LAW_WHY_WAIT;
	if (!law_elapsed(law->grown_ns, law->grown_period_ns, turn->now_ns) ||
	    !law_elapsed(law->cut_ns, law->cut_period_ns, turn->now_ns))
		return LAW_WHY_WAIT;
	if (law->window >= law_window_max(law))
		return LAW_WHY_MAX;
	if (law->state != LAW_STARTUP && !law->config.shared &&
	    law->in_flight_peak < law_used_far(law, turn) * floor(law->window))
		return LAW_WHY_PACED;
	if (law->state == LAW_STARTUP || far) {
		law_set_window(law, answered_window(law, turn->sample, fast_window(law, turn)));
		law->grown_period_ns = (uint64_t)law_clamp(own_ns, 250 * NS_PER_MS, NS_PER_SEC);
		why = far && law->state != LAW_STARTUP ? LAW_WHY_GROW_FAST : LAW_WHY_STARTUP;
	} else {
		law_set_window(law, stepped_window(law));
		law->grown_period_ns = NS_PER_SEC;
		why = LAW_WHY_GROW;
	}
	law->grown_ns = turn->now_ns;
	law->grown_answered = law->answered;
	if (!turn->stuck) {
		law->grown_latency_ns = turn->latency_ns;
		law->grown_in_flight = law->in_flight_peak;
	}
	law->grown_period_ns = law_jitter(law, law->grown_period_ns + age_ns);
	return why;
}

enum law_why law_try_grow(struct law *law, struct turn *turn)
{
	enum law_why why = law_signals_hold(turn);

	if (why != LAW_WHY_COUNT)
		return why;
	if (turn->external.cutting && !turn->external.fresh && law->window_good > 0 &&
	    law->window >= law->window_good)
		return LAW_WHY_SIGNALS_STALE;
	return grow(law, turn);
}
