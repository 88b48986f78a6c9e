// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What a signal's type gives where nothing is said, and what it does not take. */
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "config_sections.h"
#include "config_signals.h"
#include "mqtt_url.h"
#include "presets.h"
#include "signal_terms.h"

#define SECOND_NS 1000000000ULL
#define MS_NS 1000000ULL
#define QUANTILE_DEFAULT 0.9

/* A bit a type. */
enum {
	IS_PROMETHEUS = 1 << SIGNAL_PROMETHEUS,
	IS_PROMQL = 1 << SIGNAL_PROMQL,
	IS_MOSQUITTO = 1 << SIGNAL_MOSQUITTO,
	IS_AMLEN = 1 << SIGNAL_AMLEN,
	IS_PSI = 1 << SIGNAL_PSI,
	IS_CANARY = 1 << SIGNAL_CANARY,
	IS_HTTP = IS_PROMETHEUS | IS_PROMQL | IS_AMLEN,
	IS_MQTT = IS_MOSQUITTO | IS_CANARY,
	IS_TERMS = IS_PROMETHEUS | IS_MOSQUITTO | IS_AMLEN,
};

static const struct {
	const char *url;
	enum value_kind kind;
	double target; /* 0: nobody can say */
	uint64_t every_ns, timeout_ns;
} defaults[SIGNAL_TYPES] = {
	[SIGNAL_PROMETHEUS] = { "", VALUE_GAUGE, 0, 2 * SECOND_NS, SECOND_NS },
	[SIGNAL_PROMQL] = { "http://127.0.0.1:9090", VALUE_GAUGE, 0, 5 * SECOND_NS, SECOND_NS },
	[SIGNAL_MOSQUITTO] = { "mqtt://127.0.0.1:1883", VALUE_GAUGE, 0, 11 * SECOND_NS, SECOND_NS },
	[SIGNAL_AMLEN] = { "http://127.0.0.1:9089/ima/v1/monitor/Server", VALUE_GAUGE, 0,
			   2 * SECOND_NS, SECOND_NS },
	/* half full: the room that is left is what a burst of SYNs fills between two readings */
	[SIGNAL_ACCEPT_QUEUE] = { "", VALUE_DEPTH, 0.5, 200 * MS_NS, SECOND_NS },
	/* a TLS burst saturates the CPU by design, so only more than that says something */
	[SIGNAL_PSI] = { "", VALUE_SOME, 0.8, SECOND_NS, SECOND_NS },
	[SIGNAL_CANARY] = { "mqtt://127.0.0.1:1883", VALUE_GAUGE, 0.25, 2 * SECOND_NS,
			    2 * SECOND_NS },
};

static const unsigned int kinds_of[SIGNAL_TYPES] = {
	[SIGNAL_PROMETHEUS] = 1U << VALUE_GAUGE | 1U << VALUE_RATE | 1U << VALUE_QUANTILE,
	[SIGNAL_PROMQL] = 1U << VALUE_GAUGE,
	[SIGNAL_MOSQUITTO] = 1U << VALUE_GAUGE | 1U << VALUE_RATE | 1U << VALUE_LOAD,
	[SIGNAL_AMLEN] = 1U << VALUE_GAUGE | 1U << VALUE_RATE,
	[SIGNAL_ACCEPT_QUEUE] = 1U << VALUE_DEPTH | 1U << VALUE_OVERFLOWS,
	[SIGNAL_PSI] = 1U << VALUE_SOME | 1U << VALUE_FULL,
	[SIGNAL_CANARY] = 1U << VALUE_GAUGE,
};

/* ListenOverflows a second: any is a client that was turned away after its handshake. */
#define OVERFLOWS_TARGET 1.0

