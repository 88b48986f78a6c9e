// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Numbers that a broker publishes: $SYS of mosquitto, or any topic. mosquitto publishes all of $SYS
 * at once, but only what has changed; $SYS/broker/uptime always, so that is the heartbeat which
 * says that the rest still holds.
 */
#include <errno.h>
#include <mosquitto.h>
#include <stdlib.h>
#include <string.h>

#include "mqtt_client.h"
#include "signal_kind.h"
#include "signal_terms.h"

#define NS_PER_SECOND 1000000000ULL
/* In which all of a round arrives. */
#define ROUND_NS (NS_PER_SECOND / 5)
#define UPTIME "$SYS/broker/uptime"
#define TOPICS_MAX (PRESET_TERMS_MAX * TERM_PARTS + 1)
/* Rounds without a message after which something is wrong. */
#define SILENT_ROUNDS 3

struct topic {
	const char *name;
	bool seen;
	double value;
};

struct own {
	struct mqtt_client client;
	struct signal_terms terms;
	struct topic topics[TOPICS_MAX]; /* the first one is the heartbeat */
	unsigned int topics_count;
	bool connected;
	uint64_t round_ns;  /* when the last round began; of the connection if there was none */
	bool round_is_live; /* not only what was retained */
};

static void add_topic(struct own *own, const char *name)
{
	for (unsigned int i = 0; i < own->topics_count; i++)
		if (!strcmp(own->topics[i].name, name))
			return;
	own->topics[own->topics_count++].name = name;
}

static void connack(struct mqtt_client *client, int code, uint64_t now_ns)
{
	struct own *own = client->arg;
	struct signal *signal = client->signal;

	signal->wake_ns = NEVER_NS;
	if (code) {
		mqtt_client_leave(client);
		signal_failed(signal,
			      "the broker refuses the client: code %d; see the credentials-file",
			      code);
		return;
	}
	own->connected = true;
	own->round_ns = now_ns;
	signal_waits(signal, "connected, no message yet");
	for (unsigned int i = 0; i < own->topics_count; i++) {
		own->topics[i].seen = false;
		mosquitto_subscribe(client->mosquitto, NULL, own->topics[i].name, 0);
	}
	/* what was missed since is in no difference */
	signal_terms_forget(&own->terms);
}

/* The number that @message begins with: uptime is "N seconds". */
static bool read_number(const struct mosquitto_message *message, double *value)
{
	char text[64], *end;
	size_t len = message->payloadlen > 0 ? (size_t)message->payloadlen : 0;

	if (len >= sizeof(text))
		len = sizeof(text) - 1;
	memcpy(text, message->payload ? message->payload : "", message->payload ? len : 0);
	text[message->payload ? len : 0] = '\0';
	*value = strtod(text, &end);
	return end != text;
}

static void take_message(struct mqtt_client *client, const struct mosquitto_message *message,
			 uint64_t now_ns)
{
	struct own *own = client->arg;
	struct signal *signal = client->signal;
	struct topic *topic = NULL;
	double value;

	for (unsigned int i = 0; i < own->topics_count; i++)
		if (!strcmp(own->topics[i].name, message->topic))
			topic = &own->topics[i];
	if (!topic)
		return;
	if (!read_number(message, &value)) {
		signal_failed(signal, "'%s' is not a number", topic->name);
		return;
	}
	/* it has begun anew, and its counters too */
	if (topic == own->topics && topic->seen && value < topic->value)
		signal_terms_forget(&own->terms);
	topic->seen = true;
	topic->value = value;
	if (signal->wake_ns == NEVER_NS) {
		own->round_ns = now_ns;
		own->round_is_live = false;
		signal->wake_ns = now_ns + ROUND_NS;
	}
	own->round_is_live |= !message->retain;
}

static void end_round(struct signal *signal)
{
	struct own *own = signal->own;
	struct signal_terms_value value;
	const char *missing;
	int err;

	signal_terms_begin(&own->terms);
	for (unsigned int i = 0; i < own->topics_count; i++) {
		const struct prom_sample sample = { .name = own->topics[i].name,
						    .value = own->topics[i].value };

		if (own->topics[i].seen)
			signal_terms_add(&own->terms, &sample);
	}
	err = signal_terms_end(&own->terms, own->round_ns, &value, &missing);
	/* nobody knows how old retained values are, so no difference can begin with them */
	if (!own->round_is_live)
		signal_terms_forget(&own->terms);
	if (!err)
		signal_took(signal, own->round_ns, value.value, value.target, value.metric);
	else if (err == -EAGAIN)
		signal_waits(signal, "nothing to compare with yet");
	else
		signal_failed(signal,
			      err == -ERANGE ? "'%s' has no finite value" : "no message of '%s'",
			      missing);
}

static void lost(struct mqtt_client *client, const char *words, uint64_t now_ns)
{
	struct own *own = client->arg;

	(void)now_ns;
	own->connected = false;
	client->signal->wake_ns = NEVER_NS;
	signal_failed(client->signal, "%s", words);
}

static void wake(struct signal *signal, uint64_t now_ns)
{
	struct own *own = signal->own;

	(void)now_ns;
	if (own->connected) {
		end_round(signal);
		return;
	}
	mqtt_client_close(&own->client);
	signal_timed_out(signal, "no CONNACK within the timeout");
}

static void begin(struct signal *signal, uint64_t now_ns)
{
	struct own *own = signal->own;

	if (own->client.mosquitto) {
		mqtt_client_keep(&own->client, now_ns);
		if (own->connected &&
		    now_ns > own->round_ns + SILENT_ROUNDS * signal->wanted.every_ns)
			signal_failed(signal,
				      "connected, but nothing is published; is sys_interval 0, "
				      "or does an ACL hide the topic?");
		return;
	}
	own->connected = false;
	signal->wake_ns = now_ns + signal->wanted.timeout_ns;
	mqtt_client_connect(&own->client, now_ns);
	if (!own->client.mosquitto)
		signal->wake_ns = NEVER_NS;
}

static int open_own(struct signal *signal)
{
	struct own *own = calloc(1, sizeof(*own));
	const char *key, *why;
	int err;

	if (!own)
		return -ENOMEM;
	signal->own = own;
	own->client.connack = connack;
	own->client.message = take_message;
	own->client.lost = lost;
	own->client.arg = own;
	err = mqtt_client_init(&own->client, signal);
	if (!err)
		err = signal_terms_init(&own->terms, &signal->wanted, &key, &why);
	if (err) {
		free(own);
		return err;
	}
	add_topic(own, UPTIME);
	for (unsigned int i = 0; i < own->terms.count; i++)
		for (int part = 0; part < TERM_PARTS; part++)
			if (*own->terms.term[i].parts[part].name)
				add_topic(own, own->terms.term[i].parts[part].name);
	return 0;
}

static void close_own(struct signal *signal)
{
	struct own *own = signal->own;

	mqtt_client_close(&own->client);
	free(own);
}

const struct signal_kind signal_mosquitto = {
	.open = open_own,
	.begin = begin,
	.wake = wake,
	.close = close_own,
	.period_ns = NS_PER_SECOND,
};
