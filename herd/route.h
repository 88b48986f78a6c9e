/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* How far away a target is. */
#ifndef HERD_ROUTE_H
#define HERD_ROUTE_H

#include <sys/socket.h>

enum route_reach {
	ROUTE_LOCAL,   /* this host, or loopback */
	ROUTE_ON_LINK, /* no router between */
	ROUTE_ROUTED,
};

/* Asks the kernel for the route to @target. 0, or -errno: no route, for instance. */
int route_reach(const struct sockaddr *target, enum route_reach *reach);

#endif
