/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A broker that behaves as it is told, so that a client's account of it can be checked to the unit:
 *
 *	fakebroker ADDRESS PORT BEHAVIOUR...
 *
 * Connection i meets behaviour i, those after the last meet the last. Says "ready", then one line a
 * connection: what its CONNECT held.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static const char usage_text[] =
	"usage: fakebroker ADDRESS PORT BEHAVIOUR...\n"
	"  code=N      CONNACK with code N; with 0 it goes on as a broker\n"
	"  late=MS     CONNACK with code 0 after MS\n"
	"  split       CONNACK in two segments\n"
	"  reset       RST as soon as it is accepted\n"
	"  reset-late  RST after CONNECT\n"
	"  close       FIN after CONNECT, and closes\n"
	"  half-close  FIN after CONNECT, and goes on reading\n"
	"  garbage     an answer that is no MQTT\n"
	"  wrong       an answer that is not due\n"
	"  byte        one byte of a TLS record, and no more\n"
	"  silent      reads, and never answers\n"
	"  deaf        never answers PINGREQ\n"
	"  mute        never publishes anything\n"
	"  deny        refuses subscriptions\n"
	"  cut=MS      CONNACK, then FIN after MS\n"
	"  flood       CONNACK, then messages without end\n"
	"  cut-reset   CONNACK, then RST\n"
	"  no-accept   a queue of one, which is never taken from\n";

static void usage(void)
{
	fputs(usage_text, stderr);
	exit(2);
}

static void sleep_ms(unsigned long ms)
{
	struct timespec ts = { (time_t)(ms / 1000), (long)(ms % 1000) * 1000000 };

	while (nanosleep(&ts, &ts) && errno == EINTR)
		;
}

static bool read_all(int fd, uint8_t *buf, size_t len)
{
	while (len) {
		ssize_t got = read(fd, buf, len);

		if (got <= 0)
			return false;
		buf += got;
		len -= (size_t)got;
	}
	return true;
}

/* The first byte of a packet, its body in @body; 0: the connection has ended. */
static uint8_t read_packet(int fd, uint8_t *body, size_t size, size_t *len)
{
	unsigned int shift = 0;
	uint8_t head, byte;

	*len = 0;
	if (!read_all(fd, &head, 1))
		return 0;
	do {
		if (!read_all(fd, &byte, 1))
			return 0;
		*len |= (size_t)(byte & 0x7f) << shift;
		shift += 7;
	} while (byte & 0x80);
	if (*len > size || !read_all(fd, body, *len))
		return 0;
	return head;
}

static void send_all(int fd, const void *bytes, size_t len)
{
	if (send(fd, bytes, len, MSG_NOSIGNAL) < 0)
		return;
}

/* CONNECT as text: level, flags, keep-alive, client id, and user and password if there are. */
static int describe(const uint8_t *body, size_t len)
{
	size_t at = 10;
	int level = len > 10 ? body[6] : 0;

	printf("level=%d flags=%02x keepalive=%d", level, body[7], body[8] << 8 | body[9]);
	if (level == 5)
		at += 1 + body[10];
	while (at + 2 <= len) {
		size_t text_len = (size_t)(body[at] << 8 | body[at + 1]);

		at += 2;
		if (at + text_len > len)
			break;
		printf(" %.*s", (int)text_len, (const char *)body + at);
		at += text_len;
	}
	putchar('\n');
	fflush(stdout);
	return level;
}

static void send_connack(int fd, int level, uint8_t code, bool split)
{
	const uint8_t v4[] = { 0x20, 2, 0, code }, v5[] = { 0x20, 3, 0, code, 0 };
	const uint8_t *bytes = level == 5 ? v5 : v4;
	size_t len = level == 5 ? sizeof(v5) : sizeof(v4);

	if (split) {
		send_all(fd, bytes, 1);
		sleep_ms(50);
		bytes++;
		len--;
	}
	send_all(fd, bytes, len);
}

static void publish_back(int fd, int level, uint8_t head, const uint8_t *body, size_t len)
{
	size_t id_at = 2 + (size_t)(body[0] << 8 | body[1]);
	uint8_t puback[] = { 0x40, 2, body[id_at], body[id_at + 1] }, packet[600];

	(void)level;
	if (head & 6)
		send_all(fd, puback, sizeof(puback));
	if (len > 120)
		return;
	packet[0] = head;
	packet[1] = (uint8_t)len;
	memcpy(packet + 2, body, len);
	send_all(fd, packet, len + 2);
}

static bool is(const char *behaviour, const char *name)
{
	return !strcmp(behaviour, name);
}

/* QoS 0, to topic "x", until the client leaves. */
static void flood(int fd)
{
	static const uint8_t publish[] = { 0x30, 4, 0, 1, 'x', '.' };
	uint8_t many[600 * sizeof(publish)];

	for (size_t at = 0; at < sizeof(many); at += sizeof(publish))
		memcpy(many + at, publish, sizeof(publish));
	while (send(fd, many, sizeof(many), MSG_NOSIGNAL) > 0)
		;
}

