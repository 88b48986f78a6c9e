/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* "mqtt://ADDRESS:PORT" and "mqtts://ADDRESS:PORT". Pure. */
#ifndef WEIR_MQTT_URL_H
#define WEIR_MQTT_URL_H

#include <stdbool.h>
#include <stdint.h>

struct mqtt_url {
	char host[64]; /* an address as text; libmosquitto would wait for the answer to a name */
	uint16_t port; /* 1883, 8883 if not given */
	bool tls;
	bool loopback;
};

/* ADDRESS is one of IPv4, one of IPv6 in brackets, or localhost: 127.0.0.1. Returns as
 * text_parse_*. */
int mqtt_url_parse(const char *text, struct mqtt_url *url, const char **why);

#endif
