// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "herd/mqtt.h"

#include <string.h>

#define QOS_1 (1 << 1)
#define LENGTH_MAX 268435455U /* section 2.2.3 */
#define CONNECT_CLEAN 0x02
#define CONNECT_PASSWORD 0x40
#define CONNECT_USER 0x80

/* Writes while there is room; @used counts on beyond it. */
struct writer {
	uint8_t *buf;
	size_t size, used;
};

static void put(struct writer *writer, const void *bytes, size_t len)
{
	if (writer->used + len <= writer->size)
		memcpy(writer->buf + writer->used, bytes, len);
	writer->used += len;
}

static void put_byte(struct writer *writer, uint8_t byte)
{
	put(writer, &byte, 1);
}

static void put_u16(struct writer *writer, uint16_t value)
{
	put_byte(writer, value >> 8);
	put_byte(writer, (uint8_t)value);
}

static void put_text(struct writer *writer, const char *text)
{
	size_t len = strlen(text);

	put_u16(writer, (uint16_t)len);
	put(writer, text, len);
}

static void put_head(struct writer *writer, uint8_t head, size_t length)
{
	put_byte(writer, head);
	do {
		put_byte(writer, (uint8_t)((length & 0x7f) | (length > 0x7f ? 0x80 : 0)));
		length >>= 7;
	} while (length);
}

/* MQTT 5 has properties here; these are none. */
static void put_no_properties(struct writer *writer, uint8_t level)
{
	if (level >= 5)
		put_byte(writer, 0);
}

static size_t finish(const struct writer *writer)
{
	return writer->used <= writer->size ? writer->used : 0;
}

static bool is_long(const char *text)
{
	return text && strlen(text) > UINT16_MAX;
}

size_t mqtt_connect(uint8_t *buf, size_t size, const struct mqtt_login *login)
{
	struct writer writer = { .buf = buf, .size = size };
	size_t length = 10 + (login->level >= 5) + 2 + strlen(login->client_id);
	uint8_t flags = CONNECT_CLEAN;

	if (is_long(login->client_id) || is_long(login->user) || is_long(login->password))
		return 0;
	if (login->user) {
		length += 2 + strlen(login->user);
		flags |= CONNECT_USER;
	}
	if (login->password) {
		length += 2 + strlen(login->password);
		flags |= CONNECT_PASSWORD;
	}
	put_head(&writer, MQTT_CONNECT << 4, length);
	put_text(&writer, "MQTT");
	put_byte(&writer, login->level);
	put_byte(&writer, flags);
	put_u16(&writer, login->keepalive_sec);
	put_no_properties(&writer, login->level);
	put_text(&writer, login->client_id);
	if (login->user)
		put_text(&writer, login->user);
	if (login->password)
		put_text(&writer, login->password);
	return finish(&writer);
}

size_t mqtt_subscribe(uint8_t *buf, size_t size, uint8_t level, uint16_t id, const char *topic)
{
	struct writer writer = { .buf = buf, .size = size };

	if (is_long(topic))
		return 0;
	put_head(&writer, MQTT_SUBSCRIBE << 4 | 2, 2 + (level >= 5) + 2 + strlen(topic) + 1);
	put_u16(&writer, id);
	put_no_properties(&writer, level);
	put_text(&writer, topic);
	put_byte(&writer, 1);
	return finish(&writer);
}

size_t mqtt_publish(uint8_t *buf, size_t size, uint8_t level, uint16_t id, const char *topic,
		    const void *payload, size_t payload_len)
{
	struct writer writer = { .buf = buf, .size = size };
	size_t length = 2 + strlen(topic) + (id ? 2 : 0) + (level >= 5) + payload_len;

	if (is_long(topic) || length > LENGTH_MAX)
		return 0;
	put_head(&writer, (uint8_t)(MQTT_PUBLISH << 4 | (id ? QOS_1 : 0)), length);
	put_text(&writer, topic);
	if (id)
		put_u16(&writer, id);
	put_no_properties(&writer, level);
	put(&writer, payload, payload_len);
	return finish(&writer);
}

size_t mqtt_puback(uint8_t *buf, size_t size, uint16_t id)
{
	struct writer writer = { .buf = buf, .size = size };

	put_head(&writer, MQTT_PUBACK << 4, 2);
	put_u16(&writer, id);
	return finish(&writer);
}

size_t mqtt_pingreq(uint8_t *buf, size_t size)
{
	struct writer writer = { .buf = buf, .size = size };

	put_head(&writer, MQTT_PINGREQ << 4, 0);
	return finish(&writer);
}

size_t mqtt_disconnect(uint8_t *buf, size_t size)
{
	struct writer writer = { .buf = buf, .size = size };

	put_head(&writer, MQTT_DISCONNECT << 4, 0);
	return finish(&writer);
}
