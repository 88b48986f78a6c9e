// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "herd/engine.h"
#include "herd/pattern.h"

#define NS_PER_SEC 1000000000ULL
#define NAME_MAX_LEN 320
#define PACKET_MAX 2048
#define CONNECT_MAX (PACKET_MAX + UINT16_MAX) /* a password may be a token of any length */

static uint16_t take_id(struct link *link)
{
	uint16_t id = link->next_id++;

	if (!link->next_id)
		link->next_id = 1;
	return id;
}

static void say(struct engine *engine, uint32_t index, const void *buf, size_t len)
{
	if (len)
		link_send(engine, index, buf, len);
	if (engine->devices[index].state == DEVICE_UP)
		engine_step(engine, index, EVENT_SENT, 0);
}

void talk_connect(struct engine *engine, uint32_t index)
{
	const struct device *device = &engine->devices[index];
	const struct plan_group *group = engine_group(engine, index);
	char client_id[NAME_MAX_LEN], user[NAME_MAX_LEN];
	struct mqtt_login login = {
		.level = (uint8_t)group->mqtt,
		.client_id = client_id,
		.keepalive_sec = (uint16_t)(group->keepalive_ns / NS_PER_SEC),
		.password = engine->groups[device->group].password,
	};
	uint8_t buf[CONNECT_MAX];
	size_t used = device->bystander ? (size_t)snprintf(client_id, 16, "bystander-") : 0;

	pattern_expand(client_id + used, sizeof(client_id) - used, group->client_id,
		       device->number);
	if (*group->user) {
		pattern_expand(user, sizeof(user), group->user, device->number);
		login.user = user;
	}
	say(engine, index, buf, mqtt_connect(buf, sizeof(buf), &login));
}

/* -- work on reconnect ------------------------------------------------------------------------- */

static void work_done(struct engine *engine, uint32_t index)
{
	engine->links[index].working = false;
	engine->working--;
	engine_step(engine, index, EVENT_WORK_DONE, 0);
}

static void say_hello(struct engine *engine, uint32_t index)
{
	const struct plan_group *group = engine_group(engine, index);
	struct link *link = &engine->links[index];
	size_t size = PACKET_MAX + group->work_hello;
	uint8_t *buf = calloc(2, size);
	char topic[NAME_MAX_LEN + 16];

	if (!buf)
		return;
	pattern_expand(topic, NAME_MAX_LEN, group->work_topic, engine->devices[index].number);
	strcat(topic, "/hello");
	link->hello_id = take_id(link);
	memset(buf + size, 'h', group->work_hello);
	say(engine, index, buf,
	    mqtt_publish(buf, size, (uint8_t)group->mqtt, link->hello_id, topic, buf + size,
			 group->work_hello));
	free(buf);
}

/* Subscriptions, then what is retained, then hello. */
static void go_on(struct engine *engine, uint32_t index)
{
	struct link *link = &engine->links[index];

	if (!link->working || link->subacks_left || link->retained_left || link->hello_id)
		return;
	if (engine_group(engine, index)->work_hello)
		say_hello(engine, index);
	else
		work_done(engine, index);
}

void talk_work(struct engine *engine, uint32_t index)
{
	const struct plan_group *group = engine_group(engine, index);
	struct link *link = &engine->links[index];
	uint8_t buf[PACKET_MAX];
	char topic[NAME_MAX_LEN + 16];

	if (engine->devices[index].bystander) {
		bystander_begin(engine, index);
		return;
	}
	if (!group->work_topics && !group->work_hello)
		return;
	link->working = true;
	engine->working++;
	link->hello_id = 0;
	link->subacks_left = group->work_topics;
	link->retained_left = group->work_retained;
	for (uint32_t i = 0; i < group->work_topics; i++) {
		size_t len;

		pattern_expand(topic, NAME_MAX_LEN, group->work_topic,
			       engine->devices[index].number);
		len = strlen(topic);
		snprintf(topic + len, sizeof(topic) - len, "/%u", i);
		say(engine, index, buf,
		    mqtt_subscribe(buf, sizeof(buf), (uint8_t)group->mqtt, take_id(link), topic));
	}
	go_on(engine, index);
}

/* -- the rest ---------------------------------------------------------------------------------- */

void talk_ping(struct engine *engine, uint32_t index)
{
	uint8_t buf[4];

	say(engine, index, buf, mqtt_pingreq(buf, sizeof(buf)));
}

void talk_leave(struct engine *engine, uint32_t index)
{
	uint8_t buf[4];

	say(engine, index, buf, mqtt_disconnect(buf, sizeof(buf)));
}

void talk_ended(struct engine *engine, uint32_t index)
{
	struct link *link = &engine->links[index];

	if (link->working)
		engine->working--;
	if (link->subscribed)
		engine->bystanders_ready--;
	link->working = link->subscribed = false;
}

static void on_publish(struct engine *engine, uint32_t index, const struct mqtt_packet *packet)
{
	struct link *link = &engine->links[index];
	uint8_t buf[8];

	if (packet->qos)
		say(engine, index, buf, mqtt_puback(buf, sizeof(buf), packet->id));
	if (engine->devices[index].bystander)
		bystander_message(engine, packet);
	if (packet->retained && link->retained_left) {
		link->retained_left--;
		go_on(engine, index);
	}
}

/* What the broker refuses is work that is not done. */
static void on_suback(struct engine *engine, uint32_t index, uint8_t code)
{
	struct link *link = &engine->links[index];

	if (code >= MQTT_REFUSED)
		return;
	if (engine->devices[index].bystander) {
		bystander_subscribed(engine, index);
	} else if (link->subacks_left) {
		link->subacks_left--;
		go_on(engine, index);
	}
}

static void on_puback(struct engine *engine, uint32_t index, uint16_t id)
{
	struct link *link = &engine->links[index];

	if (link->working && link->hello_id && id == link->hello_id)
		work_done(engine, index);
}

void talk_packet(struct engine *engine, uint32_t index, const struct mqtt_packet *packet)
{
	if (packet->type == MQTT_CONNACK) {
		engine_step(engine, index, EVENT_CONNACK, packet->code);
		return;
	}
	if (engine->devices[index].state == DEVICE_CONNACK) {
		engine_step(engine, index, EVENT_GARBAGE, 0);
		return;
	}
	switch (packet->type) {
	case MQTT_PUBLISH:
		on_publish(engine, index, packet);
		break;
	case MQTT_SUBACK:
		on_suback(engine, index, packet->code);
		break;
	case MQTT_PUBACK:
		if (packet->code < MQTT_REFUSED)
			on_puback(engine, index, packet->id);
		break;
	case MQTT_PINGRESP:
		engine_step(engine, index, EVENT_PINGRESP, 0);
		break;
	case MQTT_DISCONNECT:
		engine_step(engine, index, EVENT_CLOSED, 0);
		break;
	default:
		break;
	}
}
