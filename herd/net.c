// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "herd/net.h"

#include <errno.h>
#include <linux/tcp.h> /* not netinet/tcp.h, whose tcp_info ends early */
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "herd/say.h"

/* include/net/tcp_states.h */
#define SYN_SENT 2
#define CLOSED 7

#ifndef IP_BIND_ADDRESS_NO_PORT
#define IP_BIND_ADDRESS_NO_PORT 24
#endif

int net_resolve(const char *host, uint16_t port, union net_address *address)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	struct addrinfo *found;
	char service[8];
	int err;

	snprintf(service, sizeof(service), "%u", port);
	err = getaddrinfo(host, service, &hints, &found);
	if (err) {
		say_error("cannot find host '%s': %s; write an address, or a name that resolves",
			  host, gai_strerror(err));
		return -EINVAL;
	}
	*address = (union net_address){ 0 };
	memcpy(&address->storage, found->ai_addr, found->ai_addrlen);
	freeaddrinfo(found);
	return 0;
}

void net_source(const struct addr *addr, bool v4, union net_address *address)
{
	*address = (union net_address){ 0 };
	if (v4) {
		struct sockaddr_in *in = (struct sockaddr_in *)address;

		in->sin_family = AF_INET;
		memcpy(&in->sin_addr, (const uint8_t *)addr + 12, 4);
	} else {
		struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)address;

		in6->sin6_family = AF_INET6;
		memcpy(&in6->sin6_addr, addr, 16);
	}
}

static socklen_t address_len(const union net_address *address)
{
	return address->any.sa_family == AF_INET ? sizeof(struct sockaddr_in)
						 : sizeof(struct sockaddr_in6);
}

/* Any address, whether this host has it or not; the port is chosen with the target in view. */
static int bind_source(int fd, const union net_address *from)
{
	static const int on = 1;
	bool v4 = from->any.sa_family == AF_INET;

	if (setsockopt(fd, v4 ? IPPROTO_IP : IPPROTO_IPV6, v4 ? IP_FREEBIND : IPV6_FREEBIND, &on,
		       sizeof(on)) ||
	    setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof(on)) ||
	    bind(fd, &from->any, address_len(from)))
		return -errno;
	return 0;
}

int net_connect(const union net_address *to, const union net_address *from)
{
	static const int on = 1;
	int fd = socket(to->any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int err = 0;

	if (fd < 0)
		return -errno;
	if (from->any.sa_family)
		err = bind_source(fd, from);
	if (!err && setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)))
		err = -errno;
	if (!err && connect(fd, &to->any, address_len(to)) && errno != EINPROGRESS)
		err = -errno;
	if (!err)
		return fd;
	close(fd);
	return err;
}

int net_error(int fd)
{
	socklen_t len = sizeof(int);
	int error = 0;

	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len))
		return errno;
	return error;
}

void net_facts(int fd, struct net_facts *facts)
{
	struct tcp_info info = { 0 };
	socklen_t len = sizeof(info);

	*facts = (struct net_facts){ .closed = true };
	if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len))
		return;
	facts->retransmits = info.tcpi_total_retrans;
	facts->data_segments_in = info.tcpi_data_segs_in;
	facts->connecting = info.tcpi_state == SYN_SENT;
	facts->closed = info.tcpi_state == CLOSED;
}

bool net_has_unread(int fd)
{
	int bytes = 0;

	return !ioctl(fd, FIONREAD, &bytes) && bytes > 0;
}
