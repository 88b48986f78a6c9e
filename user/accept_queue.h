/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What waits in the kernel for a listener's accept(), by sock_diag. */
#ifndef WEIR_ACCEPT_QUEUE_H
#define WEIR_ACCEPT_QUEUE_H

#include <stdint.h>

#include "abi.h"

struct accept_queue {
	int fd;
	uint32_t sequence;
};

struct accept_depth {
	unsigned int sockets;	 /* listening: several with SO_REUSEPORT */
	uint64_t waiting, limit; /* of all of them: how many more may wait is the difference */
	double fullest;		 /* waiting / limit of one; a little above 1 at most */
};

/* Of the calling thread's network namespace. Returns -errno. */
int accept_queue_open(struct accept_queue *queue);
void accept_queue_close(struct accept_queue *queue);

/* Sockets that listen on a port whose bit is set, of either family. The kernel answers within the
 * call. Returns -errno. */
int accept_queue_read(struct accept_queue *queue, const uint64_t ports[PORTS / 64],
		      struct accept_depth *depth);

/* TcpExt: ListenOverflows of the namespace since it was made. Returns -errno. */
int accept_queue_overflows(uint64_t *overflows);

#endif
