/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* When the TCP of a device sends its SYNs, and when its connect() fails. Pure. */
#ifndef HERD_TCP_STACK_H
#define HERD_TCP_STACK_H

#include <stdint.h>

#define TCP_STACK_SYNS_MAX 11

struct tcp_stack {
	const char *name;
	uint32_t syn_ms[TCP_STACK_SYNS_MAX]; /* from the first, which is at 0 */
	uint32_t gives_up_ms;		     /* from the first */
	uint8_t syns;
	/* A factor of 1 to 1 + spread / 256 on every interval, drawn once a connection. */
	uint8_t spread;
	/* SYNs sent again after a RST, each after syn_ms[1], before connect() is refused. */
	uint8_t syns_after_rst;
};

/* Ended by one without a name. Kernel sockets ("linux") are none of them. */
extern const struct tcp_stack tcp_stacks[];

/* NULL if there is none of that name. */
const struct tcp_stack *tcp_stack_find(const char *name);
/*
 * When SYN @number (0 is the first) is due, in ns from the first; @number == stack->syns: when
 * connect() fails. @random: any number, the same for all SYNs of a connection.
 */
uint64_t tcp_stack_syn_ns(const struct tcp_stack *stack, unsigned int number, uint32_t random);

#endif
