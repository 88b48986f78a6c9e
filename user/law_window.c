// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The law on the window: growth while set-ups are quick and the window holds somebody back, cuts in
 * proportion to how far they are over the target. */
#include <math.h>

#include "law_turn.h"

/* Windows of several hosts become equal by steps up and cuts, not by standing still or by cuts
 * that hardly take anything. */
#define X_NEAR_SHARED 0.9
#define CUT_SHARED 0.8
#define X_FAR 0.35
#define X_NOTHING 0.1
#define X_IDLE 0.5	 /* a listener below it has no trouble of its own */
#define X_SIGNAL_MAX 2.0 /* external signals force bounded cuts only */
#define X_LOST 1.5

#define CUT_SLOPE 0.25
#define CUT_LEAST_FACTOR 0.5
#define CUT_MOST_FACTOR 0.9 /* less would tell nothing, see law_is_futile() */
#define CUT_SIGNAL_ONLY 0.9
/* p90 is of a second: where answers are owed for less, of the target, the queue that it tells of has ended. */
#define OWED_NOW 0.2
#define SIGNAL_FLOOR 0.5
#define SIGNAL_PATIENCE 3
#define SIGNAL_FORGOTTEN_NS (10 * NS_PER_SEC)
#define SIGNAL_DOUBTED_NS (10 * NS_PER_SEC)

#define DOUBLE_FACTOR 2.0 /* while there is no queue at all */
#define GROW_FACTOR 1.5
#define GROW_LAST_SHARE 0.2 /* while there is one, and the target is not far */
#define GROW_STEP 4.0
#define GROW_SHARE 0.05
#define ANSWERED_FACTOR 2.0
#define NOBODY 0.1 /* of the window in use: those who come are others */
#define FIRST_NS (250 * NS_PER_MS)
#define FAR_NS NS_PER_SEC
#define CALM_NS (3 * NS_PER_SEC)

#define OVERFLOW_ROOM 2

double law_window_max(const struct law *law)
{
	/* what the operator's ceiling can fill if clients are 3 s away, as the slowest are */
	double full = law->config.rate_per_sec * (3 + (double)law->target_ns / NS_PER_SEC);

	return law_clamp(full, law->config.window_min, law->config.window_max);
}

void law_set_window(struct law *law, double window)
{
	law->window = law_clamp(window, law->config.window_min, law_window_max(law));
}

void law_restart_window(struct law *law, uint64_t now_ns)
{
	double window = law->window_good / 4;

	law->state = LAW_STARTUP;
	law->target_ns = law->config.target_ns;
	law->over_since_ns = law->low_since_ns = law->min_since_ns = 0;
	law->signal_since_ns = law->signal_good_ns = 0;
	law->signal_base = 0;
	law->signal_floor_ns = law->probe_next_ns = 0;
	law->slowest_ns = 0;
	law->cut_ns = 0;
	law->grown_ns = now_ns;
	law->grown_period_ns = 0;
	law->grown_latency_ns = 0;
	law->start_resumed = false;
	law_set_window(law, window > START_WINDOW ? window : START_WINDOW);
}

/* Of a set-up's time in flight, the part that is the broker's: only that part gets shorter by a
 * smaller window. Clients have two turns after their request. */
static double brokers_share(const struct turn *turn)
{
	double client_ns = 2 * (double)turn->sample->round_trip_ns;

	if (turn->latency_ns <= 0 || client_ns <= 0)
		return 1;
	return law_clamp(turn->latency_ns / (turn->latency_ns + client_ns), 0.25, 1);
}

static void cut_to(struct law *law, struct turn *turn, double window, uint64_t age_ns)
{
	uint64_t own_ns = (uint64_t)law_clamp(turn->latency_ns, 0, NS_PER_SEC);

	law_set_window(law, window < law->window ? window : law->window);
	law->state = LAW_CUT;
	law->cut_ns = turn->now_ns;
	/* those in flight have to finish before the cut shows */
	law->cut_period_ns = law_jitter(law, NS_PER_SEC + age_ns + own_ns);
	law->over_since_ns = law->low_since_ns = 0;
}

/* The window that is in use: one that nobody has filled was not the cause. */
static double used_window(const struct law *law)
{
	double used = 1.25 * law->in_flight_peak;

	return used < law->window ? used : law->window;
}

static void cut_used(struct law *law, struct turn *turn, double factor)
{
	double base = used_window(law);

	law->window_good = law->window_good > 0 ? 0.5 * law->window_good + 0.45 * base : 0.9 * base;
	cut_to(law, turn, base * factor, 0);
}

