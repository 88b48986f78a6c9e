/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the tests of `excess = delay` share: the packet path, and what it hands over. */
#ifndef TESTS_BPF_DELAY_RIG_H
#define TESTS_BPF_DELAY_RIG_H

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/bpf.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "config.h"
#include "rig.h"

#define MS (SECOND / 1000)
#define ENFORCE "[weir]\nmode = enforce\nsources = 65\n"
#define HEAD ENFORCE "[listener m]\nports = 1883\nexcess = delay\nreserve = 0\n"
#define SLOW HEAD "rate = 1/h\nburst = 1\n"
#define SETS 4096
#define FREE 1 /* look-ups cost nothing */
#define LEASE (1000 * HOUR)

static struct rig rig;
static uint64_t start_ns; /* of a test: no SYN before it counts */
/* Added to sequence numbers: ticks of the waiting table come round, and with them what former tests
 * have left there. */
static uint32_t isn_base;

/* What user space would take from the ring buffer. */
static struct ring_buffer *ring;
static struct delay_record records[64]; /* the last ones */
static unsigned int taken;

static inline int take(void *arg, void *data, size_t size)
{
	(void)arg;
	assert_int_equal(size, sizeof(struct delay_record));
	memcpy(&records[taken++ % 64], data, size);
	return 0;
}

/* How many were handed over since the last call; they are in records[]. */
static inline unsigned int handed_over(void)
{
	taken = 0;
	assert_true(ring_buffer__consume(ring) >= 0);
	return taken;
}

static inline void set_queue(uint64_t lease_until_ns, uint32_t length, uint32_t entries)
{
	const struct queue_state state = {
		.lease_until_ns = lease_until_ns,
		.length = length,
		.entries = entries,
	};
	uint32_t id = 0;

	assert_int_equal(bpf_map_update_elem(rig.instance.map_fd[MAP_QUEUES], &id, &state, 0), 0);
}

static inline void set_age_max(uint64_t age_max_ns)
{
	struct queue_state state;
	uint32_t id = 0;

	assert_int_equal(bpf_map_lookup_elem(rig.instance.map_fd[MAP_QUEUES], &id, &state), 0);
	state.age_max_ns = age_max_ns;
	assert_int_equal(bpf_map_update_elem(rig.instance.map_fd[MAP_QUEUES], &id, &state, 0), 0);
}

/* Budgets are of a CPU each. */
static inline void stay_on_cpu(void)
{
	cpu_set_t here;

	CPU_ZERO(&here);
	CPU_SET(sched_getcpu(), &here);
	assert_int_equal(sched_setaffinity(0, sizeof(here), &here), 0);
}

/* One table for most tests, since the verifier takes longer than they do; with an empty queue. */
static inline void open_common(const char *ini)
{
	if (rig.skel) {
		start_ns = rig_reopen(&rig, ini);
	} else {
		stay_on_cpu();
		rig_open_remembering(&rig, ini, SETS, FREE);
		ring = ring_buffer__new(rig.instance.map_fd[MAP_DELAYS], take, NULL, NULL);
		assert_non_null(ring);
		start_ns = HOUR;
	}
	isn_base += 10000;
	rig.instance.control->vlan_hidden = 0;
	set_queue(start_ns + LEASE, 0, 1000);
	handed_over();
}

static inline void close_rig(void)
{
	if (!rig.skel)
		return;
	ring_buffer__free(ring);
	rig_close(&rig);
	rig.skel = NULL;
}

static inline int close_common(void **state)
{
	(void)state;
	close_rig();
	return 0;
}

static inline uint64_t unheld(enum unheld cause)
{
	int cpus = libbpf_num_possible_cpus();
	struct unheld_counters *values = calloc(cpus, sizeof(*values));
	uint32_t id = 0;
	uint64_t sum = 0;

	assert_non_null(values);
	assert_int_equal(bpf_map_lookup_elem(rig.instance.map_fd[MAP_UNHELD], &id, values), 0);
	for (int i = 0; i < cpus; i++)
		sum += values[i].n[cause];
	free(values);
	return sum;
}

static inline uint64_t all_unheld(void)
{
	uint64_t sum = 0;

	for (int cause = 0; cause < UNHELD_MAX; cause++)
		sum += unheld(cause);
	return sum;
}

static inline void build(struct frame *frame, const struct frame_spec *spec)
{
	struct frame_spec own = *spec;

	own.isn += isn_base;
	frame_build(frame, &own);
}

static inline struct outcome offer(const struct frame_spec *spec)
{
	struct frame frame;

	build(&frame, spec);
	return rig_run(&rig, &frame);
}

/* The SYN of @spec is handed over, for @reason. */
static inline void expect_held(const struct frame_spec *spec, enum reason reason)
{
	uint64_t before = all_unheld();
	struct outcome outcome = offer(spec);

	assert_int_equal(outcome.reason, reason);
	assert_int_equal(outcome.verdict, VERDICT_DELAY);
	assert_int_equal(outcome.action, XDP_DROP);
	assert_int_equal(handed_over(), 1);
	assert_int_equal(all_unheld(), before);
}

/* It is refused, and nothing is handed over; UNHELD_NOT: nor was it to be. */
static inline void expect_dropped(const struct frame_spec *spec, enum reason reason,
				  enum unheld cause)
{
	uint64_t before = all_unheld(), of_cause = unheld(cause);
	struct outcome outcome = offer(spec);

	assert_int_equal(outcome.reason, reason);
	assert_int_equal(outcome.verdict, VERDICT_DROP);
	assert_int_equal(outcome.action, XDP_DROP);
	assert_int_equal(handed_over(), 0);
	assert_int_equal(unheld(cause), of_cause + (cause != UNHELD_NOT));
	assert_int_equal(all_unheld(), before + (cause != UNHELD_NOT));
}

static inline void expect_passed(const struct frame_spec *spec, enum reason reason)
{
	uint64_t before = all_unheld();
	struct outcome outcome = offer(spec);

	assert_int_equal(outcome.reason, reason);
	assert_int_equal(outcome.verdict, VERDICT_PASS);
	assert_int_equal(outcome.action, XDP_PASS);
	assert_int_equal(handed_over(), 0);
	assert_int_equal(all_unheld(), before);
}

#define SYN(isn_, ...) (&(struct frame_spec){ .isn = isn_, __VA_ARGS__ })

#endif
