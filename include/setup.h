/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * When is the set-up of a connection done, and how long did the broker take? The state machine of
 * one flow: what its broker's host acknowledges and sends goes in, turns and an end come out. Pure:
 * the clock is an argument. Used by the BPF program, by user space and by the tests.
 *
 * A broker's turn begins when bytes of the client have arrived and ends with the broker's answer:
 * the client's round trips are in none. Set-up is done at the CONNACK, which TLS hides:
 *
 *  - TLS 1.2: it is the first record of type 23 that is short enough. Handshake, tickets and alerts
 *    have types of their own.
 *  - TLS 1.3: all that is encrypted has type 23. What comes in the flight of the ServerHello is
 *    handshake; once the client has spoken again, there are tickets, alerts (always 19 bytes long),
 *    the answer to a WebSocket upgrade (longer than a CONNACK) and the CONNACK. A ticket of the
 *    length of a CONNACK is known by coming twice in a row; that length is remembered for the
 *    listener, and until then such a record is held: it was a CONNACK if the client goes on, or
 *    nothing follows.
 */
#ifndef WEIR_SETUP_H
#define WEIR_SETUP_H

#include <linux/types.h>

#include "abi.h"

#define SETUP_INLINE static inline __attribute__((always_inline))

enum setup_stage {
	STAGE_PLAIN,	 /* nothing said yet, or MQTT's AUTH */
	STAGE_UPGRADED,	 /* HTTP was spoken: WebSocket */
	STAGE_TLS12,	 /* and before */
	STAGE_TLS_HELLO, /* ServerHello of TLS 1.3 or its retry; the client has not spoken since */
	STAGE_TLS13,
};

enum setup_result {
	SETUP_GOES_ON,
	SETUP_BEGINS, /* that was the request */
	SETUP_IS_DONE,
	SETUP_IS_OVER, /* the broker has refused it */
};

#define RECORD_HEADER_LEN 5
#define RECORD_HANDSHAKE 22
#define RECORD_APPLICATION 23
#define RECORD_TYPE_MIN 20
#define RECORD_TYPE_MAX 23
#define RECORD_LEN_MAX (16384 + 2048) /* RFC 5246, 6.2.3 */

/* RFC 8446, 5.2 and 6: level, description, content type, tag. */
#define RECORD_ALERT_LEN 19
/* RFC 8446, 4.6.1: a NewSessionTicket has 17 bytes beside nonce and ticket, of which no library
 * gives less than 16, and its record 17 more. Those of OpenSSL have 74 at least. */
#define RECORD_TICKET_MIN 50

/* Records held that turned out to be a CONNACK, until one more is not held. */
#define SETUP_UNTOLD_ENOUGH 16
/* One that nothing follows for so long was a CONNACK. */
#define SETUP_HELD_MAX_NS 1000000000ULL

#define SERVER_HELLO_LEN 44 /* with its record header, up to the length of the session id */
#define SERVER_HELLO 2
#define SESSION_ID_MAX 32
#define TLS13_CIPHERS 0x13 /* RFC 8446, B.4: high byte */

#define MQTT_CONNACK 0x20
#define MQTT_AUTH 0xf0
#define WEBSOCKET_OPCODE_MASK 0x0f
#define WEBSOCKET_BINARY 0x02

SETUP_INLINE void setup_turn_ends(struct flow *flow, __u64 now_ns)
{
	if (flow->turn_ns && now_ns > flow->turn_ns)
		flow->spent_ns += now_ns - flow->turn_ns;
	flow->turn_ns = 0;
	flow->moved_ns = now_ns;
}

/* Was the record that is held the CONNACK, if nothing of the broker's followed? */
SETUP_INLINE int setup_held_is_connack(const struct flow *flow)
{
	return flow->held && flow->held <= flow->connack_max;
}

/* The broker's host acknowledges all before @ack. */
SETUP_INLINE enum setup_result setup_heard(struct flow *flow, struct setup_state *state, __u32 ack,
					   __u64 now_ns)
{
	__u8 former = flow->bursts;

	if ((__s32)(ack - flow->acked) <= 0)
		return SETUP_GOES_ON;
	flow->acked = ack;
	if (flow->turn_ns)
		return SETUP_GOES_ON;
	if (setup_held_is_connack(flow)) {
		state->untold++;
		return SETUP_IS_DONE;
	}
	flow->held = 0;
	flow->turn_ns = now_ns;
	flow->moved_ns = now_ns;
	flow->bursts = former < 255 ? former + 1 : former;
	if (flow->stage == STAGE_TLS_HELLO)
		flow->stage = STAGE_TLS13;
	return former ? SETUP_GOES_ON : SETUP_BEGINS;
}

SETUP_INLINE int setup_is_ticket(const struct setup_state *state, __u16 len)
{
	return len == state->ticket[0] || len == state->ticket[1] || len == state->ticket[2] ||
	       len == state->ticket[3];
}

SETUP_INLINE void setup_learn(struct setup_state *state, __u16 len)
{
	if (setup_is_ticket(state, len))
		return;
	state->ticket[state->tickets & (SETUP_TICKETS - 1)] = len;
	state->tickets++;
}

/* One more encrypted record after one that is held, in the same flight. Was the broker at work in
 * between? Then its turn goes on. */
