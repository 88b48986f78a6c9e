/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * How many of those who wait are sent away early, so that they come back at different times. Pure.
 *
 * Clients that have come together give up together, and come back together. Most of those that cannot all be
 * served before that wait in vain, and from then until they are back nobody waits at all: with a
 * patience of 3 s and a pause of exactly 1 s the broker idles for a quarter of the time. Who is told
 * early (RST) is back while the others pause.
 *
 * Only as many as are needed: while more are held than can be let in before those who are here now
 * give up, so many are sent away that SPREAD_FLOW times as many come as go in. Clients that come at
 * different times anyway are left alone, and so are patient ones: nobody is sent away before
 * most are known to have given up (delay_max_patience_ns()).
 */
#ifndef WEIR_SPREAD_H
#define WEIR_SPREAD_H

#include <stdbool.h>
#include <stdint.h>

#include "queue.h"

/* When it was chosen, simulated clients 800 ms away with a patience of 5 s needed 1.69 of the ideal with 1, 1.50
 * with 2 and 1.44 with 3; those with full jitter beside a flood 1.07, 1.07 and 1.11. */
#define SPREAD_FLOW 2

/* A second or so. A mean that fades would remember a herd for as long as its patience lasts. */
#define SPREAD_TURNS 10

struct spread_turn {
	uint64_t ended_ns;
	uint32_t came;	   /* connections, soon after their first SYN */
	uint32_t too_late; /* SYNs of those that are too old; the caller's */
	uint32_t let_in;
};

/* All zero: nothing has been seen. */
struct spread {
	struct spread_turn now; /* since the last turn; the caller counts let_in, too */
	struct spread_turn past[SPREAD_TURNS];
	unsigned int oldest;
	double most_per_sec; /* that were let in, of late */
	double owed;	     /* to be sent away, what is left of one */
};

/*
 * Of each SYN that was put into the queue: what became of it, and its age since the first of its connection.
 * @forged: the sources of new ones may be; then only those count that come again. New ones that were not
 * put, since the queue was half full, the caller adds to now.came.
 */
void spread_note(struct spread *spread, enum queue_result result, bool retransmit, uint64_t age_ns,
		 bool forged);
/* Those held that wait, for spread_take_turn(). */
uint32_t spread_held(const struct queue *queue, bool forged);

/*
 * To be called every 100 ms or so. @held: how many wait whose addresses are theirs; @patience_ns: up to
 * what age they are let in with success, UINT64_MAX: not known. Returns how many to send away until
 * the next turn, best those that are too old already, and others only if spread_is_excess().
 */
uint32_t spread_take_turn(struct spread *spread, uint32_t held, uint64_t patience_ns,
			  uint64_t now_ns);
/* Are more held than can be let in before they are too old? */
bool spread_is_excess(const struct spread *spread, uint32_t held, uint64_t patience_ns);

#endif
