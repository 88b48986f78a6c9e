// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "json_window.h"

#include <stdio.h>

#include "json_value.h"
#include "law.h"
#include "text.h"
#include "window_figures.h"

#define NS_PER_MS 1000000U
#define MILLI 1e3

static json_t *signals(const struct snapshot *snapshot, unsigned int id)
{
	json_t *array = json_array();

	for (int i = 0; i < WINDOW_SIGNALS_MAX; i++) {
		const struct window_signal *signal = &snapshot->windows[id].signals[i];
		char name[WINDOW_NAME_MAX + 1];
		json_t *object;

		if (!*signal->name)
			break;
		snprintf(name, sizeof(name), "%.*s", WINDOW_NAME_MAX, signal->name);
		object = json_object();
		json_object_set_new(object, "name", json_text(name));
		json_object_set_new(object, "failures", json_count(signal->failures));
		if (signal->read_ns) {
			json_object_set_new(object, "ratio_permille",
					    json_count(signal->ratio_millionths / 1000));
			json_object_set_new(
				object, "age_ms",
				json_count(window_signal_age_ns(snapshot, signal) / NS_PER_MS));
		}
		json_array_append_new(array, object);
	}
	return array;
}

static void add_decision(json_t *object, const struct window_state *state)
{
	json_object_set_new(object, "in_flight", json_count(state->in_flight));
	json_object_set_new(object, "young", json_count(state->young));
	json_object_set_new(object, "state", json_text(law_state_name(state->state)));
	json_object_set_new(object, "why", json_text(law_why_name(state->why)));
	json_object_set_new(object, "words", json_text(law_why_words(state->why)));
	json_object_set_new(object, "alarm", json_boolean(state->alarm));
	json_object_set_new(object, "hidden", json_boolean(state->hidden));
	json_object_set_new(object, "ratio_permille", json_count(state->x_millionths / 1000));
	json_object_set_new(object, "setup_p90_ms", json_count(state->latency_p90_ns / NS_PER_MS));
	json_object_set_new(object, "oldest_turn_ms",
			    json_count(state->oldest_turn_ns / NS_PER_MS));
	json_object_set_new(object, "target_ms", json_count(state->target_ns / NS_PER_MS));
	json_object_set_new(object, "done_per_1000s", json_count(state->goodput_milli_per_sec));
	json_object_set_new(object, "floor_per_1000s", json_count(state->floor_milli_per_sec));
}

json_t *json_window(const struct snapshot *snapshot, unsigned int id)
{
	const struct window_state *state = &snapshot->windows[id];
	double fallback = window_fallback_per_sec(snapshot, id);
	bool leased = window_is_leased_now(snapshot, id);
	json_t *object = json_object();
	char text[24];

	text_window(text, sizeof(text), snapshot->policy->listeners[id].window.window);
	json_object_set_new(object, "wanted", json_text(text));
	json_object_set_new(object, "controlled", json_boolean(leased));
	if (fallback > 0)
		json_object_set_new(object, "fallback_per_1000s",
				    json_count((uint64_t)(fallback * MILLI)));
	if (!leased)
		return object;
	if (window_is_in_force(snapshot, id))
		json_object_set_new(object, "size", json_count(state->window));
	add_decision(object, state);
	json_object_set_new(object, "signals", signals(snapshot, id));
	return object;
}
