// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "herd/engine_raw.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "herd/engine.h"
#include "herd/neighbour.h"
#include "herd/say.h"
#include "herd/segment.h"
#include "herd/sources.h"
#include "herd/tcp.h"
#include "herd/tun.h"

#define PACKETS_IN_A_ROW 64 /* before timers are looked at again */
#define NS_PER_SEC 1000000000ULL
#define PORT_MIN 1024U
#define PORTS_ALL (65536U - PORT_MIN)
#define PORTS_EACH_MIN 4U
#define ISN_TICK_NS 4000 /* RFC 9293, section 3.4.1 */
#define ISN_STEP 0x9e3779b9U
#define DRAIN_NS 1000000000ULL
#define DRAIN_POLL_MS 50
#define GONE_NS 30000000000ULL

/* Of a device, beside its struct link. */
struct raw_device {
	struct tcp tcp;	 /* the present connection, or the one before while it ends */
	uint8_t *ending; /* what was pending when the link was closed */
	uint32_t connections;
	uint16_t gone_port; /* of the last connection that was given up; 0: nothing to be noticed */
	uint64_t gone_until_ns;
};

struct raw {
	const struct tcp_stack *stack;
	int tun;
	struct addr to;
	uint32_t ports_each; /* every device has ports of its own: a port names its device */
	struct raw_device *devices;
	uint8_t packet[TUN_PACKET_MAX];
};

/* -- out --------------------------------------------------------------------------------------- */

static void send_segment(const struct raw *raw, const struct segment *segment)
{
	uint8_t packet[SEGMENT_HEADERS_MAX + 1500];
	size_t len;

	if (!segment->flags)
		return;
	len = segment_build(packet, sizeof(packet), segment);
	/* as lost on the way if the device does not take it */
	(void)!write(raw->tun, packet, len);
}

static void arm(struct engine *engine, uint32_t index)
{
	const struct tcp *tcp = &engine->raw->devices[index].tcp;
	uint64_t due_ns = tcp->state == TCP_STATE_CLOSED ? UINT64_MAX : tcp->due_ns;

	timers_set(&engine->timers, engine->raw_timers + index, due_ns == UINT64_MAX ? 0 : due_ns);
}

/* Sends what came of a call of tcp.h, and sets its timer. */
static void follow(struct engine *engine, uint32_t index, const struct segment *out)
{
	send_segment(engine->raw, out);
	arm(engine, index);
}

void raw_connect(struct engine *engine, uint32_t index)
{
	const struct plan_group *group = engine_group(engine, index);
	struct raw *raw = engine->raw;
	struct raw_device *device = &raw->devices[index];
	struct chance *chance = &engine->devices[index].chance;
	struct segment out;

	device->tcp.stack = raw->stack;
	device->tcp.remote = raw->to;
	device->tcp.remote_port = engine->plan->port;
	device->tcp.local = sources_address(&group->sources, group->sources_len,
					    engine->devices[index].number);
	device->tcp.local_port = (uint16_t)(PORT_MIN + index * raw->ports_each +
					    device->connections++ % raw->ports_each);
	/* grows, so that a port may be used again while the broker's end is in TIME_WAIT */
	tcp_connect(&device->tcp, (uint32_t)(engine->now_ns / ISN_TICK_NS) + index * ISN_STEP,
		    (uint32_t)chance_next(chance), engine->now_ns, &out);
	link_opened(engine, index, RAW_FD);
	follow(engine, index, &out);
}

void raw_send(struct engine *engine, uint32_t index, const void *buf, size_t len)
{
	struct tcp *tcp = &engine->raw->devices[index].tcp;
	struct link *link = &engine->links[index];
	struct segment out;

	link_keep_pending(engine, index, buf, len);
	if (!tcp_send(tcp, link->pending, (uint32_t)link->pending_len, engine->now_ns, &out))
		follow(engine, index, &out);
}

void raw_finish(struct engine *engine, uint32_t index, bool gone)
{
	struct raw_device *device = &engine->raw->devices[index];
	struct link *link = &engine->links[index];
	struct segment out;

	if (gone && device->tcp.state == TCP_STATE_OPEN) {
		device->gone_port = device->tcp.local_port;
		device->gone_until_ns = engine->now_ns + GONE_NS;
	}
	free(device->ending);
	device->ending = link->pending;
	link->pending = NULL;
	link->pending_len = 0;
	tcp_finish(&device->tcp, engine->now_ns, &out);
	follow(engine, index, &out);
}

/* -- in ---------------------------------------------------------------------------------------- */

/* Takes from what is pending the part that has been acknowledged. */
static void drop_acknowledged(struct link *link, struct tcp *tcp)
{
	size_t taken;

	if (link->fd < 0 || link->pending_len <= tcp->unacked_len)
		return;
	taken = link->pending_len - tcp->unacked_len;
	link->pending_len = tcp->unacked_len;
	memmove(link->pending, link->pending + taken, link->pending_len);
	tcp->unacked = link->pending;
}

