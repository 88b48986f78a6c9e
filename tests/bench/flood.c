// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Sends TCP SYNs from many sources out of one device, as fast as one core makes them or at a given
 * rate, and says how many the device took, to the frame. Needs root; made for a veth in a network
 * namespace of its own, it refuses to run in that of pid 1.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "lib/frame.h"
#include "lib/netdev.h"
#include "lib/words.h"
#include "tests/bench/flood.skel.h"

#ifndef BPF_F_TEST_XDP_LIVE_FRAMES
#define BPF_F_TEST_XDP_LIVE_FRAMES (1U << 1)
#endif

#define SECONDS_DEFAULT 10.0
#define SECONDS_MAX 600.0
#define CHUNK_MAX 16384	  /* frames a system call: tens of milliseconds at the slowest */
#define RATE_MAX 10000000 /* times SECONDS_MAX in ns fits 64 bits */
#define LAST_FRAMES_MS 10 /* how often a paced flood that is late is asked whether it is done */
#define STALLED_CHUNKS_MAX 10000

enum {
	EXIT_DONE,
	EXIT_FAILED,
	EXIT_USAGE,
};

struct job {
	const char *dev;
	struct frame_spec spec;
	bool has_dst, has_src, has_dmac;
	uint64_t count; /* frames; 0: until the time is over */
	double rate;	/* frames a second; 0: as fast as it goes */
	double seconds;
	double established; /* share, 0..1 */
	bool sequential;
	uint64_t seed;
	int cpu; /* -1: any */
};

static const char usage[] =
	"usage: flood dev IF dst ADDR dport N src PREFIX [sources N] [order random|sequential]\n"
	"             [count N] [rate PPS|max] [seconds S] [mix established PERCENT]\n"
	"             [dmac MAC] [vlan ID [vlan ID]] [seed N] [cpu N]\n"
	"Sends SYNs with right checksums to ADDR, each from one of the addresses of PREFIX (of N "
	"of\n"
	"them; for IPv6 one in each /64 if PREFIX is shorter), until count or seconds (10) is "
	"reached.\n"
	"PERCENT of the frames are ACKs instead. dmac defaults to the other end of a veth.\n"
	"Prints one line: sent=FRAMES refused=FRAMES seconds=S pps=N cpu_seconds=S. Frames that "
	"the\n"
	"device refused (ring full) are replaced; status 1 if fewer than count were sent.\n";

static volatile sig_atomic_t stopped;

static void stop(int signal)
{
	(void)signal;
	stopped = 1;
}

static void interrupt(int signal)
{
	(void)signal;
}

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return now.tv_sec * 1000000000ULL + now.tv_nsec;
}

/* Sets spec->v6; both addresses must agree in it. */
static int parse_addr(struct job *job, const char *text, struct in6_addr *addr)
{
	bool v6 = strchr(text, ':');

	if ((job->has_dst || job->has_src) && v6 != job->spec.v6)
		return -EINVAL;
	job->spec.v6 = v6;
	return inet_pton(v6 ? AF_INET6 : AF_INET, text, addr) == 1 ? 0 : -EINVAL;
}

static int parse_prefix(struct job *job, const char *text)
{
	char copy[INET6_ADDRSTRLEN + 4], *slash;
	uint64_t len;

	if (strlen(text) >= sizeof(copy))
		return -EINVAL;
	strcpy(copy, text);
	slash = strchr(copy, '/');
	if (slash)
		*slash = 0;
	if (parse_addr(job, copy, &job->spec.src))
		return -EINVAL;
	len = job->spec.v6 ? 128 : 32;
	if (slash && parse_whole(slash + 1, 0, len, &len))
		return -EINVAL;
	job->spec.src_len = len;
	cut_to_prefix(&job->spec.src, len);
	return 0;
}

