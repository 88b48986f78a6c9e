// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "controller.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "controller_sample.h"
#include "egress.h"
#include "flow_maps.h"
#include "log.h"
#include "netdev.h"
#include "objects.h"
#include "policy.h"
#include "syn_frame.h"
#include "window_limits.h"

#define DECIDE_NS 100000000ULL
#define WINDOWS_SIZE (LISTENERS_MAX * sizeof(struct window_state))

/* The law of one listener. */
struct control_line {
	uint32_t serial; /* of the listener; 0: no law */
	struct law law;
	struct law_limits limits;
	uint32_t said_window; /* in the log, and state and reason beside it */
	enum law_state said_state;
};

struct controller {
	const struct instance *instance; /* NULL: nothing is mapped */
	const struct signals *signals;
	struct sampler sampler;
	struct flows_memory memory;
	struct flows *flows;
	struct window_state *windows;
	struct egress *egress;
	bool tracked; /* the egress program is on every device */
	int open_err; /* why there is no program */
	int said_err; /* why it was not, the last time that was said */
	uint64_t decided_ns;
	uint64_t overflows; /* ListenOverflows of the namespace, then */
	struct control_line lines[LISTENERS_MAX];
};

int controller_create(struct controller **created, const struct signals *signals)
{
	struct controller *controller = calloc(1, sizeof(*controller));
	int err = controller ? sampler_open(&controller->sampler) : -ENOMEM;

	if (err) {
		log_error("cannot control windows: %s", log_reason(err));
		free(controller);
		return err;
	}
	controller->signals = signals;
	*created = controller;
	return 0;
}

void controller_destroy(struct controller *controller)
{
	if (!controller)
		return;
	controller_unmap(controller);
	sampler_close(&controller->sampler);
	free(controller);
}

void controller_set_signals(struct controller *controller, const struct signals *signals)
{
	controller->signals = signals;
	for (unsigned int id = 0; id < LISTENERS_MAX; id++)
		law_forget_signals(&controller->lines[id].law);
}

int controller_map(struct controller *controller, const struct instance *instance)
{
	int err = flow_maps_map(&controller->memory, instance);

	controller->instance = instance;
	if (!err) {
		controller->flows = flows_new(&controller->memory);
		err = controller->flows ? 0 : -ENOMEM;
	}
	if (!err) {
		controller->windows = object_memory(instance->map_fd[MAP_WINDOWS], WINDOWS_SIZE);
		err = controller->windows ? 0 : -errno;
	}
	if (err)
		controller_unmap(controller);
	return err;
}

void controller_unmap(struct controller *controller)
{
	egress_close(controller->egress);
	controller->egress = NULL;
	controller->open_err = 0;
	controller->tracked = false;
	if (controller->windows)
		munmap(controller->windows, WINDOWS_SIZE);
	controller->windows = NULL;
	flows_free(controller->flows);
	controller->flows = NULL;
	flow_maps_unmap(&controller->memory);
	controller->instance = NULL;
}

bool controller_is_needed(const struct policy *policy)
{
	for (unsigned int id = 0; id < LISTENERS_MAX; id++)
		if (policy_has_window(&policy->listeners[id]))
			return true;
	return false;
}

/* -- tracking ---------------------------------------------------------------------------------- */

/* @anew: there was none on any device. */
static int ensure_all(struct controller *controller, bool *anew)
{
	struct control *control = controller->instance->control;
	char name[DEVICE_NAME_MAX];
	int err = 0, put = 0, there = 0;

	for (int i = 0; i < DEVICES_MAX; i++) {
		int result;

		if (!control->ifindex[i] || netdev_name(control->ifindex[i], name))
			continue;
		result = egress_ensure(controller->egress, control, control->ifindex[i]);
		if (result < 0)
			err = result;
		put += result == 1;
		there += result != 1;
	}
	*anew = put && !there;
	return err;
}

void controller_watch(struct controller *controller, const struct policy *policy)
{
	bool anew = false;
	int err = 0;

	if (!controller->instance || !controller_is_needed(policy))
		return;
	/* once: what the verifier refuses it refuses again */
	if (!controller->egress && !controller->open_err)
		controller->open_err = egress_open(&controller->egress, controller->instance);
	err = controller->open_err;
	if (!err)
		err = ensure_all(controller, &anew);
	if (anew)
		flows_forget(controller->flows, instance_now_ns());
	if (err && err != controller->said_err)
		log_warning("%s: connections in set-up cannot be tracked, so only rates are "
			    "controlled: %s",
			    controller->instance->name,
			    err == -EBUSY ? "a device has an `ingress` qdisc, which has no way "
					    "out; replace it: `tc qdisc del dev DEV ingress; tc "
					    "qdisc add dev DEV clsact`"
					  : log_reason(err));
	controller->said_err = err;
	controller->tracked = !err;
}

/* -- deciding ---------------------------------------------------------------------------------- */

static void say(struct controller *controller, const struct listener *listener,
		struct control_line *line, const struct setup_sample *sample)
{
	const struct law_limits *limits = &line->limits;
	char from[24], to[24];

