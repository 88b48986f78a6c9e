/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* How many connections of a listener may be in set-up at once: include/window.h in the packet path. */
#ifndef WEIR_WINDOW_BPF_H
#define WEIR_WINDOW_BPF_H

#include "match.bpf.h"
#include "waiting.bpf.h"
#include "window.h"

static __always_inline struct window_state *window_of(__u32 listener)
{
	return bpf_map_lookup_elem(&windows, &listener);
}

/* The reserve that `weir run` wants. */
static __always_inline __u32 window_reserve(const struct cause *cause, __u64 now_ns)
{
	const struct window_state *state = window_of(cause->listener);

	if (!state ||
	    !window_is_leased(state, cause->policy->listeners[cause->listener].serial, now_ns))
		return 0;
	return READ_ONCE(state->reserve) & (2 * RESERVE_ALL - 1);
}

/* Functions of their own for the verifier, which so follows them once. */
__noinline int window_ask_state(__u32 listener, __u32 serial, __u64 said_ns, __u32 reserve,
				__u64 now_ns)
{
	const struct window_state *state = window_of(listener);

	return state ? window_ask(state, serial, said_ns, reserve, now_ns) : WINDOW_YES;
}

__noinline int window_take_state(__u32 listener, __u32 serial, __u64 said_ns, __u32 reserve,
				 __u64 now_ns)
{
	struct window_state *state = window_of(listener);

	return state ? window_take(state, serial, said_ns, reserve, now_ns) : WINDOW_TOOK_NOTHING;
}

__noinline int window_give_back_state(__u32 listener, __u32 serial, __u64 said_ns, __u32 took)
{
	struct window_state *state = window_of(listener);

	if (state)
		window_give_back(state, serial, said_ns, took);
	return 0;
}

static __always_inline void window_begin(struct cause *cause)
{
	cause->windowed = cause->policy->listeners[cause->listener].window.window != WINDOW_OFF;
	if (cause->windowed)
		cause->reserve = window_reserve(cause, cause_now_ns(cause));
}

/* Has the listener's window room? Takes nothing. */
static __always_inline enum reason window_ask_shared(struct cause *cause)
{
	const struct listener *listener = &cause->policy->listeners[cause->listener];
	int answer;

	if (!cause->windowed)
		return REASON_NONE;
	answer = window_ask_state(cause->listener, listener->serial,
				  listener->window.fallback_period_ns, returns_reserve(cause),
				  cause_now_ns(cause));
	if (answer == WINDOW_NO)
		return REASON_WINDOW;
	cause->kept |= answer == WINDOW_FOR_WAITED;
	return REASON_NONE;
}

static __always_inline __u32 window_charge(const struct cause *cause)
{
	const struct listener *listener = &cause->policy->listeners[cause->listener];

	return window_take_state(cause->listener, listener->serial,
				 listener->window.fallback_period_ns,
				 cause->waited ? 0 : returns_reserve(cause), cause->read_ns);
}

static __always_inline void window_refund(const struct cause *cause, __u32 took)
{
	const struct listener *listener = &cause->policy->listeners[cause->listener];

	if (cause->windowed)
		window_give_back_state(cause->listener, listener->serial,
				       listener->window.fallback_period_ns, took);
}

#endif