static enum law_why cut_local(struct law *law, struct turn *turn)
{
	double factor = law_clamp(1 - CUT_SLOPE * (turn->x - 1), CUT_LEAST_FACTOR, CUT_MOST_FACTOR);

	if (law_is_futile(law, turn))
		return law_raise_target(law, turn);
	if (turn->x >= LAW_X_HARD)
		factor = CUT_LEAST_FACTOR;
	if (law->config.shared && factor > CUT_SHARED)
		factor = CUT_SHARED;
	cut_used(law, turn, 1 - (1 - factor) * brokers_share(turn));
	if (turn->x >= LAW_X_HARD)
		return LAW_WHY_VERY_SLOW;
	return turn->stuck ? LAW_WHY_STUCK : LAW_WHY_SLOW;
}

/* Signals are about more than set-ups, and may lie: they never take more than half. */
static enum law_why cut_by_signal(struct law *law, struct turn *turn, double factor,
				  enum law_why why)
{
	double window = law->window * factor;
	double least = law->signal_base * SIGNAL_FLOOR;

	if (window < least)
		window = least;
	if (window < law->window && law->window > law->config.window_min) {
		cut_to(law, turn, window, turn->external.age_ns);
		return why;
	}
	if (!law->signal_floor_ns)
		law->signal_floor_ns = turn->now_ns;
	if (turn->x_local >= X_IDLE || law->config.first_byte ||
	    !law_elapsed(law->signal_floor_ns, SIGNAL_DOUBTED_NS + turn->external.age_ns,
			 turn->now_ns))
		return LAW_WHY_SIGNAL_FLOOR;
	law->signal[turn->signal].doubted = true;
	law->signal_floor_ns = 0;
	return LAW_WHY_SIGNAL_DOUBTED;
}

static enum law_why try_signal_only(struct law *law, struct turn *turn)
{
	uint64_t period_ns = NS_PER_SEC + turn->external.age_ns;

	if (!law->signal_since_ns)
		law->signal_since_ns = turn->now_ns;
	if (!law_elapsed(law->signal_since_ns, SIGNAL_PATIENCE * period_ns, turn->now_ns))
		return LAW_WHY_SIGNAL_ONLY;
	if (!law_elapsed(law->cut_ns, law->cut_period_ns, turn->now_ns))
		return LAW_WHY_WAIT;
	return cut_by_signal(law, turn, CUT_SIGNAL_ONLY, LAW_WHY_SIGNAL_ONLY_CUT);
}

/* x > 1. */
static enum law_why try_cut(struct law *law, struct turn *turn)
{
	if (!law->over_since_ns)
		law->over_since_ns = turn->now_ns;
	if (!law_elapsed(law->over_since_ns, CONFIRM_NS, turn->now_ns))
		return LAW_WHY_CONFIRM;
	if (!law_elapsed(law->cut_ns, law->cut_period_ns, turn->now_ns))
		return LAW_WHY_WAIT;
	if (turn->signal >= 0)
		return cut_by_signal(law, turn, 1 - CUT_SLOPE * (turn->x - 1),
				     turn->signal == turn->external.lost ? LAW_WHY_SCRAPE_LOST_CUT
									 : LAW_WHY_SIGNAL);
	if (turn->owed_for_ns < OWED_NOW * (double)law->target_ns)
		return LAW_WHY_ENDED;
	if (law->window <= law->config.window_min) {
		if (!law->min_since_ns)
			law->min_since_ns = turn->now_ns;
		return LAW_WHY_MIN;
	}
	return cut_local(law, turn);
}

/* Who says whether it is too much: the listener, or a signal within its bounds. */
static void choose_x(struct law *law, struct turn *turn)
{
	double x_signal = law_clamp(turn->external.x, 0, X_SIGNAL_MAX);
	int signal = turn->external.signal;

	if (turn->external.lost >= 0 && turn->x_local > X_IDLE && x_signal < X_LOST) {
		x_signal = X_LOST;
		signal = turn->external.lost;
	}
	turn->x = turn->x_local;
	turn->signal = -1;
	if (turn->owed_for_ns < OWED_NOW * (double)law->target_ns)
		law->unowed_ns = turn->now_ns;
	if (x_signal > turn->x_local) {
		turn->x = x_signal;
		turn->signal = signal;
	}
	if (x_signal > 1) {
		if (law->signal_base <= 0)
			law->signal_base = law->window;
		law->signal_good_ns = turn->now_ns;
	} else {
		law->signal_floor_ns = 0;
		if (law_elapsed(law->signal_good_ns, SIGNAL_FORGOTTEN_NS, turn->now_ns))
			law->signal_base = 0;
	}
	if (turn->signal < 0 || turn->x <= 1 || turn->x_local >= X_IDLE)
		law->signal_since_ns = 0;
}

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

