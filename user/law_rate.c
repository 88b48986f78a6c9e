// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Set-ups cannot be tracked (no egress program, an asymmetric route, a proxy in front): additive
 * increase and multiplicative decrease of a rate, by external signals, slowed by their age. */
#include "law_turn.h"

#define START_PER_SEC 100.0
/* x 1.41 a second while nothing is known, with fresh signals */
#define STARTUP_PER_SEC 0.35
#define STEP_PER_SEC 10.0
#define STEP_SHARE 0.05
#define X_MAX 4.0
#define DRAINS 0.9
#define CUT_LEAST_FACTOR 0.65

static enum law_why grow(struct law *law, const struct turn *turn, double fallback_per_sec)
{
	double slow = 1 + (double)turn->external.age_ns / NS_PER_SEC;
	double seconds = (double)turn->dt_ns / NS_PER_SEC / slow;
	double step = law->rate * STEP_SHARE;

	/* at twice the fallback rate, which is the best there ever was, more needs living proof */
	if (!turn->external.lively && law->rate >= 2 * fallback_per_sec)
		return LAW_WHY_RATE_FROZEN;
	if (law->rate_startup) {
		law->rate *= 1 + STARTUP_PER_SEC * seconds;
		return LAW_WHY_RATE_STARTUP;
	}
	law->rate += (step > STEP_PER_SEC ? step : STEP_PER_SEC) * seconds;
	return LAW_WHY_RATE_GROW;
}

static enum law_why cut(struct law *law, struct turn *turn)
{
	double factor = 1 - 0.25 * (turn->x - 1);
	bool drains;

	if (!law->over_since_ns)
		law->over_since_ns = turn->now_ns;
	if (!law_elapsed(law->over_since_ns, CONFIRM_NS, turn->now_ns))
		return LAW_WHY_CONFIRM;
	if (!law_elapsed(law->cut_ns, law->cut_period_ns, turn->now_ns))
		return LAW_WHY_WAIT;
	law->cut_period_ns = law_jitter(law, NS_PER_SEC + turn->external.age_ns);
	law->cut_ns = turn->now_ns;
	/* a queue takes its time to drain: as long as it does, more would be too much */
	drains = turn->external.x < DRAINS * law->cut_x;
	law->cut_x = turn->external.x;
	if (drains)
		return LAW_WHY_WAIT;
	law->rate *= factor > CUT_LEAST_FACTOR ? factor : CUT_LEAST_FACTOR;
	law->rate_startup = false;
	return LAW_WHY_RATE_CUT;
}

static enum law_why decide(struct law *law, struct turn *turn, double fallback_per_sec)
{
	enum law_why why;

	turn->x = law_clamp(turn->external.x, 0, X_MAX);
	turn->signal = turn->external.signal;
	if (turn->rebased)
		return LAW_WHY_REBASED;
	if (turn->x > 1)
		return cut(law, turn);
	law->over_since_ns = 0;
	law->cut_x = 0;
	if (turn->x >= X_NEAR) {
		law->rate_startup = false;
		return LAW_WHY_RATE_HOLD;
	}
	why = law_signals_hold(turn);
	if (why != LAW_WHY_COUNT)
		return why;
	if (!turn->held_back)
		return LAW_WHY_IDLE;
	if (!law_elapsed(law->cut_ns, law->cut_period_ns, turn->now_ns))
		return LAW_WHY_WAIT;
	return grow(law, turn, fallback_per_sec);
}

enum law_why law_rate(struct law *law, struct turn *turn)
{
	double fallback_per_sec = law_fallback_per_sec(law, turn->now_ns);
	enum law_why why;

	if (law->state != LAW_RATE && law->state != LAW_FALLBACK)
		law->blind_since_ns = turn->now_ns;
	if (!turn->external.fresh) {
		law->state = LAW_FALLBACK;
		turn->alarm = fallback_per_sec >= LAW_PER_SEC_MAX;
		return LAW_WHY_BLIND;
	}
	if (law->state != LAW_RATE) {
		law->state = LAW_RATE;
		law->rate_startup = true;
		law->rate = fallback_per_sec < LAW_PER_SEC_MAX ? fallback_per_sec : START_PER_SEC;
		law->over_since_ns = 0;
	}
	why = decide(law, turn, fallback_per_sec);
	law->rate = law_clamp(law->rate, law_floor_per_sec(law, turn->now_ns),
			      law->config.rate_per_sec);
	return why;
}
