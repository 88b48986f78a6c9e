// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The heading and the keys of [signal NAME]. */
#include "config_signals.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config_sections.h"
#include "presets.h"

const char *const signal_type_names[] = { "unsaid",    "prometheus", "promql",
					  "mosquitto", "amlen",	     "accept-queue",
					  "psi",       "canary",     NULL };
const char *const value_kind_names[] = { "unsaid", "gauge",	"rate", "quantile", "load",
					 "depth",  "overflows", "some", "full",	    NULL };
const char *const psi_names[] = { "unsaid", "cpu", "memory", "io", NULL };

/* A word of a list whose first stands for "not said". */
static int parse_said(const char *value, const char *const *list, const char **why,
		      const char *reason)
{
	static _Thread_local char sentence[160];
	int place = text_parse_word(value, list + 1);
	const char *nearest = text_nearest(value, list + 1);

	*why = reason;
	if (nearest) {
		snprintf(sentence, sizeof(sentence), "%.*s; did you mean '%s'?",
			 (int)strcspn(reason, ";"), reason, nearest);
		*why = sentence;
	}
	return place < 0 ? -EINVAL : place + 1;
}

static int parse_type(const struct key *key, void *field, const char *value, const char **why)
{
	int type =
		parse_said(value, signal_type_names, why,
			   "is not a type of signal; write prometheus, promql, mosquitto, amlen, "
			   "accept-queue, psi or canary");

	(void)key;
	if (type > 0)
		*(enum signal_type *)field = (enum signal_type)type;
	return type < 0 ? type : 0;
}

static int parse_kind(const struct key *key, void *field, const char *value, const char **why)
{
	int kind = parse_said(value, value_kind_names, why,
			      "is not a kind of value; write gauge, rate, quantile, load, depth, "
			      "overflows, some or full");

	(void)key;
	if (kind > 0)
		*(enum value_kind *)field = (enum value_kind)kind;
	return kind < 0 ? kind : 0;
}

static int parse_resource(const struct key *key, void *field, const char *value, const char **why)
{
	int resource = parse_said(value, psi_names, why,
				  "is not a resource with pressure; write cpu, memory or io");

	(void)key;
	if (resource > 0)
		*(enum psi_resource *)field = (enum psi_resource)resource;
	return resource < 0 ? resource : 0;
}

static int parse_preset(const struct key *key, void *field, const char *value, const char **why)
{
	static _Thread_local char sentence[96];
	const struct preset *preset = preset_find(value);
	const char *nearest = text_nearest(value, preset_names);

	(void)key;
	*why = "is not a preset; write emqx, emqx-auth, vernemq, hivemq, rabbitmq, nanomq, "
	       "mosquitto or amlen";
	if (!preset && nearest) {
		snprintf(sentence, sizeof(sentence), "is not a preset; did you mean '%s'?",
			 nearest);
		*why = sentence;
	}
	if (preset)
		*(const struct preset **)field = preset;
	return preset ? 0 : -EINVAL;
}

/* Text that fits in key->max bytes. */
static int parse_string(const struct key *key, void *field, const char *value, const char **why)
{
	static _Thread_local char sentence[64];

	snprintf(sentence, sizeof(sentence), "is too long; use at most %u characters",
		 key->max - 1);
	*why = sentence;
	if (strlen(value) >= key->max)
		return -EINVAL;
	strcpy(field, value);
	return 0;
}

static int parse_path(const struct key *key, void *field, const char *value, const char **why)
{
	*why = "is not an absolute path; begin it with /";
	if (*value != '/')
		return -EINVAL;
	return parse_string(key, field, value, why);
}

static int parse_listener_name(const struct key *key, void *field, const char *value,
			       const char **why)
{
	int result = text_parse_name(value, LISTENER_NAME_MAX, why);

	(void)key;
	if (!result)
		strcpy(field, value);
	return result;
}

/* No sign, exponent, hexadecimal or infinity. */
static bool parse_decimal(const char *value, double *number)
{
	char *end;

	if (!*value || value[strspn(value, "0123456789.")])
		return false;
	*number = strtod(value, &end);
	return !*end && isfinite(*number);
}

static int parse_target(const struct key *key, void *field, const char *value, const char **why)
{
	double target;
	uint64_t ns;

	(void)key;
	*why = "is not a target; write a number above 0, or a time such as 250ms";
	if (!text_parse_duration(value, &ns, &(const char *){ NULL }))
		target = (double)ns / 1e9;
	else if (!parse_decimal(value, &target))
		return -EINVAL;
	if (!(target > 0))
		return -EINVAL;
	*(double *)field = target;
	return 0;
}