/* As a broker with one subscriber, until the client leaves. */
static void serve(int fd, int level, const char *behaviour)
{
	static const uint8_t pingresp[] = { 0xd0, 0 };
	uint8_t body[70000], head;
	size_t len;

	while ((head = read_packet(fd, body, sizeof(body), &len))) {
		uint8_t granted = is(behaviour, "deny") ? 0x80 : 1;
		uint8_t v4[] = { 0x90, 3, body[0], body[1], granted };
		uint8_t v5[] = { 0x90, 4, body[0], body[1], 0, granted };

		if (head >> 4 == 8 && level == 5)
			send_all(fd, v5, sizeof(v5));
		else if (head >> 4 == 8)
			send_all(fd, v4, sizeof(v4));
		else if (head >> 4 == 3 && !is(behaviour, "mute"))
			publish_back(fd, level, head, body, len);
		else if (head >> 4 == 12 && !is(behaviour, "deaf"))
			send_all(fd, pingresp, sizeof(pingresp));
		else if (head >> 4 == 14)
			return;
	}
}

static void reset(int fd)
{
	const struct linger linger = { .l_onoff = 1 };

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
	close(fd);
	exit(0);
}

static void drain(int fd)
{
	uint8_t buf[512];

	while (read(fd, buf, sizeof(buf)) > 0)
		;
}

static unsigned long number_of(const char *behaviour)
{
	return strtoul(strchr(behaviour, '=') + 1, NULL, 10);
}

static bool begins(const char *behaviour, const char *name)
{
	return !strncmp(behaviour, name, strlen(name));
}

/* What is done without regard to what the client says. */
static void behave_early(int fd, const char *behaviour)
{
	static const char http[] = "HTTP/1.1 400 Bad Request\r\n\r\n";
	uint8_t buf[512];

	if (is(behaviour, "reset"))
		reset(fd);
	if (is(behaviour, "silent"))
		drain(fd);
	if (!is(behaviour, "byte") && !is(behaviour, "garbage"))
		return;
	if (read(fd, buf, sizeof(buf)) <= 0)
		return;
	if (is(behaviour, "byte"))
		send_all(fd, "\x16", 1);
	else
		send_all(fd, http, sizeof(http) - 1);
	drain(fd);
}

static void behave(int fd, const char *behaviour)
{
	uint8_t body[70000];
	size_t len;
	int level;

	behave_early(fd, behaviour);
	if (read_packet(fd, body, sizeof(body), &len) >> 4 != 1)
		return;
	level = describe(body, len);
	if (is(behaviour, "reset-late"))
		reset(fd);
	if (is(behaviour, "close"))
		return;
	if (is(behaviour, "half-close")) {
		shutdown(fd, SHUT_WR);
		drain(fd);
		return;
	}
	if (is(behaviour, "wrong")) {
		send_all(fd, "\xd0\0", 2);
		drain(fd);
		return;
	}
	if (begins(behaviour, "late="))
		sleep_ms(number_of(behaviour));
	send_connack(fd, level, begins(behaviour, "code=") ? (uint8_t)number_of(behaviour) : 0,
		     is(behaviour, "split"));
	if (begins(behaviour, "code=") && number_of(behaviour))
		return;
	if (begins(behaviour, "cut="))
		sleep_ms(number_of(behaviour));
	if (is(behaviour, "cut-reset")) {
		sleep_ms(100); /* a RST overtakes what was not read yet */
		reset(fd);
	}
	if (is(behaviour, "flood"))
		flood(fd);
	if (!begins(behaviour, "cut="))
		serve(fd, level, behaviour);
}

static int listen_on(const char *address, const char *port, bool small)
{
	static const int on = 1;
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6 };
	struct sockaddr_in in = { .sin_family = AF_INET };
	bool v6 = inet_pton(AF_INET6, address, &in6.sin6_addr) == 1;
	int fd = socket(v6 ? AF_INET6 : AF_INET, SOCK_STREAM, 0);

	in.sin_port = in6.sin6_port = htons((uint16_t)strtoul(port, NULL, 10));
	if (!v6 && inet_pton(AF_INET, address, &in.sin_addr) != 1)
		usage();
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, v6 ? (const struct sockaddr *)&in6 : (const struct sockaddr *)&in,
		 v6 ? sizeof(in6) : sizeof(in)) ||
	    listen(fd, small ? 0 : 1024)) {
		perror("fakebroker");
		exit(1);
	}
	puts("ready");
	fflush(stdout);
	return fd;
}

int main(int argc, char **argv)
{
	pid_t parent = getpid();
	int listener, next = 3;

	if (argc < 4)
		usage();
	signal(SIGCHLD, SIG_IGN);
	listener = listen_on(argv[1], argv[2], is(argv[3], "no-accept"));
	while (is(argv[3], "no-accept"))
		pause();
	for (;;) {
		int fd = accept(listener, NULL, NULL);
		const char *behaviour = argv[next];

		if (fd < 0)
			continue;
		if (next < argc - 1)
			next++;
		if (!fork()) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			if (getppid() != parent)
				return 1;
			close(listener);
			behave(fd, behaviour);
			return 0;
		}
		close(fd);
	}
}
