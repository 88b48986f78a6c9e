// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "rig.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/bpf.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "config.h"
#include "tests/bpf/weir_clock.skel.h"

static void init_control(struct rig *rig, const struct config *config)
{
	struct control *control = rig->instance.control;

	/* any odd numbers will do: chance has no place in a test */
	for (int half = 0; half < 2; half++) {
		control->seed.offset[half] = 0x9e3779b97f4a7c15ULL * (half + 1);
		for (int i = 0; i < HASH_WORDS; i++)
			control->seed.factor[half][i] =
				0xbf58476d1ce4e5b9ULL * (half * HASH_WORDS + i + 1) | 1;
	}
	for (size_t i = 0; i < sizeof(control->waiting_seed) / 8; i++)
		((__u64 *)&control->waiting_seed)[i] = 0x94d049bb133111ebULL * (i + 1) | 1;
	control->abi = WEIR_ABI;
	control->source_slots = config->sources;
}

void rig_open(struct rig *rig, const char *ini)
{
	rig_open_remembering(rig, ini, 0, 0);
}

void rig_open_remembering(struct rig *rig, const char *ini, uint32_t sets, uint64_t period_ns)
{
	int map_fd[MAP_COUNT];
	struct config config;

	memset(rig, 0, sizeof(*rig));
	rig_read_config(&config, ini);
	rig->skel = weir_clock_bpf__open();
	assert_non_null(rig->skel);
	bpf_map__set_max_entries(rig->skel->maps.buckets, config.sources / TABLE_WAYS);
	rig->skel->rodata->bucket_sets = config.sources / TABLE_WAYS;
	rig->skel->rodata->waiting_sets = sets;
	rig->skel->rodata->look_period_ns = period_ns;
	bpf_map__set_max_entries(rig->skel->maps.waiting, sets ? sets : 1);
	rig->skel->rodata->flow_slots = RIG_FLOW_SLOTS;
	bpf_map__set_max_entries(rig->skel->maps.flows, RIG_FLOW_SLOTS);
	bpf_map__set_max_entries(rig->skel->maps.flows_used, RIG_FLOW_SLOTS / FLOWS_PER_WORD);
	assert_int_equal(weir_clock_bpf__load(rig->skel), 0);
	for (int i = 0; i < MAP_COUNT; i++)
		map_fd[i] = bpf_map__fd(
			bpf_object__find_map_by_name(rig->skel->obj, instance_map_names[i]));
	assert_int_equal(instance_wrap(&rig->instance, "rig", map_fd), 0);
	init_control(rig, &config);
	rig_at(rig, HOUR);
	/* frames are run between two calls only: none is in flight */
	rig_publish_config(rig, &config);
	config_free(&config);
}

void rig_close(struct rig *rig)
{
	/* the fds are the skeleton's */
	memset(rig->instance.map_fd, -1, sizeof(rig->instance.map_fd));
	instance_close(&rig->instance);
	weir_clock_bpf__destroy(rig->skel);
}

void rig_at(struct rig *rig, uint64_t now_ns)
{
	rig->skel->bss->clock_ns = now_ns;
}

uint64_t rig_reopen(struct rig *rig, const char *ini)
{
	uint64_t now_ns = HOUR;

	if (rig->skel) {
		now_ns = rig->skel->bss->clock_ns + 10000 * HOUR;
		rig_at(rig, now_ns);
		rig_configure(rig, ini);
	} else {
		rig_open(rig, ini);
	}
	return now_ns;
}

void rig_step(struct rig *rig, uint64_t step_ns)
{
	rig->skel->bss->clock_step_ns = step_ns;
}

/* Only a frame that goes back may differ, and be run once only: the next run would see the reply. */
static uint32_t run(const struct bpf_program *program, const struct frame *frame, uint32_t repeat,
		    struct frame *out)
{
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = frame->bytes, .data_size_in = frame->len,
		    .data_out = out->bytes, .data_size_out = sizeof(out->bytes), .repeat = repeat);

	assert_int_equal(bpf_prog_test_run_opts(bpf_program__fd(program), &opts), 0);
	out->len = opts.data_size_out;
	if (opts.retval == XDP_TX) {
		assert_int_equal(repeat, 1);
		return XDP_TX;
	}
	assert_int_equal(out->len, frame->len);
	assert_memory_equal(out->bytes, frame->bytes, frame->len);
	return opts.retval;
}

uint32_t rig_run_many(struct rig *rig, const struct frame *frame, uint32_t repeat)
{
	struct frame out;

	return run(rig->skel->progs.weir, frame, repeat, &out);
}

static void read_counters(struct rig *rig, struct counters sum[1 + LISTENERS_MAX])
{
	int cpus = libbpf_num_possible_cpus();
	struct counters *values = calloc(cpus, sizeof(*values));

	assert_non_null(values);
	memset(sum, 0, (1 + LISTENERS_MAX) * sizeof(*sum));
	for (uint32_t i = 0; i < 1 + LISTENERS_MAX; i++) {
		assert_int_equal(
			bpf_map_lookup_elem(rig->instance.map_fd[MAP_COUNTERS], &i, values), 0);
		for (size_t j = 0; j < sizeof(*values) / 8 * cpus; j++)
			((uint64_t *)&sum[i])[j % (sizeof(*values) / 8)] += ((uint64_t *)values)[j];
	}
	free(values);
}

