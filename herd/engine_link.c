// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "herd/engine.h"
#include "herd/say.h"
#include "herd/sources.h"

enum device_event link_event_of_errno(int error)
{
	switch (error) {
	case ECONNREFUSED:
		return EVENT_REFUSED;
	case ECONNRESET:
	case EPIPE:
		return EVENT_RESET;
	case ETIMEDOUT:
		return EVENT_TCP_TIMEOUT;
	case ENETUNREACH:
	case EHOSTUNREACH:
	case EHOSTDOWN:
	case ENETDOWN:
	case EPROTO:
	case ENOPROTOOPT: /* port unreachable, and the like */
	case EACCES:	  /* administratively prohibited */
	case EPERM:	  /* by a filter of this host */
		return EVENT_UNREACHABLE;
	default:
		return EVENT_LOCAL_ERROR;
	}
}

static const char *advice(int error)
{
	switch (error) {
	case EADDRNOTAVAIL:
		return "; all ports of the source are in use: give more sources";
	case EMFILE:
	case ENFILE:
		return "; raise `ulimit -n`";
	case EINVAL:
		return "; is there a local route to the sources?";
	default:
		return "";
	}
}

/* -- opening and closing ----------------------------------------------------------------------- */

static void source_of(const struct engine *engine, uint32_t index, union net_address *from)
{
	const struct plan_group *group = engine_group(engine, index);
	struct addr addr;

	*from = (union net_address){ 0 };
	if (!group->sources_said)
		return;
	addr = sources_address(&group->sources, group->sources_len, engine->devices[index].number);
	net_source(&addr, engine->to.any.sa_family == AF_INET, from);
}

/* @op of epoll_ctl(). */
static int watch(const struct engine *engine, uint32_t index, int op)
{
	const struct link *link = &engine->links[index];
	struct epoll_event event = {
		.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET,
		.data.u64 = (uint64_t)link->serial << 32 | index,
	};

	return epoll_ctl(engine->epoll_fd, op, link->fd, &event) ? -errno : 0;
}

static void connect_failed(struct engine *engine, uint32_t index, int error)
{
	enum device_event event = link_event_of_errno(error);

	if (event == EVENT_LOCAL_ERROR && !engine->local_error_said) {
		engine->local_error_said = true;
		say_warning("cannot connect as device '%u': %s%s; said once, counted in "
			    "local_errors",
			    engine->devices[index].number, strerror(error), advice(error));
	}
	engine_step(engine, index, event, 0);
}

void link_come_back(struct engine *engine, uint32_t index)
{
	/* looks at the socket anew, and puts what is ready last in the queue */
	int err = watch(engine, index, EPOLL_CTL_MOD);

	if (err)
		connect_failed(engine, index, -err);
}

void link_opened(struct engine *engine, uint32_t index, int fd)
{
	struct link *link = &engine->links[index];

	link->fd = fd;
	link->serial++;
	link->reader = (struct mqtt_reader){ .level = (uint8_t)engine_group(engine, index)->mqtt };
	link->next_id = 1;
	link->syns_counted = engine->raw; /* by itself */
}

void link_connect(struct engine *engine, uint32_t index)
{
	union net_address from;
	int fd, err;

	if (engine->raw) {
		raw_connect(engine, index);
		return;
	}
	source_of(engine, index, &from);
	fd = net_connect(&engine->to, &from);
	if (fd == -EMFILE && gone_evict(engine))
		fd = net_connect(&engine->to, &from);
	if (fd < 0) {
		connect_failed(engine, index, -fd);
		return;
	}
	link_opened(engine, index, fd);
	err = watch(engine, index, EPOLL_CTL_ADD);
	if (err)
		connect_failed(engine, index, -err);
}

/* SYNs sent again, once there will be no more. */
static void count_syns(struct engine *engine, uint32_t index, const struct net_facts *facts)
{
	if (engine->links[index].syns_counted)
		return;
	engine->links[index].syns_counted = true;
	if (!engine->devices[index].bystander)
		engine->tally.syn_retransmits += facts->retransmits;
}

static void forget(struct engine *engine, uint32_t index)
{
	struct link *link = &engine->links[index];

	talk_ended(engine, index);
	tls_drop(link->tls);
	link->tls = NULL;
	free(link->pending);
	link->pending = NULL;
	link->pending_len = 0;
	link->fd = -1;
}

