/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* SYNs from addresses that do not exist, at a given rate, out of one end of a veth pair. */
#ifndef HERD_FLOOD_H
#define HERD_FLOOD_H

#include <stdint.h>

#include "abi.h"

/* What one flood may send: rate x time. */
#define FLOOD_SYNS_MAX 1000000000ULL

struct flood_plan {
	struct addr to;
	uint16_t port;
	struct addr sources;
	uint8_t sources_len; /* of the 128 bits */
	double per_sec;
	uint64_t count; /* at most; 0: as many as the time allows */
	uint64_t duration_ns;
	uint64_t seed;
};

struct flood_report {
	char dev[16];
	uint64_t sent;	 /* that the device took */
	uint64_t failed; /* that it refused: its peer's queue was full */
	double seconds, cpu_seconds;
};

/*
 * Refuses unless the address is on the link of a veth and this namespace has no way into the world.
 * SIGINT and SIGTERM end it. Errors have been reported.
 */
int flood_run(const struct flood_plan *plan, struct flood_report *report);

#endif
