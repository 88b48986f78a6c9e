/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Knocks at a TCP port from many source addresses and says how many connections were made. The
 * default timeout is shorter than the kernel's first SYN retransmission (1 s), so that every
 * attempt is one SYN and the outcome can be compared with counters to the unit.
 *
 * Only one address of the machine needs to be real: sources are bound with IP_FREEBIND, and
 * `ip route add local PREFIX dev lo` makes the replies arrive.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define NS_PER_SEC 1000000000ULL
#define NS_PER_MS 1000000ULL
#define EVENTS_MAX 256
#define STARTS_MAX 64 /* in a row, so that no attempt in progress waits longer for its end */

struct plan {
	struct sockaddr_storage to;
	struct sockaddr_storage sources; /* ss_family 0: the kernel chooses */
	unsigned int sources_len;	 /* prefix length of the pool */
	unsigned int each_len;		 /* attempts come from prefixes of this length, in turn */
	unsigned int count;
	unsigned int per_sec; /* 0: all at once */
	uint64_t timeout_ns;
	uint64_t hold_ns;
	bool retransmit; /* let the kernel repeat SYNs as it would for any client */
};

struct tally {
	unsigned int connected, refused, timeout, error;
};

static volatile sig_atomic_t stop;

static void on_signal(int signal)
{
	(void)signal;
	stop = 1;
}

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * NS_PER_SEC + (uint64_t)ts.tv_nsec;
}

static void usage(void)
{
	fputs("usage: knock HOST PORT [sources PREFIX [each LEN]] [count N] [rate N/s]\n"
	      "             [timeout TIME] [hold TIME] [retransmit]\n"
	      "       TIME := N(ms|s)\n",
	      stderr);
	exit(2);
}

static unsigned long parse_number(const char *text, const char *unit, unsigned long max)
{
	char *end;
	unsigned long value;

	errno = 0;
	value = strtoul(text, &end, 10);
	if (errno || end == text || strcmp(end, unit) || value > max) {
		fprintf(stderr, "knock: '%s': want a number%s%s up to %lu\n", text,
			*unit ? " and " : "", unit, max);
		exit(2);
	}
	return value;
}

static uint64_t parse_time_ns(const char *text)
{
	size_t len = strlen(text);

	if (len > 2 && !strcmp(text + len - 2, "ms"))
		return parse_number(text, "ms", 3600000) * NS_PER_MS;
	return parse_number(text, "s", 3600) * NS_PER_SEC;
}

static unsigned int address_bits(const struct sockaddr_storage *address)
{
	return address->ss_family == AF_INET ? 32 : 128;
}

static uint8_t *address_bytes(struct sockaddr_storage *address)
{
	if (address->ss_family == AF_INET)
		return (uint8_t *)&((struct sockaddr_in *)address)->sin_addr;
	return (uint8_t *)&((struct sockaddr_in6 *)address)->sin6_addr;
}

static socklen_t address_size(const struct sockaddr_storage *address)
{
	return address->ss_family == AF_INET ? sizeof(struct sockaddr_in)
					     : sizeof(struct sockaddr_in6);
}

static void parse_address(const char *text, struct sockaddr_storage *address)
{
	address->ss_family = strchr(text, ':') ? AF_INET6 : AF_INET;
	if (inet_pton(address->ss_family, text, address_bytes(address)) != 1) {
		fprintf(stderr, "knock: '%s': not an address\n", text);
		exit(2);
	}
}

static void parse_sources(const char *text, struct plan *plan)
{
	char address[INET6_ADDRSTRLEN + 1];
	const char *slash = strchr(text, '/');
	size_t len = slash ? (size_t)(slash - text) : strlen(text);

	if (len >= sizeof(address))
		usage();
	memcpy(address, text, len);
	address[len] = '\0';
	parse_address(address, &plan->sources);
	plan->each_len = address_bits(&plan->sources);
	plan->sources_len = plan->each_len;
	if (slash)
		plan->sources_len = parse_number(slash + 1, "", plan->each_len);
}

