/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The signals of a configuration without the rest of weir:
 *
 *	signal_probe CONFIG SECONDS
 *
 * Runs them beside a tick of 10 ms, as the delay queue has one, and prints a JSON object: what each
 * said at the end, how often and with which longest gap it had a value, how late the tick was, and
 * how long the longest turn took; both without the time in which others had the CPU.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "signals.h"

#define NS_PER_SECOND 1000000000ULL
#define NS_PER_MS 1000000ULL
#define TICK_NS (10 * NS_PER_MS)

/* What came of a signal over the run. */
static struct {
	unsigned int values;
	uint64_t last_ns, gap_ns;
	double ratio_max;
	unsigned int failures_max;
} seen[SIGNALS_MAX];

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * NS_PER_SECOND + (uint64_t)now.tv_nsec;
}

/* Nanoseconds in which this thread could have run, but had no CPU (proc(5), schedstat). */
static uint64_t waited_ns(void)
{
	unsigned long long ran, waited;
	static int fd = -1;
	char text[128];
	ssize_t len;

	if (fd < 0)
		fd = open("/proc/thread-self/schedstat", O_RDONLY | O_CLOEXEC);
	len = pread(fd, text, sizeof(text) - 1, 0);
	if (len <= 0)
		return 0;
	text[len] = '\0';
	return sscanf(text, "%llu %llu", &ran, &waited) == 2 ? waited : 0;
}

/* On a machine that is never busy. */
static uint64_t own_ns(void)
{
	return now_ns() - waited_ns();
}

static void observe(const struct signals *signals, uint64_t now)
{
	struct signal_reading reading;

	for (unsigned int i = 0; i < signals_count(signals); i++) {
		uint64_t taken;

		signals_read(signals, i, now, &reading);
		if (reading.failures > seen[i].failures_max)
			seen[i].failures_max = reading.failures;
		if (!reading.known)
			continue;
		if (reading.ratio > seen[i].ratio_max)
			seen[i].ratio_max = reading.ratio;
		taken = now - reading.age_ns;
		if (taken <= seen[i].last_ns)
			continue;
		if (seen[i].values++ && taken - seen[i].last_ns > seen[i].gap_ns)
			seen[i].gap_ns = taken - seen[i].last_ns;
		seen[i].last_ns = taken;
	}
}

static void put_text(const char *name, const char *text)
{
	printf("\"%s\":\"", name);
	for (; *text; text++)
		if (*text == '"' || *text == '\\')
			printf("\\%c", *text);
		else
			putchar(*text < ' ' ? '?' : *text);
	printf("\",");
}

static void report(const struct signals *signals, uint64_t now, uint64_t late_ns, uint64_t turn_ns)
{
	struct signal_reading reading;

	printf("{\"late_ms\":%.1f,\"turn_ms\":%.1f,\"signals\":{", (double)late_ns / 1e6,
	       (double)turn_ns / 1e6);
	for (unsigned int i = 0; i < signals_count(signals); i++) {
		signals_read(signals, i, now, &reading);
		printf("%s\n\"%s\":{", i ? "," : "", reading.name);
		put_text("type", signal_type_names[reading.type]);
		put_text("listener", reading.listener);
		put_text("what", reading.what);
		put_text("words", reading.words);
		printf("\"known\":%s,\"stale\":%s,\"timed_out\":%s,",
		       reading.known ? "true" : "false", reading.stale ? "true" : "false",
		       reading.timed_out ? "true" : "false");
		printf("\"value\":%.9g,\"target\":%.9g,\"ratio\":%.9g,", reading.value,
		       reading.target, reading.ratio);
		printf("\"age_ms\":%.0f,\"same_ms\":%.0f,\"lag_ms\":%.0f,\"every_ms\":%.0f,",
		       (double)reading.age_ns / 1e6, (double)reading.same_ns / 1e6,
		       (double)reading.lag_ns / 1e6, (double)reading.every_ns / 1e6);
		printf("\"failures\":%u,\"failures_max\":%u,\"values\":%u,\"gap_ms\":%.0f,"
		       "\"ratio_max\":%.9g}",
		       reading.failures, seen[i].failures_max, seen[i].values,
		       (double)seen[i].gap_ns / 1e6, seen[i].ratio_max);
	}
	puts("}}");
}

static void run(struct signals *signals, uint64_t end_ns)
{
	struct pollfd readable = { .fd = signals_fd(signals), .events = POLLIN };
	uint64_t now = now_ns(), due_ns = own_ns() + TICK_NS, late_ns = 0, longest_ns = 0;

	while (now < end_ns) {
		uint64_t began_ns = own_ns();
		const struct timespec left = {
			.tv_nsec = began_ns < due_ns ? (long)(due_ns - began_ns) : 0,
		};

		if (ppoll(&readable, 1, &left, NULL) > 0) {
			began_ns = own_ns();
			signals_turn(signals);
			if (own_ns() - began_ns > longest_ns)
				longest_ns = own_ns() - began_ns;
		}
		now = now_ns();
		if (own_ns() < due_ns)
			continue;
		if (own_ns() - due_ns > late_ns)
			late_ns = own_ns() - due_ns;
		observe(signals, now);
		due_ns = own_ns() + TICK_NS;
	}
	report(signals, now, late_ns, longest_ns);
}

int main(int argc, char **argv)
{
	struct config_errors errors = { .out = stderr };
	struct signals *signals;
	struct config config;
	FILE *in;
	int err;

	if (argc != 3) {
		fprintf(stderr, "usage: signal_probe CONFIG SECONDS\n");
		return 2;
	}
	signal(SIGPIPE, SIG_IGN);
	in = fopen(argv[1], "r");
	if (!in) {
		perror(argv[1]);
		return 1;
	}
	config_init(&config);
	err = config_read(&config, in, argv[1], &errors);
	fclose(in);
	if (!err)
		err = signals_create(&config, &signals);
	config_free(&config);
	if (err) {
		fprintf(stderr, "signal_probe: %s\n", strerror(-err));
		return 1;
	}
	run(signals, now_ns() + strtoull(argv[2], NULL, 10) * NS_PER_SECOND);
	signals_destroy(signals);
	return 0;
}
