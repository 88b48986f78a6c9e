/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A wire with delay between two TUN devices, which may be in different network namespaces. */
#ifndef HERD_RELAY_H
#define HERD_RELAY_H

#include <stdint.h>

#include "herd/hold.h"
#include "herd/tally.h"
#include "herd/tun.h"

/* Bytes that each direction holds at most, with 16 for each packet. */
#define RELAY_HOLD_BYTES (64U << 20)

struct relay_plan {
	struct tun_place ends[2];
	struct hold_rule rule; /* of both directions */
	uint64_t seed;
	uint64_t duration_ns; /* 0: until SIGINT or SIGTERM */
};

struct relay_report {
	struct {
		uint64_t taken, lost, full; /* see struct hold */
		uint64_t refused;	    /* by the device that was to receive it */
	} ways[2];			    /* from ends[0] to ends[1], and back */
	struct hist late_ns;		    /* how long after their time packets left */
	double seconds;
};

/* Opens both, says on standard output that it is ready, and relays. Errors have been reported. */
int relay_run(const struct relay_plan *plan, struct relay_report *report);

#endif