static void parse_words(char **word, struct plan *plan)
{
	for (; *word; word++) {
		if (!strcmp(*word, "retransmit")) {
			plan->retransmit = true;
			continue;
		}
		if (!word[1])
			usage();
		if (!strcmp(*word, "sources"))
			parse_sources(word[1], plan);
		else if (!strcmp(*word, "each") && plan->sources.ss_family)
			plan->each_len = parse_number(word[1], "", plan->each_len);
		else if (!strcmp(*word, "count"))
			plan->count = parse_number(word[1], "", 1000000);
		else if (!strcmp(*word, "rate"))
			plan->per_sec = parse_number(word[1], "/s", 1000000);
		else if (!strcmp(*word, "timeout"))
			plan->timeout_ns = parse_time_ns(word[1]);
		else if (!strcmp(*word, "hold"))
			plan->hold_ns = parse_time_ns(word[1]);
		else
			usage();
		word++;
	}
}

static void parse_plan(int argc, char **argv, struct plan *plan)
{
	uint16_t port;

	if (argc < 3)
		usage();
	*plan = (struct plan){ .count = 1, .timeout_ns = 700 * NS_PER_MS };
	parse_address(argv[1], &plan->to);
	port = htons(parse_number(argv[2], "", 65535));
	if (plan->to.ss_family == AF_INET)
		((struct sockaddr_in *)&plan->to)->sin_port = port;
	else
		((struct sockaddr_in6 *)&plan->to)->sin6_port = port;
	parse_words(argv + 3, plan);
	if (plan->sources.ss_family &&
	    (plan->sources.ss_family != plan->to.ss_family || plan->each_len < plan->sources_len))
		usage();
}

/* Attempt @number comes from the pool's prefix of that number, starting over at its end. */
static void source_address(const struct plan *plan, unsigned int number,
			   struct sockaddr_storage *source)
{
	unsigned int bits = plan->each_len - plan->sources_len;
	unsigned int index = bits < 32 ? number & ((1U << bits) - 1) : number;
	uint8_t *bytes;

	*source = plan->sources;
	bytes = address_bytes(source);
	for (unsigned int bit = 0; bit < 32 && bit < plan->each_len; bit++) {
		unsigned int place = plan->each_len - 1 - bit;

		if (index >> bit & 1)
			bytes[place / 8] |= 0x80 >> place % 8;
	}
}

static int set_option(int fd, int level, int name, int value)
{
	return setsockopt(fd, level, name, &value, sizeof(value));
}

