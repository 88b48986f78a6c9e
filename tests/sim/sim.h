/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A reconnect storm without a network: devices, hosts with the law and the delay queue as `weir run`
 * links them, and brokers. Deterministic: all chance comes from scenario.seed. Time is in ms.
 */
#ifndef WEIR_TESTS_SIM_H
#define WEIR_TESTS_SIM_H

#include <stdbool.h>
#include <stdint.h>

#include "law.h"

#define SIM_NODES 16
#define SIM_FLEETS 3
#define SIM_CHANGES 8
#define SIM_SIGNALS 3
#define SIM_STEP_MS 100 /* how often the law is asked and a point of the series is taken */
#define SIM_MS_MAX 300000
#define SIM_POINTS (SIM_MS_MAX / SIM_STEP_MS)
#define SIM_NEVER UINT32_MAX

/* When the SYNs of one connect() are sent, from its beginning; control.md section 5. */
struct stack {
	const char *name;
	uint32_t syn_ms[13]; /* ends with a 0 */
	uint32_t gives_up_ms;
};

extern const struct stack linux_old, linux_new, lwip, esp_idf, freertos, zephyr;

enum backoff {
	BACKOFF_UNIFORM,     /* least to most, each time */
	BACKOFF_FULL_JITTER, /* 0 to least x 2^n, at most most */
	BACKOFF_EXPONENTIAL, /* least x 2^n, at most most */
};

struct fleet {
	const struct stack *stack;
	uint32_t devices;
	uint32_t spread_ms;  /* first attempts come within */
	uint32_t timeout_ms; /* of one attempt, CONNACK included */
	enum backoff backoff;
	uint32_t least_ms, most_ms;
};

enum discipline {
	SHARED,	 /* all connections at once, as threads or processes do */
	IN_TURN, /* first come, first served, as an event loop does */
};

/* A broker: work for TLS, a round trip, then authentication, then the CONNACK. */
struct broker {
	enum discipline discipline;
	double cores;
	double work_ms;
	bool fixed;	  /* work_ms is the same for all; else it is a mean of an exponential */
	double inflation; /* work grows by this for each 1000 connections in set-up */
	uint32_t backlog; /* accepts when it has time, so that its accept queue fills; 0: at once */
	double answer_ms; /* IN_TURN: work for the CONNECT, when no TLS waits, as HAProxy does; nothing is asked elsewhere then */
	uint32_t auth_servers; /* shared by all nodes; 0: none */
	double auth_ms;
	uint32_t wait_ms; /* something far away that takes its time, but any number at once */
};

enum shaper {
	SHAPER_NONE,
	SHAPER_STATIC, /* a token bucket that drops */
	SHAPER_DROP,
	SHAPER_DELAY,
};

enum happening {
	NOTHING,
	WORK_FACTOR, /* TLS gets that much faster */
	AUTH_FACTOR,
	BROKER_RESTARTS,
	CONTROLLER_DIES,
	CONTROLLER_LIVES,
	NODES, /* so many take part from now on */
	FLOOD, /* so many forged SYNs a second */
};

struct change {
	uint32_t at_ms;
	enum happening what;
	double value;
};

/* An external signal: the set-up latency of the whole back end over its target, distorted. */
struct distorted {
	enum {
		HONEST = 1,
		CONSTANT,
		FROZEN,
		RANDOM,
		NOT_A_NUMBER
	} kind; /* 0: no signal */
	uint32_t lag_ms, period_ms;
	uint32_t dead_from_ms, dead_to_ms; /* times out */
	double value;			   /* CONSTANT; FROZEN from that time on, in ms */
	double noise;			   /* a share */
	bool veto;
};

struct scenario {
	const char *name;
	uint32_t seed;
	uint32_t round_trip_ms;
	uint32_t nodes; /* 0: one */
	uint32_t until_ms;
	enum shaper shaper;
	double rate_per_sec, burst; /* SHAPER_STATIC */
	struct law_config law;
	double windows[SIM_NODES]; /* to begin with; 0: as the law does */
	bool untracked;
	struct fleet fleet[SIM_FLEETS];
	struct broker broker;
	struct distorted signal[SIM_SIGNALS];
	struct change change[SIM_CHANGES];
};

struct point {
	uint32_t connected;
	uint32_t in_flight;
	uint32_t admitted; /* since the point before; all nodes */
	uint32_t finished; /* TLS work done, since the point before */
	float window;	   /* of the first node */
	float latency_ms;  /* p90 over 1 s, of the first node */
};

struct result {
	uint32_t devices, connected;
	uint32_t t50_ms, t90_ms, t99_ms, all_ms; /* SIM_NEVER */
	uint32_t finished, wasted; /* TLS set-ups; those whose client had left before the CONNACK */
	uint32_t overflows, refused, forged_admitted;
	uint64_t syns, attempts;
	double p99_ms; /* of set-up latency */
	double window_least, window_most, window_last;
	double jain; /* of what the nodes finished after 25 s */
	uint32_t whys[LAW_WHY_COUNT];
	uint32_t cuts_too_soon; /* less than 0.9 s after the one before */
	uint32_t points;
	struct point *series; /* SIM_POINTS; lives until the next sim_run() */
};

/* Ends when all are connected, or at until_ms. */
struct result sim_run(const struct scenario *scenario);

#endif
