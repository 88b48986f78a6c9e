// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * How many SYNs pass against burst + rate x T, with the clock injected: within 1 %, and never over
 * by more than one per CPU. Prints the worst of each level.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <linux/bpf.h>

#include "rig.h"

#define DAY (24 * HOUR)
#define CPUS_MAX 2
#define PERIODS 120 /* T in units of 1 / rate */
#define OFFERED 4   /* SYNs a period */
#define CLUMP 40

enum spacing {
	EVEN,
	RANDOM,
	CLUMPED,
	SPACING_COUNT,
};

static const char *const spacing_names[] = { "even", "random", "clumped" };

struct load {
	uint32_t rate; /* per second */
	uint32_t burst;
	enum spacing spacing;
	unsigned int cpus;
	uint64_t start_ns;
};

/* One instant at which every CPU sends @count SYNs. */
struct instant {
	uint64_t at_ns;
	uint32_t count;
};

static struct rig rig;
static struct frame frame;
static unsigned int cpus_online;

static int by_time(const void *a, const void *b)
{
	const struct instant *x = a, *y = b;

	return (x->at_ns > y->at_ns) - (x->at_ns < y->at_ns);
}

/* PERIODS x OFFERED SYNs over T, the first and the last at its very ends: a full bucket that waits
 * for its first SYN gains nothing in that time. */
static size_t make_schedule(struct instant *instants, const struct load *load, uint64_t span_ns)
{
	size_t count = PERIODS * OFFERED;

	if (load->spacing == CLUMPED)
		count /= CLUMP;
	for (size_t i = 0; i < count; i++) {
		instants[i].at_ns = load->start_ns + span_ns / count * i;
		if (load->spacing == RANDOM)
			instants[i].at_ns = load->start_ns +
					    (uint64_t)(drand48() * (double)span_ns);
		instants[i].count = load->spacing == CLUMPED ? CLUMP : 1;
	}
	qsort(instants, count, sizeof(*instants), by_time);
	instants[0].at_ns = load->start_ns;
	instants[count - 1].at_ns = load->start_ns + span_ns;
	return count;
}

struct sender {
	pthread_barrier_t *barrier;
	const struct instant *instants;
	size_t count;
	unsigned int cpu;
};

/* All CPUs meet before each instant, and send at once. */
static void *send_instants(void *arg)
{
	const struct sender *sender = arg;
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(sender->cpu, &set);
	sched_setaffinity(0, sizeof(set), &set);
	for (size_t i = 0; i < sender->count; i++) {
		pthread_barrier_wait(sender->barrier);
		if (!sender->cpu)
			rig_at(&rig, sender->instants[i].at_ns);
		pthread_barrier_wait(sender->barrier);
		rig_run_many(&rig, &frame, sender->instants[i].count);
	}
	return NULL;
}

static void offer(const struct instant *instants, size_t count, unsigned int cpus)
{
	struct sender senders[CPUS_MAX];
	pthread_t threads[CPUS_MAX];
	pthread_barrier_t barrier;

	if (cpus == 1) {
		for (size_t i = 0; i < count; i++) {
			rig_at(&rig, instants[i].at_ns);
			rig_run_many(&rig, &frame, instants[i].count);
		}
		return;
	}
	pthread_barrier_init(&barrier, NULL, cpus);
	for (unsigned int cpu = 0; cpu < cpus; cpu++) {
		senders[cpu] = (struct sender){ &barrier, instants, count, cpu };
		assert_int_equal(pthread_create(&threads[cpu], NULL, send_instants, &senders[cpu]),
				 0);
	}
	for (unsigned int cpu = 0; cpu < cpus; cpu++)
		pthread_join(threads[cpu], NULL);
	pthread_barrier_destroy(&barrier);
}

static uint64_t admitted(void)
{
	return rig_count(&rig, 1, REASON_ADMITTED);
}

/* Returns the deviation in percent. */
static double check_load(enum level level, const struct load *load)
{
	static struct instant instants[PERIODS * OFFERED];
	uint64_t span_ns = PERIODS * SECOND / load->rate, before, passed;
	/* tokens that are there at the start, and those whose time comes until the end */
	uint64_t expected = load->burst + load->rate * span_ns / SECOND;
	size_t count = make_schedule(instants, load, span_ns);
	double deviation;
	char rate[32];

	snprintf(rate, sizeof(rate), "%u/s", load->rate);
	rig_at(&rig, load->start_ns - DAY);
	rig_limit(&rig, 0, level, rate, load->burst);
	/* in use, then idle for a day */
	rig_run_many(&rig, &frame, 3);
	before = admitted();
	offer(instants, count, load->cpus);
	passed = admitted() - before;
	deviation = 100.0 * ((double)passed - (double)expected) / (double)expected;
	if (passed > expected + load->cpus || deviation < -1 || deviation > 1)
		fail_msg("level %d, %u/s burst %u, %s, %u CPUs from %llu ns: %llu passed of %llu",
			 level, load->rate, load->burst, spacing_names[load->spacing], load->cpus,
			 (unsigned long long)load->start_ns, (unsigned long long)passed,
			 (unsigned long long)expected);
	return deviation;
}

static double worst_of(enum level level, unsigned int cpus)
{
	static const uint32_t rates[] = { 1, 100, 10000 };
	static const uint32_t bursts[] = { CLUMP, 3 * CLUMP };
	enum {
		LOADS = 3 * SPACING_COUNT * 2
	};
	/* the last load ends at 2^62 ns, where the promise of include/gcra.h does */
	const uint64_t starts[] = { 30 * DAY, (1ULL << 62) - PERIODS * SECOND - LOADS * 2 * DAY };
	double worst = 0;

	for (int s = 0; s < 2; s++)
		for (int i = 0; i < LOADS; i++) {
			const struct load load = {
				.rate = rates[i % 3],
				.burst = bursts[i / 3 % 2],
				.spacing = i / 6,
				.cpus = cpus,
				.start_ns = starts[s] + (i + 1) * 2 * DAY,
			};
			double deviation = check_load(level, &load);

			if (deviation * deviation > worst * worst)
				worst = deviation;
		}
	return worst;
}

static void check_level(enum level level, unsigned int cpus)
{
	double worst;

	rig_open(&rig, "[weir]\nmode = enforce\nsources = 4096\n[listener m]\nports = 1883\n");
	frame_build(&frame, &(struct frame_spec){});
	worst = worst_of(level, cpus);
	print_message("%s, %u CPU%s: worst deviation %+.3f %%\n", level_names[level], cpus,
		      cpus == 1 ? "" : "s at once", worst);
	rig_close(&rig);
}

static void test_one_cpu(void **state)
{
	(void)state;
	for (int level = 0; level < LEVEL_COUNT; level++)
		check_level(level, 1);
}

static void test_two_cpus_at_once(void **state)
{
	(void)state;
	if (cpus_online < 2) {
		print_message("SKIP: this machine has one CPU\n");
		skip();
	}
	for (int level = 0; level < LEVEL_COUNT; level++)
		check_level(level, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_cpu),
		cmocka_unit_test(test_two_cpus_at_once),
	};

	srand48(1);
	cpus_online = (unsigned int)sysconf(_SC_NPROCESSORS_ONLN);
	return cmocka_run_group_tests_name("accuracy", tests, NULL, NULL);
}
