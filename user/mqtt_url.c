// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "mqtt_url.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include "text.h"

#define PORT_PLAIN 1883
#define PORT_TLS 8883

static int parse_host(const char *text, size_t len, struct mqtt_url *url)
{
	struct in6_addr v6;
	struct in_addr v4;

	if (!len || len >= sizeof(url->host))
		return -EINVAL;
	memcpy(url->host, text, len);
	url->host[len] = '\0';
	if (!strcmp(url->host, "localhost"))
		strcpy(url->host, "127.0.0.1");
	if (inet_pton(AF_INET, url->host, &v4) == 1)
		url->loopback = ntohl(v4.s_addr) >> 24 == 127;
	else if (inet_pton(AF_INET6, url->host, &v6) == 1)
		url->loopback = IN6_IS_ADDR_LOOPBACK(&v6);
	else
		return -EINVAL;
	return 0;
}

int mqtt_url_parse(const char *text, struct mqtt_url *url, const char **why)
{
	struct mqtt_url parsed = { .port = PORT_PLAIN };
	const char *rest, *end;
	uint32_t port;

	*why = "is not one of MQTT; write mqtt://ADDRESS:PORT or mqtts://ADDRESS:PORT";
	if (!strncmp(text, "mqtts://", 8)) {
		parsed.tls = true;
		parsed.port = PORT_TLS;
		rest = text + 8;
	} else if (!strncmp(text, "mqtt://", 7)) {
		rest = text + 7;
	} else {
		return -EINVAL;
	}
	if (*rest == '[') {
		rest++;
		end = strchr(rest, ']');
		if (!end || (end[1] && end[1] != ':'))
			return -EINVAL;
	} else {
		end = rest + strcspn(rest, ":");
	}
	*why = "names no address; write one of IPv4, one of IPv6 in brackets, or localhost";
	if (parse_host(rest, (size_t)(end - rest), &parsed))
		return -EINVAL;
	rest = *end == ']' ? end + 1 : end;
	*why = "has a wrong port; write 1 to 65535";
	if (*rest) {
		if (text_parse_number(rest + 1, 1, 65535, &port, &(const char *){ NULL }))
			return -EINVAL;
		parsed.port = (uint16_t)port;
	}
	*url = parsed;
	return 0;
}