void config_complete_signal(struct wanted_signal *wanted)
{
	const struct preset *preset = wanted->preset;
	const char *url;

	if (preset && !wanted->type)
		wanted->type = preset->type;
	url = preset ? preset->url : defaults[wanted->type].url;
	if (!*wanted->url && url)
		strcpy(wanted->url, url);
	if (!wanted->every_ns)
		wanted->every_ns = preset ? preset->every_ns : defaults[wanted->type].every_ns;
	if (!wanted->timeout_ns)
		wanted->timeout_ns = defaults[wanted->type].timeout_ns;
	if (!wanted->lag_ns && preset)
		wanted->lag_ns = preset->lag_ns;
	if (preset)
		return; /* its terms have their own kind and target */
	if (!wanted->kind)
		wanted->kind = wanted->quantile > 0 ? VALUE_QUANTILE : defaults[wanted->type].kind;
	if (wanted->kind == VALUE_QUANTILE && !(wanted->quantile > 0))
		wanted->quantile = QUANTILE_DEFAULT;
	if (!(wanted->target > 0))
		wanted->target = wanted->kind == VALUE_OVERFLOWS ? OVERFLOWS_TARGET
								 : defaults[wanted->type].target;
	if (wanted->type == SIGNAL_PSI && !wanted->resource)
		wanted->resource = PSI_CPU;
}

/* Texts that only some types take. */
static const struct {
	const char *key;
	size_t offset;
	unsigned int types;
} fields[] = {
	{ "url", offsetof(struct wanted_signal, url), IS_HTTP | IS_MQTT },
	{ "metric", offsetof(struct wanted_signal, metric), IS_PROMETHEUS | IS_AMLEN },
	{ "minus", offsetof(struct wanted_signal, minus), IS_TERMS },
	{ "over", offsetof(struct wanted_signal, over), IS_TERMS },
	{ "labels", offsetof(struct wanted_signal, labels), IS_PROMETHEUS },
	{ "query", offsetof(struct wanted_signal, query), IS_PROMQL },
	{ "topic", offsetof(struct wanted_signal, topic), IS_MOSQUITTO },
	{ "cgroup", offsetof(struct wanted_signal, cgroup), IS_PSI },
	{ "credentials-file", offsetof(struct wanted_signal, credentials_file), IS_HTTP | IS_MQTT },
	{ "ca-file", offsetof(struct wanted_signal, ca_file), IS_HTTP | IS_MQTT },
};

struct check {
	const struct config *config;
	const char *name;
	struct config_errors *errors;
	const struct wanted_signal *wanted;
};

#define REFUSE(check, ...) \
	config_error((check)->errors, (check)->name, (check)->wanted->line, __VA_ARGS__)

/* What was said does not fit its type. False: there was such. */
static bool check_fields(struct check *check)
{
	const struct wanted_signal *wanted = check->wanted;
	enum signal_type type = wanted->preset ? wanted->preset->type : wanted->type;
	unsigned int before = check->errors->count;

	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		if (*((const char *)wanted + fields[i].offset) && !(fields[i].types >> type & 1))
			REFUSE(check, "signal '%s': '%s' does not go with type %s; remove it",
			       wanted->name, fields[i].key, signal_type_names[type]);
	if (wanted->resource && type != SIGNAL_PSI)
		REFUSE(check, "signal '%s': 'resource' does not go with type %s; remove it",
		       wanted->name, signal_type_names[type]);
	if (wanted->kind && !(kinds_of[type] >> wanted->kind & 1))
		REFUSE(check, "signal '%s' kind '%s': does not go with type %s; choose another",
		       wanted->name, value_kind_names[wanted->kind], signal_type_names[type]);
	if (wanted->quantile > 0 &&
	    (type != SIGNAL_PROMETHEUS || (wanted->kind && wanted->kind != VALUE_QUANTILE)))
		REFUSE(check,
		       "signal '%s': 'quantile' goes with type prometheus and kind quantile only; "
		       "remove it",
		       wanted->name);
	if (type == SIGNAL_PSI && wanted->kind == VALUE_FULL && !*wanted->cgroup &&
	    wanted->resource <= PSI_CPU)
		REFUSE(check,
		       "signal '%s': all tasks of a host never wait for its CPU at once; write "
		       "kind = "
		       "some, or name a cgroup",
		       wanted->name);
	if (*wanted->minus && *wanted->over)
		REFUSE(check, "signal '%s': has both minus and over; remove one", wanted->name);
	if ((*wanted->minus || *wanted->over) &&
	    (wanted->kind == VALUE_QUANTILE || wanted->quantile > 0))
		REFUSE(check, "signal '%s': a quantile takes neither minus nor over; remove it",
		       wanted->name);
	if (wanted->preset && (*wanted->minus || *wanted->over || wanted->kind))
		REFUSE(check,
		       "signal '%s': the preset says kind, minus and over; remove them, or write "
		       "type instead of preset",
		       wanted->name);
	return check->errors->count == before;
}

