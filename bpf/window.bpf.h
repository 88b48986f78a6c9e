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

/* Functions of their own for the verifier, which so follows them once, and knows nothing of what
 * they return: each thing that it knows doubles its work behind it. */
__noinline __u32 window_ask_state(const struct listener *listener, __u32 id, __u64 now_ns)
{
	const struct window_state *state = window_of(id);

	if (!listener || !state)
		return WINDOW_YES;
	return window_ask(state, listener->serial, listener->window.fallback_period_ns,
			  returns_reserve_of(listener, id, now_ns), now_ns);
}

/* That it has room was asked before: another CPU may have taken the last of it, and then one more
 * than that is in it, and one less the next time. So nothing has to be given back. */
__noinline int window_charge_state(const struct listener *listener, __u32 id, __u64 now_ns)
{
	struct window_state *state = window_of(id);

	if (listener && state)
		window_charge_one(state, listener->serial, listener->window.fallback_period_ns,
				  now_ns);
	return 0;
}

/* Has the listener's window room? Takes nothing. */
static __always_inline enum reason window_ask_shared(struct cause *cause)
{
	const struct listener *listener = cause->listener;
	__u32 answer;

	if (listener->window.window == WINDOW_OFF)
		return REASON_NONE;
	answer = window_ask_state(listener, cause->listener_id, cause_now_ns(cause));
	if (answer & WINDOW_NO)
		return REASON_WINDOW;
	cause->kept |= answer;
	return REASON_NONE;
}

static __always_inline void window_charge(const struct cause *cause)
{
	const struct listener *listener = cause->listener;

	/* who is held is charged when it is let in */
	if (listener->window.window != WINDOW_OFF && !cause->held)
		window_charge_state(listener, cause->listener_id, cause->read_ns);
}

#endif
