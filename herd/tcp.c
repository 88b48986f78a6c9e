// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "herd/tcp.h"

#include <errno.h>
#include <string.h>

#define NEVER UINT64_MAX
#define NS_PER_SEC 1000000000ULL
#define WINDOW 16384
#define MSS_V4 1460
#define MSS_V6 1440
#define MSS_DEFAULT 536 /* RFC 9293, section 3.7.1: of a peer that does not say */
#define RESENDS_MAX 6	/* 1 + 2 + 4 + ... + 64 s */

/* @a - @b on the circle of sequence numbers. */
static int32_t distance(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b);
}

static void fill(const struct tcp *tcp, uint8_t flags, struct segment *out)
{
	*out = (struct segment){
		.from = tcp->local,
		.to = tcp->remote,
		.from_port = tcp->local_port,
		.to_port = tcp->remote_port,
		.seq = tcp->nxt,
		.ack = flags & SEGMENT_ACK ? tcp->rcv_nxt : 0,
		.flags = flags,
		.window = flags & SEGMENT_RST ? 0 : WINDOW,
	};
}

static void fill_syn(struct tcp *tcp, struct segment *out)
{
	fill(tcp, SEGMENT_SYN, out);
	out->seq = tcp->una;
	out->mss = segment_is_v4(&tcp->local) ? MSS_V4 : MSS_V6;
	tcp->syns++;
}

/* The data at una, or the FIN if there is no more; whether there was anything. */
static bool fill_unacked(struct tcp *tcp, uint64_t now_ns, struct segment *out)
{
	uint32_t len = tcp->unacked_len < tcp->mss ? tcp->unacked_len : tcp->mss;

	if (!len && !(tcp->finishing && !tcp->fin_acked))
		return false;
	fill(tcp, SEGMENT_ACK, out);
	out->seq = tcp->una;
	out->data = tcp->unacked;
	out->len = (uint16_t)len;
	if (len == tcp->unacked_len && len)
		out->flags |= SEGMENT_PSH;
	if (len == tcp->unacked_len && tcp->finishing) {
		out->flags |= SEGMENT_FIN;
		tcp->fin_sent = true;
	}
	tcp->nxt = tcp->una + segment_space(out);
	tcp->due_ns = now_ns + (NS_PER_SEC << tcp->resends);
	return true;
}

static enum tcp_event end(struct tcp *tcp, enum tcp_event event)
{
	tcp->state = TCP_STATE_CLOSED;
	tcp->due_ns = NEVER;
	return event;
}

void tcp_connect(struct tcp *tcp, uint32_t iss, uint32_t random, uint64_t now_ns,
		 struct segment *out)
{
	*tcp = (struct tcp){
		.stack = tcp->stack,
		.local = tcp->local,
		.remote = tcp->remote,
		.local_port = tcp->local_port,
		.remote_port = tcp->remote_port,
		.random = random,
		.first_syn_ns = now_ns,
		.una = iss,
		.nxt = iss + 1,
		.mss = MSS_DEFAULT,
		.state = TCP_STATE_SYN_SENT,
	};
	fill_syn(tcp, out);
	tcp->due_ns = now_ns + tcp_stack_syn_ns(tcp->stack, 1, random);
}

/* A RST ends the attempt, or has the stack try again after its first interval. */
static enum tcp_event syn_refused(struct tcp *tcp, uint64_t now_ns)
{
	if (tcp->rsts++ >= tcp->stack->syns_after_rst)
		return end(tcp, TCP_REFUSED);
	tcp->due_ns = now_ns + tcp_stack_syn_ns(tcp->stack, 1, tcp->random);
	return TCP_NOTHING;
}

static enum tcp_event syn_answered(struct tcp *tcp, const struct segment *in, uint64_t now_ns,
				   struct segment *out)
{
	bool acceptable = in->flags & SEGMENT_ACK && in->ack == tcp->nxt;

	if (in->flags & SEGMENT_ACK && !acceptable) {
		segment_reset(in, out); /* an earlier connection's; leaves out empty for a RST */
		return TCP_NOTHING;
	}
	if (in->flags & SEGMENT_RST)
		return acceptable ? syn_refused(tcp, now_ns) : TCP_NOTHING;
	if (!acceptable || !(in->flags & SEGMENT_SYN))
		return TCP_NOTHING;
	tcp->una = tcp->nxt;
	tcp->rcv_nxt = in->seq + 1;
	if (in->mss)
		tcp->mss = in->mss;
	tcp->state = TCP_STATE_OPEN;
	tcp->due_ns = NEVER;
	fill(tcp, SEGMENT_ACK, out);
	return TCP_CONNECTED;
}

