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

#include "lib/flood_job.h"
#include "lib/frame.h"
#include "lib/netdev.h"
#include "tests/bench/flood.skel.h"

#ifndef BPF_F_TEST_XDP_LIVE_FRAMES
#define BPF_F_TEST_XDP_LIVE_FRAMES (1U << 1)
#endif

#define CHUNK_MAX 16384	  /* frames a system call: tens of milliseconds at the slowest */
#define LAST_FRAMES_MS 10 /* how often a paced flood that is late is asked whether it is done */
#define STALLED_CHUNKS_MAX 10000

enum {
	EXIT_DONE,
	EXIT_FAILED,
	EXIT_USAGE,
};

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
	struct job job;
	struct sigaction action = { .sa_handler = stop };
	struct flood_bpf *flood;
	struct spent spent = { 0 };
	cpu_set_t cpus;
	int err;

	if (job_parse(&job, argc, argv))
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
