// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "config.h"
#include "config_keys.h"
#include "queue.h"

static int parse_word(const char *value, const char *const *list, const char **why,
		      const char *reason)
{
	static _Thread_local char sentence[96];
	int place = text_parse_word(value, list);
	const char *nearest = text_nearest(value, list);

	*why = reason;
	if (nearest) {
		snprintf(sentence, sizeof(sentence), "%.*s; did you mean '%s'?",
			 (int)strcspn(reason, ";"), reason, nearest);
		*why = sentence;
	}
	return place < 0 ? -EINVAL : place;
}

static int parse_mode(const struct key *key, void *field, const char *value, const char **why)
{
	int mode = parse_word(value, mode_names, why, "is not a mode; write observe or enforce");

	(void)key;
	if (mode >= 0)
		*(enum mode *)field = (enum mode)mode;
	return mode < 0 ? mode : 0;
}

static int parse_xdp(const struct key *key, void *field, const char *value, const char **why)
{
	int xdp = parse_word(value, xdp_names, why,
			     "is not a way to attach; write auto, native or generic");

	(void)key;
	if (xdp >= 0)
		*(enum xdp_mode *)field = (enum xdp_mode)xdp;
	return xdp < 0 ? xdp : 0;
}

static int parse_excess(const struct key *key, void *field, const char *value, const char **why)
{
	int excess = parse_word(value, excess_names, why,
				"is not known; write delay, drop or reject");

	(void)key;
	if (excess >= 0)
		*(enum excess *)field = (enum excess)excess;
	return excess < 0 ? excess : 0;
}

static int parse_reserve(const struct key *key, void *field, const char *value, const char **why)
{
	(void)key;
	return text_parse_reserve(value, field, why);
}

static int parse_setup(const struct key *key, void *field, const char *value, const char **why)
{
	int setup = parse_word(value, setup_names, why, "is not known; write mqtt or first-byte");

	(void)key;
	if (setup >= 0)
		*(enum setup_kind *)field = (enum setup_kind)setup;
	return setup < 0 ? setup : 0;
}

static int parse_connack_max(const struct key *key, void *field, const char *value,
			     const char **why)
{
	uint32_t len;
	int result = text_parse_number(value, CONNACK_MAX_LEAST, CONNACK_MAX_MOST, &len, why);

	(void)key;
	if (!result)
		*(uint16_t *)field = (uint16_t)len;
	return result;
}

static int parse_window(const struct key *key, void *field, const char *value, const char **why)
{
	(void)key;
	return text_parse_window(value, field, why);
}

/* Of window-min and window-max. */
static int parse_window_bound(const struct key *key, void *field, const char *value,
			      const char **why)
{
	int result = text_parse_number(value, 1, WINDOW_MAX_DEFAULT, field, why);

	(void)key;
	*why = "must be 1 to 20000";
	_Static_assert(WINDOW_MAX_DEFAULT == 20000, "the number of the message");
	return result;
}

static int parse_target(const struct key *key, void *field, const char *value, const char **why)
{
	(void)key;
	return text_parse_target(value, field, why);
}

static int parse_least_rate(const struct key *key, void *field, const char *value, const char **why)
{
	(void)key;
	return text_parse_least_rate(value, field, why);
}

static int parse_devices(const struct key *key, void *field, const char *value, const char **why)
{
	(void)key;
	return config_parse_devices(field, value, why);
}

static int parse_ports(const struct key *key, void *field, const char *value, const char **why)
{
	(void)key;
	return text_parse_ports(value, field, why);
}

static int parse_rate(const struct key *key, void *field, const char *value, const char **why)
{
	(void)key;
	return text_parse_rate(value, field, why);
}

static int parse_burst(const struct key *key, void *field, const char *value, const char **why)
{
	(void)key;
	return text_parse_burst(value, field, why);
}

static int parse_reject_rate(const struct key *key, void *field, const char *value,
			     const char **why)
{
	struct wanted_listener *listener = field;

	(void)key;
	listener->says_reject = true;
	return text_parse_rate(value, &listener->reject.rate, why);
}

static int parse_reject_burst(const struct key *key, void *field, const char *value,
			      const char **why)
{
	struct wanted_listener *listener = field;

	(void)key;
	listener->says_reject = true;
	return text_parse_burst(value, &listener->reject.burst, why);
}

