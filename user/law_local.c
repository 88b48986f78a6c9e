// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What the listener itself shows: demand, set-up latency, and how many SYNs were real. */
#include <math.h>

#include "law_turn.h"

/* p90 of fewer set-ups is chance. */
#define LATENCY_COUNT_MIN 10
/* One turn this many times as old as the others are: its own trouble, not a queue. */
#define STRAGGLER 4.0

#define HELD_BACK_NS (500 * NS_PER_MS)
#define USED 0.8
#define BINDING 0.5

#define SANE_PER_SEC 1e7

#define STORM_NS (2 * NS_PER_SEC)
#define PEAK_NS (30 * NS_PER_SEC)
/* Of the target: an answer that is owed for less does not wait for others. */
#define OWED_LONG 0.35
#define LEAST_NS (10 * NS_PER_SEC)

/* Evidence on who turns into a request halves in this time; so much of it is enough to judge. */
#define EVIDENCE_NS NS_PER_SEC
#define EVIDENCE_MIN 16.0
#define YOUNG_SHARE_MIN 0.02
/* As the kernel's own reserve: from all real to a quarter, and back within 30 s, so that a flood
 * that is held off does not come back each few seconds. */
#define REAL_NONE_KEPT 0.75
#define REAL_ALL_KEPT 0.25
#define RESERVE_FALL_PER_SEC (1.0 / 30)

static uint64_t delta(uint64_t *last, uint64_t now, bool counted, bool *rebased)
{
	uint64_t more = counted && now >= *last ? now - *last : 0;

	*rebased |= counted && now < *last;
	*last = now;
	return more;
}

/* Moves @value towards @next as a low pass of @tau_ns would. */
static void smooth(double *value, double next, uint64_t dt_ns, uint64_t tau_ns)
{
	*value += (next - *value) * (double)dt_ns / (double)(dt_ns + tau_ns);
}

static void keep_most(double *most, double value)
{
	if (value > *most)
		*most = value;
}

/* 0: none yet. */
static void keep_least(double *least, double value)
{
	if (value > 0 && (*least <= 0 || value < *least))
		*least = value;
}

/* What was done while nobody was held back is what was asked for, and says nothing of what the
 * broker can do: only a storm teaches that. */
static void learn_goodput(struct law *law, const struct turn *turn, uint64_t completed,
			  double per_sec, double answers_per_sec)
{
	if (!law->refused_ns || turn->now_ns - law->refused_ns > HELD_BACK_NS) {
		law->goodput.since_ns = 0;
		return;
	}
	law_goodput_note(&law->goodput, completed, turn->now_ns);
	smooth(&law->goodput_storm, per_sec, turn->dt_ns, STORM_NS);
	smooth(&law->answers_storm, answers_per_sec, turn->dt_ns, STORM_NS);
	/* of so little time it is so much of the truth */
	smooth(&law->storm_share, 1, turn->dt_ns, STORM_NS);
	keep_most(&law->goodput_peak, law->goodput_storm / law->storm_share);
	keep_most(&law->answers_peak, law->answers_storm / law->storm_share);
}

static void count_goodput(struct law *law, const struct turn *turn, uint64_t completed,
			  uint64_t answered)
{
	uint64_t dt_ns = turn->dt_ns > NS_PER_MS ? turn->dt_ns : NS_PER_MS;
	double per_sec = (double)completed * NS_PER_SEC / (double)dt_ns;
	double answers_per_sec = (double)answered * NS_PER_SEC / (double)dt_ns;

	if (per_sec > SANE_PER_SEC || answers_per_sec > SANE_PER_SEC)
		return;
	smooth(&law->goodput_1s, per_sec, dt_ns, NS_PER_SEC);
	smooth(&law->goodput_10s, per_sec, dt_ns, 10 * NS_PER_SEC);
	learn_goodput(law, turn, completed, per_sec, answers_per_sec);
	if (completed)
		law->completed_ns = turn->now_ns;
}

static void count_real(struct law *law, const struct turn *turn, uint64_t judged,
		       uint64_t requested)
{
	double keep = (double)EVIDENCE_NS / (double)(EVIDENCE_NS + turn->dt_ns);
	double fall = RESERVE_FALL_PER_SEC * (double)turn->dt_ns / NS_PER_SEC;
	double share, reserve;

	if (requested > judged)
		requested = judged;
	smooth(&law->requested_10s,
	       (double)requested * NS_PER_SEC /
		       (double)(turn->dt_ns > NS_PER_MS ? turn->dt_ns : NS_PER_MS),
	       turn->dt_ns, 10 * NS_PER_SEC);
	law->judged_recent = law->judged_recent * keep + (double)judged;
	law->requested_recent = law->requested_recent * keep + (double)requested;
	law->reserve = law_clamp(law->reserve - fall, 0, 1);
	if (law->judged_recent < EVIDENCE_MIN) {
		smooth(&law->young_share, 1, turn->dt_ns, 30 * NS_PER_SEC);
		return;
	}
	share = law_clamp(law->requested_recent / law->judged_recent, 0, 1);
	law->young_share = law_clamp(share, YOUNG_SHARE_MIN, 1);
	reserve = law_clamp((REAL_NONE_KEPT - share) / (REAL_NONE_KEPT - REAL_ALL_KEPT), 0, 1);
	if (reserve > law->reserve)
		law->reserve = reserve;
}

