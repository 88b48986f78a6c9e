/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * May one more connection begin its set-up? Credits are what the window leaves; once a quarter of it
 * is in use they are given out at a pace, since what comes to the broker in one lump is slow in one
 * lump. Whoever finds the window full still gets in at the floor's rate, so that nothing that was
 * counted wrongly can close it for good. Without a valid lease there is no window but the fallback
 * rate, with room for a second of it. Pure; used by BPF, user space and the tests.
 *
 * User space writes credits while others take them: one taken just then may be given twice. And whoever
 * lets a SYN in asks first and charges then: of two at once both may have the last. Either way the
 * next ones wait for it.
 */
#ifndef WEIR_WINDOW_H
#define WEIR_WINDOW_H

#include <linux/types.h>

#include "abi.h"

#define WINDOW_INLINE static inline __attribute__((always_inline))

#define WINDOW_FALLBACK_BURST_NS 1000000000ULL
#define WINDOW_TRIES_MAX 8

enum window_answer {
	WINDOW_YES,
	WINDOW_FOR_WAITED = 1, /* only for those who have waited */
	WINDOW_NO = 2,
};

WINDOW_INLINE int window_is_leased(const struct window_state *state, __u32 serial, __u64 now_ns)
{
	return *(volatile __u64 *)&state->lease_until_ns > now_ns && state->serial == serial;
}

/* @said_ns: of the operator, 0 if nothing. 0: unlimited. */
WINDOW_INLINE __u64 window_fallback_period(const struct window_state *state, __u32 serial,
					   __u64 said_ns)
{
	if (said_ns)
		return said_ns;
	return state->serial == serial ? state->fallback_period_ns : 0;
}

/* Credits that others have more of a right to. What nobody else wants is not kept. */
WINDOW_INLINE __s64 window_kept(const struct window_state *state, __u32 reserve)
{
	__u64 kept = (__u64)state->window * reserve >> RESERVE_SHIFT;

	/* there is no window, and nothing that could run out */
	if (state->window == WINDOW_AUTO)
		return 0;
	return kept && kept >= state->window ? (__s64)state->window - 1 : (__s64)kept;
}

WINDOW_INLINE __u64 window_tat_debt(__u64 tat, __u64 now_ns)
{
	return tat > now_ns ? tat - now_ns : 0;
}

WINDOW_INLINE int window_is_paced(const struct window_state *state, __s64 credits)
{
	return state->pace_period_ns && credits <= (__s64)state->pace_from;
}

/* When the next one may be let in as far as the pace is concerned; 0: at once. */
WINDOW_INLINE __u64 window_pace_due(const struct window_state *state)
{
	__u64 tat = *(volatile __u64 *)&state->pace_tat;

	if (!window_is_paced(state, *(volatile __s64 *)&state->credits) ||
	    tat < state->pace_tolerance_ns)
		return 0;
	return tat - state->pace_tolerance_ns;
}

WINDOW_INLINE int window_floor_has_one(const struct window_state *state, __u64 now_ns)
{
	return state->floor_period_ns && *(volatile __u64 *)&state->floor_tat <= now_ns;
}

WINDOW_INLINE enum window_answer window_ask_fallback(const struct window_state *state,
						     __u64 period_ns, __u32 reserve, __u64 now_ns)
{
	__u64 debt_ns = window_tat_debt(*(volatile __u64 *)&state->fallback_tat, now_ns);
	__u64 kept_ns = (WINDOW_FALLBACK_BURST_NS >> RESERVE_SHIFT) * reserve;

	if (!period_ns)
		return WINDOW_YES;
	if (debt_ns > WINDOW_FALLBACK_BURST_NS)
		return WINDOW_NO;
	return debt_ns > WINDOW_FALLBACK_BURST_NS - kept_ns ? WINDOW_FOR_WAITED : WINDOW_YES;
}

/* Takes nothing. @reserve: in force, of RESERVE_ALL. */
WINDOW_INLINE enum window_answer window_ask(const struct window_state *state, __u32 serial,
					    __u64 said_ns, __u32 reserve, __u64 now_ns)
{
	__s64 credits = *(volatile __s64 *)&state->credits;

	if (!window_is_leased(state, serial, now_ns))
		return window_ask_fallback(state, window_fallback_period(state, serial, said_ns),
					   reserve, now_ns);
	if (credits <= 0) {
		if (!window_floor_has_one(state, now_ns))
			return WINDOW_NO;
		return reserve ? WINDOW_FOR_WAITED : WINDOW_YES;
	}
	if (window_is_paced(state, credits) &&
	    window_tat_debt(*(volatile __u64 *)&state->pace_tat, now_ns) > state->pace_tolerance_ns)
		return WINDOW_NO;
	return credits > window_kept(state, reserve) ? WINDOW_YES : WINDOW_FOR_WAITED;
}

/* One token of a bucket of one word. Debts end at the tolerance and one token. */
WINDOW_INLINE void window_charge_token(__u64 *word, __u64 period_ns, __u64 tolerance_ns,
				       __u64 now_ns)
{
	for (int i = 0; i < WINDOW_TRIES_MAX; i++) {
		__u64 tat = *(volatile __u64 *)word, debt_ns = window_tat_debt(tat, now_ns);

		if (debt_ns > tolerance_ns)
			debt_ns = tolerance_ns;
		if (__sync_val_compare_and_swap(word, tat, now_ns + debt_ns + period_ns) == tat)
			return;
	}
}

/* Of one that is let in, whether or not there is room. */
WINDOW_INLINE void window_charge_one(struct window_state *state, __u32 serial, __u64 said_ns,
				     __u64 now_ns)
{
	__u64 period_ns;

	if (!window_is_leased(state, serial, now_ns)) {
		period_ns = window_fallback_period(state, serial, said_ns);
		if (period_ns)
			window_charge_token(&state->fallback_tat, period_ns,
					    WINDOW_FALLBACK_BURST_NS, now_ns);
	} else if (__sync_fetch_and_add(&state->credits, -1) <= 0) {
		window_charge_token(&state->floor_tat, state->floor_period_ns, 0, now_ns);
	} else if (state->pace_period_ns) {
		window_charge_token(&state->pace_tat, state->pace_period_ns,
				    state->pace_tolerance_ns, now_ns);
	}
}

#endif
