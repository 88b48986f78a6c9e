/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The TUN device of engine_raw.h, engine_raw_tun.c, and the connections over it, engine_raw.c: what
 * only these two know.
 */
#ifndef HERD_ENGINE_RAW_TUN_H
#define HERD_ENGINE_RAW_TUN_H

#include "herd/engine.h"
#include "herd/segment.h"
#include "herd/tcp.h"
#include "herd/tun.h"

#define RAW_PORT_MIN 1024U

/* Of a device, beside its struct link. */
struct raw_device {
	struct tcp tcp;	 /* the present connection, or the one before while it ends */
	uint8_t *ending; /* what was pending when the link was closed */
	uint32_t connections;
	uint16_t gone_port; /* of the last connection that was given up; 0: nothing to be noticed */
	uint64_t gone_until_ns;
};

struct raw {
	const struct tcp_stack *stack;
	int tun;
	struct addr to;
	uint32_t ports_each; /* every device has ports of its own: a port names its device */
	struct raw_device *devices;
	uint8_t packet[TUN_PACKET_MAX];
};

void raw_put(const struct raw *raw, const struct segment *segment);
void raw_take(struct engine *engine, const struct segment *in);

#endif
