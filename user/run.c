// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "run.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "log.h"
#include "shaper.h"

#define NS_PER_S 1000000000ULL

/* Turns of the loop begin at least so far apart: SYNs that come or fall due in between go together,
 * and waking up costs more than a release does. At 5000 releases a second it halves the time. */
#define TURN_NS 500000ULL

struct runner {
	struct shaper *shapers[RUN_INSTANCES_MAX];
	unsigned int count;
	struct signals *signals; /* NULL: none are configured */
	int epoll_fd;
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
	runner->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (runner->signal_fd < 0 || runner->epoll_fd < 0)
		return -errno;
	err = watch(runner, runner->signal_fd);
	if (!err && runner->signals)
		err = watch(runner, signals_fd(runner->signals));
	for (unsigned int i = 0; !err && i < runner->count; i++)
		err = watch(runner, shaper_ring_fd(runner->shapers[i]));
	return err;
}

static int open_all(struct runner *runner, const char *const *names, unsigned int count)
{
	struct pins pins;
	int err = pins_lock(&pins, false, false);

	for (unsigned int i = 0; !err && i < count; i++) {
		err = shaper_open(&runner->shapers[i], &pins, names[i], runner->signals);
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

/* Returns when it is to be done again. */
static uint64_t control(struct runner *runner, uint64_t now_ns)
{
	uint64_t next_ns = UINT64_MAX;

	for (unsigned int i = 0; i < runner->count; i++) {
		if (shaper_is_controlled(runner->shapers[i]))
			next_ns = now_ns + CONTROLLER_TURN_NS;
		shaper_control(runner->shapers[i], now_ns);
	}
	/* a policy that has just come may say so */
	return next_ns < UINT64_MAX ? next_ns : now_ns + SHAPER_TICK_NS;
}

static struct timespec time_of(uint64_t ns)
{
	return (struct timespec){ .tv_sec = (time_t)(ns / NS_PER_S),
				  .tv_nsec = (long)(ns % NS_PER_S) };
}

/* Until @due_ns, or there is something to take; true: a signal has come, and asks to end. */
static bool sleep_until(const struct runner *runner, uint64_t due_ns)
{
	uint64_t now_ns = instance_now_ns();
	const struct timespec timeout = time_of(due_ns > now_ns ? due_ns - now_ns : 0);
	struct epoll_event events[RUN_INSTANCES_MAX + 2];
	int count = epoll_pwait2(runner->epoll_fd, events, RUN_INSTANCES_MAX + 2, &timeout, NULL);

	for (int i = 0; i < count; i++)
		if (events[i].data.fd == runner->signal_fd)
			return true;
	return false;
}

static void rest_until(uint64_t ns)
{
	const struct timespec at = time_of(ns);

	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL);
}

/* Until a signal comes, or nothing is left to serve. */
static int loop(struct runner *runner)
{
	uint64_t tick_ns = 0, control_ns = 0;
	bool ends = false;
	int err = 0;

	while (runner->count && !ends) {
		uint64_t now_ns = instance_now_ns(), due_ns;

		if (now_ns >= tick_ns) {
			int failed = tick(runner, now_ns);

			err = failed ? failed : err;
			tick_ns = now_ns + SHAPER_TICK_NS;
		}
		if (runner->signals)
			signals_turn(runner->signals);
		due_ns = tick_ns;
		if (now_ns >= control_ns)
			control_ns = control(runner, now_ns);
		if (control_ns < due_ns)
			due_ns = control_ns;
		for (unsigned int i = 0; i < runner->count; i++) {
			uint64_t next_ns = shaper_serve(runner->shapers[i]);

			if (next_ns < due_ns)
				due_ns = next_ns;
		}
		/* unless there is more to do at once */
		if (due_ns > now_ns)
			rest_until(now_ns + TURN_NS);
		ends = sleep_until(runner, due_ns);
	}
	return err;
}

int run(const char *const *names, unsigned int count, const struct config *config)
{
	struct runner runner = { .epoll_fd = -1, .signal_fd = -1 };
	int err = 0;

	signal(SIGPIPE, SIG_IGN);
	if (config && config->signals_count) {
		err = signals_create(config, &runner.signals);
		if (err)
			log_error("cannot read signals: %s", log_reason(err));
	}
	if (!err)
		err = open_all(&runner, names, count);

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
	signals_destroy(runner.signals);
	close(runner.epoll_fd);
	close(runner.signal_fd);
	return err;
}
