// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * A real client that connects over loopback, so not through XDP, and measures how long the CONNACK
 * takes: TCP, TLS, authentication and all.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "mqtt_client.h"
#include "signal_kind.h"

#define NS_PER_SECOND 1e9
/* What a client that did not get in says, in targets (control law, section 3: "a failed canary is
 * a ratio of 2"). */
#define FAILED_RATIO 2

/* CONNACK of MQTT 3.1.1, table 3.1 */
#define CODE_UNAVAILABLE 3

struct canary {
	struct mqtt_client client;
	uint64_t began_ns;
	bool has_succeeded; /* before, a failure may be one of the configuration */
};

static double seconds_since(uint64_t then_ns, uint64_t now_ns)
{
	return now_ns > then_ns ? (double)(now_ns - then_ns) / NS_PER_SECOND : 0;
}

static void take_latency(struct canary *canary, double seconds)
{
	struct signal *signal = canary->client.signal;

	signal_took(signal, canary->began_ns, seconds, signal->wanted.target, "CONNACK");
}

/* Before signal_failed() is told. */
static void take_failure(struct canary *canary, uint64_t now_ns)
{
	struct signal *signal = canary->client.signal;
	double seconds = seconds_since(canary->began_ns, now_ns);
	double least = FAILED_RATIO * signal->wanted.target;
	unsigned int failures = signal->reading.failures;

	signal->wake_ns = NEVER_NS;
	if (!canary->has_succeeded)
		return;
	take_latency(canary, seconds > least ? seconds : least);
	signal->reading.failures = failures;
}

static void connack(struct mqtt_client *client, int code, uint64_t now_ns)
{
	struct canary *canary = client->arg;
	struct signal *signal = client->signal;

	mqtt_client_leave(client);
	signal->wake_ns = NEVER_NS;
	if (!code) {
		canary->has_succeeded = true;
		take_latency(canary, seconds_since(canary->began_ns, now_ns));
		return;
	}
	if (code == CODE_UNAVAILABLE)
		take_failure(canary, now_ns);
	signal_failed(signal, "the broker refuses the client: code %d%s", code,
		      code == CODE_UNAVAILABLE ? ", unavailable" : "; see the credentials-file");
}

static void lost(struct mqtt_client *client, const char *words, uint64_t now_ns)
{
	take_failure(client->arg, now_ns);
	signal_failed(client->signal, "%s", words);
}

static void begin(struct signal *signal, uint64_t now_ns)
{
	struct canary *canary = signal->own;

	if (canary->client.mosquitto)
		return;
	canary->began_ns = now_ns;
	signal->wake_ns = now_ns + signal->wanted.timeout_ns;
	mqtt_client_connect(&canary->client, now_ns);
	if (!canary->client.mosquitto)
		signal->wake_ns = NEVER_NS;
}

static void wake(struct signal *signal, uint64_t now_ns)
{
	struct canary *canary = signal->own;

	mqtt_client_close(&canary->client);
	take_failure(canary, now_ns);
	signal_timed_out(signal, "no CONNACK within the timeout");
}

/* One that waits says more than the last one that got in. */
static void look(const struct signal *signal, uint64_t now_ns, struct signal_reading *reading)
{
	const struct canary *canary = signal->own;
	double seconds = seconds_since(canary->began_ns, now_ns);

	if (!canary->client.mosquitto || !canary->has_succeeded || seconds <= reading->value)
		return;
	reading->value = seconds;
	reading->age_ns = 0;
	reading->same_ns = 0;
}

static int open_canary(struct signal *signal)
{
	struct canary *canary = calloc(1, sizeof(*canary));
	int err;

	if (!canary)
		return -ENOMEM;
	signal->own = canary;
	canary->client.connack = connack;
	canary->client.lost = lost;
	canary->client.arg = canary;
	err = mqtt_client_init(&canary->client, signal);
	if (err)
		free(canary);
	return err;
}

static void close_canary(struct signal *signal)
{
	struct canary *canary = signal->own;

	mqtt_client_close(&canary->client);
	free(canary);
}

const struct signal_kind signal_canary = {
	.open = open_canary,
	.begin = begin,
	.wake = wake,
	.look = look,
	.close = close_canary,
};
