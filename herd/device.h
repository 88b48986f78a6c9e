/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * One device: what it does next when something happens to it. Pure: events and the time come in,
 * one action and the time of its timer go out, and what happened is counted in the tally.
 */
#ifndef HERD_DEVICE_H
#define HERD_DEVICE_H

#include <stdbool.h>
#include <stdint.h>

#include "herd/backoff.h"
#include "herd/plan.h"
#include "herd/tally.h"

enum device_state {
	DEVICE_WAITING,	   /* for its start, or its back-off */
	DEVICE_CONNECTING, /* SYN is out */
	DEVICE_TLS,
	DEVICE_CONNACK, /* CONNECT is out */
	DEVICE_UP,
	DEVICE_LEAVING, /* DISCONNECT is out: a closed loop waits for the broker to close */
	DEVICE_DONE,	/* tries no more */
};

enum device_event {
	EVENT_START,
	EVENT_TIMER,	   /* timer_ns has come */
	EVENT_TCP_UP,	   /* SYN-ACK */
	EVENT_REFUSED,	   /* RST to the SYN */
	EVENT_UNREACHABLE, /* ICMP, or no route */
	EVENT_TCP_TIMEOUT, /* the kernel gave up: ETIMEDOUT */
	EVENT_LOCAL_ERROR, /* no socket, address or port */
	EVENT_ANSWER,	   /* the first byte of payload from the broker; before what it means */
	EVENT_TLS_UP,
	EVENT_TLS_FAILED,
	EVENT_CONNACK, /* with code */
	EVENT_RESET,
	EVENT_CLOSED,
	EVENT_GARBAGE, /* no MQTT, or not what is due */
	EVENT_SENT,    /* something went out that counts for keep-alive */
	EVENT_PINGRESP,
	EVENT_WORK_DONE,
	EVENT_END, /* of the run */
};

/* To be carried out at once; what comes of it is the next event. */
enum device_action {
	ACTION_NONE,
	ACTION_CONNECT,
	ACTION_TLS,	/* begin the handshake */
	ACTION_MQTT,	/* send CONNECT */
	ACTION_WORK,	/* it is up: subscribe, and so on */
	ACTION_PING,	/* send PINGREQ */
	ACTION_LEAVE,	/* send DISCONNECT */
	ACTION_GIVE_UP, /* close as a client that has waited too long: the broker may yet answer */
	ACTION_CLOSE,
};

struct device {
	uint32_t number;
	uint16_t group;
	uint8_t state; /* enum device_state */
	bool bystander;
	bool loop;     /* capacity: leaves when it is up, and comes at once */
	bool answered; /* in this attempt */
	bool ever_up;
	bool ping_out;
	uint32_t attempts;
	uint64_t began_ns;    /* of this attempt */
	uint64_t phase_ns;    /* when its present phase began */
	uint64_t accepted_ns; /* its SYN-ACK of this attempt */
	uint64_t up_ns;	      /* since when it is connected */
	uint64_t sent_ns;     /* last packet, for keep-alive */
	uint64_t timer_ns;    /* when EVENT_TIMER is due; 0: not at all */
	struct backoff_state backoff;
	struct chance chance;
};

void device_init(struct device *device, uint32_t number, uint16_t group, uint64_t seed);

/* @code: of a CONNACK. Bystanders count nothing of their own set-ups but reconnects. */
enum device_action device_event(struct device *device, const struct plan_group *group,
				struct tally *tally, enum device_event event, uint8_t code,
				uint64_t now_ns);

#endif
