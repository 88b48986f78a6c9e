/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Releases whose end is not known yet, for delay-max = auto. Pure.
 *
 * A client that has given up answers the SYN+ACK with a RST, after a round trip. One that has not
 * done so at the first look counts as gone well: waiting for longer would hold back what the storm
 * has to teach; but one that has a term of its own, where there is time to know it better, does so when a set-up
 * would be done, for so long its client can still give up. It is looked at again and again, each time after twice as long, and counts as failed
 * as soon as its RST has come: how soon that is, is a matter of how far away the client is.
 */
#ifndef WEIR_TRIALS_H
#define WEIR_TRIALS_H

#include <stdbool.h>
#include <stdint.h>

#include "delay_max.h"

#define TRIAL_LOOKS 6
#define TRIAL_FIRST_NS 100000000ULL
#define TRIAL_LAST_NS (TRIAL_FIRST_NS << (TRIAL_LOOKS - 1)) /* a satellite, and a loaded broker */

/* So many at once, those of 3 s at 5000 a second; beyond it the oldest are not judged. */
#define TRIALS_MAX 16384

struct trial {
	uint64_t key; /* of struct delay_record */
	uint64_t released_ns;
	uint64_t held_ns;  /* since the start of its term */
	uint64_t age_ns;   /* since its first SYN */
	uint64_t setup_ns; /* what a set-up took then; 0: not known */
	bool waited;	   /* has sent its SYN again: it is not forged, and a RST is its own */
	bool failed;	   /* and noted so */
};

/* All zero: none. The counts go up for ever; their remainders are places in the ring. */
struct trials {
	uint64_t added;
	uint64_t next[TRIAL_LOOKS]; /* the next to look at for the first time, the second, ... */
	struct trial ring[TRIALS_MAX];
};

/* One that was released just now: nothing comes before those that are there. */
void trials_add(struct trials *trials, const struct trial *trial);

/* The next one whose look number @look, from 0 on, is due; NULL: none is. No look comes before the one
 * before it. Valid until the next trials_add(). */
struct trial *trials_look(struct trials *trials, unsigned int look, uint64_t now_ns);

/* Tells @delay_max what look number @look has shown, once for each outcome. @reset: its client has sent a RST. */
void trial_judge(struct trial *trial, unsigned int look, bool reset, struct delay_max *delay_max);

#endif
