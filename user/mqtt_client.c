// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "mqtt_client.h"

#include <errno.h>
#include <mosquitto.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "credentials.h"

/* libmosquitto takes no less than 5. */
#define KEEPALIVE_SECONDS 10

static void take_connack(struct mosquitto *mosquitto, void *arg, int code)
{
	struct mqtt_client *client = arg;

	(void)mosquitto;
	client->connack(client, code, client->now_ns);
}

static void take_message(struct mosquitto *mosquitto, void *arg,
			 const struct mosquitto_message *message)
{
	struct mqtt_client *client = arg;

	(void)mosquitto;
	client->message(client, message, client->now_ns);
}

void mqtt_client_close(struct mqtt_client *client)
{
	if (!client->mosquitto)
		return;
	signal_unwatch(client->signal, &client->watch);
	mosquitto_destroy(client->mosquitto);
	client->mosquitto = NULL;
}

void mqtt_client_leave(struct mqtt_client *client)
{
	client->leaving = true;
}

/* errno is that of the call which returned @result */
static void lose(struct mqtt_client *client, int result, uint64_t now_ns)
{
	const char *words = result == MOSQ_ERR_ERRNO ? strerror(errno) : mosquitto_strerror(result);

	mqtt_client_close(client);
	client->lost(client, words, now_ns);
}

static void go_on(struct mqtt_client *client, uint64_t now_ns)
{
	int result, fd;

	client->now_ns = now_ns;
	/* with a timeout of 0 it does what can be done, and returns */
	result = mosquitto_loop(client->mosquitto, 0, 1);
	if (client->leaving) {
		if (!result)
			mosquitto_disconnect(client->mosquitto);
		mqtt_client_close(client);
		return;
	}
	fd = result ? -1 : mosquitto_socket(client->mosquitto);
	if (fd < 0) {
		lose(client, result ? result : MOSQ_ERR_CONN_LOST, now_ns);
		return;
	}
	if (signal_watch(client->signal, &client->watch, fd,
			 mosquitto_want_write(client->mosquitto) ? EPOLLIN | EPOLLOUT : EPOLLIN))
		lose(client, MOSQ_ERR_ERRNO, now_ns);
}

static void ready(struct signal_watch *watch, uint32_t events, uint64_t now_ns)
{
	(void)events;
	go_on(watch->arg, now_ns);
}

void mqtt_client_keep(struct mqtt_client *client, uint64_t now_ns)
{
	if (client->mosquitto)
		go_on(client, now_ns);
}

int mqtt_client_init(struct mqtt_client *client, struct signal *signal)
{
	const char *why;

	client->signal = signal;
	client->watch.ready = ready;
	client->watch.arg = client;
	return mqtt_url_parse(signal->wanted.url, &client->url, &why);
}

/* Returns whether it could; if not, signal_failed() has been told. */
static bool set_credentials(struct mqtt_client *client)
{
	const char *path = client->signal->wanted.credentials_file, *why;
	struct credentials credentials;
	int err, result;

	if (!*path)
		return true;
	err = credentials_read(path, &credentials, &why);
	if (!err && *credentials.token) {
		err = -EINVAL;
		why = "has a token, which MQTT does not know; write user and password";
	}
	if (err) {
		signal_failed(client->signal, "credentials-file %s", why ? why : strerror(-err));
		return false;
	}
	result = mosquitto_username_pw_set(client->mosquitto, credentials.user,
					   credentials.password);
	credentials_forget(&credentials);
	if (result)
		signal_failed(client->signal, "credentials-file: %s", mosquitto_strerror(result));
	return !result;
}

static bool set_tls(struct mqtt_client *client)
{
	const char *ca = client->signal->wanted.ca_file;
	int result;

	if (!client->url.tls)
		return true;
	result = mosquitto_tls_set(client->mosquitto, ca, NULL, NULL, NULL, NULL);
	/* Nobody else can answer on the loopback device, and no certificate is for it. */
	if (!result && client->url.loopback)
		result = mosquitto_tls_insecure_set(client->mosquitto, true);
	if (result)
		signal_failed(client->signal, "ca-file '%s': %s", ca,
			      result == MOSQ_ERR_INVAL ? "cannot be read"
						       : mosquitto_strerror(result));
	return !result;
}

void mqtt_client_connect(struct mqtt_client *client, uint64_t now_ns)
{
	char id[LISTENER_NAME_MAX + 32];
	int result;

	snprintf(id, sizeof(id), "weir-%s-%d", client->signal->wanted.name, (int)getpid());
	client->leaving = false;
	client->now_ns = now_ns;
	client->mosquitto = mosquitto_new(id, true, client);
	if (!client->mosquitto) {
		signal_failed(client->signal, "%s", strerror(errno));
		return;
	}
	if (!set_credentials(client) || !set_tls(client)) {
		mqtt_client_close(client);
		return;
	}
	mosquitto_connect_callback_set(client->mosquitto, take_connack);
	mosquitto_message_callback_set(client->mosquitto, take_message);
	result = mosquitto_connect_async(client->mosquitto, client->url.host, client->url.port,
					 KEEPALIVE_SECONDS);
	if (result) {
		lose(client, result, now_ns);
		return;
	}
	/* writable: it is connected, and the first packet can go */
	if (signal_watch(client->signal, &client->watch, mosquitto_socket(client->mosquitto),
			 EPOLLIN | EPOLLOUT))
		lose(client, MOSQ_ERR_ERRNO, now_ns);
}
