/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The reserve: the share of a listener's room that is kept for those who have waited. */
#ifndef WEIR_RETURNS_BPF_H
#define WEIR_RETURNS_BPF_H

#include "match.bpf.h"
#include "window.h"

/* Fewer refusals say nothing about their sources. */
#define RETURNS_MIN 32

/* A new slice of time has begun: what is kept for those who have waited? Most of the refused come
 * back: they are clients, all the same. Few do: most sources are forged, and never will. */
__noinline int returns_roll(struct returns *returns, __u64 slice)
{
	__u64 former, refused = 0, returned = 0, share;

	if (!returns)
		return 0;
	former = READ_ONCE(returns->slice);
	if (former >= slice ||
	    __sync_val_compare_and_swap(&returns->slice, former, slice) != former)
		return 0;
#pragma unroll
	for (int i = 0; i < RETURN_SLICES; i++) {
		if (slice - i > former) {
			returns->refused[(slice - i) & (RETURN_SLICES - 1)] = 0;
			returns->returned[(slice - i) & (RETURN_SLICES - 1)] = 0;
		}
	}
#pragma unroll
	for (int i = RETURN_WAIT; i < RETURN_WAIT + RETURN_WINDOW; i++) {
		refused += returns->refused[(slice - i) & (RETURN_SLICES - 1)];
		returned += returns->returned[(slice - i) & (RETURN_SLICES - 1)];
	}
	share = refused < RETURNS_MIN ? RESERVE_ALL : (returned << RESERVE_SHIFT) / refused;
	if (share >= RESERVE_ALL * 3 / 4)
		returns->reserve = 0;
	else if (share <= RESERVE_ALL / 4)
		returns->reserve = RESERVE_ALL;
	else
		returns->reserve = 2 * (RESERVE_ALL * 3 / 4 - share);
	return 0;
}

/*
 * The reserve of listener @id, of RESERVE_ALL: as the operator says, or else the larger of what
 * follows from what comes back and of what `weir run` wants. A function of its own for the verifier.
 */
__noinline __u32 returns_reserve_of(const struct listener *listener, __u32 id, __u64 now_ns)
{
	const struct returns *returns;
	const struct window_state *window;
	__u32 reserve;

	if (!listener)
		return 0;
	if (listener->reserve <= RESERVE_ALL)
		return listener->reserve;
	returns = bpf_map_lookup_elem(&returns_by_listener, &id);
	reserve = returns ? READ_ONCE(returns->reserve) & (2 * RESERVE_ALL - 1) : 0;
	window = bpf_map_lookup_elem(&windows, &id);
	if (window && window_is_leased(window, listener->serial, now_ns) &&
	    window->reserve > reserve)
		reserve = window->reserve & (2 * RESERVE_ALL - 1);
	return reserve;
}

static __always_inline __u32 returns_reserve(struct cause *cause)
{
	return returns_reserve_of(cause->listener, cause->listener_id, cause_now_ns(cause));
}

#endif
