// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "controller_sample.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include <bpf/bpf.h>

#include "objects.h"
#include "policy.h"

#define MILLION 1e6

_Static_assert(LAW_SIGNALS_MAX == WINDOW_SIGNALS_MAX, "all that are followed are shown");

int sampler_open(struct sampler *sampler)
{
	return accept_queue_open(&sampler->queue);
}

void sampler_close(struct sampler *sampler)
{
	accept_queue_close(&sampler->queue);
}

void sampler_begin(struct sampler *sampler, unsigned int id)
{
	sampler->listened[id] = false;
	sampler->absent[id] = false;
}

/* SYNs that window or rate held back, however they ended. */
static uint64_t count_refused(const struct instance *instance, unsigned int id)
{
	static const enum reason reasons[] = { REASON_HOST_LIMIT, REASON_LISTENER_LIMIT,
					       REASON_WINDOW, REASON_RESERVED, REASON_BEHIND };
	struct counters sum;
	uint64_t total = 0;

	if (object_sum_cpus(instance->map_fd[MAP_COUNTERS], 1 + id, &sum, sizeof(sum)))
		return 0;
	for (int i = 0; i < 2 * VERDICT_COUNT; i++)
		for (size_t r = 0; r < sizeof(reasons) / sizeof(reasons[0]); r++)
			total += sum.n[i % 2][i / 2][reasons[r]];
	return total;
}

static void look_at_sockets(struct sampler *sampler, const struct sources *sources, unsigned int id,
			    struct law_sample *sample)
{
	struct accept_depth depth = { 0 };
	uint64_t ports[PORTS / 64];

	policy_ports(sources->policy, id, ports);
	if (accept_queue_read(&sampler->queue, ports, &depth))
		return;
	sample->backlog = (uint32_t)depth.waiting;
	sample->backlog_max = (uint32_t)depth.limit;
	if (!depth.sockets) {
		sampler->absent[id] = sampler->listened[id];
		return;
	}
	sample->restarted = sampler->absent[id];
	sampler->absent[id] = false;
	sampler->listened[id] = true;
}

static void take_signal(struct sampler *sampler, const struct signal_reading *reading,
			uint64_t now_ns)
{
	struct window_signal *shown = &sampler->shown[sampler->count];

	sampler->signal[sampler->count] = (struct law_signal){
		.ratio = reading->known ? reading->ratio : NAN,
		.age_ns = reading->age_ns,
		.period_ns = reading->every_ns,
		.lag_ns = reading->lag_ns,
		.timeouts = reading->timed_out ? reading->failures : 0,
		.kind = reading->type == SIGNAL_PSI ? LAW_KIND_VETO : LAW_KIND_CUT,
	};
	*shown = (struct window_signal){
		.read_ns = reading->known && now_ns > reading->age_ns ? now_ns - reading->age_ns
								      : 0,
		.ratio_millionths = reading->known && reading->ratio > 0 && reading->ratio < 1e9
					    ? (uint64_t)(reading->ratio * MILLION)
					    : 0,
		.failures = reading->failures,
	};
	snprintf(shown->name, sizeof(shown->name), "%s", reading->name);
	sampler->count++;
}

static void look_at_signals(struct sampler *sampler, const struct sources *sources, unsigned int id,
			    struct law_sample *sample, uint64_t now_ns)
{
	const char *listener = sources->policy->listeners[id].name;
	unsigned int count = sources->signals ? signals_count(sources->signals) : 0;

	sampler->count = 0;
	for (unsigned int i = 0; i < count && sampler->count < LAW_SIGNALS_MAX; i++) {
		struct signal_reading reading;

		signals_read(sources->signals, i, now_ns, &reading);
		if (!*reading.listener || !strcmp(reading.listener, listener))
			take_signal(sampler, &reading, now_ns);
	}
	sample->signal = sampler->signal;
	sample->signals = sampler->count;
}

void sampler_take(struct sampler *sampler, const struct sources *sources, unsigned int id,
		  struct law_sample *sample, struct setup_sample *setup, uint64_t now_ns)
{
	struct setup_counters counters;
	struct queue_state queue = {};
	const int *map_fd = sources->instance->map_fd;
	bool counted = !object_sum_cpus(map_fd[MAP_SETUP_COUNTERS], id, &counters,
					sizeof(counters));

	bpf_map_lookup_elem(map_fd[MAP_QUEUES], &id, &queue);
	sampler->holds = sources->policy->listeners[id].excess == EXCESS_DELAY &&
			 queue.lease_until_ns > now_ns;
	if (counted)
		flows_count(sources->flows, id, &counters, now_ns);
	flows_sample(sources->flows, id, setup);
	*sample = (struct law_sample){
		.tracked = sources->tracked && counted && !setup->hidden,
		.tracked_at_ns = now_ns,
		.in_flight = setup->in_flight,
		.young = setup->young,
		.latency_p90_ns = setup->p90_ns,
		.latency_count = setup->done,
		.took_ns = setup->took_ns,
		.oldest_ns = setup->oldest_turn_ns,
		.round_trip_ns = setup->round_trip_ns,
		.answered = setup->total[SETUP_SERVED],
		.completed = setup->total[SETUP_DONE],
		.judged = setup->judged,
		.requested = setup->requested,
		.refused = count_refused(sources->instance, id),
		.waiting = queue.length,
		.overflows = sources->overflows,
	};
	look_at_sockets(sampler, sources, id, sample);
	look_at_signals(sampler, sources, id, sample, now_ns);
}

void sampler_show(const struct sampler *sampler, struct window_state *state)
{
	memset(state->signals, 0, sizeof(state->signals));
	memcpy(state->signals, sampler->shown, sampler->count * sizeof(state->signals[0]));
}
