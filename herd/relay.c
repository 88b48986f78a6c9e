// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "herd/relay.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "herd/say.h"

#define NS_PER_SEC 1000000000ULL
#define PRIORITY (-19)
#define BATCH 64 /* packets read from one end before the other has its turn */

struct relay {
	int tun[2];
	int epoll, timer, signals;
	struct hold hold[2]; /* [i]: what came from tun[i] */
	struct relay_report *report;
	uint64_t armed_ns; /* what the timer is set to */
};

static uint64_t clock_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * NS_PER_SEC + (uint64_t)now.tv_nsec;
}

/* Takes what has come, at most BATCH packets. */
static int take(struct relay *relay, int way)
{
	static uint8_t packet[TUN_PACKET_MAX];

	for (int i = 0; i < BATCH; i++) {
		ssize_t len = read(relay->tun[way], packet, sizeof(packet));

		if (len < 0)
			return errno == EAGAIN || errno == EINTR ? 0 : -errno;
		hold_put(&relay->hold[way], packet, (size_t)len, clock_ns());
	}
	return 0;
}

/* Sends what is due. */
static void release(struct relay *relay, int way)
{
	struct hold *hold = &relay->hold[way];
	const uint8_t *packet;
	size_t len;

	for (int i = 0; i < BATCH; i++) {
		uint64_t now_ns = clock_ns();

		packet = hold_peek(hold, now_ns, &len);
		if (!packet)
			return;
		hist_add(&relay->report->late_ns, now_ns - hold_due_ns(hold));
		if (write(relay->tun[!way], packet, len) < 0)
			relay->report->ways[way].refused++;
		hold_pop(hold);
	}
}

/* A time that has passed fires at once. */
static int arm(struct relay *relay)
{
	uint64_t a_ns = hold_due_ns(&relay->hold[0]), b_ns = hold_due_ns(&relay->hold[1]);
	uint64_t due_ns = a_ns < b_ns ? a_ns : b_ns;
	struct itimerspec when = { 0 };

	if (due_ns == relay->armed_ns)
		return 0;
	relay->armed_ns = due_ns;
	if (due_ns != UINT64_MAX) {
		when.it_value.tv_sec = (time_t)(due_ns / NS_PER_SEC);
		when.it_value.tv_nsec = (long)(due_ns % NS_PER_SEC);
	}
	return timerfd_settime(relay->timer, TFD_TIMER_ABSTIME, &when, NULL) ? -errno : 0;
}

static int loop(struct relay *relay, uint64_t end_ns)
{
	for (;;) {
		struct epoll_event events[4];
		uint64_t now_ns = clock_ns();
		int wait_ms = -1, count, err;

		if (end_ns && now_ns >= end_ns)
			return 0;
		if (end_ns && (end_ns - now_ns) / 1000000 < 1000)
			wait_ms = (int)((end_ns - now_ns) / 1000000) + 1;
		else if (end_ns)
			wait_ms = 1000;
		count = epoll_wait(relay->epoll, events, 4, wait_ms);
		if (count < 0 && errno != EINTR)
			return -errno;
		err = 0;
		for (int i = 0; i < count && !err; i++) {
			if (events[i].data.fd == relay->signals)
				return 0;
			if (events[i].data.fd == relay->timer)
				relay->armed_ns = 0; /* it has fired */
			else
				err = take(relay, events[i].data.fd == relay->tun[1]);
		}
		for (int way = 0; way < 2; way++)
			release(relay, way);
		if (!err)
			err = arm(relay);
		if (err)
			return err;
	}
}

static int watch(const struct relay *relay, int fd)
{
	struct epoll_event event = {
		.events = fd == relay->timer ? EPOLLIN | EPOLLET : EPOLLIN, /* never read */
		.data.fd = fd,
	};

	return epoll_ctl(relay->epoll, EPOLL_CTL_ADD, fd, &event) ? -errno : 0;
}

static int open_files(struct relay *relay, const struct relay_plan *plan)
{
	sigset_t signals;
	int err = 0;

	for (int i = 0; i < 2; i++) {
		relay->tun[i] = tun_open(&plan->ends[i]);
		if (relay->tun[i] < 0)
			return relay->tun[i];
	}
	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	relay->signals = signalfd(-1, &signals, SFD_CLOEXEC);
	relay->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	relay->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (relay->signals < 0 || relay->timer < 0 || relay->epoll < 0) {
		err = -errno;
		goto out;
	}
	for (int i = 0; i < 2 && !err; i++)
		err = watch(relay, relay->tun[i]);
	if (!err)
		err = watch(relay, relay->timer);
	if (!err)
		err = watch(relay, relay->signals);
out:
	if (err)
		say_error("cannot wait for packets: %s", strerror(-err));
	return err;
}

static int make_room(struct relay *relay, const struct relay_plan *plan)
{
	for (int way = 0; way < 2; way++) {
		uint8_t *bytes = malloc(RELAY_HOLD_BYTES); /* takes memory as it is used */

		if (!bytes) {
			say_error("cannot hold packets: no memory for %u MiB",
				  RELAY_HOLD_BYTES >> 20);
			return -ENOMEM;
		}
		hold_init(&relay->hold[way], &plan->rule, bytes, RELAY_HOLD_BYTES,
			  chance_seed(plan->seed, (uint64_t)way).state);
	}
	return 0;
}

static void close_files(struct relay *relay)
{
	int fds[] = { relay->tun[0], relay->tun[1], relay->epoll, relay->timer, relay->signals };

	for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++)
		if (fds[i] >= 0)
			close(fds[i]);
	for (int way = 0; way < 2; way++)
		free(relay->hold[way].bytes);
}

int relay_run(const struct relay_plan *plan, struct relay_report *report)
{
	struct relay relay = {
		.tun = { -1, -1 }, .epoll = -1, .timer = -1, .signals = -1, .report = report
	};
	uint64_t begin_ns = clock_ns();
	int err = make_room(&relay, plan);

	if (!err)
		err = open_files(&relay, plan);
	if (err)
		goto out;
	/* a wire does not wait for a processor; without the right to that, it is late more often */
	(void)!setpriority(PRIO_PROCESS, 0, PRIORITY);
	puts("ready");
	fflush(stdout);
	err = loop(&relay, plan->duration_ns ? begin_ns + plan->duration_ns : 0);
	if (err)
		say_error("cannot relay packets: %s",
			  err == -EBADFD ? "a device is gone" : strerror(-err));
	for (int way = 0; way < 2; way++) {
		report->ways[way].taken = relay.hold[way].taken;
		report->ways[way].lost = relay.hold[way].lost;
		report->ways[way].full = relay.hold[way].full;
	}
	report->seconds = (double)(clock_ns() - begin_ns) / NS_PER_SEC;
out:
	close_files(&relay);
	return err;
}
