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

#include "apply.h"
#include "file.h"
#include "log.h"
#include "notify.h"
#include "pins.h"
#include "shaper.h"

#define NS_PER_S 1000000000ULL

/* Turns of the loop begin at least so far apart: SYNs that come or fall due in between go together,
 * and waking up costs more than a release does. At 5000 releases a second it halves the time. */
#define TURN_NS 500000ULL
/* While some are held, most that come have to wait anyway: waking up for each of them took 1 % of a core
 * from a broker that does 200 set-ups a second. In this time a CPU copies 700 SYNs at the most, of the
 * 1700 that the ring has room for. */
#define HELD_TURN_NS 4000000ULL

struct runner {
	struct shaper *shapers[RUN_INSTANCES_MAX];
	unsigned int count;
	struct signals *signals; /* NULL: none are configured */
	const struct run_request *request;
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
	sigset_t asked;
	int err = 0;

	sigemptyset(&asked);
	sigaddset(&asked, SIGINT);
	sigaddset(&asked, SIGTERM);
	sigaddset(&asked, SIGHUP);
	sigprocmask(SIG_BLOCK, &asked, NULL);
	runner->signal_fd = signalfd(-1, &asked, SFD_CLOEXEC | SFD_NONBLOCK);
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

static int open_all(struct runner *runner)
{
	struct pins pins;
	int err = pins_lock(&pins, false, false);

	for (unsigned int i = 0; !err && i < runner->request->count; i++) {
		err = shaper_open(&runner->shapers[i], &pins, runner->request->names[i],
				  runner->signals);
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

enum wish {
	WISH_NONE,
	WISH_RELOAD,
	WISH_END,
};

static enum wish read_wish(const struct runner *runner)
{
	struct signalfd_siginfo info;
	enum wish wish = WISH_NONE;

	while (read(runner->signal_fd, &info, sizeof(info)) == sizeof(info))
		if (wish != WISH_END)
			wish = info.ssi_signo == SIGHUP ? WISH_RELOAD : WISH_END;
	return wish;
}

/* Until @due_ns, or there is something to take; what a signal has asked for. */
static enum wish sleep_until(const struct runner *runner, uint64_t due_ns)
{
	uint64_t now_ns = instance_now_ns();
	const struct timespec timeout = time_of(due_ns > now_ns ? due_ns - now_ns : 0);
	struct epoll_event events[RUN_INSTANCES_MAX + 2];
	int count = epoll_pwait2(runner->epoll_fd, events, RUN_INSTANCES_MAX + 2, &timeout, NULL);

	for (int i = 0; i < count; i++)
		if (events[i].data.fd == runner->signal_fd)
			return read_wish(runner);
	return WISH_NONE;
}

/* When the next turn may begin at the earliest, of which one is due at @due_ns. */
static uint64_t rest_until(const struct runner *runner, uint64_t now_ns, uint64_t due_ns)
{
	uint64_t most_ns = now_ns + HELD_TURN_NS;
	bool holds = false;

	for (unsigned int i = 0; i < runner->count; i++) {
		/* or the ring would overflow */
		if (shaper_is_busy(runner->shapers[i]))
			return now_ns + TURN_NS;
		holds |= shaper_holds(runner->shapers[i]);
	}
	if (!holds || due_ns < now_ns + TURN_NS)
		return now_ns + TURN_NS;
	return due_ns < most_ns ? due_ns : most_ns;
}

static void rest(uint64_t until_ns)
{
	const struct timespec at = time_of(until_ns);

	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL);
}

/* -- reading the file again -------------------------------------------------------------------- */

/* The signals of @config in place of those that were read. */
static int exchange_signals(struct runner *runner, const struct config *config)
{
	struct signals *signals = NULL;
	int err = 0;

	if (config->signals_count)
		err = signals_create(config, &signals);
	if (!err && signals)
		err = watch(runner, signals_fd(signals));
	if (err) {
		signals_destroy(signals);
		log_error("cannot read signals: %s; the former ones are read on", log_reason(err));
		return err;
	}
	for (unsigned int i = 0; i < runner->count; i++)
		shaper_set_signals(runner->shapers[i], signals);
	signals_destroy(runner->signals);
	runner->signals = signals;
	return 0;
}

static int apply_file(const struct runner *runner, const struct config *config)
{
	const struct apply_request request = {
		.name = runner->request->count == 1 ? runner->request->names[0] : NULL,
		.config = config,
	};
	struct plan plan;
	int err = apply_make(&request, &plan);

	if (!err)
		log_done("%s: read again: %u change%s made", plan.name, plan.of_kind[CHANGE_LIVE],
			 plan.of_kind[CHANGE_LIVE] == 1 ? "" : "s");
	plan_free(&plan);
	return err;
}

/* Waiting for another weir would stop everything here. */
static bool others_change_something(void)
{
	struct pins pins;
	int err = pins_try_lock(&pins, true);

	if (!err)
		pins_unlock(&pins);
	return err == -EBUSY;
}

static void reload(struct runner *runner)
{
	const char *file = runner->request->file;
	struct config config;

	if (!file) {
		log_warning("there is no file to read again: `weir run config FILE` names one");
		return;
	}
	notify_reloading(instance_now_ns());
	if (!file_read_config(&config, file)) {
		if (apply_file(runner, &config) || exchange_signals(runner, &config))
			log_warning("%s: not all of it is in force", file);
		config_free(&config);
	} else {
		log_warning("%s: nothing was changed", file);
	}
	fflush(stdout);
	notify("READY=1");
}

/* -- the loop ---------------------------------------------------------------------------------- */

/* Until a signal comes, or nothing is left to serve. */
static int loop(struct runner *runner)
{
	uint64_t tick_ns = 0, control_ns = 0;
	enum wish wish = WISH_NONE;
	bool wants_reload = false;
	int err = 0;

	while (runner->count && wish != WISH_END) {
		uint64_t now_ns = instance_now_ns(), due_ns;

		if (now_ns >= tick_ns) {
			int failed = tick(runner, now_ns);

			err = failed ? failed : err;
			tick_ns = now_ns + SHAPER_TICK_NS;
			notify_alive(now_ns);
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
			rest(rest_until(runner, now_ns, due_ns));
		wish = sleep_until(runner, due_ns);
		wants_reload |= wish == WISH_RELOAD;
		if (wants_reload && !others_change_something()) {
			wants_reload = false;
			reload(runner);
		}
	}
	return err;
}

int run(const struct run_request *request)
{
	struct runner runner = { .epoll_fd = -1, .signal_fd = -1, .request = request };
	const struct config *config = request->config;
	int err = 0;

	signal(SIGPIPE, SIG_IGN);
	if (config && config->signals_count) {
		err = signals_create(config, &runner.signals);
		if (err)
			log_error("cannot read signals: %s", log_reason(err));
	}
	if (!err)
		err = open_all(&runner);
	if (!err) {
		err = begin(&runner);
		if (err)
			log_error("cannot run: %s", log_reason(err));
	}
	/* what is let in before set-ups are watched is not seen to end */
	if (!err && tick(&runner, instance_now_ns()) && !runner.count)
		err = -EIO;
	for (unsigned int i = 0; !err && i < runner.count; i++)
		log_done("%s: served", runner.shapers[i]->name);
	fflush(stdout);
	if (!err) {
		notify("READY=1");
		err = loop(&runner);
		notify("STOPPING=1");
	}
	while (runner.count)
		shaper_close(runner.shapers[--runner.count]);
	signals_destroy(runner.signals);
	close(runner.epoll_fd);
	close(runner.signal_fd);
	return err;
}
