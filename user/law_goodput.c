// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <string.h>

#include "law_goodput.h"

#define NS_PER_SEC 1000000000ULL
#define HOUR_NS (3600 * NS_PER_SEC)
#define INTERVAL_NS (10 * NS_PER_SEC)
#define INTERVAL_MAX_NS (15 * NS_PER_SEC)

/* More set-ups a second than any host does: such a count is garbage. */
#define SANE_PER_SEC 1e7

static void enter(struct law_goodput *goodput, double per_sec, uint64_t now_ns)
{
	uint64_t hour = now_ns / HOUR_NS;
	double *best;

	if (hour < goodput->hour || hour - goodput->hour >= LAW_GOODPUT_HOURS) {
		memset(goodput->best_per_sec, 0, sizeof(goodput->best_per_sec));
		goodput->hour = hour;
	}
	while (goodput->hour < hour) {
		goodput->hour++;
		goodput->best_per_sec[goodput->hour % LAW_GOODPUT_HOURS] = 0;
	}
	best = &goodput->best_per_sec[hour % LAW_GOODPUT_HOURS];
	if (!(*best >= per_sec) || *best > SANE_PER_SEC)
		*best = per_sec;
}

void law_goodput_note(struct law_goodput *goodput, uint64_t count, uint64_t now_ns)
{
	uint64_t elapsed_ns = now_ns - goodput->since_ns;
	double per_sec;

	if (!goodput->since_ns || now_ns < goodput->since_ns || elapsed_ns > INTERVAL_MAX_NS) {
		goodput->since_ns = now_ns;
		goodput->count = 0;
		return;
	}
	if (__builtin_add_overflow(goodput->count, count, &goodput->count))
		goodput->count = UINT64_MAX;
	if (elapsed_ns < INTERVAL_NS)
		return;
	per_sec = (double)goodput->count * NS_PER_SEC / (double)elapsed_ns;
	if (per_sec > 0 && per_sec <= SANE_PER_SEC)
		enter(goodput, per_sec, now_ns);
	goodput->since_ns = now_ns;
	goodput->count = 0;
}

double law_goodput_best(const struct law_goodput *goodput, uint64_t now_ns)
{
	uint64_t hour = now_ns / HOUR_NS;
	double best = 0;

	for (uint64_t ago = 0; ago < LAW_GOODPUT_HOURS && ago <= hour; ago++) {
		double slot = goodput->best_per_sec[(hour - ago) % LAW_GOODPUT_HOURS];

		/* slots newer than the newest one are those of a day ago */
		if (hour - ago <= goodput->hour &&
		    goodput->hour - (hour - ago) < LAW_GOODPUT_HOURS && slot > best &&
		    slot <= SANE_PER_SEC)
			best = slot;
	}
	return best;
}

double law_goodput_fallback(const struct law_goodput *goodput, double floor_per_sec,
			    double rate_per_sec, uint64_t now_ns)
{
	double best = law_goodput_best(goodput, now_ns);
	double fallback = best > 0 ? best / 2 : rate_per_sec;

	if (!(fallback >= floor_per_sec))
		fallback = floor_per_sec;
	return fallback < rate_per_sec ? fallback : rate_per_sec;
}
