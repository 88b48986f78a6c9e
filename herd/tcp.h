/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The client's side of one TCP connection, as small as that of a small device: SYNs as its stack
 * sends them, one segment in flight, no window scaling, no TIME_WAIT. Pure: segments in, segments
 * out, no memory of its own. Every call leaves at most one segment in @out; out->flags == 0: none.
 */
#ifndef HERD_TCP_H
#define HERD_TCP_H

#include <stdbool.h>
#include <stdint.h>

#include "herd/segment.h"
#include "herd/tcp_stack.h"

enum tcp_state {
	TCP_STATE_CLOSED,
	TCP_STATE_SYN_SENT,
	TCP_STATE_OPEN, /* until both have sent a FIN and had it acknowledged, or a RST */
};

enum tcp_event {
	TCP_NOTHING,
	TCP_CONNECTED,
	TCP_DATA,     /* tcp->data, tcp->data_len; then look at tcp->peer_finished */
	TCP_FINISHED, /* the peer will send no more */
	TCP_OVER,     /* both have finished */
	TCP_REFUSED,  /* RST instead of SYN-ACK; these four: closed */
	TCP_RESET,
	TCP_GAVE_UP, /* no answer to any SYN in the stack's time */
	TCP_LOST,    /* no answer to the same data, again and again */
};

struct tcp {
	const struct tcp_stack *stack;
	struct addr local, remote;
	uint16_t local_port, remote_port;
	uint32_t random; /* of this connection; for the stack's spread */
	uint64_t first_syn_ns;
	uint64_t due_ns;   /* of the next SYN, or of the data again; UINT64_MAX: nothing is due */
	uint32_t una, nxt; /* oldest unacknowledged, next to be sent */
	uint32_t rcv_nxt;  /* next to be received */
	const uint8_t *unacked; /* from una on; the caller's */
	uint32_t unacked_len;	/* without a FIN */
	const uint8_t *data;	/* of TCP_DATA; the segment's */
	uint16_t data_len;
	uint16_t mss; /* the peer's */
	uint8_t state;
	uint8_t syns;	 /* sent */
	uint8_t rsts;	 /* that answered a SYN */
	uint8_t resends; /* of the segment in flight */
	bool finishing;	 /* a FIN is sent, or will be behind the data */
	bool fin_sent, fin_acked;
	bool peer_finished;
};

/* Sets the addresses, ports and stack beforehand; @iss is the ISN. */
void tcp_connect(struct tcp *tcp, uint32_t iss, uint32_t random, uint64_t now_ns,
		 struct segment *out);
/* A segment from the peer to this connection's port. */
enum tcp_event tcp_input(struct tcp *tcp, const struct segment *in, uint64_t now_ns,
			 struct segment *out);
/* Call it when due_ns has come. */
enum tcp_event tcp_expire(struct tcp *tcp, uint64_t now_ns, struct segment *out);
/*
 * @data: all that is not acknowledged, @len bytes, beginning with what was unacknowledged before (which
 * may have moved); it must stay where it is until the next call. Only the first segment of it goes
 * out, and only if none is on its way: the others follow the acknowledgements. 0 or -ENOTCONN.
 */
int tcp_send(struct tcp *tcp, const uint8_t *data, uint32_t len, uint64_t now_ns,
	     struct segment *out);
/* Orderly: a FIN behind what is unacknowledged. */
void tcp_finish(struct tcp *tcp, uint64_t now_ns, struct segment *out);
/* As close() on most small stacks in SYN_SENT: without a word; else a RST. */
void tcp_abort(struct tcp *tcp, struct segment *out);

#endif
