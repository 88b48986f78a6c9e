/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A web server that behaves as it is told:
 *
 *	fakehttp ADDRESS PORT BEHAVIOUR [FILE [HEADER]]
 *
 * Says "ready", then one line a request: how many there have been. With HEADER only requests that
 * have this line get FILE, others 401.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static const char usage_text[] =
	"usage: fakehttp ADDRESS PORT BEHAVIOUR [FILE [HEADER]]\n"
	"  file        200 with FILE\n"
	"  late=MS     the same after MS\n"
	"  slow=MS     the same, a byte every MS\n"
	"  torn        200 with half of FILE, and a length that says more\n"
	"  silent      never answers\n"
	"  garbage     bytes that are no HTTP\n"
	"  endless     200 with metrics without end\n"
	"  line        200 with a line without end\n"
	"  headers     headers without end\n"
	"  redirect    302 to FILE\n"
	"  error       500\n";

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

/* Whether it could be sent. */
static int put(int fd, const void *bytes, size_t len)
{
	const char *from = bytes;

	while (len) {
		ssize_t sent = send(fd, from, len, MSG_NOSIGNAL);

		if (sent <= 0)
			return 0;
		from += sent;
		len -= (size_t)sent;
	}
	return 1;
}

static size_t load(const char *path, char *buf, size_t size)
{
	FILE *in = fopen(path, "r");
	size_t len = in ? fread(buf, 1, size, in) : 0;

	if (in)
		fclose(in);
	return len;
}

static void put_head(int fd, const char *status, size_t len)
{
	char head[256];
	int head_len = snprintf(head, sizeof(head),
				"HTTP/1.1 %s\r\nContent-Type: text/plain\r\n"
				"Content-Length: %zu\r\nConnection: close\r\n\r\n",
				status, len);

	put(fd, head, (size_t)head_len);
}

static void put_file(int fd, const char *path, unsigned long byte_ms, int torn)
{
	static char body[1 << 22];
	size_t len = load(path, body, sizeof(body));

	put_head(fd, "200 OK", len);
	if (torn)
		len /= 2;
	if (!byte_ms)
		put(fd, body, len);
	for (size_t i = 0; byte_ms && i < len && put(fd, body + i, 1); i++)
		sleep_ms(byte_ms);
}

static void put_forever(int fd, const char *head, const char *piece)
{
	static char many[65536];
	size_t len = strlen(piece), used = 0;

	while (used + len < sizeof(many)) {
		memcpy(many + used, piece, len);
		used += len;
	}
	put(fd, head, strlen(head));
	while (put(fd, many, used))
		;
}

static void answer(int fd, const char *behaviour, const char *path)
{
	if (!strncmp(behaviour, "late=", 5)) {
		sleep_ms(strtoul(behaviour + 5, NULL, 10));
		put_file(fd, path, 0, 0);
	} else if (!strncmp(behaviour, "slow=", 5)) {
		put_file(fd, path, strtoul(behaviour + 5, NULL, 10), 0);
	} else if (!strcmp(behaviour, "torn")) {
		put_file(fd, path, 0, 1);
	} else if (!strcmp(behaviour, "silent")) {
		sleep_ms(3600000);
	} else if (!strcmp(behaviour, "garbage")) {
		put(fd, "\x16\x03\x01\x00\xff garbage \n\n\xff\xfe", 19);
	} else if (!strcmp(behaviour, "endless")) {
		put_forever(fd, "HTTP/1.1 200 OK\r\n\r\n", "endless_total{a=\"b\"} 1\n");
	} else if (!strcmp(behaviour, "line")) {
		put_forever(fd, "HTTP/1.1 200 OK\r\n\r\n", "xxxxxxxxxxxxxxxx");
	} else if (!strcmp(behaviour, "headers")) {
		put_forever(fd, "HTTP/1.1 200 OK\r\n", "X-More: and more\r\n");
	} else if (!strcmp(behaviour, "redirect")) {
		char head[512];
		int len = snprintf(head, sizeof(head),
				   "HTTP/1.1 302 Found\r\nLocation: %s\r\n"
				   "Content-Length: 0\r\n\r\n",
				   path);

		put(fd, head, (size_t)len);
	} else if (!strcmp(behaviour, "error")) {
		put_head(fd, "500 Internal Server Error", 0);
	} else {
		put_file(fd, path, 0, 0);
	}
}

static void serve(int fd, const char *behaviour, const char *path, const char *header)
{
	char request[8192];
	size_t used = 0;
	ssize_t got;

	while (used < sizeof(request) - 1) {
		got = recv(fd, request + used, sizeof(request) - 1 - used, 0);
		if (got <= 0)
			return;
		used += (size_t)got;
		request[used] = '\0';
		if (strstr(request, "\r\n\r\n"))
			break;
	}
	if (header && !strstr(request, header))
		put_head(fd, "401 Unauthorized", 0);
	else
		answer(fd, behaviour, path);
	shutdown(fd, SHUT_WR);
	/* what is not read yet would turn the end into a reset */
	while (recv(fd, request, sizeof(request), 0) > 0)
		;
}

int main(int argc, char **argv)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	unsigned long requests = 0;
	int listening, one = 1;

	if (argc < 4 || argc > 6 || inet_pton(AF_INET, argv[1], &address.sin_addr) != 1)
		usage();
	address.sin_port = htons((uint16_t)strtoul(argv[2], NULL, 10));
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	signal(SIGCHLD, SIG_IGN);
	listening = socket(AF_INET, SOCK_STREAM, 0);
	setsockopt(listening, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(listening, (struct sockaddr *)&address, sizeof(address)) ||
	    listen(listening, 64)) {
		perror("fakehttp");
		close(listening);
		return 1;
	}
	puts("ready");
	fflush(stdout);
	for (;;) {
		int fd = accept(listening, NULL, NULL);

		if (fd < 0)
			continue;
		printf("%lu\n", ++requests);
		fflush(stdout);
		if (!fork()) {
			prctl(PR_SET_PDEATHSIG, SIGTERM);
			serve(fd, argv[3], argc > 4 ? argv[4] : "", argc > 5 ? argv[5] : NULL);
			_exit(0);
		}
		close(fd);
	}
}
