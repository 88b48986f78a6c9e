// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "herd/engine.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#include "herd/limits.h"
#include "herd/say.h"
#include "text.h"

#define NS_PER_SEC 1000000000ULL
#define EVENTS_MAX 256
#define EVENTS_IN_A_ROW 16 /* before timers are looked at again */
#define TIMERS_IN_A_ROW 64 /* before sockets are looked at again */

/* -- clock and signals ------------------------------------------------------------------------- */

static volatile sig_atomic_t stopped;

uint64_t engine_clock_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * NS_PER_SEC + (uint64_t)ts.tv_nsec;
}

static void on_signal(int signal)
{
	(void)signal;
	stopped = 1;
}

void engine_catch_signals(void)
{
	/* No wait is longer than the ticks of run_*.c: a signal just before one is soon seen. What
	 * is being written to is not to be cut short. */
	struct sigaction action = { .sa_handler = on_signal, .sa_flags = SA_RESTART };

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGHUP, &action, NULL);
}

bool engine_stopped(void)
{
	return stopped;
}

/* -- set up and tear down ---------------------------------------------------------------------- */

/* The first line of the file. */
static char *read_password(const char *name)
{
	FILE *file = fopen(name, "re");
	char *line = NULL;
	size_t size = 0;
	ssize_t len;

	if (!file) {
		say_error("cannot read password-file '%s': %s", name, strerror(errno));
		return NULL;
	}
	errno = 0;
	len = getline(&line, &size, file);
	if (len < 0) {
		say_error("cannot read password-file '%s': %s", name,
			  errno ? strerror(errno) : "it is empty; write the password into it");
		free(line);
		line = NULL;
	} else {
		line[strcspn(line, "\r\n")] = '\0';
	}
	if (line && strlen(line) > UINT16_MAX) {
		say_error("cannot use password-file '%s': its first line is longer than the 65535 "
			  "bytes of MQTT",
			  name);
		free(line);
		line = NULL;
	}
	fclose(file);
	return line;
}

static bool family_fits(const struct engine *engine, const struct plan_group *group)
{
	uint8_t len;

	if (!group->sources_said)
		return true;
	return (text_family(&group->sources, group->sources_len, &len) == FAMILY_V4) ==
	       (engine->to.any.sa_family == AF_INET);
}

static int open_groups(struct engine *engine)
{
	const struct plan *plan = engine->plan;

	for (uint32_t i = 0; i < plan->groups_count; i++) {
		const struct plan_group *group = &plan->groups[i];
		struct engine_group *own = &engine->groups[i];

		if (group->tls != TLS_OFF) {
			own->tls = tls_new(group, plan->host);
			if (!own->tls)
				return -EINVAL;
		}
		if (*group->password_file) {
			own->password = read_password(group->password_file);
			if (!own->password)
				return -EINVAL;
		}
		if (!family_fits(engine, group)) {
			say_error("bad sources: they are not of the family of '%s'; write IPv4 for "
				  "IPv4, IPv6 for IPv6",
				  plan->host);
			return -EINVAL;
		}
	}
	return 0;
}

static int make_devices(struct engine *engine)
{
	const struct plan *plan = engine->plan;
	uint32_t all = engine->devices_count + engine->bystanders_count, index = 0;

	engine->raw_timers = all + engine->bystanders_count;
	engine->devices = calloc(all, sizeof(*engine->devices));
	engine->links = calloc(all, sizeof(*engine->links));
	engine->starts = calloc(engine->devices_count, sizeof(*engine->starts));
	if (!engine->devices || !engine->links || !engine->starts ||
	    timers_init(&engine->timers, engine->raw_timers + all))
		return -ENOMEM;
	for (uint16_t group = 0; group < plan->groups_count; group++)
		for (uint32_t i = 0; i < plan->groups[group].devices; i++, index++)
			device_init(&engine->devices[index], plan->first + index, group,
				    plan->seed);
	for (; index < all; index++) {
		device_init(&engine->devices[index], plan->first + index, 0, plan->seed);
		engine->devices[index].bystander = true;
	}
	for (uint32_t i = 0; i < all; i++) {
		engine->devices[i].loop = plan->capacity;
		engine->links[i].fd = -1;
	}
	return 0;
}

int engine_open(struct engine *engine, const struct plan *plan, const union net_address *to)
{
	bool raw = strcmp(plan->stack, "linux") != 0;
	uint32_t needed = raw ? 0 : plan->devices + plan->bystanders, spare;
	uint32_t gone_max = raw ? 0 : plan->devices * GONE_EACH;
	int err;

	*engine = (struct engine){
		.plan = plan,
		.to = *to,
		.devices_count = plan->devices,
		.bystanders_count = plan->bystanders,
		.active = plan->devices,
		.epoll_fd = -1,
	};
	err = limits_raise_files(needed, gone_max, &spare);
	if (!err)
		err = open_groups(engine);
	if (err)
		goto out;
	err = make_devices(engine);
	if (!err)
		err = gone_init(engine, spare < gone_max ? spare : gone_max);
	if (!err) {
		engine->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
		err = engine->epoll_fd < 0 ? -errno : 0;
	}
	if (err)
		say_error("cannot set up '%u' devices: %s", plan->devices, strerror(-err));
	tally_init(&engine->tally, plan->devices, engine_clock_ns());
	if (!err && raw)
		err = raw_open(engine);
out:
	if (err)
		engine_close(engine);
	return err;
}