SETUP_INLINE enum setup_result setup_after_held(struct flow *flow, struct setup_state *state,
						__u16 len)
{
	/* only a run tells a short ticket from a CONNACK that has an answer behind it */
	if (setup_held_is_connack(flow) && flow->held != len)
		return SETUP_IS_DONE;
	setup_learn(state, flow->held);
	flow->held = 0;
	flow->turn_ns = flow->moved_ns;
	return SETUP_GOES_ON;
}

/* A record of type 23 of TLS 1.3, after the handshake. */
SETUP_INLINE enum setup_result setup_encrypted(struct flow *flow, struct setup_state *state,
					       __u16 len, __u64 now_ns)
{
	if (len == RECORD_ALERT_LEN)
		return SETUP_IS_OVER;
	if (flow->held && setup_after_held(flow, state, len) == SETUP_IS_DONE)
		return SETUP_IS_DONE;
	if (setup_is_ticket(state, len)) {
		/* what it has heard is not answered yet */
		flow->moved_ns = now_ns;
		return SETUP_GOES_ON;
	}
	setup_turn_ends(flow, now_ns);
	if (len < RECORD_TICKET_MIN && len <= flow->connack_max)
		return SETUP_IS_DONE;
	if (len <= flow->connack_max && state->untold >= SETUP_UNTOLD_ENOUGH)
		return SETUP_IS_DONE;
	flow->held = len;
	return SETUP_GOES_ON;
}

/* The broker sends a record that is no ServerHello. */
SETUP_INLINE enum setup_result setup_record(struct flow *flow, struct setup_state *state, __u8 type,
					    __u16 len, __u64 now_ns)
{
	if (flow->stage == STAGE_TLS13 && type == RECORD_APPLICATION)
		return setup_encrypted(flow, state, len, now_ns);
	setup_turn_ends(flow, now_ns);
	if (flow->stage == STAGE_TLS12 && type == RECORD_APPLICATION && len <= flow->connack_max)
		return SETUP_IS_DONE;
	return SETUP_GOES_ON;
}

/* The broker sends a ServerHello, of TLS 1.3 or before; or what seems to be one, and is not read:
 * then the CONNACK comes when the client has spoken again, in any version. */
SETUP_INLINE enum setup_result setup_hello(struct flow *flow, int is_tls12, __u64 now_ns)
{
	setup_turn_ends(flow, now_ns);
	flow->held = 0;
	flow->stage = is_tls12 ? STAGE_TLS12 : STAGE_TLS_HELLO;
	return SETUP_GOES_ON;
}

/*
 * The broker begins to send, not TLS: its first bytes, of which there are @len, at most four of them
 * at @bytes, in host memory order.
 */
SETUP_INLINE enum setup_result setup_plain(struct flow *flow, const __u8 bytes[4], __u32 len,
					   __u64 now_ns)
{
	/* in the middle of an answer */
	if (!flow->turn_ns && flow->bursts)
		return SETUP_GOES_ON;
	setup_turn_ends(flow, now_ns);
	if (flow->stage == STAGE_UPGRADED) {
		if ((bytes[0] & WEBSOCKET_OPCODE_MASK) != WEBSOCKET_BINARY)
			return SETUP_GOES_ON;
		return len >= 3 && bytes[2] == MQTT_AUTH ? SETUP_GOES_ON : SETUP_IS_DONE;
	}
	if (bytes[0] == MQTT_AUTH)
		return SETUP_GOES_ON;
	if (bytes[0] == 'H') {
		flow->stage = STAGE_UPGRADED;
		return SETUP_GOES_ON;
	}
	/* the CONNACK, or nothing that we know: then it ends here, too */
	return SETUP_IS_DONE;
}

SETUP_INLINE int setup_is_record(__u8 type, __u8 version, __u16 len)
{
	return type >= RECORD_TYPE_MIN && type <= RECORD_TYPE_MAX && version == 3 && len &&
	       len <= RECORD_LEN_MAX;
}

/* -- time ---------------------------------------------------------------------------------------- */

/* In which bucket of a histogram @ns is. */
SETUP_INLINE __u32 setup_bucket(__u64 ns)
{
	__u64 rest = ns >> SETUP_BUCKET_MIN_SHIFT;
	__u32 octave = 0;

	if (!rest)
		return 0;
	for (__u32 bits = 16; bits; bits >>= 1) {
		if (rest >> bits) {
			rest >>= bits;
			octave += bits;
		}
	}
	octave = (octave << SETUP_BUCKETS_PER_OCTAVE_SHIFT) +
		 ((ns >> (octave + SETUP_BUCKET_MIN_SHIFT - SETUP_BUCKETS_PER_OCTAVE_SHIFT)) &
		  ((1 << SETUP_BUCKETS_PER_OCTAVE_SHIFT) - 1));
	return octave < SETUP_BUCKETS ? octave : SETUP_BUCKETS - 1;
}

/* Where bucket @index begins: that of SETUP_BUCKETS is the end of the last. */
SETUP_INLINE __u64 setup_bucket_ns(__u32 index)
{
	const __u32 parts = 1 << SETUP_BUCKETS_PER_OCTAVE_SHIFT;

	return (__u64)(parts + (index & (parts - 1)))
	       << ((index >> SETUP_BUCKETS_PER_OCTAVE_SHIFT) + SETUP_BUCKET_MIN_SHIFT -
		   SETUP_BUCKETS_PER_OCTAVE_SHIFT);
}

#endif