static int parse_quantile(const struct key *key, void *field, const char *value, const char **why)
{
	double quantile;

	(void)key;
	*why = "is not a quantile; write a number between 0 and 1, as 0.9";
	if (!parse_decimal(value, &quantile) || !(quantile > 0 && quantile < 1))
		return -EINVAL;
	*(double *)field = quantile;
	return 0;
}

/* A time of at most key->max seconds and at least key->min ms. */
static int parse_time(const struct key *key, void *field, const char *value, const char **why)
{
	static _Thread_local char sentence[64];
	uint64_t ns;

	if (text_parse_duration(value, &ns, why))
		return -EINVAL;
	snprintf(sentence, sizeof(sentence), "is out of range; write %ums to %us", key->min,
		 key->max);
	*why = sentence;
	if (ns < key->min * 1000000ULL || ns > key->max * 1000000000ULL)
		return -EINVAL;
	*(uint64_t *)field = ns;
	return 0;
}

#define SIGNAL_KEY(key, how, field)                                                         \
	{                                                                                   \
		.name = key, .parse = how, .offset = offsetof(struct wanted_signal, field), \
		.max = sizeof(((struct wanted_signal *)NULL)->field), .part = PARTS_ALL     \
	}
#define TIME_KEY(key, field, from_ms, to_s)                                                        \
	{                                                                                          \
		.name = key, .parse = parse_time, .offset = offsetof(struct wanted_signal, field), \
		.min = from_ms, .max = to_s, .part = PARTS_ALL                                     \
	}

const struct key signal_keys[] = {
	SIGNAL_KEY("listener", parse_listener_name, listener),
	SIGNAL_KEY("type", parse_type, type),
	SIGNAL_KEY("preset", parse_preset, preset),
	SIGNAL_KEY("url", parse_string, url),
	SIGNAL_KEY("metric", parse_string, metric),
	SIGNAL_KEY("minus", parse_string, minus),
	SIGNAL_KEY("over", parse_string, over),
	SIGNAL_KEY("labels", parse_string, labels),
	SIGNAL_KEY("kind", parse_kind, kind),
	SIGNAL_KEY("quantile", parse_quantile, quantile),
	SIGNAL_KEY("target", parse_target, target),
	/* sooner than a tenth of a second is load; later than ten minutes no storm waits */
	TIME_KEY("every", every_ns, 100, 600),
	TIME_KEY("lag", lag_ns, 1, 600),
	TIME_KEY("timeout", timeout_ns, 10, 60),
	SIGNAL_KEY("query", parse_string, query),
	SIGNAL_KEY("topic", parse_string, topic),
	SIGNAL_KEY("resource", parse_resource, resource),
	SIGNAL_KEY("cgroup", parse_path, cgroup),
	SIGNAL_KEY("credentials-file", parse_path, credentials_file),
	SIGNAL_KEY("ca-file", parse_path, ca_file),
	{ .name = NULL },
};
_Static_assert(sizeof(signal_keys) / sizeof(signal_keys[0]) <= KEYS_MAX + 1,
	       "no more than KEYS_MAX");

static struct wanted_signal *add_signal(struct config *config, const char *name)
{
	struct wanted_signal *grown, *added;

	grown = reallocarray(config->signals, config->signals_count + 1, sizeof(*grown));
	if (!grown)
		return NULL;
	config->signals = grown;
	added = &grown[config->signals_count++];
	*added = (struct wanted_signal){ .line = 0 };
	strcpy(added->name, name);
	return added;
}

void config_begin_signal(struct reading *reading, const char *name)
{
	struct config *config = reading->config;
	struct wanted_signal *added;
	const char *why;
	char quote[QUOTE_MAX];

	reading->keys = signal_keys;
	reading->target = &reading->spare_signal;
	text_quote(quote, sizeof(quote), name);
	if (!*name) {
		COMPLAIN(reading, "section 'signal': has no name; write [signal NAME]");
		return;
	}
	if (text_parse_name(name, LISTENER_NAME_MAX, &why)) {
		COMPLAIN(reading, "signal name '%s': %s", quote, why);
		return;
	}
	for (unsigned int i = 0; i < config->signals_count; i++) {
		if (strcmp(config->signals[i].name, name))
			continue;
		COMPLAIN(reading,
			 "signal '%s': was begun in line %d already; join the two or rename one",
			 name, config->signals[i].line);
		return;
	}
	if (config->signals_count == SIGNALS_MAX) {
		COMPLAIN(reading, "signal '%s': is one too many; an instance has at most %d", name,
			 SIGNALS_MAX);
		return;
	}
	added = add_signal(config, name);
	if (!added) {
		reading->result = -ENOMEM;
		return;
	}
	added->line = reading->line;
	reading->target = added;
	reading->wrong = &added->wrong;
}
