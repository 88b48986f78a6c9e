/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the law is to look at, gathered from the maps, the sockets and the signals. */
#ifndef WEIR_CONTROLLER_SAMPLE_H
#define WEIR_CONTROLLER_SAMPLE_H

#include "accept_queue.h"
#include "flows.h"
#include "instance.h"
#include "law.h"
#include "signals.h"

struct sampler {
	struct accept_queue queue;
	bool listened[LISTENERS_MAX];		   /* something does on the ports of the listener */
	bool absent[LISTENERS_MAX];		   /* or did, and does not now */
	struct law_signal signal[LAW_SIGNALS_MAX]; /* of the listener that was looked at last */
	struct window_signal shown[WINDOW_SIGNALS_MAX];
	unsigned int count;
	bool holds; /* SYNs of that listener can be held now */
};

struct sources {
	const struct instance *instance;
	const struct policy *policy;
	struct flows *flows;
	const struct signals *signals; /* NULL: none */
	bool tracked;
	uint64_t overflows; /* counter: ListenOverflows of the namespace */
};

int sampler_open(struct sampler *sampler);
void sampler_close(struct sampler *sampler);
/* A new listener is at @id. */
void sampler_begin(struct sampler *sampler, unsigned int id);

/* All but lease_lapsed. sample->signal is valid until the next call. */
void sampler_take(struct sampler *sampler, const struct sources *sources, unsigned int id,
		  struct law_sample *sample, struct setup_sample *setup, uint64_t now_ns);
/* The signals of the listener that was looked at last. */
void sampler_show(const struct sampler *sampler, struct window_state *state);

#endif
