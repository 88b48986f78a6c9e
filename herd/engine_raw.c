// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "herd/engine_raw_tun.h"

#include <stdlib.h>
#include <string.h>

#include "herd/engine.h"
#include "herd/sources.h"

#define ISN_TICK_NS 4000 /* RFC 9293, section 3.4.1 */
#define ISN_STEP 0x9e3779b9U
#define GONE_NS 30000000000ULL

/* -- out --------------------------------------------------------------------------------------- */

static void arm(struct engine *engine, uint32_t index)
{
	const struct tcp *tcp = &engine->raw->devices[index].tcp;
	uint64_t due_ns = tcp->state == TCP_STATE_CLOSED ? UINT64_MAX : tcp->due_ns;

	timers_set(&engine->timers, engine->raw_timers + index, due_ns == UINT64_MAX ? 0 : due_ns);
}

/* Sends what came of a call of tcp.h, and sets its timer. */
static void follow(struct engine *engine, uint32_t index, const struct segment *out)
{
	raw_put(engine->raw, out);
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
	device->tcp.local_port = (uint16_t)(RAW_PORT_MIN + index * raw->ports_each +
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
		/* one at a time is watched */
		if (device->gone_port && engine->now_ns < device->gone_until_ns)
			engine->gone_evicted++;
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
	struct raw_device *device = &engine->raw->devices[index];

	/* the broker has ended what was given up: no answer can come any more */
	if (engine->links[index].fd < 0 && device->gone_port == device->tcp.local_port &&
	    (event == TCP_FINISHED || event == TCP_OVER || event == TCP_RESET))
		device->gone_port = 0;
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
		deliver(engine, index, &device->tcp);
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
	bool watched = in->to_port == device->gone_port;
	struct segment out;

	if (in->len && watched && engine->now_ns < device->gone_until_ns &&
	    !engine->devices[index].bystander)
		tally_count(&engine->tally, TALLY_WASTED, engine->now_ns);
	if (watched && (in->len || in->flags & SEGMENT_RST))
		device->gone_port = 0;
	if (segment_reset(in, &out))
		raw_put(engine->raw, &out);
}

static bool is_of(const struct tcp *tcp, const struct segment *in)
{
	return tcp->state != TCP_STATE_CLOSED && tcp->local_port == in->to_port &&
	       tcp->remote_port == in->from_port && !memcmp(&tcp->local, &in->to, sizeof(in->to)) &&
	       !memcmp(&tcp->remote, &in->from, sizeof(in->from));
}

void raw_take(struct engine *engine, const struct segment *in)
{
	struct raw *raw = engine->raw;
	uint32_t index = (in->to_port - RAW_PORT_MIN) / raw->ports_each;
	struct tcp *tcp;
	struct segment out;
	enum tcp_event event;

	if (in->to_port < RAW_PORT_MIN || index >= engine->devices_count + engine->bystanders_count)
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
