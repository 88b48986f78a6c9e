// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* How full the accept queues of a listener are, or how often those of the namespace overflow. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "accept_queue.h"
#include "signal_kind.h"

#define NS_PER_SECOND 1e9

struct own {
	struct accept_queue queue;
	bool has_before;
	uint64_t before, before_ns; /* overflows */
};

static int open_own(struct signal *signal)
{
	struct own *own = calloc(1, sizeof(*own));
	int err;

	if (!own)
		return -ENOMEM;
	err = accept_queue_open(&own->queue);
	if (err) {
		free(own);
		return err;
	}
	signal->own = own;
	return 0;
}

static void read_depth(struct signal *signal, uint64_t now_ns)
{
	struct own *own = signal->own;
	struct accept_depth depth = { 0 };
	int err = accept_queue_read(&own->queue, signal->ports, &depth);

	if (err)
		signal_failed(signal, "sock_diag: %s", strerror(-err));
	else if (!depth.sockets)
		signal_failed(signal, "nothing listens on the ports of the listener");
	else
		signal_took(signal, now_ns, depth.fullest, signal->wanted.target, "accept queue");
}

static void read_overflows(struct signal *signal, uint64_t now_ns)
{
	struct own *own = signal->own;
	uint64_t overflows;
	int err = accept_queue_overflows(&overflows);

	if (err) {
		signal_failed(signal, "/proc/thread-self/net/netstat: %s", strerror(-err));
		return;
	}
	if (!own->has_before || overflows < own->before || now_ns <= own->before_ns)
		signal_waits(signal, "nothing to compare with yet");
	else
		signal_took(signal, now_ns,
			    (double)(overflows - own->before) * NS_PER_SECOND /
				    (double)(now_ns - own->before_ns),
			    signal->wanted.target, "ListenOverflows");
	own->has_before = true;
	own->before = overflows;
	own->before_ns = now_ns;
}

static void begin(struct signal *signal, uint64_t now_ns)
{
	if (signal->wanted.kind == VALUE_OVERFLOWS)
		read_overflows(signal, now_ns);
	else
		read_depth(signal, now_ns);
}

static void close_own(struct signal *signal)
{
	struct own *own = signal->own;

	accept_queue_close(&own->queue);
	free(own);
}

const struct signal_kind signal_accept_queue = {
	.open = open_own,
	.begin = begin,
	.close = close_own,
};
