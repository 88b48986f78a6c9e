// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "signals.h"

#include <curl/curl.h>
#include <errno.h>
#include <math.h>
#include <mosquitto.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "signal_kind.h"

#define NS_PER_SECOND 1000000000ULL
/* After so long a turn leaves the rest to the next: the caller has work of its own. */
#define TURN_NS (NS_PER_SECOND / 200)
/* Readings that may be missed before a value says nothing, and for how long at least. */
#define STALE_READINGS 3
#define STALE_MIN_NS (5 * NS_PER_SECOND)

struct signals {
	int epoll_fd, timer_fd;
	unsigned int count;
	unsigned int next; /* whose turn it is */
	struct signal signal[];
};

static const struct signal_kind *const kinds[SIGNAL_TYPES] = {
	[SIGNAL_PROMETHEUS] = &signal_prometheus,
	[SIGNAL_PROMQL] = &signal_promql,
	[SIGNAL_MOSQUITTO] = &signal_mosquitto,
	[SIGNAL_AMLEN] = &signal_amlen,
	[SIGNAL_ACCEPT_QUEUE] = &signal_accept_queue,
	[SIGNAL_PSI] = &signal_psi,
	[SIGNAL_CANARY] = &signal_canary,
};

static uint64_t clock_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * NS_PER_SECOND + (uint64_t)now.tv_nsec;
}

/* -- for the kinds ----------------------------------------------------------------------------- */

void signal_took(struct signal *signal, uint64_t taken_ns, double value, double target,
		 const char *what)
{
	struct signal_reading *reading = &signal->reading;

	if (!reading->known || reading->value != value)
		signal->changed_ns = taken_ns;
	signal->taken_ns = taken_ns;
	reading->known = true;
	reading->value = value;
	reading->target = target;
	reading->failures = 0;
	reading->timed_out = false;
	reading->words[0] = '\0';
	snprintf(signal->what, sizeof(signal->what), "%s", what);
}

static void fail(struct signal *signal, bool timed_out, const char *format, va_list args)
{
	struct signal_reading *reading = &signal->reading;
	char words[SIGNAL_WORDS_MAX];

	vsnprintf(words, sizeof(words), format, args);
	/* a source may have sent a part of it */
	text_quote(reading->words, sizeof(reading->words), words);
	if (reading->failures < UINT32_MAX)
		reading->failures++;
	reading->timed_out = timed_out;
}

void signal_failed(struct signal *signal, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fail(signal, false, format, args);
	va_end(args);
}

void signal_timed_out(struct signal *signal, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fail(signal, true, format, args);
	va_end(args);
}

void signal_waits(struct signal *signal, const char *words)
{
	signal->reading.failures = 0;
	signal->reading.timed_out = false;
	snprintf(signal->reading.words, sizeof(signal->reading.words), "%s", words);
}

int signal_watch(const struct signal *signal, struct signal_watch *watch, int fd, uint32_t events)
{
	struct epoll_event event = { .events = events, .data.ptr = watch };

	if (!events || (watch->watched && watch->fd != fd))
		signal_unwatch(signal, watch);
	if (!events)
		return 0;
	if (epoll_ctl(signal->epoll_fd, watch->watched ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd,
		      &event)) {
		/* who closed it made a new one of the same number */
		if (errno != ENOENT || epoll_ctl(signal->epoll_fd, EPOLL_CTL_ADD, fd, &event))
			return -errno;
	}
	watch->fd = fd;
	watch->watched = true;
	return 0;
}

void signal_unwatch(const struct signal *signal, struct signal_watch *watch)
{
	/* it may have been closed already: then epoll has forgotten it */
	if (watch->watched)
		epoll_ctl(signal->epoll_fd, EPOLL_CTL_DEL, watch->fd, NULL);
	watch->watched = false;
}

/* -- time -------------------------------------------------------------------------------------- */

static uint64_t period_ns(const struct signal *signal)
{
	return signal->kind->period_ns ? signal->kind->period_ns : signal->wanted.every_ns;
}

static void begin_due(struct signal *signal, uint64_t now_ns)
{
	if (signal->next_ns > now_ns)
		return;
	signal->next_ns += period_ns(signal);
	/* whoever comes late does not catch up */
	if (signal->next_ns <= now_ns)
		signal->next_ns = now_ns + period_ns(signal);
	signal->kind->begin(signal, now_ns);
}

static void wake_due(struct signal *signal, uint64_t now_ns)
{
	if (signal->wake_ns > now_ns)
		return;
	signal->wake_ns = NEVER_NS;
	signal->kind->wake(signal, now_ns);
}

static void set_timer(struct signals *signals)
{
	struct itimerspec timer = { 0 };
	uint64_t first_ns = NEVER_NS;

	for (unsigned int i = 0; i < signals->count; i++) {
		const struct signal *signal = &signals->signal[i];

		if (signal->next_ns < first_ns)
			first_ns = signal->next_ns;
		if (signal->wake_ns < first_ns)
			first_ns = signal->wake_ns;
	}
	if (first_ns == NEVER_NS)
		return;
	/* 0 would disarm it */
	timer.it_value.tv_sec = (time_t)(first_ns / NS_PER_SECOND);
	timer.it_value.tv_nsec = (long)(first_ns % NS_PER_SECOND) + !first_ns;
	timerfd_settime(signals->timer_fd, TFD_TIMER_ABSTIME, &timer, NULL);
}

