/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A connection to a broker that never blocks: by libmosquitto on the epoll of the signals. */
#ifndef WEIR_MQTT_CLIENT_H
#define WEIR_MQTT_CLIENT_H

#include <stddef.h>

#include "mqtt_url.h"
#include "signal_kind.h"

struct mosquitto;
struct mosquitto_message;

struct mqtt_client {
	struct signal *signal;
	struct mqtt_url url;
	struct signal_watch watch;
	struct mosquitto *mosquitto; /* NULL: there is no connection */
	/* The CONNACK has come, with its return code. */
	void (*connack)(struct mqtt_client *client, int code, uint64_t now_ns);
	void (*message)(struct mqtt_client *client, const struct mosquitto_message *message,
			uint64_t now_ns);
	/* The connection has ended, or none came to be; it is closed already. */
	void (*lost)(struct mqtt_client *client, const char *words, uint64_t now_ns);
	void *arg;
	uint64_t now_ns; /* of the call that libmosquitto is in */
	bool leaving;	 /* mqtt_client_leave() was called */
};

/* By the url that @signal wants; @client is otherwise filled by the caller. Returns -errno. */
int mqtt_client_init(struct mqtt_client *client, struct signal *signal);
/* Begins to connect, or tells signal_failed() or lost() why not. */
void mqtt_client_connect(struct mqtt_client *client, uint64_t now_ns);
/* Keep-alive, for one that stays: once a second. */
void mqtt_client_keep(struct mqtt_client *client, uint64_t now_ns);
/* From connack() or message(): says DISCONNECT and closes as soon as they have returned. */
void mqtt_client_leave(struct mqtt_client *client);
/* At once; not from connack() or message(). */
void mqtt_client_close(struct mqtt_client *client);

#endif
