/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * One instance as `weir run` serves it: it takes the SYNs that the packet path hands over, holds
 * them in a queue a listener, and puts each back when it has taken a token of listener and host
 * for it. What it says to the packet path is a lease: when it is killed, excess is dropped as soon
 * as that has run out.
 */
#ifndef WEIR_SHAPER_H
#define WEIR_SHAPER_H

#include <stdbool.h>
#include <stdint.h>

#include <bpf/libbpf.h>

#include "controller.h"
#include "delay_max.h"
#include "instance.h"
#include "pins.h"
#include "queue.h"
#include "spread.h"
#include "trials.h"
#include "waiting.h"

#define SHAPER_TICK_NS 100000000ULL
#define SHAPER_LEASE_NS 1000000000ULL

/* The queue of a listener. */
struct line {
	struct queue *queue; /* NULL: none */
	struct queue_stats reported;
	struct delay_max delay_max;
	struct trials *trials; /* of what was released */
	struct spread spread;
	uint64_t not_held; /* new SYNs, since the queue was half full; a counter */
	uint64_t round_trip_ns;
	uint64_t age_max_ns;   /* from which on they are too old */
	uint32_t to_send_away; /* until the next tick */
	uint32_t told_again;   /* that they are refused, since the last tick */
	uint64_t set_max_ns;   /* delay-max in force */
	uint32_t serial;       /* of the listener */
	bool leased;	       /* else nothing more comes in */
	uint32_t reserve;      /* in force when a token was asked for last */
	uint64_t eased_ns;     /* when it became less */
	uint64_t arranged;     /* generation of the policy that it was made for */
};

struct shaper {
	char name[INSTANCE_NAME_MAX];
	int lock_fd;
	int inject_fd;
	int away_fd; /* of send_away(); -1: not permitted */
	/* of the maps that are pinned now */
	struct instance instance;
	char control_path[PATH_MAX];
	uint32_t control_id;
	struct level_state *levels;
	struct queue_state *states;
	struct returns *returns;
	struct waiting_table waiting;
	struct ring_buffer *ring;
	struct controller *controller;
	uint64_t watched_ns; /* when it was seen to that set-ups are tracked */
	struct policy *policy;
	uint64_t generation; /* of the policy */
	uint64_t policy_since_ns;
	struct line lines[LISTENERS_MAX];
	unsigned int next_line; /* whose turn it is at the host's tokens: after who had the last */
	unsigned int taken;	/* from the ring since the last look at the queues */
};

/* @signals: of the configuration, or NULL. Errors have been reported: -EBUSY: another `weir run` serves it. */
int shaper_open(struct shaper **opened, const struct pins *pins, const char *name,
		const struct signals *signals);
/* What is held is dropped. */
void shaper_close(struct shaper *shaper);

/* Readable when there is something to take; it changes when the maps do. */
int shaper_ring_fd(const struct shaper *shaper);

/*
 * Every SHAPER_TICK_NS: renews the lease, and follows what was changed. -ENOENT: it was detached.
 * *moved: the maps are other ones now.
 */
int shaper_tick(struct shaper *shaper, uint64_t now_ns, bool *moved);
/* Takes SYNs over and lets in those whose time it is. Returns when to call it again at the latest,
 * at once if that is not later than now. */
uint64_t shaper_serve(struct shaper *shaper);
/* Did it take so many that there will be more at once? */
bool shaper_is_busy(const struct shaper *shaper);
/* Does it hold any? */
bool shaper_holds(const struct shaper *shaper);

/* Every CONTROLLER_TURN_NS: gives out what the windows of the listeners leave. */
void shaper_control(struct shaper *shaper, uint64_t now_ns);
/* In place of the former ones; NULL: none. */
void shaper_set_signals(struct shaper *shaper, const struct signals *signals);
/* Has any listener a window? Else there is nothing to control. */
bool shaper_is_controlled(const struct shaper *shaper);

/* Of shaper_maps.c: the maps of the instance, in place of those that were open. */
int shaper_map(struct shaper *shaper, const struct pins *pins);
void shaper_unmap(struct shaper *shaper);
/* Is what is pinned still what is open? -ENOENT: nothing is. */
int shaper_check_pins(const struct shaper *shaper, bool *same);
/* Of shaper.c, for the ring buffer. */
int shaper_take(void *shaper, void *record, size_t size);
/* Frames go to and from the devices of the instance only. */
bool shaper_has_device(const struct shaper *shaper, uint32_t ifindex);

#endif
