/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * An authentication back end with one worker:
 *
 *	auth_service SOCKET MS
 *
 * Listens on a Unix socket; whoever sends a byte gets it back when its turn has come and MS have
 * passed. Says "ready"; at SIGTERM, how many it has answered.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define CLIENTS_MAX 64

static volatile sig_atomic_t stopped;

static void on_signal(int signal)
{
	(void)signal;
	stopped = 1;
}

static void work(long ms)
{
	struct timespec left = { ms / 1000, ms % 1000 * 1000000 };

	while (!stopped && nanosleep(&left, &left) && errno == EINTR)
		;
}

static int listen_at(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || strlen(path) >= sizeof(address.sun_path))
		return -1;
	memcpy(address.sun_path, path, strlen(path));
	return bind(fd, (struct sockaddr *)&address, sizeof(address)) || listen(fd, CLIENTS_MAX)
		       ? -1
		       : fd;
}

/* Answers one request of @fd; false: it has none any more. */
static int answer(int fd, long ms)
{
	char byte;

	if (read(fd, &byte, 1) != 1)
		return 0;
	work(ms);
	return write(fd, &byte, 1) == 1;
}

int main(int argc, char **argv)
{
	struct pollfd fds[1 + CLIENTS_MAX] = { { .events = POLLIN } };
	struct sigaction action = { .sa_handler = on_signal };
	unsigned long answered = 0;
	nfds_t count = 1, turn = 1;
	long ms = argc == 3 ? strtol(argv[2], NULL, 10) : -1;

	if (ms < 0) {
		fputs("usage: auth_service SOCKET MS\n", stderr);
		return 2;
	}
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	sigaction(SIGTERM, &action, NULL);
	fds[0].fd = listen_at(argv[1]);
	if (fds[0].fd < 0) {
		perror(argv[1]);
		return 1;
	}
	puts("ready");
	fflush(stdout);
	while (!stopped && poll(fds, count, -1) > 0) {
		if (fds[0].revents & POLLIN && count <= CLIENTS_MAX)
			fds[count++] = (struct pollfd){ accept(fds[0].fd, NULL, NULL), POLLIN, 0 };
		/* one request, of the client after the one that had the last turn */
		for (nfds_t i = 1; i < count; i++) {
			turn = turn % (count - 1) + 1;
			if (!fds[turn].revents)
				continue;
			if (answer(fds[turn].fd, ms)) {
				answered++;
			} else {
				close(fds[turn].fd);
				fds[turn] = fds[--count];
				turn = 1;
			}
			break;
		}
	}
	printf("answered %lu\n", answered);
	return 0;
}
