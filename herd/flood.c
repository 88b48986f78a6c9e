// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "herd/flood.h"

#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <linux/if_ether.h>
#include <linux/if_packet.h>

#include "herd/amounts.h"
#include "herd/neighbour.h"
#include "herd/say.h"
#include "herd/segment.h"

#define NS_PER_SEC 1000000000ULL
#define BATCH 64	       /* frames a system call */
#define TICK_NS 1000000ULL     /* how often it looks what is due */
#define BEHIND_NS 100000000ULL /* what it makes up for after a stall, at most */
#define FRAME_MAX (ETH_HLEN + SEGMENT_HEADERS_MAX)
#define PORT_MIN 1024
#define WINDOW 64240
#define MSS 1440

struct flood {
	const struct flood_plan *plan;
	struct flood_report *report;
	struct chance chance;
	int socket;
	uint8_t header[ETH_HLEN];
	uint8_t frames[BATCH][FRAME_MAX];
	struct iovec parts[BATCH];
	struct mmsghdr messages[BATCH];
};

static volatile sig_atomic_t stopped;

static void stop(int signal)
{
	(void)signal;
	stopped = 1;
}

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * NS_PER_SEC + (uint64_t)now.tv_nsec;
}

static void build(struct flood *flood, unsigned int place)
{
	const struct flood_plan *plan = flood->plan;
	uint64_t random = chance_next(&flood->chance);
	const struct segment syn = {
		.from = amounts_address(&plan->sources, plan->sources_len, &flood->chance),
		.to = plan->to,
		.from_port = (uint16_t)(PORT_MIN + (random >> 32) % (65536 - PORT_MIN)),
		.to_port = plan->port,
		.seq = (uint32_t)random,
		.flags = SEGMENT_SYN,
		.window = WINDOW,
		.mss = MSS,
	};
	uint8_t *frame = flood->frames[place];

	memcpy(frame, flood->header, ETH_HLEN);
	flood->parts[place].iov_len = ETH_HLEN +
				      segment_build(frame + ETH_HLEN, FRAME_MAX - ETH_HLEN, &syn);
}

/* Sends @count new frames, one try each. */
static int send_batch(struct flood *flood, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++)
		build(flood, i);
	for (unsigned int done = 0; done < count;) {
		int sent = sendmmsg(flood->socket, flood->messages + done, count - done, 0);

		if (sent > 0) {
			flood->report->sent += (unsigned int)sent;
			done += (unsigned int)sent;
		} else if (errno == ENOBUFS || errno == EAGAIN) {
			flood->report->failed++;
			done++;
		} else if (errno != EINTR || stopped) {
			return errno == EINTR ? 0 : -errno;
		}
	}
	return 0;
}

static uint64_t tries(const struct flood *flood)
{
	return flood->report->sent + flood->report->failed;
}

/* How many should have been sent by now; *begin_ns moves when a stall is not made up for. */
static uint64_t due(const struct flood *flood, uint64_t *begin_ns, uint64_t now_ns)
{
	const struct flood_plan *plan = flood->plan;
	double per_ns = plan->per_sec / NS_PER_SEC;
	uint64_t total = (uint64_t)((double)(now_ns - *begin_ns) * per_ns) + 1;
	uint64_t behind = (uint64_t)(BEHIND_NS * per_ns) + 1;

	if (total > tries(flood) + behind) {
		*begin_ns += (uint64_t)((double)(total - tries(flood) - behind) / per_ns);
		total = tries(flood) + behind;
	}
	return plan->count && total > plan->count ? plan->count : total;
}