static struct outcome run_once(struct rig *rig, const struct bpf_program *program,
			       const struct frame *frame, struct frame *out)
{
	static struct counters before[1 + LISTENERS_MAX], after[1 + LISTENERS_MAX];
	struct outcome outcome = {};
	unsigned int changed = 0;

	read_counters(rig, before);
	outcome.action = run(program, frame, 1, out);
	read_counters(rig, after);
	for (uint32_t i = 0; i < 1 + LISTENERS_MAX; i++)
		for (int enforced = 0; enforced < 2; enforced++)
			for (int verdict = 0; verdict < VERDICT_COUNT; verdict++)
				for (int reason = 0; reason < REASON_MAX; reason++) {
					uint64_t more = after[i].n[enforced][verdict][reason] -
							before[i].n[enforced][verdict][reason];

					if (!more)
						continue;
					assert_int_equal(more, 1);
					changed++;
					outcome.counters = i;
					outcome.enforced = enforced;
					outcome.verdict = verdict;
					outcome.reason = reason;
				}
	assert_int_equal(changed, 1);
	return outcome;
}

struct outcome rig_run(struct rig *rig, const struct frame *frame)
{
	struct frame out;

	return run_once(rig, rig->skel->progs.weir, frame, &out);
}

struct outcome rig_run_to(struct rig *rig, const struct frame *frame, struct frame *out)
{
	return run_once(rig, rig->skel->progs.weir, frame, out);
}

struct outcome rig_run_late(struct rig *rig, const struct frame *frame)
{
	struct frame out;

	return run_once(rig, rig->skel->progs.weir_late, frame, &out);
}

enum reason rig_reason(struct rig *rig, const struct frame_spec *spec)
{
	struct frame frame;

	frame_build(&frame, spec);
	return rig_run(rig, &frame).reason;
}

uint64_t rig_count(struct rig *rig, uint32_t counters, enum reason reason)
{
	static struct counters sum[1 + LISTENERS_MAX];

	read_counters(rig, sum);
	return snapshot_reason_total(&sum[counters], reason);
}

uint64_t rig_echoes(struct rig *rig, enum echo echo)
{
	int cpus = libbpf_num_possible_cpus();
	struct look_budget *budgets = calloc(cpus, sizeof(*budgets));
	struct echoes *values = calloc(cpus, sizeof(*values));
	uint32_t zero = 0;
	uint64_t sum = 0;

	assert_true(budgets && values);
	assert_int_equal(bpf_map_lookup_elem(rig->instance.map_fd[MAP_ECHOES], &zero, values), 0);
	assert_int_equal(bpf_map_lookup_elem(rig->instance.map_fd[MAP_LOOK_BUDGET], &zero, budgets),
			 0);
	for (int i = 0; i < cpus; i++)
		sum += echo == ECHO_UNKNOWN ? budgets[i].unpaid[0] : values[i].n[echo];
	free(budgets);
	free(values);
	return sum;
}

struct returns rig_returns(struct rig *rig)
{
	struct returns returns;
	uint32_t zero = 0;

	assert_int_equal(bpf_map_lookup_elem(rig->instance.map_fd[MAP_RETURNS], &zero, &returns),
			 0);
	return returns;
}

struct table_counters rig_table(struct rig *rig)
{
	int cpus = libbpf_num_possible_cpus();
	struct table_counters *values = calloc(cpus, sizeof(*values)), sum = {};
	uint32_t zero = 0;

	assert_non_null(values);
	assert_int_equal(
		bpf_map_lookup_elem(rig->instance.map_fd[MAP_TABLE_COUNTERS], &zero, values), 0);
	for (int i = 0; i < cpus; i++) {
		sum.evicted_full += values[i].evicted_full;
		sum.evicted_in_debt += values[i].evicted_in_debt;
		sum.lost_claims += values[i].lost_claims;
		sum.evicted_waiting += values[i].evicted_waiting;
	}
	free(values);
	return sum;
}

uint64_t rig_level_word(struct rig *rig, uint32_t index)
{
	struct level_state state;

	assert_int_equal(bpf_map_lookup_elem(rig->instance.map_fd[MAP_LEVELS], &index, &state), 0);
	return state.word;
}

unsigned int rig_slots_used(struct rig *rig)
{
	uint32_t sets = bpf_map__max_entries(rig->skel->maps.buckets);
	unsigned int used = 0;

	for (uint32_t i = 0; i < sets; i++) {
		struct bucket_set set;

		assert_int_equal(bpf_map_lookup_elem(rig->instance.map_fd[MAP_BUCKETS], &i, &set),
				 0);
		for (int way = 0; way < TABLE_WAYS; way++)
			used += set.tag[way] != 0;
	}
	return used;
}
