// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "herd/engine.h"

/* Longer than the queue of a broker that will ever get out of it. */
#define WATCH_NS 30000000000ULL

int gone_init(struct engine *engine, uint32_t max)
{
	engine->gone_max = max;
	engine->gone = calloc(max ? max : 1, sizeof(*engine->gone));
	return engine->gone ? 0 : -ENOMEM;
}

/* Counts a late answer; ends the watch when there is one, when none can come, or at @end. */
static void look(struct engine *engine, struct gone *gone, bool end)
{
	struct net_facts facts;

	net_facts(gone->fd, &facts);
	if (facts.data_segments_in)
		tally_count(&engine->tally, TALLY_WASTED, engine->now_ns);
	if (!facts.data_segments_in && !facts.closed && !end)
		return;
	close(gone->fd);
	gone->fd = -1;
}

static struct gone *oldest(const struct engine *engine)
{
	return &engine->gone[engine->gone_first];
}

static void drop_oldest(struct engine *engine)
{
	if (oldest(engine)->fd >= 0)
		look(engine, oldest(engine), true);
	engine->gone_first = (engine->gone_first + 1) % engine->gone_max;
	engine->gone_count--;
}

bool gone_evict(struct engine *engine)
{
	while (engine->gone_count) {
		bool was_open = oldest(engine)->fd >= 0;

		engine->gone_evicted += was_open;
		drop_oldest(engine);
		if (was_open)
			return true;
	}
	return false;
}

void gone_watch(struct engine *engine, int fd)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLRDHUP | EPOLLET };
	uint32_t slot;

	if (!engine->gone_max) {
		engine->gone_evicted++;
		close(fd);
		return;
	}
	if (engine->gone_count == engine->gone_max)
		engine->gone_evicted += oldest(engine)->fd >= 0, drop_oldest(engine);
	slot = (engine->gone_first + engine->gone_count++) % engine->gone_max;
	engine->gone[slot] = (struct gone){ fd, engine->now_ns + WATCH_NS };
	event.data.u64 = slot | GONE_FLAG;
	if (epoll_ctl(engine->epoll_fd, EPOLL_CTL_MOD, fd, &event))
		look(engine, &engine->gone[slot], true);
}

void gone_event(struct engine *engine, uint32_t slot)
{
	if (engine->gone[slot].fd >= 0)
		look(engine, &engine->gone[slot], false);
}

void gone_expire(struct engine *engine, bool all)
{
	while (engine->gone_count &&
	       (all || oldest(engine)->fd < 0 || oldest(engine)->until_ns <= engine->now_ns))
		drop_oldest(engine);
}
