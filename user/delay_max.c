// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "delay_max.h"

#include <stdlib.h>
#include <string.h>

#define NS_PER_SEC 1000000000ULL

#define GROW_BELOW_PERCENT 2
#define SHRINK_ABOVE_PERCENT 5
/* Of late ones: at least two in three of so many, or of the first so many that fail. */
#define LATE_JUDGED 20
#define LATE_FAILED 5

/* At 200 releases per second half of the first delay-max is 50 of them, at 30 eight: a slower
 * listener can still double in time. That some would fail is seen soon enough afterwards. */
#define JUDGED_TO_DOUBLE 8
/* The fewest of which none has to fail to say less than 2 %. */
#define JUDGED_TO_CREEP 50
/* With two, 2 % of failures of another cause (a dead battery, a lost link) would shrink it every
 * 40 releases or so; with three, one time in ten that 60 are judged. */
#define FAILED_TO_SHRINK 3
/* Beyond this older ones count half, so that a fleet that changes is noticed. */
#define JUDGED_MOST 400

/* Fewer say nothing of an eighth of them. */
#define GIVE_UPS_MIN 8

/* Who is held is let in when set-ups that take long for a moment are over. */
#define SETUP_MEAN_NS (3 * NS_PER_SEC)

/* Of those that fail before an edge is known. */
#define CHANCE_FORGOTTEN_NS (10 * NS_PER_SEC)

/* What was too long once is forgotten by doubling in each such time, and the edge after one. */
#define CAREFUL_DOUBLES_NS (60 * NS_PER_SEC)

void delay_max_init(struct delay_max *delay_max, uint64_t now_ns)
{
	*delay_max = (struct delay_max){
		.learned_ns = DELAY_MAX_START_NS,
		.changed_ns = now_ns,
		.shrunk_ns = now_ns,
		.gone_ns = UINT64_MAX,
	};
}

static void judge(struct delay_judged *of, uint64_t from_ns, uint64_t least_ns, uint32_t count,
		  enum delay_outcome outcome)
{
	if (outcome != DELAY_FAILED_AFTER_ALL)
		of->judged += count;
	if (outcome != DELAY_WELL) {
		of->failed += count;
		if (from_ns > least_ns && (!of->failed_from_ns || from_ns < of->failed_from_ns))
			of->failed_from_ns = from_ns;
	}
	/* what it was noted with may have been forgotten */
	if (of->judged < of->failed)
		of->judged = of->failed;
	while (of->judged > JUDGED_MOST) {
		of->judged /= 2;
		of->failed /= 2;
	}
}

static bool most_fail(const struct delay_judged *of)
{
	return of->failed * 3 >= of->judged * 2;
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
	delay_max->own = (struct delay_judged){};
}

static uint64_t elapsed_ns(uint64_t now_ns, uint64_t since_ns)
{
	return now_ns > since_ns ? now_ns - since_ns : 0;
}

/* Could learned_ns be too long, by what is known? */
static bool is_careful(const struct delay_max *delay_max, uint64_t now_ns)
{
	uint64_t doublings = elapsed_ns(now_ns, delay_max->shrunk_ns) / CAREFUL_DOUBLES_NS;

	/* from the least to the most is less than ten doublings */
	return delay_max->careful_ns && doublings < 10 &&
	       delay_max->learned_ns >= delay_max->careful_ns << doublings;
}

/* UINT64_MAX: it is not known, or too long ago. */
static uint64_t age_of(const struct delay_edge *edge, uint64_t now_ns)
{
	if (!edge->age_ns || elapsed_ns(now_ns, edge->found_ns) >= CAREFUL_DOUBLES_NS)
		return UINT64_MAX;
	return edge->age_ns;
}

/* What is left of @age_ns without @margin_ns, a quarter at least: some set-ups may take very long, and say
 * nothing of the others. */