static int parse_delay_max(const struct key *key, void *field, const char *value, const char **why)
{
	struct wanted_listener *listener = field;

	(void)key;
	listener->says_queue = true;
	return text_parse_delay_max(value, &listener->delay_max_ns, why);
}

static int parse_queue_entries(const struct key *key, void *field, const char *value,
			       const char **why)
{
	struct wanted_listener *listener = field;
	int result = text_parse_number(value, QUEUE_ENTRIES_MIN, QUEUE_ENTRIES_MAX,
				       &listener->queue_entries, why);

	(void)key;
	listener->says_queue = true;
	*why = "must be 16 to 16777216; each takes about 550 bytes of memory of `weir run`";
	_Static_assert(QUEUE_ENTRIES_MIN == 16 && QUEUE_ENTRIES_MAX == 16777216,
		       "the numbers of the message");
	return result;
}

static int parse_sources(const struct key *key, void *field, const char *value, const char **why)
{
	int result = text_parse_number(value, SOURCES_MIN, SOURCES_MAX, field, why);

	(void)key;
	*why = "must be 64 to 268435456; each takes 16 bytes of memory";
	_Static_assert(SOURCES_MIN == 64 && SOURCES_MAX == 268435456, "the numbers of the message");
	return result;
}

static int parse_len(const struct key *key, void *field, const char *value, const char **why)
{
	uint32_t len;
	int result = text_parse_number(value, key->min, key->max, &len, why);

	if (!result)
		*(uint8_t *)field = (uint8_t)len;
	return result;
}

static int parse_address(const struct key *key, void *field, const char *value, const char **why)
{
	struct wanted_listener *listener = field;
	struct wanted_address address = { 0 };
	int result = text_parse_prefix(value, &address.prefix, &address.len, why);

	(void)key;
	if (result)
		return result;
	for (unsigned int i = 0; i < listener->addresses_count; i++) {
		*why = "is given twice; remove one";
		if (config_same_address(&listener->addresses[i], &address))
			return -EINVAL;
	}
	*why = "is one too many; a listener has at most 16 addresses, a prefix covers several";
	_Static_assert(ADDRESSES_MAX == 16, "the number of the message");
	if (listener->addresses_count == ADDRESSES_MAX)
		return -EINVAL;
	listener->addresses[listener->addresses_count++] = address;
	return 0;
}

static int parse_action(const struct key *key, void *field, const char *value, const char **why)
{
	struct wanted_rule *rule = field;
	int action = parse_word(value, action_names, why, "is not known; write allow or block");

	(void)key;
	if (action == RULE_LIMIT) {
		*why = "is not an action; write the limit itself, as source-rate";
		return -EINVAL;
	}
	if (action < 0)
		return action;
	rule->action = (enum rule_action)action;
	rule->has_action = true;
	return 0;
}

static int parse_own_rate(const struct key *key, void *field, const char *value, const char **why)
{
	struct wanted_rule *rule = field;

	(void)key;
	rule->has_limit = true;
	return text_parse_rate(value, &rule->limit.rate, why);
}

static int parse_listener(const struct key *key, void *field, const char *value, const char **why)
{
	int result = text_parse_name(value, LISTENER_NAME_MAX, why);

	(void)key;
	if (!result)
		strcpy(field, value);
	return result;
}

/* anything wider takes a large part of the internet for one client */
#define LEN_KEY(key, field, its_part, from, to)                                            \
	{                                                                                  \
		.name = key, .parse = parse_len, .offset = offsetof(struct config, field), \
		.min = from, .max = to, .part = its_part                                   \
	}
#define CONFIG_KEY(key, how, field, its_part)                                        \
	{                                                                            \
		.name = key, .parse = how, .offset = offsetof(struct config, field), \
		.part = its_part                                                     \
	}
#define LISTENER_KEY(key, how, field, its_part)                                               \
	{                                                                                     \
		.name = key, .parse = how, .offset = offsetof(struct wanted_listener, field), \
		.part = its_part                                                              \
	}

#define PREFIX_KEY(key, how, field, its_part)                                             \
	{                                                                                 \
		.name = key, .parse = how, .offset = offsetof(struct wanted_rule, field), \
		.part = its_part                                                          \
	}

