// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "window_figures.h"

#include "law.h"
#include "policy.h"
#include "window.h"

#define MILLI 1e3
#define NS_PER_SEC 1e9

bool window_is_there(const struct snapshot *snapshot, unsigned int id)
{
	return policy_has_window(&snapshot->policy->listeners[id]);
}

bool window_is_leased_now(const struct snapshot *snapshot, unsigned int id)
{
	return window_is_leased(&snapshot->windows[id], snapshot->policy->listeners[id].serial,
				snapshot->now_ns);
}

bool window_is_in_force(const struct snapshot *snapshot, unsigned int id)
{
	return window_is_leased_now(snapshot, id) && snapshot->windows[id].window != WINDOW_AUTO;
}

double window_fallback_per_sec(const struct snapshot *snapshot, unsigned int id)
{
	const struct listener *listener = &snapshot->policy->listeners[id];
	const struct window_state *state = &snapshot->windows[id];

	if (listener->window.fallback_rate && listener->window.fallback_per_sec)
		return (double)listener->window.fallback_rate / listener->window.fallback_per_sec;
	return state->serial == listener->serial && state->fallback_period_ns
		       ? NS_PER_SEC / (double)state->fallback_period_ns
		       : 0;
}

double window_adaptive_per_sec(const struct snapshot *snapshot, unsigned int id)
{
	double per_sec = (double)snapshot->windows[id].ceiling_milli_per_sec / MILLI;

	return window_is_leased_now(snapshot, id) && per_sec < LAW_PER_SEC_MAX ? per_sec : 0;
}

uint64_t window_signal_age_ns(const struct snapshot *snapshot, const struct window_signal *signal)
{
	return snapshot->now_ns > signal->read_ns ? snapshot->now_ns - signal->read_ns : 0;
}
