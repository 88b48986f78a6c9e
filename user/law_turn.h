/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What one step of the law works with, and what its parts share. For law*.c only. */
#ifndef WEIR_LAW_TURN_H
#define WEIR_LAW_TURN_H

#include "law_signals.h"

#define NS_PER_SEC 1000000000ULL
#define NS_PER_MS 1000000ULL

/* The band in which nothing is changed lies below the target: q is noisy, so it is wide. */
#define X_NEAR 0.7
/* Below it the target is far. */
#define X_FAR 0.35

#define LAW_X_HARD 4.0
#define LAW_TARGET_RAISE_MAX 10
/* With less of the window in use it is the pace that limits. */
#define LAW_PACED 0.7
/* So many more in flight are more. */
#define LAW_USED_MORE 1.2

/* x must be over 1 for so long: two looks of 250 ms. */
#define CONFIRM_NS (250 * NS_PER_MS)

/* Nothing is known: a start that no broker falls over from. */
#define START_WINDOW 32.0

struct turn {
	const struct law_sample *sample;
	uint64_t now_ns;
	uint64_t dt_ns; /* since the step before, 5 s at most */
	bool rebased;	/* a counter went back */
	uint64_t overflows;
	double n;	/* in flight, young included */
	bool held_back; /* demand was, recently */
	bool limited;	/* the window is what holds it back */
	double latency_ns;
	double owed_for_ns; /* so long the broker has owed somebody an answer, but for stragglers */
	double queued_for_ns; /* half of that, without what an answer takes when nobody waits */
	bool stuck;	      /* an open turn says so, not p90 */
	double x_local, x;
	struct law_external external;
	int signal;
	bool alarm;
};

double law_clamp(double value, double least, double most);
double law_floor_per_sec(const struct law *law, uint64_t now_ns);

/* 0: nearby, to 1: two round trips are as long as the target. What comes from far away is on its way for longer
 * than a queue takes to build up and to end, so that too much is known too late. */
double law_how_far(const struct law *law, const struct turn *turn);

/* From far away it is the pace that holds back while less of the window is in use than this share. Nearby it can be
 * empty at each look, 10 ms after it was full. */
double law_used_far(const struct law *law, const struct turn *turn);

/* @nominal_ns, up to 10 % more or less: so that several instances do not move in step. */
uint64_t law_jitter(struct law *law, uint64_t nominal_ns);

/* Has @ns passed since @since_ns? Yes if that is 0, for never, or in the future. */
bool law_elapsed(uint64_t since_ns, uint64_t ns, uint64_t now_ns);

/* law_local.c: counters, then latency and demand. */
void law_count(struct law *law, struct turn *turn);
void law_look(struct law *law, struct turn *turn);

/* law_grow.c. x < X_NEAR and somebody is held back: does anything else speak against growth? If not it grows, when
 * it is time. */
enum law_why law_try_grow(struct law *law, struct turn *turn);

/* law_pace.c: within the window, per second. */
double law_pace_per_sec(const struct law *law, const struct turn *turn);

/* LAW_WHY_COUNT: no signal speaks against growth. Else why, and whose fault it is. */
enum law_why law_signals_hold(struct turn *turn);

/* law_window.c, law_rate.c: change law->window or law->rate, and say why. */
enum law_why law_window(struct law *law, struct turn *turn);
enum law_why law_rate(struct law *law, struct turn *turn);

/* Within its bounds, the largest of which is law_window_max(). */
void law_set_window(struct law *law, double window);
double law_window_max(const struct law *law);

/* law_target.c. Set-ups are as slow as they were in a much larger window: it is not the window. */
bool law_is_futile(struct law *law, const struct turn *turn);
enum law_why law_raise_target(struct law *law, const struct turn *turn);
/* A target that was raised follows what set-ups really take. */
void law_lower_target(struct law *law, const struct turn *turn);
/* At the least window, trying twice that: true if it begins; then until it is over. */
bool law_start_probe(struct law *law, const struct turn *turn);
enum law_why law_probe(struct law *law, struct turn *turn);
bool law_is_flat(const struct law *law, const struct turn *turn);
bool law_is_too_soon(const struct law *law, const struct turn *turn);

/* A window to begin with, after whatever made what was known doubtful. */
void law_restart_window(struct law *law, uint64_t now_ns);

#endif