const struct key weir_keys[] = {
	{ .name = "devices", .parse = parse_devices },
	CONFIG_KEY("mode", parse_mode, mode, 0),
	CONFIG_KEY("xdp", parse_xdp, xdp, 0),
	CONFIG_KEY("sources", parse_sources, sources, 0),
	LEN_KEY("v4-prefix", source_len[FAMILY_V4], PART_LENGTHS(FAMILY_V4), 8, 32),
	LEN_KEY("v6-prefix", source_len[FAMILY_V6], PART_LENGTHS(FAMILY_V6), 16, 128),
	LEN_KEY("v4-site", site_len[FAMILY_V4], PART_LENGTHS(FAMILY_V4), 8, 32),
	LEN_KEY("v6-site", site_len[FAMILY_V6], PART_LENGTHS(FAMILY_V6), 16, 128),
	CONFIG_KEY("host-rate", parse_rate, host.rate, PART_LIMIT(LEVEL_HOST)),
	CONFIG_KEY("host-burst", parse_burst, host.burst, PART_LIMIT(LEVEL_HOST)),
	{ .name = NULL },
};

const struct key listener_keys[] = {
	LISTENER_KEY("ports", parse_ports, ports, PART_DESTINATIONS),
	{ .name = "addresses", .parse = parse_address, .list = true, .part = PART_DESTINATIONS },
	LISTENER_KEY("excess", parse_excess, excess, PART_REJECT),
	{ .name = "delay-max", .parse = parse_delay_max },
	{ .name = "queue-entries", .parse = parse_queue_entries },
	LISTENER_KEY("reserve", parse_reserve, reserve, 0),
	LISTENER_KEY("setup", parse_setup, setup, 0),
	LISTENER_KEY("connack-max", parse_connack_max, connack_max, 0),
	LISTENER_KEY("window", parse_window, window, 0),
	LISTENER_KEY("window-min", parse_window_bound, window_min, PART_WINDOW),
	LISTENER_KEY("window-max", parse_window_bound, window_max, PART_WINDOW),
	LISTENER_KEY("target", parse_target, target_ns, 0),
	LISTENER_KEY("floor", parse_least_rate, floor, 0),
	LISTENER_KEY("fallback-rate", parse_least_rate, fallback, 0),
	{ .name = "reject-rate", .parse = parse_reject_rate, .part = PART_REJECT },
	{ .name = "reject-burst", .parse = parse_reject_burst, .part = PART_REJECT },
	LISTENER_KEY("rate", parse_rate, limits[LEVEL_LISTENER].rate, PART_LIMIT(LEVEL_LISTENER)),
	LISTENER_KEY("burst", parse_burst, limits[LEVEL_LISTENER].burst,
		     PART_LIMIT(LEVEL_LISTENER)),
	LISTENER_KEY("site-rate", parse_rate, limits[LEVEL_SITE].rate, PART_LIMIT(LEVEL_SITE)),
	LISTENER_KEY("site-burst", parse_burst, limits[LEVEL_SITE].burst, PART_LIMIT(LEVEL_SITE)),
	LISTENER_KEY("source-rate", parse_rate, limits[LEVEL_SOURCE].rate,
		     PART_LIMIT(LEVEL_SOURCE)),
	LISTENER_KEY("source-burst", parse_burst, limits[LEVEL_SOURCE].burst,
		     PART_LIMIT(LEVEL_SOURCE)),
	{ .name = NULL },
};

const struct key prefix_keys[] = {
	{ .name = "action", .parse = parse_action, .part = PART_RULE },
	PREFIX_KEY("listener", parse_listener, listener, PART_RULE),
	{ .name = "source-rate",
	  .parse = parse_own_rate,
	  .part = PART_RULE | PART_LIMIT(LEVEL_SOURCE) },
	PREFIX_KEY("source-burst", parse_burst, limit.burst, PART_LIMIT(LEVEL_SOURCE)),
	{ .name = NULL },
};

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))
_Static_assert(ARRAY_SIZE(weir_keys) <= KEYS_MAX + 1, "no more than KEYS_MAX");
_Static_assert(ARRAY_SIZE(prefix_keys) <= KEYS_MAX + 1, "no more than KEYS_MAX");
_Static_assert(ARRAY_SIZE(listener_keys) <= KEYS_MAX + 1, "no more than KEYS_MAX");
