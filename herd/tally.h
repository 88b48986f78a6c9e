/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What happened, counted under its right name: counters, one sample a second, when which share of
 * the devices was connected, and percentiles. Pure; times are nanoseconds of one monotonic clock.
 */
#ifndef HERD_TALLY_H
#define HERD_TALLY_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Log-linear buckets, 32 to the octave: a quantile is at most 3.2 % too high, and the largest value
 * is kept as it was.
 */
#define HIST_SUB_BITS 5
#define HIST_BUCKETS ((64 - HIST_SUB_BITS + 1) << HIST_SUB_BITS)

struct hist {
	uint64_t count, max;
	uint32_t bucket[HIST_BUCKETS];
};

void hist_add(struct hist *hist, uint64_t value);
void hist_add_bucket(struct hist *hist, unsigned int bucket, uint32_t count);
/* The value that a share of @permille does not exceed; 0 if there is none at all. */
uint64_t hist_quantile(const struct hist *hist, unsigned int permille);
void hist_merge(struct hist *into, const struct hist *from);
/* Largest value of a bucket. */
uint64_t hist_edge(unsigned int bucket);

/*
 * Every attempt ends as exactly one of CONNECTED, REJECTED, the timeouts, REFUSED, RESET, CLOSED,
 * UNREACHABLE, TLS_FAILED, PROTOCOL_ERROR, LOCAL_ERROR and UNFINISHED, so that these sum up to
 * ATTEMPT.
 */
enum tally_event {
	TALLY_ATTEMPT,	       /* the first SYN is about to go out */
	TALLY_CONNECTED,       /* CONNACK with code 0 */
	TALLY_REJECTED,	       /* CONNACK with any other; by code in rejected[] */
	TALLY_TIMEOUT_CONNECT, /* the client gave up waiting for SYN-ACK */
	TALLY_TIMEOUT_TLS,     /* ... in the middle of the handshake */
	TALLY_TIMEOUT_CONNACK, /* ... for the CONNACK */
	TALLY_REFUSED,	       /* RST in answer to the SYN */
	TALLY_RESET,	       /* RST after that, before CONNACK */
	TALLY_CLOSED,	       /* FIN before CONNACK */
	TALLY_UNREACHABLE,     /* ICMP or no route */
	TALLY_TLS_FAILED,      /* alert, wrong certificate, no TLS at all */
	TALLY_PROTOCOL_ERROR,  /* an answer that is no MQTT, or not the one that is due */
	TALLY_LOCAL_ERROR,     /* this machine would not: no port, no memory, no descriptor */
	TALLY_UNFINISHED,      /* the run ended in the middle of it */
	TALLY_LOST,	       /* connected, then cut off */
	TALLY_WASTED,	       /* the broker answered, and the client had given up: see herd.md */
	TALLY_GIVEN_UP,	       /* a device that has used up its attempts */
	TALLY_WORK_DONE,       /* subscriptions, retained messages and hello of a reconnect */
	TALLY_RESUMED,	       /* TLS sessions taken up again */
	TALLY_COUNT,
};

extern const char *const tally_names[]; /* as in the JSON record; NULL-ended */

struct tally_second {
	uint32_t connected; /* at the end of the second */
	uint32_t attempts, connects, failures, wasted;
	struct hist *rtt;      /* of bystanders' messages that were sent in it; may be NULL */
	struct hist *accepted; /* from SYN-ACK to CONNACK, of connects in it; may be NULL */
};

#define TALLY_CURVE_MAX 1000U

struct tally {
	uint64_t start_ns;
	uint32_t devices;
	uint64_t count[TALLY_COUNT];
	uint64_t rejected[256]; /* by CONNACK code */
	uint64_t syn_retransmits;
	uint32_t connected, ever_connected, most_connected;
	/* curve_ns[i]: when ceil(devices * (i + 1) / curve_count) of them were connected */
	uint64_t curve_ns[TALLY_CURVE_MAX];
	uint32_t curve_count, curve_reached;
	struct hist setup_ns; /* from first SYN to CONNACK, of the attempt that made it */
	struct hist work_ns;  /* from CONNACK to the end of the work */
	struct hist late_ns;  /* how late timers were */
	struct hist rtt_ns;   /* of bystanders' messages */
	uint64_t bystanders_sent, bystanders_received, bystanders_lost, bystanders_reconnects;
	struct tally_second *seconds;
	uint32_t seconds_count, seconds_max;
	bool short_of_memory; /* seconds are missing */
};

/* Nothing counted yet; @start_ns is when the storm begins. */
void tally_init(struct tally *tally, uint32_t devices, uint64_t start_ns);
void tally_free(struct tally *tally);

void tally_count(struct tally *tally, enum tally_event event, uint64_t now_ns);
/* CONNACK with @code other than 0. */
void tally_rejected(struct tally *tally, uint8_t code, uint64_t now_ns);
/* CONNACK with code 0 for an attempt that began at @began_ns and had its SYN-ACK at @accepted_ns;
 * @first: of this device. */
void tally_connected(struct tally *tally, bool first, uint64_t began_ns, uint64_t accepted_ns,
		     uint64_t now_ns);
/* A device that was connected is not any more. */
void tally_lost(struct tally *tally, uint64_t now_ns);
/* A bystander's message of @sent_ns came back. */
void tally_rtt(struct tally *tally, uint64_t sent_ns, uint64_t now_ns);
/* Seconds in which nothing happened are there too, up to @now_ns. */
void tally_advance(struct tally *tally, uint64_t now_ns);

/* From the start until @permille of the devices were connected; false: never. */
bool tally_reached(const struct tally *tally, unsigned int permille, uint64_t *ns);
uint64_t tally_timeouts(const struct tally *tally);
uint64_t tally_failures(const struct tally *tally);
/* Attempts that have begun and not ended. */
uint32_t tally_under_way(const struct tally *tally);

#endif
