// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "herd/timers.h"

#include <errno.h>
#include <stdlib.h>

#define CHILDREN 4U

int timers_init(struct timers *timers, uint32_t members)
{
	*timers = (struct timers){ .members = members };
	timers->heap = calloc(members ? members : 1, sizeof(*timers->heap));
	timers->place = calloc(members ? members : 1, sizeof(*timers->place));
	if (timers->heap && timers->place)
		return 0;
	timers_free(timers);
	return -ENOMEM;
}

void timers_free(struct timers *timers)
{
	free(timers->heap);
	free(timers->place);
	timers->heap = NULL;
	timers->place = NULL;
	timers->count = 0;
}

static void put(struct timers *timers, uint32_t at, struct timers_entry entry)
{
	timers->heap[at] = entry;
	timers->place[entry.member] = at + 1;
}

static void sift_up(struct timers *timers, uint32_t at, struct timers_entry entry)
{
	while (at) {
		uint32_t parent = (at - 1) / CHILDREN;

		if (timers->heap[parent].due_ns <= entry.due_ns)
			break;
		put(timers, at, timers->heap[parent]);
		at = parent;
	}
	put(timers, at, entry);
}

static void sift_down(struct timers *timers, uint32_t at, struct timers_entry entry)
{
	for (;;) {
		uint32_t child = at * CHILDREN + 1, least = child;

		if (child >= timers->count)
			break;
		for (uint32_t i = child + 1; i < child + CHILDREN && i < timers->count; i++)
			if (timers->heap[i].due_ns < timers->heap[least].due_ns)
				least = i;
		if (entry.due_ns <= timers->heap[least].due_ns)
			break;
		put(timers, at, timers->heap[least]);
		at = least;
	}
	put(timers, at, entry);
}

static void settle(struct timers *timers, uint32_t at, struct timers_entry entry)
{
	if (at && timers->heap[(at - 1) / CHILDREN].due_ns > entry.due_ns)
		sift_up(timers, at, entry);
	else
		sift_down(timers, at, entry);
}

void timers_set(struct timers *timers, uint32_t member, uint64_t due_ns)
{
	uint32_t place = timers->place[member];

	if (due_ns && place) {
		if (timers->heap[place - 1].due_ns != due_ns)
			settle(timers, place - 1, (struct timers_entry){ due_ns, member });
	} else if (due_ns) {
		sift_up(timers, timers->count++, (struct timers_entry){ due_ns, member });
	} else if (place) {
		timers->place[member] = 0;
		if (place != timers->count--)
			settle(timers, place - 1, timers->heap[timers->count]);
	}
}

bool timers_first(const struct timers *timers, uint64_t *due_ns, uint32_t *member)
{
	if (!timers->count)
		return false;
	*due_ns = timers->heap[0].due_ns;
	*member = timers->heap[0].member;
	return true;
}