/* x < 0.7 and somebody is held back: what else speaks against growth? */
static enum law_why try_grow(struct law *law, struct turn *turn)
{
	if (turn->external.lost >= 0) {
		turn->signal = turn->external.lost;
		return LAW_WHY_SCRAPE_LOST;
	}
	if (turn->external.pressed >= 0) {
		turn->signal = turn->external.pressed;
		return LAW_WHY_PRESSURE;
	}
	if (turn->external.cutting && !turn->external.fresh && law->window_good > 0 &&
	    law->window >= law->window_good)
		return LAW_WHY_SIGNALS_STALE;
	return grow(law, turn);
}

/* ListenOverflows are of the whole namespace; a queue with room is not where they come from. */
static bool has_overflowed(const struct turn *turn)
{
	const struct law_sample *sample = turn->sample;

	return turn->overflows &&
	       (!sample->backlog_max || sample->backlog >= sample->backlog_max / OVERFLOW_ROOM);
}

/* Over 0.7 of the target at the start, and flat. LAW_WHY_COUNT: something speaks against growth. */
static enum law_why try_flat(struct law *law, struct turn *turn)
{
	enum law_why why;

	if (law_is_too_soon(law, turn))
		return LAW_WHY_WAIT;
	if (law->grown_latency_ns > 0) {
		if (law->in_flight_peak < LAW_USED_MORE * law->grown_in_flight)
			return LAW_WHY_COUNT;
		if (turn->x > 1)
			return law->target_ns < law->config.target_ns * LAW_TARGET_RAISE_MAX
				       ? law_raise_target(law, turn)
				       : LAW_WHY_COUNT;
	}
	why = try_grow(law, turn);
	return why == LAW_WHY_STARTUP || (why == LAW_WHY_WAIT && turn->x <= 1) ? why
									       : LAW_WHY_COUNT;
}

/* From far away a window comes in the lumps in which it was let in, and a lump has ended before the next one comes. */
static bool is_lump(const struct law *law, const struct turn *turn)
{
	double lump_ns = law_how_far(law, turn) *
			 law_clamp((double)turn->sample->round_trip_ns, 0, NS_PER_SEC);

	return law->state == LAW_STARTUP && turn->now_ns - law->unowed_ns < (uint64_t)lump_ns;
}

/* 0.7 <= x <= 1. */
static enum law_why stay_near(struct law *law, const struct turn *turn)
{
	if (turn->signal >= 0)
		return LAW_WHY_SIGNAL_HOLDS;
	if (is_lump(law, turn))
		return LAW_WHY_ENDED;
	if (law->state == LAW_STARTUP && !turn->stuck)
		law->state = LAW_STEADY;
	return LAW_WHY_NEAR;
}

enum law_why law_window(struct law *law, struct turn *turn)
{
	choose_x(law, turn);
	if (law->state == LAW_CUT && law_elapsed(law->cut_ns, law->cut_period_ns, turn->now_ns))
		law->state = LAW_STEADY;
	if (law->state == LAW_PROBE)
		return law_probe(law, turn);
	if (turn->rebased)
		return LAW_WHY_REBASED;
	if (!turn->limited) {
		law->over_since_ns = law->low_since_ns = law->min_since_ns = 0;
		law->idle_ns = turn->now_ns;
		law->start_resumed |= turn->n < NOBODY * law->window && law->answers_peak > 0;
		return LAW_WHY_IDLE;
	}
	if (turn->x >= X_FAR)
		law->low_since_ns = 0;
	law_lower_target(law, turn);
	if (has_overflowed(turn) && law_elapsed(law->cut_ns, law->cut_period_ns, turn->now_ns)) {
		turn->signal = -1;
		cut_used(law, turn, CUT_LEAST_FACTOR);
		return LAW_WHY_OVERFLOW;
	}
	if (turn->x >= X_NEAR && law_is_flat(law, turn)) {
		enum law_why why = try_flat(law, turn);

		if (why != LAW_WHY_COUNT)
			return why;
	}
	if (turn->x > 1) {
		if (law->state == LAW_STARTUP && turn->signal < 0 && !turn->stuck)
			law->state = LAW_STEADY;
		if (turn->signal >= 0 && turn->x_local < X_IDLE)
			return try_signal_only(law, turn);
		return law_start_probe(law, turn) ? LAW_WHY_PROBE : try_cut(law, turn);
	}
	law->over_since_ns = law->min_since_ns = 0;
	law->slowest_ns = 0;
	if (turn->x >= (law->config.shared ? X_NEAR_SHARED : X_NEAR))
		return stay_near(law, turn);
	return try_grow(law, turn);
}
