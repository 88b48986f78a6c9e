/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The part of MQTT 3.1.1 and 5 that a device of a fleet speaks. Pure: bytes in, packets out.
 * Section numbers are those of the OASIS standard, version 3.1.1.
 */
#ifndef HERD_MQTT_H
#define HERD_MQTT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum mqtt_type {
	MQTT_CONNECT = 1,
	MQTT_CONNACK = 2,
	MQTT_PUBLISH = 3,
	MQTT_PUBACK = 4,
	MQTT_PUBREC = 5,
	MQTT_PUBREL = 6,
	MQTT_PUBCOMP = 7,
	MQTT_SUBSCRIBE = 8,
	MQTT_SUBACK = 9,
	MQTT_UNSUBACK = 11,
	MQTT_PINGREQ = 12,
	MQTT_PINGRESP = 13,
	MQTT_DISCONNECT = 14,
	MQTT_AUTH = 15,
};

/* -- to the broker: all return the length, or 0 if it would not fit into @size ------------------ */

struct mqtt_login {
	uint8_t level; /* 4: 3.1.1, 5: 5 */
	const char *client_id;
	const char *user, *password; /* NULL: none */
	uint16_t keepalive_sec;
};

/* Always a clean session. */
size_t mqtt_connect(uint8_t *buf, size_t size, const struct mqtt_login *login);
/* QoS 1 at most. */
size_t mqtt_subscribe(uint8_t *buf, size_t size, uint8_t level, uint16_t id, const char *topic);
/* @id 0: QoS 0. */
size_t mqtt_publish(uint8_t *buf, size_t size, uint8_t level, uint16_t id, const char *topic,
		    const void *payload, size_t payload_len);
size_t mqtt_puback(uint8_t *buf, size_t size, uint16_t id);
size_t mqtt_pingreq(uint8_t *buf, size_t size);
size_t mqtt_disconnect(uint8_t *buf, size_t size);

/* -- from the broker --------------------------------------------------------------------------- */

#define MQTT_KEPT_MAX 512
#define MQTT_REFUSED 0x80 /* section 3.9.3; MQTT 5, section 2.4 */

/* All zeros but @level: nothing read yet. */
struct mqtt_reader {
	uint8_t level;
	uint8_t head;	  /* first byte */
	uint8_t head_len; /* bytes of the fixed header so far */
	bool in_body;
	uint32_t length;	     /* of the body */
	uint32_t read;		     /* of it */
	uint8_t kept[MQTT_KEPT_MAX]; /* its beginning; the rest is read over */
};

struct mqtt_packet {
	enum mqtt_type type;
	uint8_t code;		/* CONNACK, DISCONNECT, PUBACK; SUBACK: the worst of them;
				   MQTT_REFUSED and above but for CONNACK: a failure */
	bool retained;		/* PUBLISH */
	uint8_t qos;		/* PUBLISH */
	uint16_t id;		/* PUBLISH with QoS, PUBACK, SUBACK */
	const uint8_t *payload; /* PUBLISH; good until the next call */
	size_t payload_len;	/* what was kept of it */
};

/*
 * Takes bytes from *data up to the end of a packet. 1: here it is; 0: all bytes taken, and more are
 * needed; -EBADMSG: a server of this level does not say such a thing.
 */
int mqtt_read(struct mqtt_reader *reader, const uint8_t **data, size_t *len,
	      struct mqtt_packet *packet);

#endif