static uint64_t without(uint64_t age_ns, uint64_t margin_ns)
{
	return margin_ns < age_ns - age_ns / 4 ? age_ns - margin_ns : age_ns / 4;
}

/* How long may be waited, by @edge; UINT64_MAX: not known. No two clients are the same, and set-up
 * takes time, too. */
static uint64_t below(const struct delay_max *delay_max, const struct delay_edge *edge,
		      uint64_t now_ns)
{
	uint64_t margin_ns = edge->age_ns / 8;

	if (age_of(edge, now_ns) == UINT64_MAX)
		return UINT64_MAX;
	if (delay_max->waits_ns) {
		uint64_t ns = without(delay_max->waits_ns,
				      delay_max->waits_ns / 8 + delay_max->setup_ns);

		/* nor longer than those that failed, whoever it is that waits longer */
		return ns < edge->age_ns - margin_ns ? ns : edge->age_ns - margin_ns;
	}
	if (margin_ns < delay_max->setup_ns)
		margin_ns = delay_max->setup_ns;
	/* some set-ups may take very long, and say nothing of the others */
	if (margin_ns > edge->age_ns / 2)
		margin_ns = edge->age_ns / 2;
	return edge->age_ns - margin_ns;
}

/* From which age on only the patient can be served; 0: not known. */
static uint64_t patient_from_ns(const struct delay_max *delay_max)
{
	uint64_t ns = delay_max->waits_ns + delay_max->waits_ns / 8;

	return delay_max->waits_ns && ns > delay_max->setup_ns ? ns - delay_max->setup_ns : 0;
}

/* Late ones that go well count if they are as old as those that fail, or failed before, and cannot be some
 * that were served just in time. */
static void note_late(struct delay_max *delay_max, uint64_t age_ns, uint32_t count,
		      enum delay_outcome outcome)
{
	struct delay_judged *late = &delay_max->late;
	uint64_t from_ns = late->failed_from_ns ? late->failed_from_ns : UINT64_MAX;

	if (delay_max->late_edge.age_ns && delay_max->late_edge.age_ns < from_ns)
		from_ns = delay_max->late_edge.age_ns;
	if (from_ns < patient_from_ns(delay_max))
		from_ns = patient_from_ns(delay_max);
	if (outcome != DELAY_WELL || age_ns >= from_ns)
		judge(late, age_ns, 0, count, outcome);
}

static void note_own(struct delay_max *delay_max, uint64_t held_ns, uint32_t count,
		     enum delay_outcome outcome)
{
	judge(&delay_max->own, held_ns, delay_max->learned_ns / 2, count, outcome);
	if (outcome == DELAY_WELL && held_ns > delay_max->proven_ns)
		delay_max->proven_ns = held_ns;
	/* it was proof of nothing */
	if (outcome == DELAY_FAILED_AFTER_ALL && held_ns >= delay_max->proven_ns)
		delay_max->proven_ns = 0;
}

/* 0 is none. */
static uint64_t lesser_of(uint64_t a, uint64_t b)
{
	return !a || (b && b < a) ? b : a;
}

/* From which age on clients may be gone: an edge, or what may become one. */
static uint64_t suspect_ns(const struct delay_max *delay_max)
{
	uint64_t from_ns = lesser_of(delay_max->own.failed_from_ns, delay_max->late.failed_from_ns);

	if (delay_max->gone_ns != UINT64_MAX)
		return delay_max->gone_ns;
	return from_ns ? from_ns : UINT64_MAX;
}

void delay_max_note(struct delay_max *delay_max, uint64_t held_ns, uint64_t age_ns, uint32_t count,
		    enum delay_outcome outcome)
{
	bool late = age_ns > held_ns;

	if (!count)
		return;
	if (held_ns <= delay_max->learned_ns) {
		if (late)
			note_late(delay_max, age_ns, count, outcome);
		if (!late || outcome == DELAY_WELL)
			note_own(delay_max, held_ns, count, outcome);
	}
	if (!late && age_ns >= suspect_ns(delay_max))
		judge(&delay_max->gone, age_ns, 0, count, outcome);
}

