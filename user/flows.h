/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the packet path and the egress program know of connections in set-up, as the controller needs
 * it. Pure, but for the memory that it shares with them: how many are in flight is counted anew at
 * every look, so that it cannot leak; how long they took is in counters that only go up.
 */
#ifndef WEIR_FLOWS_H
#define WEIR_FLOWS_H

#include <stdbool.h>
#include <stdint.h>

#include "abi.h"
#include "flow.h"

/* Without a request, and without anything that has happened: then a flow is swept. No TCP sends its
 * first data later than the former after a SYN+ACK has reached it; brokers give up sooner than the
 * latter (EMQX 15 s, RabbitMQ 10 s). */
#define FLOWS_YOUNG_MAX_NS 10000000000ULL
#define FLOWS_STALLED_MAX_NS 30000000000ULL
/* A turn so old, and so many times the p90 of those that are done meanwhile, says nothing of them. */
#define FLOWS_STRAGGLER_NS 2000000000ULL
#define FLOWS_STRAGGLER_TIMES 4

/* How long a SYN counts as one whose request is on the way: what most clients take, between these. */
#define FLOWS_HORIZON_MIN_NS 60000000ULL
#define FLOWS_HORIZON_MAX_NS 3000000000ULL
#define FLOWS_HORIZON_FIRST_NS 1000000000ULL

/* Latency and goodput are those of the last second, looked at ten times. */
#define FLOWS_SPAN_NS 1000000000ULL
#define FLOWS_STEP_NS 100000000ULL

/* Mapped: struct flow[slots], a bit each of them, struct setup_state[LISTENERS_MAX]. */
struct flows_memory {
	struct flow *flows;
	uint64_t *used;
	struct setup_state *setups;
	uint32_t slots;
};

/* Of one listener. */
struct setup_sample {
	uint32_t in_flight; /* whose request has come and which are not done */
	uint32_t young;	    /* SYNs let pass less than the horizon ago, without a request yet */
	double share;	    /* of SYNs that turn into requests */
	double expected;    /* young x share */
	uint64_t horizon_ns;
	uint64_t round_trip_ns; /* from SYN to request, of nine in ten; 0: unknown */
	/* since user space looks: SYNs let pass whose horizon is over, and their requests */
	uint64_t judged, requested;
	uint64_t oldest_turn_ns; /* for how long the broker has owed an answer; 0: it owes none */
	/* of the last second */
	uint32_t done;
	double goodput_per_sec;
	uint64_t p90_ns; /* of what the broker took for them; 0: none was done */
	/* of the last second in which any was done; 0: none was */
	uint64_t took_ns; /* from SYN to answer, their mean */
	/* since the instance was made */
	uint64_t total[SETUP_EVENT_MAX];
	uint64_t latency_sum_ns;
	uint64_t swept; /* nothing came of them */
	/* SYNs are let pass, and no answer leaves by these devices: it goes another way */
	bool hidden;
};

struct flows;

/* NULL: no memory. */
struct flows *flows_new(const struct flows_memory *memory);
void flows_free(struct flows *flows);

/* Nobody has seen what became of those that were let in before @now_ns: the next scan takes them out. Else they
 * would be in flight until they stall, and may be more than the window. */
void flows_forget(struct flows *flows, uint64_t now_ns);

/* Counts what is in set-up, and sweeps what is too old: every 10 ms, a tenth of a millisecond when
 * there are a thousand. Only one process may. */
void flows_scan(struct flows *flows, uint64_t now_ns);
/* A new listener is at @listener, whose counters begin anew, or one has a window again. What was scanned is
 * as it was. */
void flows_begin(struct flows *flows, unsigned int listener);
/* Takes in the counters of a listener, summed over CPUs: every FLOWS_STEP_NS. What user space has
 * noted is added to @sum. */
void flows_count(struct flows *flows, unsigned int listener, struct setup_counters *sum,
		 uint64_t now_ns);
void flows_sample(const struct flows *flows, unsigned int listener, struct setup_sample *sample);

/*
 * Notes a SYN that user space lets in, past the packet path. Addresses and ports are in @key as the
 * hash wants them; returns false if it was noted before.
 */
bool flows_note(struct flows *flows, const struct flow_key *key, const struct waiting_seed *seed,
		uint32_t isn, unsigned int listener, uint16_t connack_max, bool waited,
		uint64_t now_ns);

/* The time below which @permille of a histogram's entries are; 0: it is empty. */
uint64_t flows_quantile_ns(const double buckets[SETUP_BUCKETS], unsigned int permille);

#endif