/* What one sends without end is read in both: each has a time of its own, and the first does not
 * begin with the same signal again. */
static void wake_all(struct signals *signals)
{
	uint64_t now_ns = clock_ns(), end_ns = now_ns + TURN_NS / 2;

	for (unsigned int i = 0; i < signals->count; i++) {
		wake_due(&signals->signal[signals->next], now_ns);
		signals->next = (signals->next + 1) % signals->count;
		now_ns = clock_ns();
		if (now_ns >= end_ns)
			break;
	}
}

static void take_events(struct signals *signals)
{
	uint64_t now_ns = clock_ns(), end_ns = now_ns + TURN_NS / 2, expirations;
	struct epoll_event event;

	/* One at a time: what one handles may close what another event is of. */
	do {
		struct signal_watch *watch;

		if (epoll_wait(signals->epoll_fd, &event, 1, 0) <= 0)
			break;
		watch = event.data.ptr;
		if (watch)
			watch->ready(watch, event.events, now_ns);
		else if (read(signals->timer_fd, &expirations, sizeof(expirations)) < 0)
			continue; /* it has been set anew */
		now_ns = clock_ns();
	} while (now_ns < end_ns);
}

void signals_turn(struct signals *signals)
{
	for (unsigned int i = 0; i < signals->count; i++)
		begin_due(&signals->signal[i], clock_ns());
	wake_all(signals);
	take_events(signals);
	set_timer(signals);
}

/* -- making and reading ------------------------------------------------------------------------ */

static void add_ports(struct signal *signal, const struct config *config)
{
	for (unsigned int i = 0; i < config->listeners_count; i++) {
		const struct wanted_listener *listener = &config->listeners[i];

		if (*signal->wanted.listener && strcmp(signal->wanted.listener, listener->name))
			continue;
		for (unsigned int word = 0; word < PORTS / 64; word++)
			signal->ports[word] |= listener->ports[word];
	}
}

static int open_signal(struct signals *signals, const struct config *config,
		       const struct wanted_signal *wanted, uint64_t now_ns)
{
	struct signal *signal = &signals->signal[signals->count];
	int err;

	signal->wanted = *wanted;
	config_complete_signal(&signal->wanted);
	signal->kind = kinds[signal->wanted.type];
	signal->epoll_fd = signals->epoll_fd;
	signal->next_ns = now_ns;
	signal->wake_ns = NEVER_NS;
	signal->changed_ns = now_ns;
	signal->reading.lag_ns = signal->wanted.lag_ns;
	signal_waits(signal, "not read yet");
	add_ports(signal, config);
	err = signal->kind->open(signal);
	if (!err)
		signals->count++;
	return err;
}

static int open_loop(struct signals *signals)
{
	struct epoll_event event = { .events = EPOLLIN };

	signals->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	signals->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	if (signals->epoll_fd < 0 || signals->timer_fd < 0 ||
	    epoll_ctl(signals->epoll_fd, EPOLL_CTL_ADD, signals->timer_fd, &event))
		return -errno;
	return 0;
}

int signals_create(const struct config *config, struct signals **created)
{
	struct signals *signals;
	int err;

	signals = calloc(1, sizeof(*signals) + config->signals_count * sizeof(signals->signal[0]));
	if (!signals)
		return -ENOMEM;
	/* both count how often */
	curl_global_init(CURL_GLOBAL_DEFAULT);
	mosquitto_lib_init();
	err = open_loop(signals);
	for (unsigned int i = 0; !err && i < config->signals_count; i++)
		err = open_signal(signals, config, &config->signals[i], clock_ns());
	if (err) {
		signals_destroy(signals);
		return err;
	}
	set_timer(signals);
	*created = signals;
	return 0;
}

void signals_destroy(struct signals *signals)
{
	if (!signals)
		return;
	for (unsigned int i = 0; i < signals->count; i++)
		signals->signal[i].kind->close(&signals->signal[i]);
	if (signals->epoll_fd >= 0)
		close(signals->epoll_fd);
	if (signals->timer_fd >= 0)
		close(signals->timer_fd);
	mosquitto_lib_cleanup();
	curl_global_cleanup();
	free(signals);
}

int signals_fd(const struct signals *signals)
{
	return signals->epoll_fd;
}

unsigned int signals_count(const struct signals *signals)
{
	return signals->count;
}

static uint64_t since(uint64_t then_ns, uint64_t now_ns)
{
	return now_ns > then_ns ? now_ns - then_ns : 0;
}

void signals_read(const struct signals *signals, unsigned int i, uint64_t now_ns,
		  struct signal_reading *reading)
{
	const struct signal *signal = &signals->signal[i];
	uint64_t stale_ns = STALE_READINGS * signal->wanted.every_ns;

	*reading = signal->reading;
	reading->name = signal->wanted.name;
	reading->listener = signal->wanted.listener;
	reading->type = signal->wanted.type;
	reading->what = signal->what;
	reading->every_ns = signal->wanted.every_ns;
	reading->age_ns = reading->known ? since(signal->taken_ns, now_ns) : 0;
	reading->same_ns = reading->known ? since(signal->changed_ns, now_ns) : 0;
	if (signal->kind->look)
		signal->kind->look(signal, now_ns, reading);
	reading->ratio = reading->known ? reading->value / reading->target : 0;
	reading->stale = !reading->known ||
			 reading->age_ns > (stale_ns > STALE_MIN_NS ? stale_ns : STALE_MIN_NS);
}
