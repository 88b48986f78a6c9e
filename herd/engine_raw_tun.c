// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "herd/engine_raw_tun.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "herd/neighbour.h"
#include "herd/say.h"
#include "herd/sources.h"

#define PACKETS_IN_A_ROW 64 /* before timers are looked at again */
#define ROWS_TO_CATCH_UP 8  /* a TUN device queues 500 packets unless told otherwise */
#define NS_PER_SEC 1000000000ULL
#define PORTS_ALL (65536U - RAW_PORT_MIN)
#define PORTS_EACH_MIN 4U
#define DRAIN_NS 1000000000ULL
#define DRAIN_POLL_MS 50

/* -- packets ----------------------------------------------------------------------------------- */

void raw_put(const struct raw *raw, const struct segment *segment)
{
	uint8_t packet[SEGMENT_HEADERS_MAX + 1500];
	size_t len;

	if (!segment->flags)
		return;
	len = segment_build(packet, sizeof(packet), segment);
	/* as lost on the way if the device does not take it */
	(void)!write(raw->tun, packet, len);
}

bool raw_readable(struct engine *engine)
{
	struct raw *raw = engine->raw;

	for (int i = 0; i < PACKETS_IN_A_ROW && raw->tun >= 0; i++) {
		ssize_t len = read(raw->tun, raw->packet, sizeof(raw->packet));
		struct segment segment;

		if (len < 0 && errno != EAGAIN && errno != EINTR) {
			say_warning("the TUN device is gone: %s; nothing more can arrive",
				    strerror(errno));
			close(raw->tun);
			raw->tun = -1;
		}
		if (len <= 0)
			return false;
		engine->now_ns = engine_clock_ns();
		if (!segment_parse(raw->packet, (size_t)len, &segment))
			raw_take(engine, &segment);
	}
	return raw->tun >= 0;
}

void raw_catch_up(struct engine *engine)
{
	for (int i = 0; i < ROWS_TO_CATCH_UP && raw_readable(engine); i++)
		;
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
