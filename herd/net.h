/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Sockets of devices. */
#ifndef HERD_NET_H
#define HERD_NET_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "abi.h"

union net_address {
	struct sockaddr any;
	struct sockaddr_storage storage; /* ss_family 0: none */
};

/* HOST and PORT; says what is wrong. 0 or -EINVAL. */
int net_resolve(const char *host, uint16_t port, union net_address *address);
/* An address of ours as a source, port left to the kernel. */
void net_source(const struct addr *addr, bool v4, union net_address *address);
/* A socket of a connection attempt in progress or done, or -errno. */
int net_connect(const union net_address *to, const union net_address *from);
/* Takes the error of a socket: 0 or positive errno. */
int net_error(int fd);

struct net_facts {
	uint32_t retransmits; /* so far */
	uint32_t data_segments_in;
	bool connecting; /* no SYN-ACK yet */
	bool closed;	 /* nothing more will come */
};

void net_facts(int fd, struct net_facts *facts);
/* Is there payload that was not read? */
bool net_has_unread(int fd);

#endif
