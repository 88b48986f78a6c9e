/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * One epoll loop that carries all devices of a run: it turns what sockets and clock say into events
 * of device.h, and does the actions that come back.
 *
 *	engine.c	   set up and tear down, the loop, timers
 *	engine_starts.c	   when devices begin
 *	engine_link.c	   a device's connection: connect, TLS, close
 *	engine_bytes.c	   bytes in and out of it
 *	engine_talk.c	   what it says in MQTT
 *	engine_bystander.c messages that bystanders exchange
 *	engine_gone.c	   connections that a client gave up, watched for a late answer
 *	engine_raw.c	   devices with the TCP of another stack, in the place of sockets
 *	engine_raw_tun.c   their packets, through a TUN device
 */
#ifndef HERD_ENGINE_H
#define HERD_ENGINE_H

#include <signal.h>

#include "herd/device.h"
#include "herd/engine_raw.h"
#include "herd/mqtt.h"
#include "herd/net.h"
#include "herd/schedule.h"
#include "herd/timers.h"
#include "herd/tls.h"

/* A device's connection. */
struct link {
	int fd;		 /* -1: none; RAW_FD: see engine_raw.h */
	uint32_t serial; /* of the connection, to know an event of the one before */
	struct tls_link *tls;
	struct tls_session *session;
	struct mqtt_reader reader;
	uint8_t *pending; /* what the socket would not take yet */
	size_t pending_len;
	uint16_t next_id, hello_id; /* of packets; 0: no hello is out */
	uint32_t subacks_left, retained_left;
	bool syns_counted;
	bool working;
	bool subscribed; /* a bystander: its messages come back */
};

/* Of a group of the plan. */
struct engine_group {
	struct tls *tls;
	char *password;
};

struct gone {
	int fd; /* -1: has ended */
	uint64_t until_ns;
};

struct engine {
	const struct plan *plan;
	union net_address to;
	struct tally tally;
	struct engine_group groups[PLAN_GROUPS_MAX];
	/* devices first, bystanders after them */
	struct device *devices;
	struct link *links;
	uint32_t devices_count, bystanders_count;
	struct timers timers; /* then one of each bystander, for its messages */
	struct raw *raw;      /* NULL: kernel sockets */
	uint32_t raw_timers;  /* with raw: then one of each device and bystander, for TCP */
	int epoll_fd;

	struct schedule_start *starts; /* sorted */
	uint32_t starts_count, starts_next;
	uint32_t active; /* capacity: devices from here on rest */

	struct gone *gone; /* a ring, oldest at gone_first */
	uint32_t gone_max, gone_first, gone_count;
	uint64_t gone_evicted; /* not watched to the end */

	uint64_t now_ns;   /* as of the last look at the clock */
	uint64_t start_ns; /* of the storm; 0: not begun */
	bool storm;
	uint64_t frozen_ns; /* since then devices rest, and only bystanders' messages count */
	uint32_t working;   /* devices whose work is not done */
	uint32_t bystanders_ready; /* subscribed now */
	bool bystanders_send;
	uint64_t bystanders_unsent; /* messages that were due while one was cut off */
	bool local_error_said;
};

uint64_t engine_clock_ns(void);
/* Takes signals that end a run; @engine_stopped says that one came. */
void engine_catch_signals(void);
bool engine_stopped(void);

/*
 * 0 or -errno after saying what is wrong. @plan stays the caller's and must outlive it; @to is the
 * address of its host.
 */
int engine_open(struct engine *engine, const struct plan *plan, const union net_address *to);
void engine_close(struct engine *engine);
/* Starts are relative to @start_ns, which is about now. */
int engine_start(struct engine *engine, uint64_t start_ns);
/* Lets things happen until @until_ns or a signal. */
void engine_run(struct engine *engine, uint64_t until_ns);
/* Connections in the middle of something are closed and counted as such. */
void engine_end(struct engine *engine);

/* -- between its files ------------------------------------------------------------------------- */

void engine_step(struct engine *engine, uint32_t index, enum device_event event, uint8_t code);
const struct plan_group *engine_group(const struct engine *engine, uint32_t index);

/* Starts are not timers: thousands that are due at once must not make those late. */
void starts_run(struct engine *engine);
/* When the next is due; false: there is none. */
bool starts_next_at(const struct engine *engine, uint64_t *at_ns);

void link_connect(struct engine *engine, uint32_t index);
void link_event(struct engine *engine, uint32_t index, uint32_t events);
/* Takes what its socket has, without waiting for the event. */
void link_look(struct engine *engine, uint32_t index);
void link_start_tls(struct engine *engine, uint32_t index);
void link_send(struct engine *engine, uint32_t index, const void *buf, size_t len);
void link_close(struct engine *engine, uint32_t index);
/* As link_close(), but a late answer is still noticed. */
void link_give_up(struct engine *engine, uint32_t index);

/* A connection of its own begins; @fd may be RAW_FD. */
void link_opened(struct engine *engine, uint32_t index, int fd);
/* Is it still connection @serial? */
bool link_is_same(const struct engine *engine, uint32_t index, uint32_t serial);
void link_keep_pending(struct engine *engine, uint32_t index, const void *buf, size_t len);
void link_take_bytes(struct engine *engine, uint32_t index, const uint8_t *bytes, size_t len);
/* What is pending, as far as the socket takes it. */
void link_flush(struct link *link);
void link_read_all(struct engine *engine, uint32_t index, bool ended);
/* Its event is to come again, as not all was taken. */
void link_come_back(struct engine *engine, uint32_t index);
/* What a connection that failed with positive @error has met. */
enum device_event link_event_of_errno(int error);

void talk_connect(struct engine *engine, uint32_t index);
void talk_work(struct engine *engine, uint32_t index);
void talk_ping(struct engine *engine, uint32_t index);
void talk_leave(struct engine *engine, uint32_t index);
void talk_packet(struct engine *engine, uint32_t index, const struct mqtt_packet *packet);
/* The connection is no more. */
void talk_ended(struct engine *engine, uint32_t index);

void bystander_begin(struct engine *engine, uint32_t index);
void bystander_subscribed(struct engine *engine, uint32_t index);
void bystander_message(struct engine *engine, const struct mqtt_packet *packet);
/* Timer @number of the bystanders' has come. */
void bystander_timer(struct engine *engine, uint32_t number, uint64_t due_ns);

/* Given up and watched at a time, of one device: as many as begin in the 30 s of a watch if each
 * takes 3 s, time-out and back-off together. */
#define GONE_EACH 10U
#define GONE_FLAG 0x80000000U /* in the index of an event: a slot of the ring */
int gone_init(struct engine *engine, uint32_t max);
/* Takes over @fd, which is shut down, but not closed. */
void gone_watch(struct engine *engine, int fd);
void gone_event(struct engine *engine, uint32_t slot);
/* Those whose time is over; @all: every one. */
void gone_expire(struct engine *engine, bool all);
/* Closes the oldest for want of descriptors; false: there is none. */
bool gone_evict(struct engine *engine);

#endif