void delay_max_note_setup(struct delay_max *delay_max, uint64_t setup_ns, uint64_t now_ns)
{
	double dt_ns = (double)elapsed_ns(now_ns, delay_max->setup_noted_ns);
	double change_ns = (double)setup_ns - (double)delay_max->setup_ns;

	delay_max->setup_noted_ns = now_ns;
	if (!setup_ns || !delay_max->setup_ns)
		delay_max->setup_ns = setup_ns;
	else
		delay_max->setup_ns += (int64_t)(change_ns * dt_ns / (dt_ns + SETUP_MEAN_NS));
}

void delay_max_note_give_up(struct delay_max *delay_max, uint64_t waited_ns, uint64_t now_ns)
{
	if (elapsed_ns(now_ns, delay_max->gave_up_ns) >= CAREFUL_DOUBLES_NS)
		delay_max->give_ups = 0;
	delay_max->gave_up_ns = now_ns;
	delay_max->waited_ns[delay_max->give_ups++ % DELAY_GIVE_UPS] = waited_ns;
}

static int by_time(const void *a, const void *b)
{
	uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;

	return (left > right) - (left < right);
}

/* Seven in eight wait as long, or it was seen too late: of some only when they are told something. A few are
 * lost at any time. */
static void find_waits(struct delay_max *delay_max, uint64_t now_ns)
{
	uint64_t sorted[DELAY_GIVE_UPS];
	size_t count = delay_max->give_ups < DELAY_GIVE_UPS ? delay_max->give_ups : DELAY_GIVE_UPS;

	delay_max->waits_ns = 0;
	if (count < GIVE_UPS_MIN || elapsed_ns(now_ns, delay_max->gave_up_ns) >= CAREFUL_DOUBLES_NS)
		return;
	memcpy(sorted, delay_max->waited_ns, sizeof(sorted));
	qsort(sorted, count, sizeof(*sorted), by_time);
	delay_max->waits_ns = sorted[count / 8];
}

void delay_max_note_late(struct delay_max *delay_max, uint64_t age_ns, bool failed)
{
	if (age_ns >= suspect_ns(delay_max))
		judge(&delay_max->gone, age_ns, 0, 1, failed ? DELAY_FAILED : DELAY_WELL);
}

uint64_t delay_max_age_ns(const struct delay_max *delay_max, uint64_t now_ns)
{
	return below(delay_max, &delay_max->late_edge, now_ns);
}

/* The greater edge, for some set-ups take long, and fail sooner. One that is found anew goes on with what was
 * judged: its age is much the same. What may become an edge does so soon, or was chance. */
static void find_gone(struct delay_max *delay_max, uint64_t now_ns)
{
	uint64_t own_ns = age_of(&delay_max->edge, now_ns);
	uint64_t late_ns = age_of(&delay_max->late_edge, now_ns);
	uint64_t former_ns = delay_max->gone_ns;

	delay_max->gone_ns = own_ns;
	if (own_ns == UINT64_MAX || (late_ns != UINT64_MAX && late_ns > own_ns))
		delay_max->gone_ns = late_ns;
	if (delay_max->gone_ns != UINT64_MAX)
		return;
	if (former_ns == UINT64_MAX &&
	    elapsed_ns(now_ns, delay_max->gone_since_ns) < CHANCE_FORGOTTEN_NS)
		return;
	delay_max->gone = (struct delay_judged){};
	delay_max->gone_since_ns = now_ns;
}

uint64_t delay_max_patience_ns(const struct delay_max *delay_max)
{
	const struct delay_judged *gone = &delay_max->gone;
	uint64_t in_time_ns = without(delay_max->waits_ns, delay_max->setup_ns);

	if (gone->failed < FAILED_TO_SHRINK || !most_fail(gone) || delay_max->gone_ns == UINT64_MAX)
		return UINT64_MAX;
	return delay_max->waits_ns && in_time_ns < delay_max->gone_ns ? in_time_ns
								      : delay_max->gone_ns;
}