	if (limits->window == line->said_window && limits->state == line->said_state)
		return;
	snprintf(from, sizeof(from), line->said_window == LAW_WINDOW_OFF ? "none" : "%u",
		 line->said_window);
	snprintf(to, sizeof(to), limits->window == LAW_WINDOW_OFF ? "none" : "%u", limits->window);
	log_done("%s: listener %s: window %s -> %s, %s: %s (in flight %u, set-up p90 %.0f ms of "
		 "%.0f ms, done %.0f/s)",
		 controller->instance->name, listener->name, from, to,
		 law_state_name(limits->state), law_why_words(limits->why), sample->in_flight,
		 (double)sample->p90_ns / 1e6, (double)limits->target_ns / 1e6,
		 sample->goodput_per_sec);
	fflush(stdout);
	line->said_window = limits->window;
	line->said_state = limits->state;
}

static void begin_line(struct controller *controller, const struct policy *policy, unsigned int id,
		       uint64_t now_ns)
{
	const struct listener *listener = &policy->listeners[id];
	const struct law_config config = window_law_config(listener);
	struct control_line *line = &controller->lines[id];

	if (line->serial == listener->serial) {
		law_configure(&line->law, &config);
		return;
	}
	law_init(&line->law, &config, (uint32_t)(now_ns ^ id), now_ns);
	window_recall(&controller->windows[id], listener->serial, &line->law.goodput);
	line->serial = listener->serial;
	line->said_window = 0;
	flows_begin(controller->flows, id);
	sampler_begin(&controller->sampler, id);
}

static void end_line(struct controller *controller, unsigned int id)
{
	if (controller->lines[id].serial)
		__atomic_store_n(&controller->windows[id].lease_until_ns, 0, __ATOMIC_RELEASE);
	controller->lines[id].serial = 0;
}

/* For the packet path, which knows itself what the operator says. */
static double learned_per_sec(const struct listener *listener, const struct law *law,
			      uint64_t now_ns)
{
	if (listener->window.fallback_rate || law_goodput_best(&law->goodput, now_ns) <= 0)
		return LAW_PER_SEC_MAX;
	return law_fallback_per_sec(law, now_ns);
}

static void decide(struct controller *controller, const struct policy *policy, unsigned int id,
		   uint64_t now_ns)
{
	const struct listener *listener = &policy->listeners[id];
	struct control_line *line = &controller->lines[id];
	struct window_state *state = &controller->windows[id];
	const struct sources sources = {
		.instance = controller->instance,
		.policy = policy,
		.flows = controller->flows,
		.signals = controller->signals,
		.tracked = controller->tracked,
		.overflows = controller->overflows,
	};
	struct setup_sample setup;
	struct law_sample sample;

	begin_line(controller, policy, id, now_ns);
	sampler_take(&controller->sampler, &sources, id, &sample, &setup, now_ns);
	sample.lease_lapsed = state->serial == listener->serial && state->lease_until_ns &&
			      state->lease_until_ns < now_ns;
	line->limits = law_step(&line->law, &sample, now_ns);
	window_put_limits(state, &line->limits, listener,
			  learned_per_sec(listener, &line->law, now_ns), controller->sampler.holds);
	window_show(state, &line->law, &line->limits, &setup);
	window_learn(state, &line->law.goodput);
	sampler_show(&controller->sampler, state);
	say(controller, listener, line, &setup);
}

void controller_turn(struct controller *controller, const struct policy *policy, uint64_t now_ns)
{
	bool decides = now_ns - controller->decided_ns >= DECIDE_NS;
	struct setup_sample setup;

	if (!controller->instance)
		return;
	if (controller_is_needed(policy))
		flows_scan(controller->flows, now_ns);
	if (decides)
		controller->decided_ns = now_ns;
	if (decides && accept_queue_overflows(&controller->overflows))
		controller->overflows = 0;
	for (unsigned int id = 0; id < LISTENERS_MAX; id++) {
		struct control_line *line = &controller->lines[id];

		if (!policy_has_window(&policy->listeners[id])) {
			end_line(controller, id);
			continue;
		}
		if (decides || line->serial != policy->listeners[id].serial)
			decide(controller, policy, id, now_ns);
		flows_sample(controller->flows, id, &setup);
		window_give_credits(&controller->windows[id], &line->limits, &setup);
	}
}

/* -- what the queue needs ---------------------------------------------------------------------- */

struct window_state *controller_window(struct controller *controller, const struct policy *policy,
				       unsigned int id)
{
	if (!controller->windows || !policy_has_window(&policy->listeners[id]))
		return NULL;
	return &controller->windows[id];
}

/* Who begins now waits for those that wait already. */
uint64_t controller_setup_ns(const struct controller *controller, unsigned int id)
{
	struct setup_sample setup;

	if (!controller->flows)
		return 0;
	flows_sample(controller->flows, id, &setup);
	if (!setup.took_ns)
		return 0;
	if (setup.oldest_turn_ns > setup.p90_ns)
		setup.took_ns += setup.oldest_turn_ns - setup.p90_ns;
	return setup.took_ns + setup.round_trip_ns;
}

uint64_t controller_round_trip_ns(const struct controller *controller, unsigned int id)
{
	struct setup_sample setup;

	if (!controller->flows)
		return 0;
	flows_sample(controller->flows, id, &setup);
	return setup.round_trip_ns;
}

void controller_note(struct controller *controller, const struct policy *policy, unsigned int id,
		     const uint8_t *frame, size_t len, bool waited, uint64_t now_ns)
{
	const struct listener *listener = &policy->listeners[id];
	struct flow_key key;
	uint32_t isn;

	if (controller->flows && policy_has_window(listener) &&
	    syn_frame_flow(frame, len, &key, &isn))
		flows_note(controller->flows, &key, &controller->instance->control->waiting_seed,
			   isn, id, listener->connack_max, waited, now_ns);
}