void engine_close(struct engine *engine)
{
	uint32_t all = engine->devices_count + engine->bystanders_count;

	if (engine->gone)
		gone_expire(engine, true);
	for (uint32_t i = 0; engine->links && engine->devices && i < all; i++) {
		link_close(engine, i);
		tls_session_free(engine->links[i].session);
	}
	for (uint32_t i = 0; i < PLAN_GROUPS_MAX; i++) {
		tls_free(engine->groups[i].tls);
		free(engine->groups[i].password);
	}
	raw_close(engine);
	if (engine->epoll_fd >= 0)
		close(engine->epoll_fd);
	timers_free(&engine->timers);
	tally_free(&engine->tally);
	free(engine->gone);
	free(engine->starts);
	free(engine->links);
	free(engine->devices);
	*engine = (struct engine){ .epoll_fd = -1 };
}

/* -- the loop ---------------------------------------------------------------------------------- */

const struct plan_group *engine_group(const struct engine *engine, uint32_t index)
{
	return &engine->plan->groups[engine->devices[index].group];
}

static void act(struct engine *engine, uint32_t index, enum device_action action)
{
	switch (action) {
	case ACTION_NONE:
		break;
	case ACTION_CONNECT:
		link_connect(engine, index);
		break;
	case ACTION_TLS:
		link_start_tls(engine, index);
		break;
	case ACTION_MQTT:
		talk_connect(engine, index);
		break;
	case ACTION_WORK:
		talk_work(engine, index);
		break;
	case ACTION_PING:
		talk_ping(engine, index);
		break;
	case ACTION_LEAVE:
		talk_leave(engine, index);
		break;
	case ACTION_GIVE_UP:
		link_give_up(engine, index);
		break;
	case ACTION_CLOSE:
		link_close(engine, index);
		break;
	}
}

void engine_step(struct engine *engine, uint32_t index, enum device_event event, uint8_t code)
{
	struct device *device = &engine->devices[index];
	enum device_action action = device_event(device, engine_group(engine, index),
						 &engine->tally, event, code, engine->now_ns);
	bool waits = device->loop && device->state == DEVICE_WAITING && index >= engine->active;

	timers_set(&engine->timers, index, waits ? 0 : device->timer_ns);
	act(engine, index, action);
}

/* The storm is over, and this is one of its devices. */
static bool rests(const struct engine *engine, uint32_t index)
{
	return engine->frozen_ns && index < engine->devices_count;
}

/* When the loop was held up, what a time-out waits for may have come in time. */
static void device_timer(struct engine *engine, uint32_t index, uint64_t due_ns)
{
	link_look(engine, index);
	if (engine->devices[index].timer_ns == due_ns)
		engine_step(engine, index, EVENT_TIMER, 0);
}

static void run_timers(struct engine *engine)
{
	uint32_t all = engine->devices_count + engine->bystanders_count, member;
	uint64_t due_ns;

	if (engine->raw && timers_first(&engine->timers, &due_ns, &member) &&
	    due_ns <= engine_clock_ns())
		raw_catch_up(engine);
	for (int i = 0; i < TIMERS_IN_A_ROW; i++) {
		engine->now_ns = engine_clock_ns();
		if (!timers_first(&engine->timers, &due_ns, &member) || due_ns > engine->now_ns)
			return;
		timers_set(&engine->timers, member, 0);
		if (rests(engine, member))
			continue;
		if (engine->storm)
			hist_add(&engine->tally.late_ns, engine->now_ns - due_ns);
		if (member >= engine->raw_timers)
			raw_timer(engine, member - engine->raw_timers);
		else if (member >= all)
			bystander_timer(engine, member - all, due_ns);
		else
			device_timer(engine, member, due_ns);
	}
}

static void take_event(struct engine *engine, const struct epoll_event *event)
{
	uint32_t index = (uint32_t)event->data.u64, serial = event->data.u64 >> 32;

	if (rests(engine, index))
		return;
	if (index & GONE_FLAG)
		gone_event(engine, index & ~GONE_FLAG);
	else if (index & RAW_FLAG)
		raw_readable(engine);
	else if (engine->links[index].fd >= 0 && engine->links[index].serial == serial)
		link_event(engine, index, event->events);
}

static void wait_for_events(struct engine *engine, uint64_t until_ns)
{
	struct epoll_event events[EVENTS_MAX];
	uint64_t wake_ns = until_ns, at_ns;
	struct timespec timeout = { 0 };
	uint32_t member;
	int count;

	if (timers_first(&engine->timers, &at_ns, &member) && at_ns < wake_ns)
		wake_ns = at_ns;
	if (starts_next_at(engine, &at_ns) && at_ns < wake_ns)
		wake_ns = at_ns;
	engine->now_ns = engine_clock_ns();
	if (wake_ns > engine->now_ns) {
		timeout.tv_sec = (time_t)((wake_ns - engine->now_ns) / NS_PER_SEC);
		timeout.tv_nsec = (long)((wake_ns - engine->now_ns) % NS_PER_SEC);
	}
	count = epoll_pwait2(engine->epoll_fd, events, EVENTS_MAX, &timeout, NULL);
	for (int i = 0; i < count && !stopped; i++) {
		if (i % EVENTS_IN_A_ROW == 0)
			run_timers(engine);
		engine->now_ns = engine_clock_ns();
		take_event(engine, &events[i]);
	}
}

void engine_run(struct engine *engine, uint64_t until_ns)
{
	engine->now_ns = engine_clock_ns();
	while (!stopped && engine->now_ns < until_ns) {
		run_timers(engine);
		starts_run(engine);
		wait_for_events(engine, until_ns);
		gone_expire(engine, false);
		engine->now_ns = engine_clock_ns();
	}
}

void engine_end(struct engine *engine)
{
	uint32_t all = engine->devices_count + engine->bystanders_count;

	engine->now_ns = engine->frozen_ns ? engine->frozen_ns : engine_clock_ns();
	for (uint32_t i = 0; i < all; i++)
		engine_step(engine, i, EVENT_END, 0);
	gone_expire(engine, true);
}