/* http://HOST..., https://HOST..., or for MQTT mqtt://ADDRESS[:PORT], mqtts://... */
static void check_url(struct check *check, const struct wanted_signal *full)
{
	static const char *const http[] = { "http://", "https://", NULL };
	static const char *const mqtt[] = { "mqtt://", "mqtts://", NULL };
	bool is_mqtt = IS_MQTT >> full->type & 1;
	const char *const *schemes = is_mqtt ? mqtt : http;
	char quote[QUOTE_MAX];
	size_t len = 0;

	if (!((IS_HTTP | IS_MQTT) >> full->type & 1))
		return;
	for (; *schemes && !len; schemes++)
		if (!strncmp(full->url, *schemes, strlen(*schemes)))
			len = strlen(*schemes);
	text_quote(quote, sizeof(quote), full->url);
	if (!*full->url) {
		REFUSE(check, "signal '%s': has no url; write url = http://127.0.0.1:9000/metrics",
		       full->name);
	} else if (!len || !full->url[len] || full->url[len] == '/') {
		REFUSE(check, "signal '%s' url '%s': is not one for this type; write %s",
		       full->name, quote,
		       is_mqtt ? "mqtt://ADDRESS:PORT or mqtts://ADDRESS:PORT"
			       : "http://HOST:PORT/PATH or https://HOST:PORT/PATH");
	} else if (is_mqtt) {
		struct mqtt_url url;
		const char *why;

		if (mqtt_url_parse(full->url, &url, &why))
			REFUSE(check, "signal '%s' url '%s': %s", full->name, quote, why);
		else if (url.tls && !*full->ca_file)
			REFUSE(check,
			       "signal '%s': mqtts needs a ca-file; write that of the broker's "
			       "certificate",
			       full->name);
	} else if (strpbrk(full->url + len, "@ \t")) {
		REFUSE(check,
		       "signal '%s' url: has blanks, or a user before an '@'; put that into a "
		       "credentials-file",
		       full->name);
	}
}

/* What is to be read. */
static void check_what(struct check *check, const struct wanted_signal *full)
{
	struct signal_terms terms;
	const char *key, *why;

	if (full->type == SIGNAL_PROMQL && !*full->query)
		REFUSE(check, "signal '%s': has no query; write query = EXPRESSION", full->name);
	if (!(IS_TERMS >> full->type & 1))
		return;
	if (!full->preset && !*full->metric && !*full->topic)
		REFUSE(check, "signal '%s': has no %s; write %s = NAME, or preset = BROKER",
		       full->name, full->type == SIGNAL_MOSQUITTO ? "topic" : "metric",
		       full->type == SIGNAL_MOSQUITTO ? "topic" : "metric");
	else if (signal_terms_init(&terms, full, &key, &why))
		REFUSE(check, "signal '%s' %s: %s", full->name, key, why);
}

static bool has_listener(const struct config *config, const char *name)
{
	for (unsigned int i = 0; i < config->listeners_count; i++)
		if (!strcmp(config->listeners[i].name, name))
			return true;
	return false;
}

static void check_signal(struct check *check)
{
	struct wanted_signal full = *check->wanted;

	if (*full.listener && !has_listener(check->config, full.listener))
		REFUSE(check,
		       "signal '%s': there is no listener '%s'; write its section, or name another",
		       full.name, full.listener);
	if (!full.type && !full.preset) {
		REFUSE(check,
		       "signal '%s': says neither what it reads nor whose; write type = TYPE or "
		       "preset = BROKER",
		       full.name);
		return;
	}
	if (full.type && full.preset && full.type != full.preset->type) {
		REFUSE(check, "signal '%s': preset %s is of type %s; remove the type", full.name,
		       full.preset->name, signal_type_names[full.preset->type]);
		return;
	}
	if (!check_fields(check))
		return;
	config_complete_signal(&full);
	check_url(check, &full);
	check_what(check, &full);
	if (!full.preset && !(full.target > 0))
		REFUSE(check,
		       "signal '%s': has no target; write target = the value from which on the "
		       "broker is overloaded",
		       full.name);
}

void config_check_signals(const struct config *config, const char *name,
			  struct config_errors *errors)
{
	for (unsigned int i = 0; i < config->signals_count; i++) {
		struct check check = { config, name, errors, &config->signals[i] };

		if (!config->signals[i].wrong)
			check_signal(&check);
	}
}
