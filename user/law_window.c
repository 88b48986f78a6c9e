// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The law on the window: growth (law_grow.c) while set-ups are quick and the window holds somebody back, cuts in
 * proportion to how far they are over the target. */
#include "law_turn.h"

/* Windows of several hosts become equal by steps up and cuts, not by standing still or by cuts
 * that hardly take anything. */
#define X_NEAR_SHARED 0.9
#define CUT_SHARED 0.8
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

#define NOBODY 0.1 /* of the window in use */
#define RESUMED_NS (60 * NS_PER_SEC)

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
	if (law->unowed_ns == turn->now_ns)
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
	why = law_try_grow(law, turn);
	return why == LAW_WHY_STARTUP || (why == LAW_WHY_WAIT && turn->x <= 1) ? why
									       : LAW_WHY_COUNT;
}

/* From far away a window comes in the lumps in which it was let in, and a lump has ended before the next one comes. */
static bool is_lump(const struct law *law, const struct turn *turn)
{
	double lump_ns = law_clamp((double)turn->sample->round_trip_ns, 0, NS_PER_SEC);

	return law->state == LAW_STARTUP && law_how_far(law, turn) >= 1 &&
	       law_is_too_soon(law, turn) && turn->now_ns - law->unowed_ns < (uint64_t)lump_ns;
}

/* 0.7 <= x <= 1. */
static enum law_why stay_near(struct law *law, const struct turn *turn)
{
	if (turn->signal >= 0)
		return LAW_WHY_SIGNAL_HOLDS;
	if (is_lump(law, turn))
		return LAW_WHY_WAIT;
	if (law->state == LAW_STARTUP && !turn->stuck)
		law->state = LAW_STEADY;
	return LAW_WHY_NEAR;
}

/* Of a start that has grown: will those who come be the same again, who were held back a while ago? */
static bool has_resumed(const struct law *law, const struct turn *turn)
{
	return law->state == LAW_STARTUP && law->grown_latency_ns > 0 && law->answers_peak > 0 &&
	       law->refused_ns && !law_elapsed(law->refused_ns, RESUMED_NS, turn->now_ns);
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
		if (turn->n < NOBODY * law->window)
			law->start_resumed = has_resumed(law, turn);
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
	return law_try_grow(law, turn);
}
