// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The pace. What is released in one lump comes to the broker in one lump, a round trip later and again after
 * each client's turn: its set-ups are slow then although it is idle in between.
 */
#include "law_turn.h"

/* Windows in the time that one set-up takes. From far away a window that is used up sooner lets in only as many as are
 * done, in the lumps in which they are done. */
#define WINDOWS 1.5
#define WINDOWS_FAR 1.2
#define SETUP_LEAST_SECONDS 0.05
#define SETUP_MOST_SECONDS 60
#define TOOK_MOST_NS (60.0 * NS_PER_SEC)

/* Times what was done at best: enough to find out whether more can be done. */
#define OVER_GOODPUT 1.5
#define OVER_GOODPUT_FAR 1.15
/* where all have given up during the start, and come again */
#define OVER_GOODPUT_RESUMED 2.0
/* so much less when answers wait for as long as the target */
#define QUEUE_ENDS 0.5
#define UNOWED_NS NS_PER_SEC
#define UNOWED_MOST_NS (4.0 * NS_PER_SEC)
#define STARTS_PER_END_MAX 4

static double between(double nearby, double far, double away)
{
	return nearby + (far - nearby) * away;
}

/* What a set-up takes without what is over the target: for that the window is cut, and it is true of a queue that may have
 * gone since. 0: not known. */
static double took_in_time_ns(const struct law *law, const struct law_sample *sample)
{
	double took_ns = (double)sample->took_ns, client_ns = 2 * (double)sample->round_trip_ns;
	double late_ns = (double)sample->latency_p90_ns - (double)law->target_ns;

	if (took_ns > TOOK_MOST_NS)
		return 0;
	/* of before the last second, maybe of a queue: p90 does not say */
	if (!sample->latency_count)
		late_ns = took_ns - 2 * client_ns - (double)law->target_ns;
	if (late_ns <= 0 || took_ns <= client_ns)
		return took_ns;
	return took_ns - late_ns > client_ns ? took_ns - late_ns : client_ns;
}

/* A window is used up in the time that a set-up takes, the clients' turns included. */
static double window_per_sec(const struct law *law, const struct turn *turn)
{
	double near_ns = 2 * (double)turn->sample->round_trip_ns + turn->latency_ns / 2;
	double took_ns = took_in_time_ns(law, turn->sample);
	double away = took_ns > 0 ? law_how_far(law, turn) : 0;
	double seconds = between(near_ns, took_ns, away) / NS_PER_SEC;

	return between(WINDOWS, WINDOWS_FAR, away) * law->window /
	       law_clamp(seconds, SETUP_LEAST_SECONDS, SETUP_MOST_SECONDS);
}

/* Not all that begin are done: some give up, others are refused. */
static double starts_per_end(const struct law *law)
{
	if (law->goodput_10s <= 0)
		return 1;
	return law_clamp(law->requested_10s / law->goodput_10s, 1, STARTS_PER_END_MAX);
}

/* What the broker can do, by what it did at best. A first answer may be a small part of a set-up; but set-ups end in
 * lumps, or not at all. */
static double known_per_sec(const struct law *law)
{
	double ends = law->goodput_peak * starts_per_end(law);

	if (law->answers_peak <= 0)
		return ends;
	return law->answers_peak < ends ? law->answers_peak : ends;
}

/* From far away hardly more than was done, and less while a queue is there; unless for longer than that nobody was
 * owed an answer. */
static double over_goodput(const struct law *law, const struct turn *turn)
{
	double client_ns = 2 * (double)turn->sample->round_trip_ns, away = law_how_far(law, turn);
	double unowed_ns = law_clamp(client_ns, 0, UNOWED_MOST_NS) + UNOWED_NS;
	double queue = law_clamp(turn->queued_for_ns / (double)law->target_ns, 0, 1);

	if (law->state == LAW_STARTUP)
		return OVER_GOODPUT_RESUMED / away;
	if (law_elapsed(law->owed_at_ns, (uint64_t)unowed_ns, turn->now_ns))
		return OVER_GOODPUT;
	return between(OVER_GOODPUT, OVER_GOODPUT_FAR - QUEUE_ENDS * queue, away);
}

/* While the window doubles, what was done is much less than what can be done; and a probe is for what the window does. */
static bool goodput_counts(const struct law *law, const struct turn *turn)
{
	if (law->state == LAW_STARTUP)
		return law->start_resumed && law_how_far(law, turn) > 0;
	return law->state != LAW_PROBE;
}

double law_pace_per_sec(const struct law *law, const struct turn *turn)
{
	double pace = window_per_sec(law, turn), known = known_per_sec(law);

	if (known <= 0 || !goodput_counts(law, turn))
		return pace;
	known *= over_goodput(law, turn);
	return pace < known ? pace : known;
}