void law_count(struct law *law, struct turn *turn)
{
	const struct law_sample *sample = turn->sample;
	uint64_t answered, completed, judged, requested, refused;
	bool counted = law->counted, rebased = false;

	answered = delta(&law->answered, sample->answered, counted, &rebased);
	completed = delta(&law->completed, sample->completed, counted, &rebased);
	judged = delta(&law->judged, sample->judged, counted, &rebased);
	requested = delta(&law->requested, sample->requested, counted, &rebased);
	refused = delta(&law->refused, sample->refused, counted, &rebased);
	turn->overflows = delta(&law->overflows, sample->overflows, counted, &rebased);
	if (!law->counted || rebased)
		law->grown_answered = law->answered;
	law->counted = true;
	turn->rebased = rebased;
	if (rebased) {
		turn->overflows = 0;
		law->completed_ns = turn->now_ns;
		return;
	}
	if (refused || sample->waiting)
		law->refused_ns = turn->now_ns;
	count_goodput(law, turn, completed, answered);
	/* who is not seen is not forged */
	if (sample->tracked)
		count_real(law, turn, judged, requested);
	else
		law->reserve = 0, law->young_share = 1;
}

/* The signal q: what 90 of 100 set-ups took at most, or how long the broker has owed an answer. */
static void judge_latency(const struct law *law, struct turn *turn)
{
	const struct law_sample *sample = turn->sample;
	double p90_ns = (double)sample->latency_p90_ns, oldest_ns = (double)sample->oldest_ns;
	double common_ns = p90_ns > (double)law->target_ns ? p90_ns : (double)law->target_ns;

	turn->owed_for_ns = oldest_ns;
	if (sample->latency_count < LATENCY_COUNT_MIN) {
		turn->latency_ns = oldest_ns;
		turn->stuck = true;
	} else if (oldest_ns > STRAGGLER * common_ns && law->goodput_1s >= law->goodput_10s / 2) {
		turn->latency_ns = turn->owed_for_ns = p90_ns;
	} else {
		/* of several turns the oldest is always older than p90 */
		turn->stuck = oldest_ns / 2 > p90_ns;
		turn->latency_ns = turn->stuck ? oldest_ns / 2 : p90_ns;
	}
	turn->x_local = turn->latency_ns / (double)law->target_ns;
}

/* The least that p90 was in the last one or two of these times is what answers take without a queue. */
static void judge_queue(struct law *law, struct turn *turn)
{
	const struct law_sample *sample = turn->sample;
	double least_ns;

	if (law_elapsed(law->least_since_ns, LEAST_NS, turn->now_ns)) {
		law->least_since_ns = turn->now_ns;
		law->least_before_ns = law->least_latency_ns;
		law->least_latency_ns = 0;
	}
	if (sample->latency_count >= LATENCY_COUNT_MIN)
		keep_least(&law->least_latency_ns, (double)sample->latency_p90_ns);
	least_ns = law->least_before_ns;
	keep_least(&least_ns, law->least_latency_ns);
	/* the oldest of many may take so long by itself */
	turn->queued_for_ns = least_ns > 0 ? law_clamp(turn->owed_for_ns / 2 - least_ns, 0,
						       turn->owed_for_ns)
					   : 0;
}

/* Less than before is all that can be done only if a full window waits for it: else less was let in. */
static void judge_peak(struct law *law, const struct turn *turn)
{
	bool owed = turn->owed_for_ns > OWED_LONG * (double)law->target_ns;
	double used = law_used_far(law, turn);

	if (used < LAW_PACED)
		used = LAW_PACED;

	if (owed || !turn->held_back)
		law->owed_at_ns = turn->now_ns;
	if (owed && turn->held_back && law->in_flight_peak >= used * floor(law->window)) {
		smooth(&law->goodput_peak, 0, turn->dt_ns, PEAK_NS);
		smooth(&law->answers_peak, 0, turn->dt_ns, PEAK_NS);
	}
}

void law_look(struct law *law, struct turn *turn)
{
	const struct law_sample *sample = turn->sample;
	double fade = (double)NS_PER_SEC / (double)(NS_PER_SEC + turn->dt_ns);

	turn->n = sample->in_flight + sample->young * law->young_share;
	law->in_flight_peak *= fade;
	if (turn->n > law->in_flight_peak)
		law->in_flight_peak = turn->n;
	turn->held_back = law->refused_ns && turn->now_ns - law->refused_ns <= HELD_BACK_NS;
	turn->limited = (turn->held_back || turn->n > USED * law->window) &&
			law->in_flight_peak >= BINDING * law->window;
	judge_latency(law, turn);
	judge_queue(law, turn);
	judge_peak(law, turn);
}