/* Takes what @in acknowledges. */
static void acknowledged(struct tcp *tcp, const struct segment *in, uint64_t now_ns)
{
	uint32_t taken = in->ack - tcp->una;
	uint32_t data = taken < tcp->unacked_len ? taken : tcp->unacked_len;

	if (distance(in->ack, tcp->una) <= 0)
		return;
	tcp->unacked += data;
	tcp->unacked_len -= data;
	if (tcp->fin_sent && in->ack == tcp->nxt && !tcp->unacked_len)
		tcp->fin_acked = true;
	tcp->una = in->ack;
	tcp->resends = 0;
	tcp->due_ns = tcp->una == tcp->nxt ? NEVER : now_ns + NS_PER_SEC;
}

/* Takes the part of @in that is next; what comes too early is dropped: it will come again. */
static enum tcp_event received(struct tcp *tcp, const struct segment *in)
{
	int32_t known = distance(tcp->rcv_nxt, in->seq);

	if (tcp->peer_finished || known < 0 || known > in->len)
		return TCP_NOTHING;
	tcp->data = in->data + known;
	tcp->data_len = (uint16_t)(in->len - known);
	tcp->rcv_nxt += tcp->data_len;
	if (in->flags & SEGMENT_FIN) {
		tcp->rcv_nxt++;
		tcp->peer_finished = true;
	}
	if (tcp->data_len)
		return TCP_DATA;
	return tcp->peer_finished ? TCP_FINISHED : TCP_NOTHING;
}

enum tcp_event tcp_input(struct tcp *tcp, const struct segment *in, uint64_t now_ns,
			 struct segment *out)
{
	enum tcp_event event;

	out->flags = 0;
	if (tcp->state == TCP_STATE_CLOSED) {
		segment_reset(in, out);
		return TCP_NOTHING;
	}
	if (tcp->state == TCP_STATE_SYN_SENT)
		return syn_answered(tcp, in, now_ns, out);
	if (in->flags & SEGMENT_RST) /* RFC 5961, section 3.2: only the exact one */
		return in->seq == tcp->rcv_nxt ? end(tcp, TCP_RESET) : TCP_NOTHING;
	if (in->flags & SEGMENT_SYN || !(in->flags & SEGMENT_ACK) ||
	    distance(in->ack, tcp->nxt) > 0) {
		fill(tcp, SEGMENT_ACK, out); /* the handshake's ACK was lost, or nonsense */
		return TCP_NOTHING;
	}
	acknowledged(tcp, in, now_ns);
	event = received(tcp, in);
	if (!(tcp->una == tcp->nxt && fill_unacked(tcp, now_ns, out)) && segment_space(in))
		fill(tcp, SEGMENT_ACK, out);
	if (tcp->fin_acked && tcp->peer_finished)
		return end(tcp, event == TCP_DATA ? TCP_DATA : TCP_OVER);
	return event;
}

enum tcp_event tcp_expire(struct tcp *tcp, uint64_t now_ns, struct segment *out)
{
	out->flags = 0;
	if (now_ns < tcp->due_ns)
		return TCP_NOTHING;
	if (tcp->state == TCP_STATE_OPEN) {
		if (tcp->resends++ == RESENDS_MAX)
			return end(tcp, TCP_LOST);
		fill_unacked(tcp, now_ns, out);
		return TCP_NOTHING;
	}
	if (tcp->state != TCP_STATE_SYN_SENT)
		return end(tcp, TCP_NOTHING);
	if (tcp->rsts) { /* refused once: the schedule no longer counts */
		fill_syn(tcp, out);
		tcp->due_ns = now_ns + tcp_stack_syn_ns(tcp->stack, 1, tcp->random);
		return tcp->syns > UINT8_MAX - 1 ? end(tcp, TCP_GAVE_UP) : TCP_NOTHING;
	}
	if (tcp->syns >= tcp->stack->syns)
		return end(tcp, TCP_GAVE_UP);
	fill_syn(tcp, out);
	tcp->due_ns = tcp->first_syn_ns + tcp_stack_syn_ns(tcp->stack, tcp->syns, tcp->random);
	return TCP_NOTHING;
}

int tcp_send(struct tcp *tcp, const uint8_t *data, uint32_t len, uint64_t now_ns,
	     struct segment *out)
{
	out->flags = 0;
	if (tcp->state != TCP_STATE_OPEN || tcp->finishing)
		return -ENOTCONN;
	tcp->unacked = data;
	tcp->unacked_len = len;
	if (tcp->una == tcp->nxt)
		fill_unacked(tcp, now_ns, out);
	return 0;
}

void tcp_finish(struct tcp *tcp, uint64_t now_ns, struct segment *out)
{
	out->flags = 0;
	if (tcp->state != TCP_STATE_OPEN) {
		tcp_abort(tcp, out);
		return;
	}
	if (tcp->finishing)
		return;
	tcp->finishing = true;
	if (tcp->una == tcp->nxt)
		fill_unacked(tcp, now_ns, out);
}

void tcp_abort(struct tcp *tcp, struct segment *out)
{
	out->flags = 0;
	if (tcp->state == TCP_STATE_OPEN)
		fill(tcp, SEGMENT_RST | SEGMENT_ACK, out);
	end(tcp, TCP_NOTHING);
}
