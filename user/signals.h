/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The signals of a configuration at work: each asks its source every so often, and none waits for
 * another, nor does the caller for any: nothing here blocks.
 *
 *	err = signals_create(&config, &signals);
 *	poll or epoll signals_fd(signals) for input, for as long as you like
 *		when it is readable: signals_turn(signals);
 *	signals_read(signals, i, now_ns, &reading) whenever a value is wanted
 *
 * All times are of CLOCK_MONOTONIC. (This header is not called signal.h, since <signal.h> would
 * then be it.)
 */
#ifndef WEIR_SIGNALS_H
#define WEIR_SIGNALS_H

#include <stdbool.h>
#include <stdint.h>

#include "config_signals.h"

#define SIGNAL_WORDS_MAX 192

struct signals;

struct signal_reading {
	const char *name;
	const char *listener; /* empty: every one */
	enum signal_type type;
	bool known;	       /* there has been a value; else what follows up to lag_ns is 0 */
	double value;	       /* the last one */
	double target;	       /* that it is to stay under */
	double ratio;	       /* value / target: above 1 is overload */
	const char *what;      /* the metric that it is of */
	uint64_t age_ns;       /* since the value was asked for */
	uint64_t same_ns;      /* since it last changed: a frozen source looks alive otherwise */
	uint64_t lag_ns;       /* how old it was already then, as far as is known */
	uint64_t every_ns;     /* between two readings, if all goes well */
	bool stale;	       /* older than three readings, and at least 5 s: it says nothing */
	unsigned int failures; /* in a row */
	bool timed_out;	       /* the last of them, rather than answered wrongly */
	char words[SIGNAL_WORDS_MAX]; /* why there is no newer value; empty: there is none newer */
};

/* Copies what it needs of @config, which has been checked. SIGPIPE must be ignored; resolving names
 * takes threads, which inherit the signal mask. Returns -errno. */
int signals_create(const struct config *config, struct signals **signals);
void signals_destroy(struct signals *signals);

/* Readable when signals_turn() has something to do, be it only that time has come. A turn takes some
 * ms at most, and leaves what is left to the next. */
int signals_fd(const struct signals *signals);
void signals_turn(struct signals *signals);

unsigned int signals_count(const struct signals *signals);
void signals_read(const struct signals *signals, unsigned int i, uint64_t now_ns,
		  struct signal_reading *reading);

#endif
