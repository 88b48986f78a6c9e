// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "herd/backoff.h"

#include <string.h>

#define S 1000000000ULL

const char *const backoff_names[] = { "fixed",	     "uniform",	     "exponential",
				      "full-jitter", "decorrelated", NULL };

/*
 * From the source code of each library, as of 2025; where reconnecting is off by default, as when it
 * is turned on. aws-iot-mqtt3 and aws-iot-mqtt5 are both aws-c-mqtt.
 */
const struct backoff_preset backoff_presets[] = {
	{ .name = "mosquitto", .backoff = { BACKOFF_FIXED, 1 * S, 1 * S, 0, 0, 0 } },
	{ .name = "mosquitto-bridge", .backoff = { BACKOFF_DECORRELATED, 5 * S, 30 * S, 0, 0, 0 } },
	{ .name = "paho-c",
	  .backoff = { BACKOFF_EXPONENTIAL, 1 * S, 60 * S, 0, 0, 0 },
	  .timeout_ns = 30 * S },
	{ .name = "paho-python",
	  .backoff = { BACKOFF_EXPONENTIAL, 1 * S, 120 * S, 0, 0, 0 },
	  .connect_timeout_ns = 5 * S,
	  .tls_timeout_ns = 5 * S },
	{ .name = "paho-java",
	  .backoff = { BACKOFF_EXPONENTIAL, 1 * S, 128 * S, 0, 0, 0 },
	  .timeout_ns = 30 * S },
	{ .name = "paho-go",
	  .backoff = { BACKOFF_EXPONENTIAL, 1 * S, 600 * S, 0, 0, 0 },
	  .timeout_ns = 30 * S },
	{ .name = "mqttjs",
	  .backoff = { BACKOFF_FIXED, 1 * S, 1 * S, 0, 0, 0 },
	  .timeout_ns = 30 * S },
	{ .name = "hivemq",
	  .backoff = { BACKOFF_EXPONENTIAL, 1 * S, 120 * S, 250, 250, 0 },
	  .connect_timeout_ns = 10 * S,
	  .tls_timeout_ns = 10 * S,
	  .connack_timeout_ns = 60 * S },
	{ .name = "aws-iot-mqtt5",
	  .backoff = { BACKOFF_FULL_JITTER, 1 * S, 120 * S, 0, 0, 30 * S },
	  .connack_timeout_ns = 20 * S },
	{ .name = "aws-iot-mqtt3", .backoff = { BACKOFF_EXPONENTIAL, 1 * S, 128 * S, 0, 0, 0 } },
	{ .name = "azure-c", .backoff = { BACKOFF_EXPONENTIAL, 1 * S, 30 * S, 0, 50, 0 } },
	{ .name = "esp-mqtt",
	  .backoff = { BACKOFF_FIXED, 10 * S, 10 * S, 0, 0, 0 },
	  .connect_timeout_ns = 10 * S,
	  .tls_timeout_ns = 10 * S,
	  .connack_timeout_ns = 10 * S },
	{ .name = NULL },
};

const struct backoff_preset *backoff_preset_find(const char *name)
{
	for (const struct backoff_preset *preset = backoff_presets; preset->name; preset++)
		if (!strcmp(preset->name, name))
			return preset;
	return NULL;
}

/* min * 2^failures, at most max */
static uint64_t doubled(const struct backoff *backoff, uint32_t failures)
{
	uint64_t wait = backoff->min_ns;

	while (failures-- && wait < backoff->max_ns)
		wait *= 2;
	return wait < backoff->max_ns ? wait : backoff->max_ns;
}

static uint64_t decorrelated(const struct backoff *backoff, const struct backoff_state *state,
			     struct chance *chance)
{
	uint64_t last = state->last_ns ? state->last_ns : backoff->min_ns;
	uint64_t wait = chance_between(chance, backoff->min_ns, 3 * last);

	return wait < backoff->max_ns ? wait : backoff->max_ns;
}

static uint64_t jittered(const struct backoff *backoff, uint64_t wait, struct chance *chance)
{
	double below = backoff->jitter_below_permille, above = backoff->jitter_above_permille;

	if (below + above == 0)
		return wait;
	return (uint64_t)((double)wait *
			  (1 + (chance_unit(chance) * (below + above) - below) / 1000));
}

uint64_t backoff_next(const struct backoff *backoff, struct backoff_state *state,
		      struct chance *chance)
{
	uint64_t wait = backoff->min_ns;

	switch (backoff->kind) {
	case BACKOFF_FIXED:
		break;
	case BACKOFF_UNIFORM:
		wait = chance_between(chance, backoff->min_ns, backoff->max_ns);
		break;
	case BACKOFF_EXPONENTIAL:
		wait = doubled(backoff, state->failures);
		break;
	case BACKOFF_FULL_JITTER:
		wait = chance_between(chance, 0, doubled(backoff, state->failures));
		break;
	case BACKOFF_DECORRELATED:
		wait = decorrelated(backoff, state, chance);
		break;
	}
	state->last_ns = wait;
	if (state->failures < UINT32_MAX)
		state->failures++;
	return jittered(backoff, wait, chance);
}

void backoff_connected(const struct backoff *backoff, struct backoff_state *state, uint64_t up_ns)
{
	if (up_ns >= backoff->reset_after_ns)
		*state = (struct backoff_state){ 0 };
}