static int parse_word(struct job *job, const char *word, const char *value)
{
	struct frame_spec *spec = &job->spec;
	uint64_t number;
	double percent;
	int err;

	if (!strcmp(word, "dev")) {
		job->dev = value;
		return 0;
	}
	if (!strcmp(word, "dst")) {
		err = parse_addr(job, value, &spec->dst);
		job->has_dst = true;
		return err;
	}
	if (!strcmp(word, "src")) {
		err = parse_prefix(job, value);
		job->has_src = true;
		return err;
	}
	if (!strcmp(word, "dmac")) {
		job->has_dmac = true;
		return parse_mac(value, spec->dmac);
	}
	if (!strcmp(word, "dport")) {
		err = parse_whole(value, 1, 65535, &number);
		spec->dport = number;
		return err;
	}
	if (!strcmp(word, "vlan")) {
		err = parse_whole(value, 0, 4094, &number);
		if (err || spec->vlans_count == FRAME_VLANS_MAX)
			return -EINVAL;
		spec->vlan[spec->vlans_count++] = number;
		return 0;
	}
	if (!strcmp(word, "order")) {
		job->sequential = !strcmp(value, "sequential");
		return job->sequential || !strcmp(value, "random") ? 0 : -EINVAL;
	}
	if (!strcmp(word, "rate")) {
		job->rate = 0;
		return !strcmp(value, "max") ? 0 : parse_number(value, 1, RATE_MAX, &job->rate);
	}
	if (!strcmp(word, "established")) {
		err = parse_number(value, 0, 100, &percent);
		job->established = percent / 100;
		return err;
	}
	if (!strcmp(word, "sources"))
		return parse_whole(value, 1, 1ULL << 32, &spec->sources);
	if (!strcmp(word, "count"))
		return parse_whole(value, 1, 1e12, &job->count);
	if (!strcmp(word, "seconds"))
		return parse_number(value, 0.001, SECONDS_MAX, &job->seconds);
	if (!strcmp(word, "seed"))
		return parse_whole(value, 0, 1e15, &job->seed);
	if (!strcmp(word, "cpu")) {
		err = parse_whole(value, 0, CPU_SETSIZE - 1, &number);
		job->cpu = number;
		return err;
	}
	return -ENOENT;
}

static int parse_words(struct job *job, int argc, char **argv)
{
	for (int i = 1; i < argc; i += 2) {
		int err;

		if (!strcmp(argv[i], "mix") && ++i == argc)
			return -EINVAL;
		if (i + 1 == argc) {
			fprintf(stderr, "flood: '%s': a value is missing\n%s", argv[i], usage);
			return -EINVAL;
		}
		err = parse_word(job, argv[i], argv[i + 1]);
		if (err) {
			fprintf(stderr, "flood: '%s %s': %s\n%s", argv[i], argv[i + 1],
				err == -ENOENT ? "no such word" : "not understood", usage);
			return -EINVAL;
		}
	}
	if (job->dev && job->has_dst && job->has_src && job->spec.dport)
		return 0;
	fprintf(stderr, "flood: dev, dst, dport and src are needed\n%s", usage);
	return -EINVAL;
}

static int resolve(struct job *job)
{
	int err = netdev_mac(job->dev, job->spec.smac);

	if (err) {
		fprintf(stderr, "flood: device '%s': %s\n", job->dev, strerror(-err));
		return err;
	}
	if (job->has_dmac)
		return 0;
	err = netdev_peer_mac(job->dev, job->spec.dmac);
	if (err)
		fprintf(stderr, "flood: address of the other end of '%s': %s; say dmac MAC\n",
			job->dev, strerror(-err));
	return err;
}

static int plan_thread(struct flood_plan *plan)
{
	struct stat pidns;

	if (stat("/proc/self/ns/pid", &pidns))
		return -errno;
	plan->tid = gettid();
	plan->pidns_dev = pidns.st_dev;
	plan->pidns_ino = pidns.st_ino;
	return 0;
}

static struct flood_bpf *load(const struct job *job)
{
	struct flood_bpf *flood = flood_bpf__open();
	struct flood_plan *plan;
	uint32_t zero = 0, ifindex = if_nametoindex(job->dev);

	if (!flood)
		return NULL;
	/* const for the compiler only: the map is writable until it is loaded */
	plan = (struct flood_plan *)&flood->rodata->plan;
	if (frame_plan(plan, &job->spec)) {
		fprintf(stderr, "flood: fewer than %" PRIu64 " addresses in the prefix\n",
			job->spec.sources);
		goto failed;
	}
	plan->established_share = fmin(job->established * 0x1p32, UINT32_MAX);
	plan->sequential = job->sequential;
	plan->per_second = llround(job->rate);
	plan->count = job->count ? job->count : UINT64_MAX;
	if (plan_thread(plan)) {
		fprintf(stderr, "flood: /proc/self/ns/pid: %s\n", strerror(errno));
		goto failed;
	}
	flood->bss->random_state = job->seed;
	if (flood_bpf__load(flood) ||
	    bpf_map_update_elem(bpf_map__fd(flood->maps.device), &zero, &ifindex, BPF_ANY)) {
		fprintf(stderr, "flood: loading its program: %s\n", strerror(errno));
		goto failed;
	}
	flood->links.count_sent = bpf_program__attach(flood->progs.count_sent);
	flood->links.count_failed = bpf_program__attach(flood->progs.count_failed);
	if (flood->links.count_sent && flood->links.count_failed)
		return flood;
	fprintf(stderr, "flood: tracing redirects: %s\n", strerror(errno));
failed:
	flood_bpf__destroy(flood);
	return NULL;
}

