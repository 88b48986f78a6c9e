// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "law_signals.h"

#define NS_PER_SEC 1000000000ULL

/* A value counts for three of its periods, and for 5 s even if it is read more often. */
#define FRESH_PERIODS 3
#define FRESH_LEAST_NS (5 * NS_PER_SEC)
/* Garbage must not make a signal count for ever. */
#define PERIOD_MAX_NS (60 * NS_PER_SEC)
#define AGE_MAX_NS (600 * NS_PER_SEC)

/* Readings that timed out in a row: one may be chance. After half a minute the endpoint is dead
 * and says nothing about the broker. */
#define TIMEOUTS_LOST 3
#define LOST_MAX_NS (30 * NS_PER_SEC)

#define SMOOTHED_NS (2 * NS_PER_SEC)
#define RATIO_MAX 1000.0

/* A doubted signal counts again once it was low. */
#define TRUSTED_BELOW 0.7

#define PRESSED_FROM 0.8
#define PRESSED_NS (5 * NS_PER_SEC)

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static bool is_number(double ratio)
{
	return ratio >= 0 && ratio <= __DBL_MAX__;
}

static uint64_t fresh_for_ns(const struct law_signal *signal)
{
	uint64_t ns = FRESH_PERIODS * least(signal->period_ns, PERIOD_MAX_NS);

	return ns > FRESH_LEAST_NS ? ns : FRESH_LEAST_NS;
}

static double smooth(struct law_signal_memory *memory, double ratio, uint64_t dt_ns,
		     uint64_t now_ns)
{
	if (ratio > RATIO_MAX)
		ratio = RATIO_MAX;
	if (!memory->known)
		memory->changed_ns = 0;
	else if (memory->last_ratio != ratio)
		memory->changed_ns = now_ns;
	memory->last_ratio = ratio;
	if (!memory->known)
		memory->smoothed = ratio;
	else
		memory->smoothed += (ratio - memory->smoothed) * (double)dt_ns /
				    (double)(dt_ns + SMOOTHED_NS);
	memory->known = true;
	return memory->smoothed;
}

static bool is_lively(const struct law_signal_memory *memory, const struct law_signal *signal,
		      uint64_t now_ns)
{
	return memory->changed_ns && now_ns - memory->changed_ns <= fresh_for_ns(signal);
}

static void join(struct law_external *external, int i, const struct law_signal *signal, double x)
{
	uint64_t age_ns = least(signal->age_ns, AGE_MAX_NS) + least(signal->lag_ns, AGE_MAX_NS);

	external->fresh++;
	if (age_ns > external->slowest_ns)
		external->slowest_ns = age_ns;
	if (external->signal >= 0 && x <= external->x)
		return;
	external->signal = i;
	external->x = x;
	external->age_ns = age_ns;
}

struct law_external law_signals_judge(struct law *law, const struct law_sample *sample,
				      uint64_t dt_ns, uint64_t now_ns)
{
	struct law_external external = { .signal = -1, .pressed = -1, .lost = -1 };

	for (int i = 0; sample->signal && i < LAW_SIGNALS_MAX && i < (int)sample->signals; i++) {
		const struct law_signal *signal = &sample->signal[i];
		struct law_signal_memory *memory = &law->signal[i];
		bool fresh = is_number(signal->ratio) && signal->age_ns <= fresh_for_ns(signal);
		double x;

		if (signal->kind == LAW_KIND_CUT) {
			external.cutting++;
			if (signal->timeouts >= TIMEOUTS_LOST && is_number(signal->ratio) &&
			    signal->age_ns <= LOST_MAX_NS)
				external.lost = i;
		}
		if (!fresh) {
			memory->known = memory->doubted = false;
		} else {
			x = smooth(memory, signal->ratio, dt_ns, now_ns);
			memory->doubted = memory->doubted && x >= TRUSTED_BELOW;
			if (memory->doubted) {
				continue;
			} else if (signal->kind == LAW_KIND_CUT) {
				join(&external, i, signal, x);
				external.lively |= is_lively(memory, signal, now_ns);
			} else if (signal->ratio >= PRESSED_FROM) {
				memory->pressed_until_ns = now_ns + PRESSED_NS;
			}
		}
		if (signal->kind != LAW_KIND_CUT && now_ns < memory->pressed_until_ns &&
		    memory->pressed_until_ns - now_ns <= PRESSED_NS)
			external.pressed = i;
	}
	return external;
}
