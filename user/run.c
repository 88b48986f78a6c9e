// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "run.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "log.h"
#include "shaper.h"

#define NS_PER_S 1000000000ULL

struct runner {
	struct shaper *shapers[RUN_INSTANCES_MAX];
	unsigned int count;
	int epoll_fd;
	int timer_fd;
	int signal_fd;
};

static int watch(const struct runner *runner, int fd)
{
	struct epoll_event event = { .events = EPOLLIN, .data.fd = fd };

	return epoll_ctl(runner->epoll_fd, EPOLL_CTL_ADD, fd, &event) && errno != EEXIST ? -errno
											 : 0;
}

static int begin(struct runner *runner)
{
	sigset_t ends;
	int err = 0;

	sigemptyset(&ends);
	sigaddset(&ends, SIGINT);
	sigaddset(&ends, SIGTERM);
	sigprocmask(SIG_BLOCK, &ends, NULL);
	runner->signal_fd = signalfd(-1, &ends, SFD_CLOEXEC | SFD_NONBLOCK);
	runner->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	runner->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (runner->signal_fd < 0 || runner->timer_fd < 0 || runner->epoll_fd < 0)
		return -errno;
	err = watch(runner, runner->signal_fd);
	if (!err)
		err = watch(runner, runner->timer_fd);
	for (unsigned int i = 0; !err && i < runner->count; i++)
		err = watch(runner, shaper_ring_fd(runner->shapers[i]));
	return err;
}

static int open_all(struct runner *runner, const char *const *names, unsigned int count)
{
	struct pins pins;
	int err = pins_lock(&pins, false, false);

	for (unsigned int i = 0; !err && i < count; i++) {
		err = shaper_open(&runner->shapers[i], &pins, names[i]);
		runner->count += !err;
	}
	pins_unlock(&pins);
	return err;
}

static void leave(struct runner *runner, unsigned int i, int err)
{
	if (err == -ENOENT)
		log_done("%s: was detached", runner->shapers[i]->name);
	else
		log_error("cannot serve '%s' any more: %s", runner->shapers[i]->name,
			  log_reason(err));
	fflush(stdout);
	shaper_close(runner->shapers[i]);
	runner->shapers[i] = runner->shapers[--runner->count];
}

static int tick(struct runner *runner, uint64_t now_ns)
{
	int failed = 0;

	for (unsigned int i = 0; i < runner->count;) {
		bool moved = false;
		int err = shaper_tick(runner->shapers[i], now_ns, &moved);

		if (!err && moved)
			err = watch(runner, shaper_ring_fd(runner->shapers[i]));
		if (!err) {
			i++;
			continue;
		}
		if (err != -ENOENT)
			failed = err;
		leave(runner, i, err);
	}
	return failed;
}

static void sleep_until(struct runner *runner, uint64_t due_ns)
{
	const struct itimerspec at = { .it_value = { .tv_sec = (time_t)(due_ns / NS_PER_S),
						     .tv_nsec = (long)(due_ns % NS_PER_S) } };
	struct epoll_event events[8];

	timerfd_settime(runner->timer_fd, TFD_TIMER_ABSTIME, &at, NULL);
	epoll_wait(runner->epoll_fd, events, 8, due_ns <= instance_now_ns() ? 0 : -1);
}

/* Until a signal comes, or nothing is left to serve. */
static int loop(struct runner *runner)
{
	struct signalfd_siginfo signal;
	uint64_t tick_ns = 0;
	int err = 0;

	while (runner->count &&
	       read(runner->signal_fd, &signal, sizeof(signal)) != sizeof(signal)) {
		uint64_t now_ns = instance_now_ns(), due_ns;

		if (now_ns >= tick_ns) {
			int failed = tick(runner, now_ns);

			err = failed ? failed : err;
			tick_ns = now_ns + SHAPER_TICK_NS;
		}
		due_ns = tick_ns;
		for (unsigned int i = 0; i < runner->count; i++) {
			uint64_t next_ns = shaper_serve(runner->shapers[i]);

			if (next_ns < due_ns)
				due_ns = next_ns;
		}
		/* 0 would disarm the timer */
		sleep_until(runner, due_ns ? due_ns : 1);
	}
	return err;
}

int run(const char *const *names, unsigned int count)
{
	struct runner runner = { .epoll_fd = -1, .timer_fd = -1, .signal_fd = -1 };
	int err = open_all(&runner, names, count);

	if (!err) {
		err = begin(&runner);
		if (err)
			log_error("cannot run: %s", log_reason(err));
	}
	for (unsigned int i = 0; !err && i < runner.count; i++)
		log_done("%s: served", runner.shapers[i]->name);
	fflush(stdout);
	if (!err)
		err = loop(&runner);
	while (runner.count)
		shaper_close(runner.shapers[--runner.count]);
	close(runner.epoll_fd);
	close(runner.timer_fd);
	close(runner.signal_fd);
	return err;
}
