// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <string.h>

#include "herd/mqtt.h"

#define HEAD_MAX 5 /* the first byte, and a length of at most four */

/* May a server send such a first byte? Flags are reserved but for PUBLISH and PUBREL. */
static bool head_is_good(uint8_t head, uint8_t level)
{
	uint8_t flags = head & 0x0f;

	switch (head >> 4) {
	case MQTT_CONNACK:
	case MQTT_PUBACK:
	case MQTT_PUBREC:
	case MQTT_PUBCOMP:
	case MQTT_SUBACK:
	case MQTT_UNSUBACK:
	case MQTT_PINGRESP:
		return !flags;
	case MQTT_PUBREL:
		return flags == 2;
	case MQTT_PUBLISH:
		return (flags & 6) != 6; /* there is no QoS 3 */
	case MQTT_DISCONNECT:
	case MQTT_AUTH:
		return level >= 5 && !flags;
	default:
		return false;
	}
}

static bool length_is_good(uint8_t head, uint8_t level, uint32_t length)
{
	switch (head >> 4) {
	case MQTT_CONNACK:
		return level >= 5 ? length >= 3 : length == 2;
	case MQTT_PUBACK:
	case MQTT_PUBREC:
	case MQTT_PUBREL:
	case MQTT_PUBCOMP:
		return level >= 5 ? length >= 2 : length == 2;
	case MQTT_SUBACK:
		return length >= 3;
	case MQTT_PINGRESP:
		return !length;
	case MQTT_PUBLISH:
		return length >= 3; /* a topic of one byte at least */
	default:
		return true;
	}
}

static int read_head(struct mqtt_reader *reader, uint8_t byte)
{
	if (!reader->head_len++) {
		reader->head = byte;
		reader->length = reader->read = 0;
		return head_is_good(byte, reader->level) ? 0 : -EBADMSG;
	}
	reader->length |= (uint32_t)(byte & 0x7f) << (7 * (reader->head_len - 2));
	if (!(byte & 0x80)) {
		reader->in_body = true;
		return length_is_good(reader->head, reader->level, reader->length) ? 0 : -EBADMSG;
	}
	return reader->head_len == HEAD_MAX ? -EBADMSG : 0;
}

static uint32_t kept(const struct mqtt_reader *reader)
{
	return reader->length < MQTT_KEPT_MAX ? reader->length : MQTT_KEPT_MAX;
}

/* Length of a variable byte integer at @at and what it says, or -EBADMSG. */
static int read_length(const struct mqtt_reader *reader, uint32_t at, uint32_t *value)
{
	*value = 0;
	for (unsigned int i = 0; i < 4; i++) {
		if (at + i >= kept(reader))
			return -EBADMSG;
		*value |= (uint32_t)(reader->kept[at + i] & 0x7f) << (7 * i);
		if (!(reader->kept[at + i] & 0x80))
			return (int)i + 1;
	}
	return -EBADMSG;
}

static int read_publish(const struct mqtt_reader *reader, struct mqtt_packet *packet)
{
	uint32_t at = 2 + (uint32_t)(reader->kept[0] << 8 | reader->kept[1]);
	uint32_t properties_len;
	int len;

	packet->retained = reader->head & 1;
	packet->qos = reader->head >> 1 & 3;
	if (at + (packet->qos ? 2 : 0) > reader->length)
		return -EBADMSG;
	/* a topic that is longer than what is kept: an id cannot be told */
	if (at + (packet->qos ? 2 : 0) > kept(reader))
		return packet->qos ? -EBADMSG : 0;
	if (packet->qos) {
		packet->id = (uint16_t)(reader->kept[at] << 8 | reader->kept[at + 1]);
		at += 2;
	}
	if (reader->level >= 5) {
		len = read_length(reader, at, &properties_len);
		if (len < 0)
			return len;
		at += (uint32_t)len + properties_len;
		if (at > reader->length)
			return -EBADMSG;
	}
	if (at < kept(reader)) {
		packet->payload = reader->kept + at;
		packet->payload_len = kept(reader) - at;
	}
	return 0;
}

static int read_suback(const struct mqtt_reader *reader, struct mqtt_packet *packet)
{
	uint32_t at = 2, properties_len;
	int len;

	packet->id = (uint16_t)(reader->kept[0] << 8 | reader->kept[1]);
	if (reader->level >= 5) {
		len = read_length(reader, at, &properties_len);
		if (len < 0)
			return len;
		at += (uint32_t)len + properties_len;
	}
	if (at >= reader->length)
		return -EBADMSG;
	for (; at < kept(reader); at++)
		if (reader->kept[at] > packet->code)
			packet->code = reader->kept[at];
	return 0;
}

static int read_body(const struct mqtt_reader *reader, struct mqtt_packet *packet)
{
	*packet = (struct mqtt_packet){ .type = reader->head >> 4 };
	switch (packet->type) {
	case MQTT_CONNACK:
		packet->code = reader->kept[1];
		return reader->kept[0] > 1 ? -EBADMSG : 0; /* 3.2.2.1: session present, or not */
	case MQTT_PUBLISH:
		return read_publish(reader, packet);
	case MQTT_SUBACK:
		return read_suback(reader, packet);
	case MQTT_PUBACK:
		packet->id = (uint16_t)(reader->kept[0] << 8 | reader->kept[1]);
		packet->code = reader->length > 2 ? reader->kept[2] : 0;
		return 0;
	case MQTT_DISCONNECT:
		packet->code = reader->length ? reader->kept[0] : 0;
		return 0;
	default:
		return 0;
	}
}

/* Takes what belongs to the body; true: that is all of it. */
static bool take_body(struct mqtt_reader *reader, const uint8_t **data, size_t *len)
{
	uint32_t wanted = reader->length - reader->read;
	uint32_t taken = *len < wanted ? (uint32_t)*len : wanted;

	if (reader->read < MQTT_KEPT_MAX) {
		uint32_t room = MQTT_KEPT_MAX - reader->read;

		memcpy(reader->kept + reader->read, *data, taken < room ? taken : room);
	}
	reader->read += taken;
	*data += taken;
	*len -= taken;
	return reader->read == reader->length;
}

int mqtt_read(struct mqtt_reader *reader, const uint8_t **data, size_t *len,
	      struct mqtt_packet *packet)
{
	int err;

	while (!reader->in_body) {
		if (!*len)
			return 0;
		err = read_head(reader, **data);
		if (err)
			return err;
		++*data;
		--*len;
	}
	if (!take_body(reader, data, len))
		return 0;
	reader->in_body = false;
	reader->head_len = 0;
	err = read_body(reader, packet);
	return err ? err : 1;
}
