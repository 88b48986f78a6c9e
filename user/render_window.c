// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* `weir show signals`. */
#include <inttypes.h>

#include "law.h"
#include "render.h"
#include "text.h"
#include "window_figures.h"

#define NS_PER_MS 1e6
#define NS_PER_SEC 1e9
#define MILLION 1e6
#define MILLI 1e3

static void put_fallback(FILE *out, const struct snapshot *snapshot, unsigned int id)
{
	double per_sec = window_fallback_per_sec(snapshot, id);

	if (per_sec > 0)
		fprintf(out, "%.3g/s", per_sec);
	else
		fputs("unlimited: no goodput is known yet", out);
}

void render_window_line(FILE *out, const struct snapshot *snapshot, unsigned int id)
{
	const struct window_state *state = &snapshot->windows[id];
	char text[24];

	if (!window_is_there(snapshot, id))
		return;
	fprintf(out, "    window     %s, ",
		text_window(text, sizeof(text), snapshot->policy->listeners[id].window.window));
	if (!window_is_leased_now(snapshot, id)) {
		fprintf(out, "FALLBACK: no `weir run %s` controls it; at most ",
			snapshot->control.name);
		put_fallback(out, snapshot, id);
	} else if (window_is_in_force(snapshot, id)) {
		fprintf(out, "now %u, %u in flight; set-up p90 %.0f ms of %.0f ms", state->window,
			state->in_flight, (double)state->latency_p90_ns / NS_PER_MS,
			(double)state->target_ns / NS_PER_MS);
	} else {
		fprintf(out, "now none: %s", law_why_words(state->why));
	}
	if (window_is_leased_now(snapshot, id) && (state->alarm || state->hidden))
		fprintf(out, " (ALARM: see `weir show signals`)");
	fputc('\n', out);
}

static void put_window(FILE *out, const struct snapshot *snapshot, unsigned int id)
{
	const struct window_state *state = &snapshot->windows[id];

	if (!window_is_leased_now(snapshot, id)) {
		fprintf(out, "  window       FALLBACK: no `weir run` controls it; at most ");
		put_fallback(out, snapshot, id);
		fputc('\n', out);
		return;
	}
	if (window_is_in_force(snapshot, id))
		fprintf(out, "  window       %u, of which %u in flight, %u young x %.2f\n",
			state->window, state->in_flight, state->young,
			state->share_millionths / MILLION);
	else
		fprintf(out, "  window       none; %u in flight\n", state->in_flight);
	fprintf(out, "  because      %s: %s%s\n", law_state_name(state->state),
		law_why_words(state->why), state->alarm ? " (ALARM)" : "");
	fprintf(out,
		"  set-up       p90 %.0f ms, oldest turn %.0f ms, target %.0f ms: ratio %.2f\n",
		(double)state->latency_p90_ns / NS_PER_MS,
		(double)state->oldest_turn_ns / NS_PER_MS, (double)state->target_ns / NS_PER_MS,
		(double)state->x_millionths / MILLION);
	fprintf(out, "  rates        done %.1f/s, floor %.1f/s, fallback ",
		(double)state->goodput_milli_per_sec / MILLI,
		(double)state->floor_milli_per_sec / MILLI);
	put_fallback(out, snapshot, id);
	fputc('\n', out);
	if (state->hidden)
		fputs("  HIDDEN       SYNs are let in, and no answer leaves by these devices\n",
		      out);
}

static void put_signals(FILE *out, const struct snapshot *snapshot, unsigned int id)
{
	for (int i = 0; i < WINDOW_SIGNALS_MAX; i++) {
		const struct window_signal *signal = &snapshot->windows[id].signals[i];

		if (!*signal->name)
			break;
		fprintf(out, "  signal       %.*s: ", WINDOW_NAME_MAX, signal->name);
		if (signal->read_ns)
			fprintf(out, "ratio %.2f, %.1f s old",
				(double)signal->ratio_millionths / MILLION,
				(double)window_signal_age_ns(snapshot, signal) / NS_PER_SEC);
		else
			fputs("never read", out);
		if (signal->failures)
			fprintf(out, ", failed %" PRIu64 " times", (uint64_t)signal->failures);
		fputc('\n', out);
	}
}

void render_signals(FILE *out, const struct snapshot *snapshot)
{
	bool any = false;

	for (unsigned int id = 0; id < LISTENERS_MAX; id++) {
		char text[24];

		if (!window_is_there(snapshot, id))
			continue;
		any = true;
		fprintf(out, "%s: listener %s (window = %s)\n", snapshot->control.name,
			snapshot->policy->listeners[id].name,
			text_window(text, sizeof(text),
				    snapshot->policy->listeners[id].window.window));
		put_window(out, snapshot, id);
		if (window_is_leased_now(snapshot, id))
			put_signals(out, snapshot, id);
	}
	if (!any)
		fprintf(out, "%s: no listener has a window; set `window = auto`\n",
			snapshot->control.name);
}
