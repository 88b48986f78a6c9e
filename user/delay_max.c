// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "delay_max.h"

#define NS_PER_SEC 1000000000ULL

#define GROW_BELOW_PERCENT 2
#define HALVE_ABOVE_PERCENT 5

/* At 200 releases per second half of the first delay-max is 50 of them, at 30 eight: a slower
 * listener can still double in time. That some would fail is seen soon enough afterwards. */
#define JUDGED_TO_DOUBLE 8
/* The fewest of which none has to fail to say less than 2 %. */
#define JUDGED_TO_CREEP 50
/* With two, 2 % of failures of another cause (a dead battery, a lost link) would halve it every
 * 40 releases or so; with three, one time in ten that 60 are judged. */
#define FAILED_TO_HALVE 3
/* Beyond this older ones count half, so that a fleet that changes is noticed. */
#define JUDGED_MOST 400

/* What was too long once is forgotten by doubling in each such time. */
#define CAREFUL_DOUBLES_NS (60 * NS_PER_SEC)

void delay_max_init(struct delay_max *delay_max, uint64_t now_ns)
{
	*delay_max = (struct delay_max){
		.learned_ns = DELAY_MAX_START_NS,
		.changed_ns = now_ns,
		.halved_ns = now_ns,
	};
}

void delay_max_note(struct delay_max *delay_max, uint64_t held_ns, uint32_t count, bool failed)
{
	if (!count || held_ns > delay_max->learned_ns)
		return;
	delay_max->judged += count;
	if (failed) {
		delay_max->failed += count;
		if (held_ns > delay_max->learned_ns / 2 &&
		    (!delay_max->failed_from_ns || held_ns < delay_max->failed_from_ns))
			delay_max->failed_from_ns = held_ns;
	} else if (held_ns > delay_max->proven_ns) {
		delay_max->proven_ns = held_ns;
	}
	while (delay_max->judged > JUDGED_MOST) {
		delay_max->judged /= 2;
		delay_max->failed /= 2;
	}
}

static uint64_t clamp(uint64_t ns)
{
	if (ns < DELAY_MAX_LEAST_NS)
		return DELAY_MAX_LEAST_NS;
	return ns > DELAY_MAX_MOST_NS ? DELAY_MAX_MOST_NS : ns;
}

static void change(struct delay_max *delay_max, uint64_t learned_ns, uint64_t now_ns)
{
	delay_max->learned_ns = clamp(learned_ns);
	delay_max->changed_ns = now_ns;
	delay_max->proven_ns = 0;
	delay_max->judged = 0;
	delay_max->failed = 0;
	delay_max->failed_from_ns = 0;
}

static uint64_t elapsed_ns(uint64_t now_ns, uint64_t since_ns)
{
	return now_ns > since_ns ? now_ns - since_ns : 0;
}

/* Could learned_ns be too long, by what is known? */
static bool is_careful(const struct delay_max *delay_max, uint64_t now_ns)
{
	uint64_t doublings = elapsed_ns(now_ns, delay_max->halved_ns) / CAREFUL_DOUBLES_NS;

	/* from the least to the most is less than ten doublings */
	return delay_max->careful_ns && doublings < 10 &&
	       delay_max->learned_ns >= delay_max->careful_ns << doublings;
}

/* Is @learned_ns shorter than what failed when it was halved last? */
static bool is_below_edge(const struct delay_max *delay_max, uint64_t learned_ns, uint64_t now_ns)
{
	return !delay_max->edge_ns || learned_ns < delay_max->edge_ns ||
	       elapsed_ns(now_ns, delay_max->halved_ns) >= CAREFUL_DOUBLES_NS;
}

static void grow(struct delay_max *delay_max, uint64_t now_ns)
{
	uint64_t learned_ns = delay_max->learned_ns;

	if (delay_max->failed * 100 >= delay_max->judged * GROW_BELOW_PERCENT)
		return;
	if (!is_careful(delay_max, now_ns)) {
		if (delay_max->judged >= JUDGED_TO_DOUBLE && delay_max->proven_ns >= learned_ns / 2)
			change(delay_max, learned_ns * 2, now_ns);
	} else if (delay_max->judged >= JUDGED_TO_CREEP &&
		   delay_max->proven_ns >= learned_ns - learned_ns / 8 &&
		   elapsed_ns(now_ns, delay_max->changed_ns) >= learned_ns &&
		   is_below_edge(delay_max, learned_ns + learned_ns / 8, now_ns)) {
		change(delay_max, learned_ns + learned_ns / 8, now_ns);
	}
}

uint64_t delay_max_update(struct delay_max *delay_max, uint32_t entries, uint64_t rate_per_sec,
			  uint64_t now_ns)
{
	uint64_t capped_ns = DELAY_MAX_MOST_NS;

	if (delay_max->failed >= FAILED_TO_HALVE &&
	    delay_max->failed * 100 > delay_max->judged * HALVE_ABOVE_PERCENT) {
		delay_max->edge_ns = delay_max->failed_from_ns;
		change(delay_max, delay_max->learned_ns / 2, now_ns);
		delay_max->halved_ns = now_ns;
		delay_max->careful_ns = delay_max->learned_ns;
	} else {
		grow(delay_max, now_ns);
	}
	if (rate_per_sec)
		capped_ns = entries * NS_PER_SEC / rate_per_sec;
	return clamp(capped_ns < delay_max->learned_ns ? capped_ns : delay_max->learned_ns);
}
