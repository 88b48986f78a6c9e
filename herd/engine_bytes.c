// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "herd/engine.h"

#define READ_MAX 4096
#define READS_IN_A_ROW 16 /* before timers and other sockets are looked at again */

/* -- bytes out --------------------------------------------------------------------------------- */

/* How many bytes went out, or -1: the connection is broken, which reading will tell. */
static ssize_t put(struct link *link, const uint8_t *buf, size_t len)
{
	ssize_t sent;
	size_t taken;

	if (link->tls) {
		enum tls_result result = tls_write(link->tls, buf, len, &taken);

		if (result == TLS_OK)
			return (ssize_t)taken;
		return result == TLS_AGAIN ? 0 : -1;
	}
	sent = send(link->fd, buf, len, MSG_NOSIGNAL);
	if (sent < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	return sent;
}

void link_keep_pending(struct engine *engine, uint32_t index, const void *buf, size_t len)
{
	struct link *link = &engine->links[index];
	uint8_t *pending = realloc(link->pending, link->pending_len + len);

	if (!pending)
		return;
	memcpy(pending + link->pending_len, buf, len);
	link->pending = pending;
	link->pending_len += len;
}

void link_send(struct engine *engine, uint32_t index, const void *buf, size_t len)
{
	struct link *link = &engine->links[index];
	const uint8_t *bytes = buf;

	if (engine->raw) {
		raw_send(engine, index, buf, len);
		return;
	}
	while (len && !link->pending_len) {
		ssize_t sent = put(link, bytes, len);

		if (sent < 0)
			return;
		if (!sent)
			break;
		bytes += sent;
		len -= (size_t)sent;
	}
	if (len)
		link_keep_pending(engine, index, bytes, len);
}

void link_flush(struct link *link)
{
	while (link->pending_len) {
		ssize_t sent = put(link, link->pending, link->pending_len);

		if (sent <= 0)
			return;
		link->pending_len -= (size_t)sent;
		memmove(link->pending, link->pending + sent, link->pending_len);
	}
	free(link->pending);
	link->pending = NULL;
}

/* -- bytes in ---------------------------------------------------------------------------------- */

bool link_is_same(const struct engine *engine, uint32_t index, uint32_t serial)
{
	return engine->links[index].fd >= 0 && engine->links[index].serial == serial;
}

void link_take_bytes(struct engine *engine, uint32_t index, const uint8_t *bytes, size_t len)
{
	struct link *link = &engine->links[index];
	uint32_t serial = link->serial;
	struct mqtt_packet packet;
	int more = 1;

	while (more > 0 && link_is_same(engine, index, serial)) {
		more = mqtt_read(&link->reader, &bytes, &len, &packet);
		if (more > 0)
			talk_packet(engine, index, &packet);
		else if (more < 0)
			engine_step(engine, index, EVENT_GARBAGE, 0);
	}
}

/* 1: bytes; 0: none now; -1: the connection has ended, which was said. */
static int get(struct engine *engine, uint32_t index, uint8_t *buf, size_t *len)
{
	const struct link *link = &engine->links[index];
	ssize_t got;

	if (link->tls) {
		switch (tls_read(link->tls, buf, READ_MAX, len)) {
		case TLS_OK:
			return 1;
		case TLS_AGAIN:
			return 0;
		case TLS_CLOSED:
			engine_step(engine, index, EVENT_CLOSED, 0);
			return -1;
		case TLS_RESET:
			engine_step(engine, index, EVENT_RESET, 0);
			return -1;
		case TLS_FAILED:
			engine_step(engine, index, EVENT_TLS_FAILED, 0);
			return -1;
		}
	}
	got = recv(link->fd, buf, READ_MAX, 0);
	if (got > 0) {
		*len = (size_t)got;
		return 1;
	}
	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	engine_step(engine, index, got ? link_event_of_errno(errno) : EVENT_CLOSED, 0);
	return -1;
}

/* Events are edges: a short read without @ended has taken all there is, and a new one will say so. */
void link_read_all(struct engine *engine, uint32_t index, bool ended)
{
	const struct link *link = &engine->links[index];
	uint32_t serial = link->serial;
	uint8_t buf[READ_MAX];
	size_t len;

	for (int i = 0; i < READS_IN_A_ROW; i++) {
		if (!link_is_same(engine, index, serial) || get(engine, index, buf, &len) <= 0)
			return;
		if (!engine->devices[index].answered)
			engine_step(engine, index, EVENT_ANSWER, 0);
		link_take_bytes(engine, index, buf, len);
		if (len < READ_MAX && !ended && !link->tls)
			return;
	}
	if (link_is_same(engine, index, serial))
		link_come_back(engine, index);
}