/* Has the program make @frames frames. 0 or -errno; a signal ends it early without error. */
static int send_chunk(struct flood_bpf *flood, uint32_t frames)
{
	static uint8_t blank[FLOOD_LEN_MAX];
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = blank,
		    .data_size_in = flood->rodata->plan.len, .repeat = frames,
		    .flags = BPF_F_TEST_XDP_LIVE_FRAMES);

	if (bpf_prog_test_run_opts(bpf_program__fd(flood->progs.flood), &opts) && errno != EINTR)
		return -errno;
	return 0;
}

/* SIGALRM ends a system call after @seconds, and from then on every LAST_FRAMES_MS. */
static void set_alarms(double seconds)
{
	const struct itimerval alarms = {
		.it_value = { .tv_sec = seconds, .tv_usec = fmod(seconds, 1) * 1e6 + 1 },
		.it_interval = { .tv_usec = LAST_FRAMES_MS * 1000 },
	};

	setitimer(ITIMER_REAL, &alarms, NULL);
}

/* Time from the first frame to the last. */
struct spent {
	uint64_t elapsed_ns;
	uint64_t cpu_ns; /* of this thread, with what it received in softirqs meanwhile */
};

/* 0 or -errno. */
static int run(const struct job *job, struct flood_bpf *flood, struct spent *spent)
{
	volatile __u64 *sent = &flood->bss->sent;
	uint64_t start = clock_ns(CLOCK_MONOTONIC), now = start;
	uint64_t cpu_start = clock_ns(CLOCK_THREAD_CPUTIME_ID);
	uint64_t deadline = start + job->seconds * 1e9;
	unsigned int stalled = 0;
	int err = 0;

	flood->bss->start_ns = start;
	if (job->rate)
		set_alarms(job->count ? fmin(job->seconds, job->count / job->rate) : job->seconds);
	while (!err && !stopped && now < deadline && (!job->count || *sent < job->count)) {
		uint64_t before = *sent, frames = CHUNK_MAX;

		if (job->rate)
			frames = UINT32_MAX;
		else if (job->count && frames > job->count - before)
			frames = job->count - before;
		err = send_chunk(flood, frames);
		if (*sent == before && ++stalled == STALLED_CHUNKS_MAX)
			err = -EIO;
		now = clock_ns(CLOCK_MONOTONIC);
	}
	spent->elapsed_ns = now - start;
	spent->cpu_ns = clock_ns(CLOCK_THREAD_CPUTIME_ID) - cpu_start;
	if (job->rate && !*sent && flood->bss->lost)
		err = -EIO;
	return err;
}

static int report(const struct job *job, const struct flood_bpf *flood, int err,
		  const struct spent *spent)
{
	uint64_t made = flood->bss->made, sent = flood->bss->sent;
	uint64_t refused = flood->bss->lost, failed = flood->bss->failed;

	printf("sent=%" PRIu64 " refused=%" PRIu64 " seconds=%.3f pps=%.0f cpu_seconds=%.6f\n",
	       sent, refused, spent->elapsed_ns / 1e9,
	       spent->elapsed_ns ? sent * 1e9 / spent->elapsed_ns : 0, spent->cpu_ns / 1e9);
	if (err)
		fprintf(stderr, "flood: sending on '%s': %s\n", job->dev,
			err == -EIO
				? "the device takes no frame; a veth needs an XDP program or GRO "
				  "at its other end"
				: strerror(-err));
	else if (made != sent + refused || failed)
		fprintf(stderr,
			"flood: %" PRIu64 " frames made, but %" PRIu64 " sent, %" PRIu64
			" refused, %" PRIu64 " failed: the count is not exact\n",
			made, sent, refused, failed);
	else if (!job->count || sent == job->count)
		return EXIT_DONE;
	return EXIT_FAILED;
}

int main(int argc, char **argv)
{
	struct job job = { .seconds = SECONDS_DEFAULT, .cpu = -1 };
	struct sigaction action = { .sa_handler = stop };
	struct flood_bpf *flood;
	struct spent spent = { 0 };
	cpu_set_t cpus;
	int err;

	if (parse_words(&job, argc, argv))
		return EXIT_USAGE;
	if (netdev_in_host_netns()) {
		fprintf(stderr, "flood: refused in the network namespace of pid 1; "
				"enter another with nsenter --net=/run/netns/NAME\n");
		return EXIT_FAILED;
	}
	CPU_ZERO(&cpus);
	CPU_SET(job.cpu < 0 ? 0 : job.cpu, &cpus);
	if (job.cpu >= 0 && sched_setaffinity(0, sizeof(cpus), &cpus)) {
		fprintf(stderr, "flood: cpu %d: %s\n", job.cpu, strerror(errno));
		return EXIT_FAILED;
	}
	if (resolve(&job))
		return EXIT_FAILED;
	flood = load(&job);
	if (!flood)
		return EXIT_FAILED;
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGALRM, &(struct sigaction){ .sa_handler = interrupt }, NULL);
	err = run(&job, flood, &spent);
	err = report(&job, flood, err, &spent);
	flood_bpf__destroy(flood);
	return err;
}
