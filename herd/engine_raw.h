/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Devices without kernel sockets: a small TCP of our own (tcp.h) with the SYN times of another stack,
 * over a TUN device that the source addresses are routed to. It stands behind link_connect() and its
 * like when engine->raw is set.
 */
#ifndef HERD_ENGINE_RAW_H
#define HERD_ENGINE_RAW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct engine;
struct raw;

/* In the place of a file descriptor, of a link that is open. */
#define RAW_FD INT32_MAX
/* The index of an event: the device has packets. */
#define RAW_FLAG 0x40000000U

/* For engine->plan->stack, which is one of tcp_stacks[]. Errors have been reported. */
int raw_open(struct engine *engine);
void raw_close(struct engine *engine);

/* Takes some packets; true: there may be more. */
bool raw_readable(struct engine *engine);
/* Takes all that wait, so that time-outs do not go before them. */
void raw_catch_up(struct engine *engine);
/* TCP's timer of a device. */
void raw_timer(struct engine *engine, uint32_t index);

void raw_connect(struct engine *engine, uint32_t index);
void raw_send(struct engine *engine, uint32_t index, const void *buf, size_t len);
/* Orderly; @gone: the client gave up, and a late answer is noticed. */
void raw_finish(struct engine *engine, uint32_t index, bool gone);

#endif