void link_close(struct engine *engine, uint32_t index)
{
	int fd = engine->links[index].fd;
	struct net_facts facts;

	if (fd < 0)
		return;
	if (!engine->links[index].syns_counted) {
		net_facts(fd, &facts);
		count_syns(engine, index, &facts);
	}
	if (engine->raw)
		raw_finish(engine, index, false);
	forget(engine, index);
	if (!engine->raw)
		close(fd);
}

/*
 * The device's state has already moved on. Without unread data close() would send FIN, and a RST to
 * whatever comes then; shutdown() does just that, and the segments that come can still be counted.
 */
void link_give_up(struct engine *engine, uint32_t index)
{
	int fd = engine->links[index].fd;
	struct net_facts facts;

	if (fd < 0)
		return;
	if (engine->raw) {
		raw_finish(engine, index, true);
		forget(engine, index);
		return;
	}
	net_facts(fd, &facts);
	count_syns(engine, index, &facts);
	forget(engine, index);
	if (facts.data_segments_in)
		tally_count(&engine->tally, TALLY_WASTED, engine->now_ns);
	if (facts.data_segments_in || facts.connecting || shutdown(fd, SHUT_RDWR))
		close(fd);
	else
		gone_watch(engine, fd);
}

/* -- TLS --------------------------------------------------------------------------------------- */

static void shake_hands(struct engine *engine, uint32_t index)
{
	struct link *link = &engine->links[index];
	enum tls_result result = tls_handshake(link->tls);

	if (tls_answered(link->tls) && !engine->devices[index].answered)
		engine_step(engine, index, EVENT_ANSWER, 0);
	switch (result) {
	case TLS_OK:
		if (tls_resumed(link->tls) && !engine->devices[index].bystander)
			tally_count(&engine->tally, TALLY_RESUMED, engine->now_ns);
		engine_step(engine, index, EVENT_TLS_UP, 0);
		break;
	case TLS_AGAIN:
		break;
	case TLS_CLOSED:
		engine_step(engine, index, EVENT_CLOSED, 0);
		break;
	case TLS_RESET:
		engine_step(engine, index, EVENT_RESET, 0);
		break;
	case TLS_FAILED:
		engine_step(engine, index, EVENT_TLS_FAILED, 0);
		break;
	}
}

void link_start_tls(struct engine *engine, uint32_t index)
{
	struct link *link = &engine->links[index];
	struct tls *tls = engine->groups[engine->devices[index].group].tls;

	link->tls = tls_open(tls, link->fd, &link->session);
	if (link->tls)
		shake_hands(engine, index);
	else
		engine_step(engine, index, EVENT_LOCAL_ERROR, 0);
}

/* -- events ------------------------------------------------------------------------------------ */

static void end_connecting(struct engine *engine, uint32_t index, uint32_t events)
{
	int fd = engine->links[index].fd;
	struct net_facts facts;
	int error = 0;

	if (events & (EPOLLERR | EPOLLHUP))
		error = net_error(fd);
	net_facts(fd, &facts);
	count_syns(engine, index, &facts);
	if (error)
		connect_failed(engine, index, error);
	else
		engine_step(engine, index, EVENT_TCP_UP, 0);
}

void link_event(struct engine *engine, uint32_t index, uint32_t events)
{
	struct link *link = &engine->links[index];
	uint32_t serial = link->serial;

	if (engine->devices[index].state == DEVICE_CONNECTING) {
		end_connecting(engine, index, events);
		if (!link_is_same(engine, index, serial) || !(events & (EPOLLIN | EPOLLRDHUP)))
			return;
	}
	if (engine->devices[index].state == DEVICE_TLS) {
		shake_hands(engine, index);
		if (!link_is_same(engine, index, serial) ||
		    engine->devices[index].state == DEVICE_TLS)
			return;
	}
	if (link->pending_len)
		link_flush(link);
	link_read_all(engine, index, events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR));
}

void link_look(struct engine *engine, uint32_t index)
{
	struct pollfd socket = { .fd = engine->links[index].fd, .events = POLLIN | POLLRDHUP };

	if (socket.fd < 0 || engine->raw)
		return;
	if (engine->devices[index].state == DEVICE_CONNECTING)
		socket.events |= POLLOUT;
	if (poll(&socket, 1, 0) > 0)
		link_event(engine, index, (uint32_t)socket.revents); /* the bits are the same */
}
