/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The table of flows and its counters, made by hand, and what the controller is told of them. */
#ifndef WEIR_TESTS_FLOWING_H
#define WEIR_TESTS_FLOWING_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "flows.h"
#include "setup.h"

#define MS 1000000ULL
#define SECOND (1000 * MS)
#define START (100 * SECOND)
#define SLOTS 256

static struct flow table[SLOTS];
static uint64_t used[SLOTS / FLOWS_PER_WORD];
static struct setup_state setups[LISTENERS_MAX];
static struct setup_counters counters;
static struct flows *flows;
static struct setup_sample sample;

static inline int begin(void **state)
{
	const struct flows_memory memory = { table, used, setups, SLOTS };

	(void)state;
	memset(table, 0, sizeof(table));
	memset(used, 0, sizeof(used));
	memset(setups, 0, sizeof(setups));
	memset(&counters, 0, sizeof(counters));
	flows = flows_new(&memory);
	return flows ? 0 : -1;
}

static inline int end(void **state)
{
	(void)state;
	flows_free(flows);
	return 0;
}

/* A flow of listener 1 in a slot, admitted at @at_ns. */
static inline struct flow *put(unsigned int slot, uint64_t at_ns)
{
	struct flow *flow = &table[slot];

	flow_begin(flow, 1, 1, CONNACK_MAX_DEFAULT, at_ns);
	flow->tag = slot + 1;
	used[slot / FLOWS_PER_WORD] |= 1ULL << slot % FLOWS_PER_WORD;
	return flow;
}

static inline void request(struct flow *flow, uint64_t at_ns)
{
	assert_int_equal(setup_heard(flow, &setups[1], flow->acked + 10, at_ns), SETUP_BEGINS);
}

static inline void scan(uint64_t now_ns)
{
	flows_scan(flows, now_ns);
	flows_sample(flows, 1, &sample);
}

static inline void count(uint64_t now_ns)
{
	struct setup_counters sum = counters;

	flows_count(flows, 1, &sum, now_ns);
	flows_sample(flows, 1, &sample);
}

static inline void done(unsigned int n, uint64_t latency_ns)
{
	counters.n[SETUP_DONE] += n;
	counters.latency[setup_bucket(latency_ns)] += n;
	counters.latency_sum_ns += n * latency_ns;
	counters.took_sum_ns += n * (latency_ns + 300 * MS);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, begin, end)

#endif