/* Socket of a connection attempt in progress or done, or -errno. */
static int attempt_start(const struct plan *plan, unsigned int number)
{
	int fd = socket(plan->to.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	bool v4 = plan->to.ss_family == AF_INET;
	struct sockaddr_storage source;
	int error;

	if (fd < 0)
		return -errno;
	if (!plan->retransmit && set_option(fd, IPPROTO_TCP, TCP_SYNCNT, 1))
		goto fail;
	if (plan->sources.ss_family) {
		source_address(plan, number, &source);
		if (set_option(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1) ||
		    set_option(fd, v4 ? IPPROTO_IP : IPPROTO_IPV6, v4 ? IP_FREEBIND : IPV6_FREEBIND,
			       1) ||
		    bind(fd, (struct sockaddr *)&source, address_size(&source)))
			goto fail;
	}
	if (connect(fd, (const struct sockaddr *)&plan->to, address_size(&plan->to)) &&
	    errno != EINPROGRESS)
		goto fail;
	return fd;
fail:
	error = errno;
	close(fd);
	return -error;
}

static void count_error(struct tally *tally, int error)
{
	if (error == ECONNREFUSED)
		tally->refused++;
	else if (error == ETIMEDOUT)
		tally->timeout++;
	else if (!tally->error++)
		fprintf(stderr, "knock: %s\n", strerror(error));
}

/* Ends an attempt at once and leaves no TIME_WAIT behind. */
static void abort_connection(int *fd)
{
	struct linger linger = { .l_onoff = 1 };

	setsockopt(*fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
	close(*fd);
	*fd = -1;
}

static void attempt_ended(const struct plan *plan, int epoll, int *fd, struct tally *tally)
{
	int error = 0;
	socklen_t size = sizeof(error);

	getsockopt(*fd, SOL_SOCKET, SO_ERROR, &error, &size);
	if (error) {
		count_error(tally, error);
		abort_connection(fd);
		return;
	}
	tally->connected++;
	if (plan->hold_ns)
		epoll_ctl(epoll, EPOLL_CTL_DEL, *fd, NULL);
	else
		abort_connection(fd);
}

struct attempt {
	int fd; /* -1: over */
	bool pending;
	uint64_t deadline_ns;
};

/* Returns whether more are due. */
static bool start_due(const struct plan *plan, int epoll, struct attempt *attempts,
		      unsigned int *started, uint64_t begin_ns, struct tally *tally)
{
	for (unsigned int end = *started + STARTS_MAX; *started < plan->count; (*started)++) {
		struct attempt *attempt = &attempts[*started];
		struct epoll_event event = { .events = EPOLLOUT, .data.u32 = *started };
		uint64_t now = now_ns();

		if (plan->per_sec && begin_ns + *started * NS_PER_SEC / plan->per_sec > now)
			return false;
		if (*started == end)
			return true;
		attempt->fd = attempt_start(plan, *started);
		attempt->deadline_ns = now + plan->timeout_ns;
		if (attempt->fd < 0) {
			count_error(tally, -attempt->fd);
			continue;
		}
		attempt->pending = !epoll_ctl(epoll, EPOLL_CTL_ADD, attempt->fd, &event);
	}
	return false;
}

static bool has_ended(int fd)
{
	struct pollfd socket = { .fd = fd, .events = POLLOUT };

	return poll(&socket, 1, 0) > 0;
}

/* All timeouts are equal, so attempts expire in the order in which they were started. */
static void expire(struct attempt *attempts, unsigned int started, unsigned int *oldest,
		   struct tally *tally)
{
	uint64_t now = now_ns();

	for (; *oldest < started; (*oldest)++) {
		struct attempt *attempt = &attempts[*oldest];

		if (!attempt->pending)
			continue;
		if (attempt->deadline_ns > now)
			return;
		/* it may have ended since epoll was asked, while somebody else had the CPU */
		if (has_ended(attempt->fd))
			return;
		attempt->pending = false;
		tally->timeout++;
		abort_connection(&attempt->fd);
	}
}

static void knock(const struct plan *plan, int epoll, struct attempt *attempts, struct tally *tally)
{
	struct epoll_event events[EVENTS_MAX];
	unsigned int started = 0, oldest = 0;
	uint64_t begin_ns = now_ns();

	while (oldest < plan->count && !stop) {
		bool more = start_due(plan, epoll, attempts, &started, begin_ns, tally);
		int count = epoll_wait(epoll, events, EVENTS_MAX, more ? 0 : 1);

		for (int i = 0; i < count; i++) {
			struct attempt *attempt = &attempts[events[i].data.u32];

			if (!attempt->pending)
				continue;
			attempt->pending = false;
			attempt_ended(plan, epoll, &attempt->fd, tally);
		}
		expire(attempts, started, &oldest, tally);
	}
}

int main(int argc, char **argv)
{
	struct sigaction action = { .sa_handler = on_signal };
	struct tally tally = { 0 };
	struct rlimit files;
	struct attempt *attempts;
	struct plan plan;
	int epoll;

	parse_plan(argc, argv, &plan);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	getrlimit(RLIMIT_NOFILE, &files);
	files.rlim_cur = files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);

	attempts = calloc(plan.count + 1, sizeof(*attempts));
	epoll = epoll_create1(EPOLL_CLOEXEC);
	if (!attempts || epoll < 0) {
		perror("knock");
		return 1;
	}
	knock(&plan, epoll, attempts, &tally);
	printf("connected=%u refused=%u timeout=%u error=%u\n", tally.connected, tally.refused,
	       tally.timeout, tally.error);
	fflush(stdout);
	if (plan.hold_ns && !stop)
		nanosleep(&(struct timespec){ .tv_sec = plan.hold_ns / NS_PER_SEC,
					      .tv_nsec = plan.hold_ns % NS_PER_SEC },
			  NULL);
	free(attempts);
	return 0;
}
