// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Are set-ups slow because they wait for each other, or would each be as slow alone? Only a queue gets
 * shorter with a smaller window; where there is none it is the target that is wrong. */
#include "law_turn.h"

/* A queue gets longer as the window does, half as much again. */
#define FLAT 1.2
/* Of what set-ups take without a queue, so that a window is left alone only with a short one. */
#define RAISE 1.5
#define X_TRY_FIRST 2.0
#define FLAT_WAIT_NS NS_PER_SEC
#define FLAT_WAIT_MAX_NS (5 * NS_PER_SEC)
/* Is it a queue, or does a set-up take so long even alone? Twice the window tells: a queue gets
 * twice as long. */
#define PROBE_AFTER_NS (3 * NS_PER_SEC)
#define PROBE_NS (1500 * NS_PER_MS)
#define PROBE_AGAIN_NS (30 * NS_PER_SEC)
#define PROBE_LATENCY_LEAST 0.8 /* less: something else is changing */
#define PROBE_LATENCY_MAX 1.3
/* Cuts tell, too: a window so much smaller without set-ups any quicker. */
#define FUTILE_WINDOW 0.67
#define FUTILE_LATENCY 0.85
#define FUTILE_CUTS 1 /* that do not help, and are followed by one more */
#define SLOWER 1.1

/* Set-ups are as slow as they were in a much larger window: it is not the window. */
bool law_is_futile(struct law *law, const struct turn *turn)
{
	if (turn->latency_ns > SLOWER * law->slowest_ns) {
		law->slowest_ns = turn->latency_ns;
		law->slowest_window = law->window;
		law->futile_cuts = 0;
		return false;
	}
	if (law->config.shared || turn->x >= LAW_X_HARD ||
	    law->window > FUTILE_WINDOW * law->slowest_window)
		return false;
	if (turn->latency_ns < FUTILE_LATENCY * law->slowest_ns) {
		law->futile_cuts = 0;
		return false;
	}
	/* the slowest was seen when the broker had just got slower, perhaps, and would have become worse */
	return law->futile_cuts++ >= FUTILE_CUTS;
}

enum law_why law_raise_target(struct law *law, const struct turn *turn)
{
	double most_ns = (double)law->config.target_ns * LAW_TARGET_RAISE_MAX;

	law->target_ns = (uint64_t)law_clamp(RAISE * turn->latency_ns,
					     (double)law->config.target_ns, most_ns);
	law->state = LAW_STARTUP;
	law->start_resumed = false;
	law->over_since_ns = law->min_since_ns = 0;
	law->slowest_ns = 0;
	return LAW_WHY_TARGET_RAISED;
}

enum law_why law_probe(struct law *law, struct turn *turn)
{
	if (turn->now_ns < law->probe_until_ns)
		return LAW_WHY_PROBE;
	law->min_since_ns = law->over_since_ns = 0;
	law->probe_next_ns = turn->now_ns + PROBE_AGAIN_NS;
	if (turn->latency_ns > PROBE_LATENCY_MAX * law->probe_latency_ns ||
	    turn->latency_ns < PROBE_LATENCY_LEAST * law->probe_latency_ns) {
		law->state = LAW_CUT;
		law->cut_ns = turn->now_ns;
		law->cut_period_ns = law_jitter(law, NS_PER_SEC);
		law_set_window(law, law->config.window_min);
		return LAW_WHY_PROBE_FAILED;
	}
	return law_raise_target(law, turn);
}

bool law_start_probe(struct law *law, const struct turn *turn)
{
	double wait_ns = law_clamp(2 * turn->latency_ns, 0, 4.0 * NS_PER_SEC);

	if (law->config.shared || turn->x_local >= LAW_TARGET_RAISE_MAX || !law->min_since_ns ||
	    law->window > law->config.window_min || turn->now_ns < law->probe_next_ns ||
	    !law_elapsed(law->min_since_ns, PROBE_AFTER_NS, turn->now_ns))
		return false;
	law->state = LAW_PROBE;
	law->probe_latency_ns = turn->latency_ns;
	law->probe_until_ns = turn->now_ns + PROBE_NS + (uint64_t)wait_ns;
	law_set_window(law, 2.0 * law->config.window_min);
	return true;
}

/* A target that was raised follows what set-ups really take. */
void law_lower_target(struct law *law, const struct turn *turn)
{
	double target_ns = RAISE * turn->latency_ns;

	if (turn->stuck || law->target_ns <= law->config.target_ns)
		return;
	if (target_ns < (double)law->target_ns)
		law->target_ns = target_ns > (double)law->config.target_ns ? (uint64_t)target_ns
									   : law->config.target_ns;
}

/* Starting up: do set-ups take no longer than before the window grew last, and was used? Then they do
 * not wait for each other. Before it grew for the first time, that is tried. */
bool law_is_flat(const struct law *law, const struct turn *turn)
{
	if (law->state != LAW_STARTUP || law->config.shared || turn->stuck || turn->signal >= 0)
		return false;
	if (law->grown_latency_ns <= 0)
		return turn->x < X_TRY_FIRST;
	return turn->latency_ns < FLAT * law->grown_latency_ns;
}

/* Until the set-ups of which p90 is said began after the window had grown, and are done. */
bool law_is_too_soon(const struct law *law, const struct turn *turn)
{
	double wait_ns = 3 * (double)turn->sample->round_trip_ns + turn->latency_ns;

	return !law_elapsed(law->grown_ns,
			    FLAT_WAIT_NS + (uint64_t)law_clamp(wait_ns, 0, FLAT_WAIT_MAX_NS),
			    turn->now_ns);
}
