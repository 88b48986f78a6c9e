// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * A bystander subscribes to a topic of its own and publishes to it, QoS 1, at fixed times, whether or
 * not the message before has come back: else a slow broker would be asked less often.
 */
#include <stdio.h>
#include <string.h>

#include "herd/engine.h"

#define PACKET_MAX 256
#define MAGIC "herd1"

/* The payload: when it was sent, by our own clock. */
struct message {
	char magic[sizeof(MAGIC)];
	uint64_t sent_ns;
} __attribute__((packed));

static void topic_of(const struct engine *engine, uint32_t index, char *topic, size_t size)
{
	snprintf(topic, size, "herd/bystander/%u", engine->devices[index].number);
}

static uint32_t timer_of(const struct engine *engine, uint32_t index)
{
	return index + engine->bystanders_count;
}

void bystander_begin(struct engine *engine, uint32_t index)
{
	uint8_t buf[PACKET_MAX];
	char topic[64];

	topic_of(engine, index, topic, sizeof(topic));
	link_send(engine, index, buf,
		  mqtt_subscribe(buf, sizeof(buf), (uint8_t)engine_group(engine, index)->mqtt,
				 engine->links[index].next_id++, topic));
}

void bystander_subscribed(struct engine *engine, uint32_t index)
{
	uint32_t number = index - engine->devices_count, timer = timer_of(engine, index);

	if (!engine->links[index].subscribed)
		engine->bystanders_ready++;
	engine->links[index].subscribed = true;
	/* spread over the interval, once and for all */
	if (!engine->timers.place[timer])
		timers_set(&engine->timers, timer,
			   engine->now_ns + 1 +
				   engine->plan->every_ns * number / engine->bystanders_count);
}

void bystander_timer(struct engine *engine, uint32_t number, uint64_t due_ns)
{
	uint32_t index = engine->devices_count + number;
	struct link *link = &engine->links[index];
	struct message message = { .magic = MAGIC, .sent_ns = engine->now_ns };
	uint8_t buf[PACKET_MAX];
	char topic[64];

	timers_set(&engine->timers, timer_of(engine, index), due_ns + engine->plan->every_ns);
	if (!engine->bystanders_send)
		return;
	if (!link->subscribed) {
		engine->bystanders_unsent++;
		return;
	}
	engine->tally.bystanders_sent++;
	topic_of(engine, index, topic, sizeof(topic));
	link_send(engine, index, buf,
		  mqtt_publish(buf, sizeof(buf), (uint8_t)engine_group(engine, index)->mqtt,
			       link->next_id, topic, &message, sizeof(message)));
	if (!++link->next_id)
		link->next_id = 1;
	engine_step(engine, index, EVENT_SENT, 0);
}

void bystander_message(struct engine *engine, const struct mqtt_packet *packet)
{
	struct message message;

	if (packet->payload_len != sizeof(message))
		return;
	memcpy(&message, packet->payload, sizeof(message));
	if (memcmp(message.magic, MAGIC, sizeof(MAGIC)) || message.sent_ns < engine->start_ns ||
	    message.sent_ns > engine->now_ns)
		return;
	tally_rtt(&engine->tally, message.sent_ns, engine->now_ns);
}
