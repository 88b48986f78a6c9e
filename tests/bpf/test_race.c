// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Two CPUs at once on the same buckets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <linux/bpf.h>

#include "rig.h"

#define CPUS 2
#define RUNS 300000 /* a CPU */

static struct rig rig;
static struct frame frame;

static void *run_on_cpu(void *arg)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(*(int *)arg, &set);
	sched_setaffinity(0, sizeof(set), &set);
	rig_run_many(&rig, &frame, RUNS);
	return NULL;
}

static void run_on_both(void)
{
	pthread_t threads[CPUS];
	int cpus[CPUS];

	for (int i = 0; i < CPUS; i++) {
		cpus[i] = i;
		assert_int_equal(pthread_create(&threads[i], NULL, run_on_cpu, &cpus[i]), 0);
	}
	for (int i = 0; i < CPUS; i++)
		pthread_join(threads[i], NULL);
}

static void need_two_cpus(void)
{
	if (sysconf(_SC_NPROCESSORS_ONLN) >= CPUS)
		return;
	print_message("SKIP: this machine has one CPU\n");
	skip();
}

/* The word in the table with the latest TAT: of the slower of two limits. */
static uint64_t latest_slot_word(void)
{
	uint64_t latest = 0;

	for (uint32_t i = 0; i < 65 / TABLE_WAYS; i++) {
		struct bucket_set set;

		assert_int_equal(bpf_map_lookup_elem(rig.instance.map_fd[MAP_BUCKETS], &i, &set),
				 0);
		for (int way = 0; way < TABLE_WAYS; way++)
			if (set.word[way] > latest)
				latest = set.word[way];
	}
	return latest;
}

/*
 * Both CPUs fight for each token of one source, which comes every microsecond, while listener,
 * host and site have plenty. Whoever loses has charged those already and must give it back: in
 * the end they have spent exactly what was admitted.
 */
static void test_losers_give_back(void **state)
{
	uint64_t admitted, words[3];

	(void)state;
	need_two_cpus();
	rig_open(&rig, "[weir]\nmode = enforce\nsources = 65\nhost-rate = 1/s\n"
		       "host-burst = 1000000\n[listener m]\nports = 1883\nrate = 1/s\n"
		       "burst = 1000000\nsite-rate = 1/s\nsite-burst = 1000000\n"
		       "source-rate = 1000000/s\nsource-burst = 1\n");
	frame_build(&frame, &(struct frame_spec){});
	rig_step(&rig, 400);
	run_on_both();
	admitted = rig_count(&rig, 1, REASON_ADMITTED);
	assert_in_range(admitted, 1000, 2 * RUNS);
	assert_true(rig_count(&rig, 1, REASON_SOURCE_LIMIT) > 0);
	words[0] = rig_level_word(&rig, 0);
	words[1] = rig_level_word(&rig, 1);
	words[2] = latest_slot_word();
	for (int i = 0; i < 3; i++)
		/* the clock moved by less than a second in all that time */
		assert_int_equal((words[i] - HOUR) / SECOND, admitted);
	rig_close(&rig);
}

/* One bucket, no time: as many pass as it holds, whoever asks. */
static void test_burst_is_shared(void **state)
{
	static const char *const keys[LEVEL_COUNT] = { "host-rate = 1/h\nhost-burst = 1000\n",
						       "rate = 1/h\nburst = 1000\n",
						       "site-rate = 1/h\nsite-burst = 1000\n",
						       "source-rate = 1/h\nsource-burst = 1000\n" };

	(void)state;
	need_two_cpus();
	frame_build(&frame, &(struct frame_spec){});
	for (int level = 0; level < LEVEL_COUNT; level++) {
		char ini[256];

		snprintf(ini, sizeof(ini),
			 "[weir]\nmode = enforce\nsources = 65\n%s[listener m]\nports = 1883\n%s",
			 level == LEVEL_HOST ? keys[level] : "",
			 level == LEVEL_HOST ? "" : keys[level]);
		rig_open(&rig, ini);
		run_on_both();
		assert_int_equal(rig_count(&rig, 1, REASON_ADMITTED), 1000);
		assert_int_equal(rig_count(&rig, 1, REASON_ADMITTED) +
					 rig_count(&rig, 1, REASON_HOST_LIMIT + level) +
					 rig_count(&rig, 1, REASON_CONTENDED),
				 CPUS * RUNS);
		rig_close(&rig);
	}
}

/* A CPU whose policy was superseded under it must not write its terms over the new ones. */
static void test_late_cpu_does_not_overwrite(void **state)
{
	struct outcome outcome;
	uint64_t word;

	(void)state;
	rig_open(&rig, "[weir]\nmode = enforce\nsources = 65\n[listener m]\nports = 1883\n"
		       "rate = 1/s\nburst = 10\n");
	frame_build(&frame, &(struct frame_spec){});
	rig_at(&rig, 2 * HOUR);
	rig_limit(&rig, 0, LEVEL_LISTENER, "2/s", 10);
	/* before anyone has charged under the new limit, the late one may still charge */
	outcome = rig_run_late(&rig, &frame);
	assert_int_equal(outcome.reason, REASON_ADMITTED);
	for (int i = 0; i < 5; i++)
		assert_int_equal(rig_run(&rig, &frame).reason, REASON_ADMITTED);
	word = rig_level_word(&rig, 1);
	outcome = rig_run_late(&rig, &frame);
	assert_int_equal(outcome.reason, REASON_CONTENDED);
	assert_int_equal(outcome.action, XDP_DROP);
	assert_int_equal(rig_level_word(&rig, 1), word);
	/* six of ten are spent */
	for (int i = 0; i < 4; i++)
		assert_int_equal(rig_run(&rig, &frame).reason, REASON_ADMITTED);
	assert_int_equal(rig_run(&rig, &frame).reason, REASON_LISTENER_LIMIT);
	rig_close(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_losers_give_back),
		cmocka_unit_test(test_burst_is_shared),
		cmocka_unit_test(test_late_cpu_does_not_overwrite),
	};

	return cmocka_run_group_tests_name("race", tests, NULL, NULL);
}
