// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "law_turn.h"

#define USED_FAR 0.9

double law_clamp(double value, double least, double most)
{
	if (!(value > least)) /* NaN, too */
		return least;
	return value < most ? value : most;
}

uint64_t law_jitter(struct law *law, uint64_t nominal_ns)
{
	law->random = law->random * 1664525 + 1013904223;
	return nominal_ns / 10 * (900 + (law->random >> 16) % 201) / 100;
}

double law_how_far(const struct law *law, const struct turn *turn)
{
	return law_clamp(2 * (double)turn->sample->round_trip_ns / (double)law->target_ns, 0, 1);
}

double law_used_far(const struct law *law, const struct turn *turn)
{
	return USED_FAR * law_how_far(law, turn);
}

enum law_why law_signals_hold(struct turn *turn)
{
	if (turn->external.lost >= 0) {
		turn->signal = turn->external.lost;
		return LAW_WHY_SCRAPE_LOST;
	}
	if (turn->external.pressed >= 0) {
		turn->signal = turn->external.pressed;
		return LAW_WHY_PRESSURE;
	}
	return LAW_WHY_COUNT;
}

bool law_elapsed(uint64_t since_ns, uint64_t ns, uint64_t now_ns)
{
	return !since_ns || now_ns < since_ns || now_ns - since_ns >= ns;
}
