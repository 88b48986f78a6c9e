// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "accept_queue.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* libmnl builds and walks the messages; its sockets cannot be made non-blocking at birth. */
int accept_queue_open(struct accept_queue *queue)
{
	queue->sequence = 0;
	queue->fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_SOCK_DIAG);
	return queue->fd < 0 ? -errno : 0;
}

void accept_queue_close(struct accept_queue *queue)
{
	if (queue->fd >= 0)
		close(queue->fd);
	queue->fd = -1;
}

struct reading {
	const uint64_t *ports;
	struct accept_depth *depth;
};

static int take_socket(const struct nlmsghdr *message, void *arg)
{
	const struct reading *reading = arg;
	const struct inet_diag_msg *diag = mnl_nlmsg_get_payload(message);
	struct accept_depth *depth = reading->depth;
	unsigned int port;
	double full;

	if (mnl_nlmsg_get_payload_len(message) < sizeof(*diag))
		return MNL_CB_OK;
	port = ntohs(diag->id.idiag_sport);
	if (!(reading->ports[port / 64] >> (port % 64) & 1))
		return MNL_CB_OK;
	/* of a listening socket: sk_ack_backlog and sk_max_ack_backlog (tcp_diag.c) */
	depth->sockets++;
	depth->waiting += diag->idiag_rqueue;
	depth->limit += diag->idiag_wqueue;
	/* a backlog of 0 holds one */
	full = (double)diag->idiag_rqueue / (diag->idiag_wqueue ? diag->idiag_wqueue : 1);
	if (full > depth->fullest)
		depth->fullest = full;
	return MNL_CB_OK;
}

static int dump(struct accept_queue *queue, uint8_t family, const struct reading *reading)
{
	char buf[16384] __attribute__((aligned(8)));
	struct nlmsghdr *request = mnl_nlmsg_put_header(buf);
	struct inet_diag_req_v2 *wanted;
	int more;

	request->nlmsg_type = SOCK_DIAG_BY_FAMILY;
	request->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	request->nlmsg_seq = ++queue->sequence;
	wanted = mnl_nlmsg_put_extra_header(request, sizeof(*wanted));
	wanted->sdiag_family = family;
	wanted->sdiag_protocol = IPPROTO_TCP;
	wanted->idiag_states = 1U << TCP_LISTEN;
	if (send(queue->fd, request, request->nlmsg_len, 0) < 0)
		return -errno;
	do {
		ssize_t len = recv(queue->fd, buf, sizeof(buf), 0);

		if (len < 0)
			return -errno;
		more = mnl_cb_run(buf, (size_t)len, queue->sequence, 0, take_socket,
				  (void *)(uintptr_t)reading);
		if (more < 0)
			return -errno;
	} while (more > MNL_CB_STOP);
	return 0;
}

int accept_queue_read(struct accept_queue *queue, const uint64_t ports[PORTS / 64],
		      struct accept_depth *depth)
{
	const struct reading reading = { ports, depth };
	int err;

	*depth = (struct accept_depth){ 0 };
	err = dump(queue, AF_INET, &reading);
	/* a kernel without IPv6 has no such sockets */
	if (!err) {
		err = dump(queue, AF_INET6, &reading);
		if (err == -ENOENT || err == -EAFNOSUPPORT)
			err = 0;
	}
	/* what is left of an answer must not be taken for the next one */
	if (err) {
		accept_queue_close(queue);
		accept_queue_open(queue);
	}
	return err;
}

/* Two lines, of names and of values: "TcpExt: SyncookiesSent ...", "TcpExt: 0 ...". */
static int find_value(char *names, char *values, const char *wanted, uint64_t *value)
{
	char *name, *number;

	while ((name = strsep(&names, " \n")) && (number = strsep(&values, " \n"))) {
		if (strcmp(name, wanted))
			continue;
		*value = strtoull(number, NULL, 10);
		return 0;
	}
	return -ENOENT;
}

int accept_queue_overflows(uint64_t *overflows)
{
	/* of the thread's namespace; "/proc/net" is that of the process's first thread */
	FILE *in = fopen("/proc/thread-self/net/netstat", "re");
	char *names = NULL, *values = NULL;
	size_t names_size = 0, values_size = 0;
	int err = -ENOENT;

	if (!in)
		return -errno;
	while (err == -ENOENT && getline(&names, &names_size, in) > 0 &&
	       getline(&values, &values_size, in) > 0)
		if (!strncmp(names, "TcpExt:", 7))
			err = find_value(names, values, "ListenOverflows", overflows);
	free(names);
	free(values);
	fclose(in);
	return err;
}