static void deliver(struct engine *engine, uint32_t index, const struct tcp *tcp)
{
	uint32_t serial = engine->links[index].serial;
	bool finished = tcp->peer_finished;

	if (!engine->devices[index].answered)
		engine_step(engine, index, EVENT_ANSWER, 0);
	link_take_bytes(engine, index, tcp->data, tcp->data_len);
	if (finished && link_is_same(engine, index, serial))
		engine_step(engine, index, EVENT_CLOSED, 0);
}

static void on_event(struct engine *engine, uint32_t index, enum tcp_event event)
{
	/* the end of what nobody waits for, or the storm has ended */
	if (engine->links[index].fd < 0 || (engine->frozen_ns && index < engine->devices_count))
		return;
	switch (event) {
	case TCP_NOTHING:
		break;
	case TCP_CONNECTED:
		engine_step(engine, index, EVENT_TCP_UP, 0);
		break;
	case TCP_DATA:
		deliver(engine, index, &engine->raw->devices[index].tcp);
		break;
	case TCP_FINISHED:
	case TCP_OVER:
		engine_step(engine, index, EVENT_CLOSED, 0);
		break;
	case TCP_REFUSED:
		engine_step(engine, index, EVENT_REFUSED, 0);
		break;
	case TCP_RESET:
		engine_step(engine, index, EVENT_RESET, 0);
		break;
	case TCP_GAVE_UP:
	case TCP_LOST:
		engine_step(engine, index, EVENT_TCP_TIMEOUT, 0);
		break;
	}
}

/* A segment for a connection that the device has given up: its answer comes too late. */
static void on_stray(struct engine *engine, uint32_t index, const struct segment *in)
{
	struct raw_device *device = &engine->raw->devices[index];
	struct segment out;

	if (in->len && in->to_port == device->gone_port && engine->now_ns < device->gone_until_ns &&
	    !engine->devices[index].bystander)
		tally_count(&engine->tally, TALLY_WASTED, engine->now_ns);
	if (in->len || in->flags & SEGMENT_RST)
		device->gone_port = 0;
	if (segment_reset(in, &out))
		send_segment(engine->raw, &out);
}

static bool is_of(const struct tcp *tcp, const struct segment *in)
{
	return tcp->state != TCP_STATE_CLOSED && tcp->local_port == in->to_port &&
	       tcp->remote_port == in->from_port && !memcmp(&tcp->local, &in->to, sizeof(in->to)) &&
	       !memcmp(&tcp->remote, &in->from, sizeof(in->from));
}

static void take_segment(struct engine *engine, const struct segment *in)
{
	struct raw *raw = engine->raw;
	uint32_t index = (in->to_port - PORT_MIN) / raw->ports_each;
	struct tcp *tcp;
	struct segment out;
	enum tcp_event event;

	if (in->to_port < PORT_MIN || index >= engine->devices_count + engine->bystanders_count)
		return;
	tcp = &raw->devices[index].tcp;
	if (!is_of(tcp, in)) {
		on_stray(engine, index, in);
		return;
	}
	if (in->len && engine->links[index].fd < 0) { /* closed: nobody reads that */
		tcp_abort(tcp, &out);
		on_stray(engine, index, in);
		arm(engine, index);
		return;
	}
	event = tcp_input(tcp, in, engine->now_ns, &out);
	/* out points into what is pending: it goes first */
	follow(engine, index, &out);
	drop_acknowledged(&engine->links[index], tcp);
	on_event(engine, index, event);
}

void raw_readable(struct engine *engine)
{
	struct raw *raw = engine->raw;

	for (int i = 0; i < PACKETS_IN_A_ROW; i++) {
		ssize_t len = read(raw->tun, raw->packet, sizeof(raw->packet));
		struct segment segment;

		if (len < 0 && errno != EAGAIN && errno != EINTR) {
			say_warning("the TUN device is gone: %s; nothing more can arrive",
				    strerror(errno));
			epoll_ctl(engine->epoll_fd, EPOLL_CTL_DEL, raw->tun, NULL);
		}
		if (len <= 0)
			return;
		engine->now_ns = engine_clock_ns();
		if (!segment_parse(raw->packet, (size_t)len, &segment))
			take_segment(engine, &segment);
	}
}

void raw_timer(struct engine *engine, uint32_t index)
{
	struct tcp *tcp = &engine->raw->devices[index].tcp;
	struct segment out;
	enum tcp_event event = tcp_expire(tcp, engine->now_ns, &out);

	if (out.flags & SEGMENT_SYN && !engine->devices[index].bystander)
		engine->tally.syn_retransmits++;
	follow(engine, index, &out);
	on_event(engine, index, event);
}

