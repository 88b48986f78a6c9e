// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Time of one run of the compared programs on one frame, by BPF_PROG_RUN: every round runs each of
 * them once. Prints "NAME NANOSECONDS" a sample.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <bpf/bpf.h>

#include "lib/contestant.h"
#include "lib/frame.h"

#define RUNS_MAX 4
#define RUN_NS 300000000.0 /* aimed at; the scheduler's ticks average out */
#define PROBE_RUNS 100000

static const char usage[] =
	"usage: progrun rounds N dport N [cpu N] [config FILE] [LABEL=]NAME:syn|established...\n"
	"NAME is a program as for `receive`, under the last config before it; its frame comes "
	"from\n"
	"10.0.0.0 to 192.0.2.1. Samples are called LABEL, or NAME.\n";

struct timed {
	const char *label;
	struct contestant contestant;
	uint8_t frame[FLOOD_LEN_MAX];
	unsigned int len;
	uint32_t repeat;
	uint64_t runs;
};

/* Of this thread, so that what else the core does in the meantime is not in it. */
static uint64_t cpu_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return now.tv_sec * 1000000000ULL + now.tv_nsec;
}

/* Mean time of a run in nanoseconds, negative on failure. The kernel's own figure is whole ns. */
static double time_runs(struct timed *timed, uint32_t repeat)
{
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = timed->frame, .data_size_in = timed->len,
		    .repeat = repeat);
	uint64_t start = cpu_ns();

	if (bpf_prog_test_run_opts(bpf_program__fd(timed->contestant.program), &opts)) {
		fprintf(stderr, "progrun: running %s: %s\n", timed->contestant.name,
			strerror(errno));
		return -1;
	}
	timed->runs += repeat;
	return (double)(cpu_ns() - start) / repeat;
}

static int prepare(struct timed *timed, char *word, uint16_t dport, const char *config)
{
	struct frame_spec spec = { .dport = dport, .src_len = 32 };
	enum flood_kind kind = FLOOD_SYN;
	char *colon = strchr(word, ':'), *equals = strchr(word, '=');
	double ns;

	if (colon) {
		*colon = 0;
		if (!strcmp(colon + 1, "established"))
			kind = FLOOD_ESTABLISHED;
	}
	timed->label = word;
	if (equals) {
		*equals = 0;
		word = equals + 1;
	}
	inet_pton(AF_INET, "10.0.0.0", &spec.src);
	inet_pton(AF_INET, "192.0.2.1", &spec.dst);
	timed->len = frame_build(timed->frame, &spec, kind);
	if (contestant_load(&timed->contestant, word, config))
		return -1;
	ns = time_runs(timed, PROBE_RUNS);
	if (ns <= 0)
		return -1;
	timed->repeat = fmin(RUN_NS / ns, INT32_MAX);
	return 0;
}

/* The counters must show every run, or the time is not that of the work. */
static int check_runs(const struct timed *timed)
{
	struct contestant_figures figures;
	int err;

	if (!timed->contestant.counts)
		return 0;
	err = contestant_read(&timed->contestant, &figures);
	if (!err && figures.frames == timed->runs &&
	    figures.reasons[REASON_ADMITTED] + figures.reasons[REASON_NOT_SYN] == timed->runs)
		return 0;
	fprintf(stderr,
		"progrun: %s: %" PRIu64 " runs, %" PRIu64 " frames counted, %" PRIu64 " admitted\n",
		timed->contestant.name, timed->runs, figures.frames,
		figures.reasons[REASON_ADMITTED]);
	return -1;
}

static int pin(int cpu)
{
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	CPU_SET(cpu, &cpus);
	return sched_setaffinity(0, sizeof(cpus), &cpus);
}

int main(int argc, char **argv)
{
	struct timed timed[RUNS_MAX] = { 0 };
	unsigned int count = 0, rounds = 0;
	const char *config = NULL;
	uint16_t dport = 0;

	for (int i = 1; i < argc; i++) {
		if (i + 1 < argc && !strcmp(argv[i], "rounds")) {
			rounds = atoi(argv[++i]);
		} else if (i + 1 < argc && !strcmp(argv[i], "dport")) {
			dport = atoi(argv[++i]);
		} else if (i + 1 < argc && !strcmp(argv[i], "config")) {
			config = argv[++i];
		} else if (i + 1 < argc && !strcmp(argv[i], "cpu")) {
			if (pin(atoi(argv[++i])))
				return 1;
		} else if (count == RUNS_MAX || prepare(&timed[count++], argv[i], dport, config)) {
			return 1;
		}
	}
	if (!rounds || !count || !dport) {
		fputs(usage, stderr);
		return 2;
	}
	for (unsigned int round = 0; round < rounds; round++) {
		for (unsigned int i = 0; i < count; i++) {
			double ns = time_runs(&timed[i], timed[i].repeat);

			if (ns < 0)
				return 1;
			printf("%s %.3f\n", timed[i].label, ns);
		}
	}
	for (unsigned int i = 0; i < count; i++)
		if (check_runs(&timed[i]))
			return 1;
	return 0;
}
