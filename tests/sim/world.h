/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The inside of the simulator. */
#ifndef WEIR_TESTS_SIM_WORLD_H
#define WEIR_TESTS_SIM_WORLD_H

#include "delay_max.h"
#include "queue.h"
#include "spread.h"
#include "tests/sim/sim.h"

#define NS(ms) ((uint64_t)(ms)*1000000 + START_NS)
#define START_NS 3600000000000ULL
#define NONE UINT32_MAX

enum event_kind {
	DEVICE_STARTS,
	DEVICE_SENDS_SYN,
	DEVICE_GIVES_UP,
	REQUEST_ARRIVES, /* of a connection */
	CONNECT_ARRIVES,
	WAIT_ENDS,
	CONNACK_ARRIVES,
	FORGED_IS_OLD, /* of a node */
	RESET_ARRIVES, /* of a node: nobody stood behind that SYN any more */
};

struct event {
	uint32_t next;
	uint32_t id;
	uint32_t attempt; /* of a device */
	enum event_kind kind;
};

struct device {
	uint32_t attempt;
	uint32_t began_ms;
	uint32_t connection; /* NONE */
	uint16_t fleet;
	uint8_t node;
	uint8_t syns;
	uint8_t tries; /* for the back-off */
	bool connected;
};

struct connection {
	uint32_t device, attempt;
	uint32_t admitted_ms;
	uint32_t turn_ms;	 /* when the broker's turn began; NONE: it is the client's */
	uint32_t waited_ms;	 /* sum of the broker's turns before */
	uint32_t older, younger; /* open turns of the node */
	uint64_t held_ns;	 /* in the delay queue; UINT64_MAX: was not */
	uint64_t age_ns;	 /* since its first SYN, when it was let in */
	uint8_t node;
	bool gone;    /* its client has given up */
	bool counted; /* in flight */
	bool worked;  /* TLS done */
	bool used;
	double finish; /* of a shared server, in its own time */
};

struct job_queue {
	uint32_t *id;
	uint32_t head, count, size;
};

struct node {
	/* TLS */
	uint32_t *heap; /* SHARED: by finish */
	uint32_t jobs;
	double own_time;
	struct job_queue waiting, answers; /* IN_TURN */
	uint32_t serving[16];
	double serving_until[16];

	/* what the tracker sees */
	uint32_t in_flight, young;
	uint64_t answered, completed, judged, requested, refused, overflows, finished;
	uint32_t oldest, newest; /* open turns */
	struct {
		uint32_t at_ms, latency_ms, took_ms;
	} done[65536]; /* newest set-ups, in turn */
	uint32_t dones, took_ms;

	/* the shaper */
	struct law law;
	struct law_limits limits;
	struct queue *queue;
	struct delay_max delay_max;
	struct spread spread;
	uint32_t drawn; /* evenly, not by chance: what else happens stays as it was */
	uint32_t to_send_away;
	double tokens, floor_tokens, pace_tokens;
	uint64_t last_cut_ns;
	bool dead; /* its controller */
	bool restarted;
	double history[SIM_POINTS]; /* worst latency / target, by steps */
	double read_value[SIM_SIGNALS];
	uint32_t read_ms[SIM_SIGNALS], timeouts[SIM_SIGNALS];
};

struct world {
	const struct scenario *scenario;
	uint32_t now_ms;
	uint64_t random;
	struct device *device;
	uint32_t devices;
	struct connection *connection;
	uint32_t connections, free_connection;
	struct event *event;
	uint32_t events, free_event;
	uint32_t *calendar; /* by ms */
	struct node *node;
	uint32_t nodes; /* that take part */
	uint32_t nodes_most;
	double work_factor, auth_factor;
	double forged_per_ms, forged;
	/* authentication, for all nodes */
	struct job_queue auth_waiting;
	uint32_t auth_serving[64];
	double auth_until[64];
	uint32_t admitted;    /* since the last point */
	uint32_t *latency_ms; /* of all set-ups that were done */
	uint32_t latencies, latencies_max;
	struct result result;
};

extern struct world world;

/* world.c */
double chance(void); /* 0 <= x < 1 */
double chance_exponential(double mean);
void at(uint32_t ms, enum event_kind kind, uint32_t id, uint32_t attempt);

/* devices.c */
void device_start(uint32_t id);
void device_send_syn(uint32_t id);
void device_give_up(uint32_t id);
void device_refused(uint32_t id);
void device_connected(uint32_t id);

/* shaper.c */
void shaper_judge(uint32_t device, bool retransmit);
void shaper_forged(uint32_t node);
void shaper_release(struct node *node);
void shaper_step(struct node *node);
void shaper_note(struct connection *connection, bool failed);

/* broker.c */
bool broker_admit(uint32_t node, uint32_t device, uint64_t held_ns); /* false: overflow */
void broker_request(uint32_t id);
void broker_connect(uint32_t id);
void broker_wait_ends(uint32_t id);
void broker_connack(uint32_t id);
void broker_client_gone(uint32_t id);
void broker_run(struct node *node);
void broker_auth_run(void);
void broker_restart(struct node *node);

/* tracker.c */
uint32_t node_p90_ms(const struct node *node, uint32_t *count);
uint32_t
node_took_ms(struct node *node); /* the mean of a second, the last in which some were done */
uint32_t node_oldest_ms(const struct node *node);

#endif
