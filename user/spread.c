// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "spread.h"

#include <math.h>

#define NS_PER_SEC 1e9

/* A capacity is remembered while a back end struggles: who is sent away then comes back in time, too. */
#define MOST_FADES_SEC 30.0

/* Fewer are chance, and so are fewer turns. */
#define CAME_ENOUGH 30
#define CAME_TURNS 3

/* A turn that comes late is not made up for. */
#define TURN_MOST_SEC 1.0

/* A SYN that comes again is the second of its connection, most likely, for so long: Linux sends it after
 * 1 s. A few stacks do that sooner and are counted twice, so that fewer are sent away; lwIP
 * does it after 3 s, and is not. */
#define NEW_NS 1500000000ULL

void spread_note(struct spread *spread, enum queue_result result, bool retransmit, uint64_t age_ns,
		 bool forged)
{
	if (forged)
		spread->now.came += retransmit && age_ns < NEW_NS &&
				    (result == QUEUE_QUEUED || result == QUEUE_REPLACED);
	else
		spread->now.came += !retransmit && (result == QUEUE_QUEUED ||
						    result == QUEUE_REFUSED_RETRANSMITS_ONLY);
}

uint32_t spread_held(const struct queue *queue, bool forged)
{
	return queue_length(queue, QUEUE_RETRANSMITS) +
	       (forged ? 0 : queue_length(queue, QUEUE_NEW));
}

static double seconds(uint64_t from_ns, uint64_t to_ns)
{
	return to_ns > from_ns ? (double)(to_ns - from_ns) / NS_PER_SEC : 0;
}

/* Ends the turn, and returns how many SYNs of the last SPREAD_TURNS were of those that are too old. */
static uint32_t end_turn(struct spread *spread, double turn_sec, uint64_t now_ns)
{
	double elapsed_sec = seconds(spread->past[spread->oldest].ended_ns, now_ns);
	double faded = spread->most_per_sec * (1 - turn_sec / MOST_FADES_SEC);
	uint32_t let_in = 0, too_late = 0;

	spread->now.ended_ns = now_ns;
	spread->past[spread->oldest] = spread->now;
	spread->now = (struct spread_turn){};
	spread->oldest = (spread->oldest + 1) % SPREAD_TURNS;
	for (unsigned int i = 0; i < SPREAD_TURNS; i++) {
		let_in += spread->past[i].let_in;
		too_late += spread->past[i].too_late;
	}
	spread->most_per_sec = fmax(faded, let_in / elapsed_sec);
	return too_late;
}

/* Of the last turns, in which enough would have come if so many came as are wanted: who is sent away now is back
 * in seconds, and what came a second ago is of no use then. */
static double came_per_sec(const struct spread *spread, double wanted_per_sec)
{
	unsigned int turn = (spread->oldest + SPREAD_TURNS - 1) % SPREAD_TURNS;
	uint64_t now_ns = spread->past[turn].ended_ns;
	double elapsed_sec = 0;
	uint32_t came = 0;

	for (unsigned int i = 0; i < SPREAD_TURNS - 1; i++) {
		came += spread->past[turn].came;
		turn = (turn + SPREAD_TURNS - 1) % SPREAD_TURNS;
		elapsed_sec = seconds(spread->past[turn].ended_ns, now_ns);
		if (elapsed_sec * wanted_per_sec >= CAME_ENOUGH && i + 1 >= CAME_TURNS)
			break;
	}
	return came / elapsed_sec;
}

static double excess_of(const struct spread *spread, double waiting, uint64_t patience_ns)
{
	return patience_ns == UINT64_MAX
		       ? 0
		       : waiting - spread->most_per_sec * (double)patience_ns / NS_PER_SEC;
}

bool spread_is_excess(const struct spread *spread, uint32_t held, uint64_t patience_ns)
{
	return excess_of(spread, held, patience_ns) > 0;
}

uint32_t spread_take_turn(struct spread *spread, uint32_t held, uint64_t patience_ns,
			  uint64_t now_ns)
{
	unsigned int latest = (spread->oldest + SPREAD_TURNS - 1) % SPREAD_TURNS;
	double turn_sec = fmin(seconds(spread->past[latest].ended_ns, now_ns), TURN_MOST_SEC);
	double patience_sec = (double)patience_ns / NS_PER_SEC, excess, missing;
	uint32_t count, too_late;

	if (turn_sec <= 0)
		return 0;
	too_late = end_turn(spread, turn_sec, now_ns);
	excess = excess_of(spread, held + too_late, patience_ns);
	missing = SPREAD_FLOW * spread->most_per_sec;
	missing -= came_per_sec(spread, missing);
	if (excess <= 0 || missing <= 0) {
		spread->owed = 0;
		return 0;
	}
	spread->owed += fmin(excess / patience_sec, missing) * turn_sec;
	count = (uint32_t)spread->owed;
	spread->owed -= count;
	return count;
}