static void grow_to(struct delay_max *delay_max, uint64_t learned_ns, uint64_t now_ns)
{
	if (learned_ns <= below(delay_max, &delay_max->edge, now_ns))
		change(delay_max, learned_ns, now_ns);
}

static void grow(struct delay_max *delay_max, uint64_t now_ns)
{
	uint64_t learned_ns = delay_max->learned_ns;

	if (delay_max->own.failed * 100 >= delay_max->own.judged * GROW_BELOW_PERCENT)
		return;
	if (!is_careful(delay_max, now_ns)) {
		if (delay_max->own.judged >= JUDGED_TO_DOUBLE &&
		    delay_max->proven_ns >= learned_ns / 2)
			grow_to(delay_max, learned_ns * 2, now_ns);
	} else if (delay_max->own.judged >= JUDGED_TO_CREEP &&
		   delay_max->proven_ns >= learned_ns - learned_ns / 8 &&
		   elapsed_ns(now_ns, delay_max->changed_ns) >= learned_ns) {
		grow_to(delay_max, learned_ns + learned_ns / 8, now_ns);
	}
}

static void shrink(struct delay_max *delay_max, uint64_t now_ns)
{
	uint64_t half_ns = delay_max->learned_ns / 2, below_ns;

	delay_max->edge = (struct delay_edge){ delay_max->own.failed_from_ns, now_ns };
	below_ns = below(delay_max, &delay_max->edge, now_ns);
	change(delay_max, below_ns > half_ns && below_ns != UINT64_MAX ? below_ns : half_ns,
	       now_ns);
	delay_max->shrunk_ns = now_ns;
	delay_max->careful_ns = delay_max->learned_ns;
}

/* Late ones: do most fail from some age on? Where one is known, do they still, or younger ones? */
static void judge_late(struct delay_max *delay_max, uint64_t now_ns)
{
	struct delay_judged *late = &delay_max->late;
	struct delay_edge *edge = &delay_max->late_edge;
	bool younger = late->failed_from_ns &&
		       (!edge->age_ns || late->failed_from_ns < edge->age_ns);

	if (late->judged < LATE_JUDGED &&
	    !(late->failed >= LATE_FAILED && most_fail(late) && younger))
		return;
	if (!most_fail(late))
		*edge = (struct delay_edge){};
	else
		*edge = (struct delay_edge){ younger ? late->failed_from_ns : edge->age_ns,
					     now_ns };
	*late = (struct delay_judged){};
}

uint64_t delay_max_update(struct delay_max *delay_max, uint32_t entries, uint64_t rate_per_sec,
			  uint64_t now_ns)
{
	const struct delay_judged *own = &delay_max->own;
	uint64_t capped_ns, age_ns;

	find_waits(delay_max, now_ns);
	if (own->failed >= FAILED_TO_SHRINK &&
	    own->failed * 100 > own->judged * SHRINK_ABOVE_PERCENT)
		shrink(delay_max, now_ns);
	else
		grow(delay_max, now_ns);
	if (delay_max_age_ns(delay_max, now_ns) == UINT64_MAX)
		delay_max->late_edge = (struct delay_edge){};
	judge_late(delay_max, now_ns);
	find_gone(delay_max, now_ns);
	capped_ns = below(delay_max, &delay_max->edge, now_ns);
	age_ns = delay_max_age_ns(delay_max, now_ns);
	if (age_ns < capped_ns)
		capped_ns = age_ns;
	if (rate_per_sec && entries * NS_PER_SEC / rate_per_sec < capped_ns)
		capped_ns = entries * NS_PER_SEC / rate_per_sec;
	return clamp(capped_ns < delay_max->learned_ns ? capped_ns : delay_max->learned_ns);
}
