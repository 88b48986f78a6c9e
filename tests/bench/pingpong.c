// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * One TCP connection on which small messages go to and fro, one at a time. The client prints
 * "ready" when it is connected; then, for each line read, SECONDS, it measures for that long.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MESSAGE_LEN 64
#define SAMPLES_MAX 4000000
#define LOST_AFTER_SECONDS 2
#define SERVED_SECONDS_MAX 600

static const char usage[] = "usage: pingpong serve|connect ADDR PORT\n";

struct message {
	uint64_t number;
	uint8_t payload[MESSAGE_LEN - sizeof(uint64_t)];
};

struct result {
	uint32_t *rtt_ns;
	size_t count;
	uint64_t lost;
};

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ULL + now.tv_nsec;
}

static int serve(int listener)
{
	uint8_t buf[4096];
	ssize_t len;
	int fd;

	alarm(SERVED_SECONDS_MAX);
	if (listen(listener, 1))
		return -1;
	puts("ready");
	fflush(stdout);
	fd = accept(listener, NULL, NULL);
	if (fd < 0)
		return -1;
	while ((len = read(fd, buf, sizeof(buf))) > 0)
		if (write(fd, buf, len) != len)
			return -1;
	return 0;
}

/* The echo of message @number; those of lost ones that come late are thrown away. */
static int await(int fd, uint64_t number)
{
	struct message echo;
	ssize_t len;

	do {
		len = recv(fd, &echo, sizeof(echo), MSG_WAITALL);
	} while (len == sizeof(echo) && echo.number < number);
	return len == sizeof(echo) ? 0 : -1;
}

static int measure(int fd, double seconds, struct result *result)
{
	static uint64_t number;
	uint64_t end = now_ns() + seconds * 1e9;

	result->count = 0;
	result->lost = 0;
	while (now_ns() < end && result->count < SAMPLES_MAX) {
		struct message message = { .number = ++number };
		uint64_t start = now_ns();

		if (write(fd, &message, sizeof(message)) != sizeof(message))
			return -1;
		if (await(fd, number))
			result->lost++;
		else
			result->rtt_ns[result->count++] = now_ns() - start;
	}
	return 0;
}

static int by_value(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

static double quantile_us(const struct result *result, double q)
{
	return result->count ? result->rtt_ns[(size_t)(q * (result->count - 1))] / 1e3 : 0;
}

static int client(int fd)
{
	struct result result = { .rtt_ns = calloc(SAMPLES_MAX, sizeof(uint32_t)) };
	char line[32];

	if (!result.rtt_ns)
		return -1;
	puts("ready");
	fflush(stdout);
	while (fgets(line, sizeof(line), stdin)) {
		if (measure(fd, atof(line), &result))
			return -1;
		qsort(result.rtt_ns, result.count, sizeof(uint32_t), by_value);
		printf("messages=%zu lost=%" PRIu64 " p50_us=%.1f p99_us=%.1f max_us=%.1f\n",
		       result.count, result.lost, quantile_us(&result, 0.5),
		       quantile_us(&result, 0.99), quantile_us(&result, 1));
		fflush(stdout);
	}
	free(result.rtt_ns);
	return 0;
}

int main(int argc, char **argv)
{
	struct timeval patience = { .tv_sec = LOST_AFTER_SECONDS };
	struct sockaddr_in addr = { .sin_family = AF_INET };
	int fd, one = 1, err;

	if (argc != 4 || inet_pton(AF_INET, argv[2], &addr.sin_addr) != 1) {
		fputs(usage, stderr);
		return 2;
	}
	addr.sin_port = htons(atoi(argv[3]));
	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) ||
	    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)))
		goto failed;
	if (!strcmp(argv[1], "serve")) {
		err = bind(fd, (struct sockaddr *)&addr, sizeof(addr));
		if (!err)
			err = serve(fd);
	} else {
		err = setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
		if (!err)
			err = connect(fd, (struct sockaddr *)&addr, sizeof(addr));
		if (!err)
			err = client(fd);
	}
	if (!err)
		return 0;
failed:
	fprintf(stderr, "pingpong: %s %s port %s: %s\n", argv[1], argv[2], argv[3],
		strerror(errno));
	return 1;
}