static int loop(struct flood *flood)
{
	const struct flood_plan *plan = flood->plan;
	uint64_t begin_ns = clock_ns(CLOCK_MONOTONIC), now_ns = begin_ns;
	uint64_t end_ns = begin_ns + plan->duration_ns;
	int err = 0;

	while (!stopped && !err && now_ns < end_ns &&
	       (!plan->count || tries(flood) < plan->count)) {
		uint64_t total = due(flood, &begin_ns, now_ns), left;

		left = total > tries(flood) ? total - tries(flood) : 0;
		if (left) {
			err = send_batch(flood, left > BATCH ? BATCH : (unsigned int)left);
		} else {
			uint64_t next_ns = now_ns + TICK_NS;
			struct timespec next = { .tv_sec = (time_t)(next_ns / NS_PER_SEC),
						 .tv_nsec = (long)(next_ns % NS_PER_SEC) };

			clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &next, NULL);
		}
		now_ns = clock_ns(CLOCK_MONOTONIC);
	}
	flood->report->seconds = (double)(now_ns - (end_ns - plan->duration_ns)) / NS_PER_SEC;
	return err;
}

/* The device and the header of its frames, if a flood there is one in a closed room. */
static int find_way(struct flood *flood, struct neighbour *way)
{
	static const char what[] = "cannot flood";
	bool v4 = segment_is_v4(&flood->plan->to);
	int err = neighbour_find(&flood->plan->to, way);

	if (err) {
		say_error("%s: no way to the address: %s", what, strerror(-err));
		return err;
	}
	if (way->local || way->router || !way->veth) {
		say_error("%s through '%s': the address is %s; a flood goes over a veth to the "
			  "neighbouring network namespace only",
			  what, way->dev,
			  way->local	? "one of this namespace"
			  : way->router ? "behind a router"
					: "not behind a veth");
		return -EPERM;
	}
	if (neighbour_world_near()) {
		say_error("%s: this network namespace has a default route, so answers and mistakes "
			  "may leave it; use a namespace of your own without one",
			  what);
		return -EPERM;
	}
	err = neighbour_resolve(&flood->plan->to, way);
	if (err) {
		say_error("%s: nobody on '%s' answers for the address: %s", what, way->dev,
			  strerror(-err));
		return err;
	}
	memcpy(flood->header, way->peer, ETH_ALEN);
	memcpy(flood->header + ETH_ALEN, way->mac, ETH_ALEN);
	flood->header[12] = (uint8_t)((v4 ? ETH_P_IP : ETH_P_IPV6) >> 8);
	flood->header[13] = (uint8_t)(v4 ? ETH_P_IP : ETH_P_IPV6);
	return 0;
}

static int open_socket(struct flood *flood, const struct neighbour *way)
{
	struct sockaddr_ll address = { .sll_family = AF_PACKET, .sll_ifindex = (int)way->ifindex };
	int on = 1;

	flood->socket = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0); /* 0: hears nothing */
	if (flood->socket < 0 ||
	    setsockopt(flood->socket, SOL_PACKET, PACKET_QDISC_BYPASS, &on, sizeof(on)) ||
	    bind(flood->socket, (struct sockaddr *)&address, sizeof(address))) {
		int err = -errno;

		say_error("cannot send frames on '%s': %s%s", way->dev, strerror(errno),
			  errno == EPERM ? "; run as root" : "");
		return err;
	}
	for (unsigned int i = 0; i < BATCH; i++) {
		flood->parts[i].iov_base = flood->frames[i];
		flood->messages[i].msg_hdr = (struct msghdr){ .msg_iov = &flood->parts[i],
							      .msg_iovlen = 1 };
	}
	return 0;
}

int flood_run(const struct flood_plan *plan, struct flood_report *report)
{
	static struct flood flood;
	struct sigaction action = { .sa_handler = stop };
	struct neighbour way;
	uint64_t cpu_ns;
	int err;

	flood = (struct flood){
		.plan = plan, .report = report, .chance = chance_seed(plan->seed, 0), .socket = -1
	};
	*report = (struct flood_report){ 0 };
	err = find_way(&flood, &way);
	if (!err)
		err = open_socket(&flood, &way);
	if (err)
		goto out;
	memcpy(report->dev, way.dev, sizeof(report->dev));
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	cpu_ns = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
	err = loop(&flood);
	report->cpu_seconds = (double)(clock_ns(CLOCK_PROCESS_CPUTIME_ID) - cpu_ns) / NS_PER_SEC;
	if (err)
		say_error("cannot send frames on '%s': %s", way.dev, strerror(-err));
out:
	if (flood.socket >= 0)
		close(flood.socket);
	return err;
}