/* -- set up and tear down ---------------------------------------------------------------------- */

static int check_groups(const struct engine *engine)
{
	const struct plan *plan = engine->plan;

	for (uint32_t i = 0; i < plan->groups_count; i++) {
		const char *reason = NULL;

		if (plan->groups[i].tls != TLS_OFF)
			reason = "it speaks plain MQTT only; leave tls out";
		else if (!plan->groups[i].sources_said)
			reason = "it needs source addresses of its own; write sources PREFIX";
		if (!reason)
			continue;
		say_error("cannot play stack '%s': %s", plan->stack, reason);
		return -EINVAL;
	}
	return 0;
}

/* The device that the sources of the first group are routed to. */
static int open_device(struct raw *raw, const struct plan *plan)
{
	const struct plan_group *group = &plan->groups[0];
	struct addr first = sources_address(&group->sources, group->sources_len, plan->first);
	struct tun_place place = { 0 };
	struct neighbour way;
	int err = neighbour_find(&first, &way);

	if (err || way.local || way.router) {
		say_error("cannot play stack '%s': the sources are not routed to a TUN device; "
			  "`ip tuntap add herd0 mode tun`, `ip link set herd0 up`, `ip route add "
			  "PREFIX dev herd0`",
			  plan->stack);
		return -EINVAL;
	}
	memcpy(place.dev, way.dev, sizeof(place.dev));
	raw->tun = tun_open(&place);
	return raw->tun < 0 ? raw->tun : 0;
}

static struct addr addr_of(const union net_address *address)
{
	struct addr addr = { 0 };
	uint8_t bytes[16] = { [10] = 0xff, [11] = 0xff };

	if (address->any.sa_family == AF_INET)
		memcpy(bytes + 12, &((const struct sockaddr_in *)address)->sin_addr, 4);
	else
		memcpy(bytes, &((const struct sockaddr_in6 *)address)->sin6_addr, 16);
	memcpy(&addr, bytes, sizeof(addr));
	return addr;
}

int raw_open(struct engine *engine)
{
	uint32_t all = engine->devices_count + engine->bystanders_count;
	struct epoll_event event = { .events = EPOLLIN, .data.u64 = RAW_FLAG };
	struct raw *raw;
	int err = check_groups(engine);

	if (err)
		return err;
	if (PORTS_ALL / all < PORTS_EACH_MIN) {
		say_error("cannot play stack '%s': '%u' devices are too many; %u at most in one "
			  "process",
			  engine->plan->stack, all, PORTS_ALL / PORTS_EACH_MIN);
		return -EINVAL;
	}
	engine->raw = raw = calloc(1, sizeof(*raw));
	if (raw) {
		raw->tun = -1;
		raw->stack = tcp_stack_find(engine->plan->stack);
		raw->to = addr_of(&engine->to);
		raw->ports_each = PORTS_ALL / all;
		raw->devices = calloc(all, sizeof(*raw->devices));
	}
	/* other ports than the run before, whose connections the broker may still know */
	for (uint32_t i = 0; raw && raw->devices && i < all; i++)
		raw->devices[i].connections = (uint32_t)(engine_clock_ns() / NS_PER_SEC);
	if (!raw || !raw->devices) {
		say_error("cannot play stack '%s': no memory", engine->plan->stack);
		return -ENOMEM;
	}
	err = open_device(raw, engine->plan);
	if (!err && epoll_ctl(engine->epoll_fd, EPOLL_CTL_ADD, raw->tun, &event)) {
		err = -errno;
		say_error("cannot wait for packets: %s", strerror(errno));
	}
	return err;
}

static bool are_closed(const struct engine *engine)
{
	uint32_t all = engine->devices_count + engine->bystanders_count;

	for (uint32_t i = 0; engine->raw->devices && i < all; i++)
		if (engine->raw->devices[i].tcp.state == TCP_STATE_OPEN)
			return false;
	return true;
}

/* The broker's FINs are to be acknowledged; those that take longer, its TCP must give up. */
static void drain(struct engine *engine)
{
	uint64_t end_ns = engine_clock_ns() + DRAIN_NS;
	struct pollfd tun = { .fd = engine->raw->tun, .events = POLLIN };

	while (!are_closed(engine) && engine_clock_ns() < end_ns) {
		poll(&tun, 1, DRAIN_POLL_MS);
		raw_readable(engine);
	}
}

void raw_close(struct engine *engine)
{
	struct raw *raw = engine->raw;
	uint32_t all = engine->devices_count + engine->bystanders_count;

	if (!raw)
		return;
	if (raw->tun >= 0) {
		drain(engine);
		close(raw->tun);
	}
	for (uint32_t i = 0; raw->devices && i < all; i++)
		free(raw->devices[i].ending);
	free(raw->devices);
	free(raw);
	engine->raw = NULL;
}
