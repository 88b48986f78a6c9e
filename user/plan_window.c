// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The part of a plan about the window of a listener. */
#include <stdio.h>

#include "plan_listeners.h"
#include "policy.h"
#include "text.h"

#define TEXT_MAX 24

static void compare(struct plan *plan, const char *where, const char *what, const char *in_force,
		    const char *wanted)
{
	plan_compare(plan, &(struct change){ CHANGE_LIVE, where, what, in_force, wanted, NULL });
}

static void compare_number(struct plan *plan, const char *where, const char *what,
			   uint32_t in_force, uint32_t wanted)
{
	char from[TEXT_MAX], to[TEXT_MAX];

	snprintf(from, sizeof(from), "%u", in_force);
	snprintf(to, sizeof(to), "%u", wanted);
	compare(plan, where, what, from, to);
}

void plan_window(struct plan *plan, struct listener *listener, const struct wanted_listener *wanted,
		 const char *where)
{
	const struct window_terms *from = &listener->window;
	const struct window_terms to = policy_window(wanted);
	char in_force[TEXT_MAX], text[TEXT_MAX];

	compare(plan, where, "window", text_window(in_force, sizeof(in_force), from->window),
		text_window(text, sizeof(text), to.window));
	compare_number(plan, where, "window-min", from->window_min, to.window_min);
	compare_number(plan, where, "window-max", from->window_max, to.window_max);
	compare(plan, where, "target", text_delay_max(in_force, sizeof(in_force), from->target_ns),
		text_delay_max(text, sizeof(text), to.target_ns));
	compare(plan, where, "floor",
		text_least_rate(in_force, sizeof(in_force), from->floor_rate, from->floor_per_sec),
		text_least_rate(text, sizeof(text), to.floor_rate, to.floor_per_sec));
	compare(plan, where, "fallback-rate",
		text_least_rate(in_force, sizeof(in_force), from->fallback_rate,
				from->fallback_per_sec),
		text_least_rate(text, sizeof(text), to.fallback_rate, to.fallback_per_sec));
	listener->window = to;
}
