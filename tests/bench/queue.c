// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * What one put, one retransmit and one take of the delay queue cost, in ns: medians of several
 * rounds, with the best and the worst of them, in CPU time.
 *
 *	queue [ENTRIES [SITES]]		default 10000 1000
 *
 * Each round fills half of the queue with new SYNs and half with retransmits, of random sites and
 * sources; sends all of the new ones again; offers as many more while it is full, of which
 * some take the place of another one; then takes all. Frames are of 74 bytes.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "queue.h"

#define ROUNDS 31
#define FRAME_LEN 74 /* Linux' SYN */

enum what {
	PUT,
	RETRANSMIT,
	FULL,
	TAKE,
	KINDS
};

static const char *const names[KINDS] = { "put", "retransmit of a queued one", "put when full",
					  "take" };
static double ns[KINDS][ROUNDS];
static uint64_t seed = 1;

static uint64_t clock_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (uint64_t)now.tv_sec * 1000000000ULL + (uint64_t)now.tv_nsec;
}

static uint64_t draw(void)
{
	uint64_t z = seed += 0x9e3779b97f4a7c15ULL;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
	return z ^ z >> 31;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static struct queue_syn *make_syns(uint32_t count, uint32_t sites, uint64_t *site_hash)
{
	static const uint8_t frame[FRAME_LEN];
	struct queue_syn *syns = calloc(count, sizeof(*syns));

	for (uint32_t i = 0; syns && i < count; i++)
		syns[i] = (struct queue_syn){
			.key = draw(),
			.site = site_hash[draw() % sites],
			.source = draw(),
			.frame = frame,
			.len = FRAME_LEN,
		};
	return syns;
}

static void put(struct queue *queue, struct queue_syn *syns, uint32_t from, uint32_t to,
		bool retransmit, uint64_t now_ns)
{
	const struct queue_entry *victim;

	for (uint32_t i = from; i < to; i++) {
		syns[i].first_seen_ns = now_ns;
		syns[i].retransmit = retransmit;
		queue_put(queue, &syns[i], now_ns, &victim);
	}
}

static void note(enum what what, int round, uint64_t since_ns, uint32_t count)
{
	ns[what][round] = (double)(clock_ns() - since_ns) / count;
}

static void run(struct queue *queue, struct queue_syn *syns, uint32_t entries, int round)
{
	uint64_t now_ns = (uint64_t)(round + 1) * 3600000000000ULL, began;

	began = clock_ns();
	put(queue, syns, 0, entries / 2, false, now_ns);
	put(queue, syns, entries / 2, entries, true, now_ns);
	note(PUT, round, began, entries);
	began = clock_ns();
	put(queue, syns, 0, entries / 2, true, now_ns + 1);
	note(RETRANSMIT, round, began, entries / 2);
	began = clock_ns();
	put(queue, syns, entries, 2 * entries, true, now_ns + 2);
	note(FULL, round, began, entries);
	began = clock_ns();
	while (queue_take(queue, now_ns + 3))
		;
	note(TAKE, round, began, entries);
}

int main(int argc, char **argv)
{
	uint32_t entries = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 0) : 10000;
	uint32_t sites = argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 0) : 1000;
	struct queue *queue = queue_create(entries, 60000000000ULL);
	uint64_t *site_hash = calloc(sites, sizeof(*site_hash));

	if (!queue || !site_hash || !sites) {
		fprintf(stderr, "queue: cannot make a queue of %u entries\n", entries);
		return 1;
	}
	for (uint32_t i = 0; i < sites; i++)
		site_hash[i] = draw();
	for (int round = 0; round < ROUNDS; round++) {
		struct queue_syn *syns = make_syns(2 * entries, sites, site_hash);

		if (!syns)
			return 1;
		run(queue, syns, entries, round);
		free(syns);
	}
	printf("%u entries, %u sites; %d rounds\n", entries, sites, ROUNDS);
	for (int what = 0; what < KINDS; what++) {
		qsort(ns[what], ROUNDS, sizeof(ns[what][0]), compare);
		printf("%-28s %4.0f ns (%.0f to %.0f)\n", names[what], ns[what][ROUNDS / 2],
		       ns[what][0], ns[what][ROUNDS - 1]);
	}
	printf("evicted %llu\n",
	       (unsigned long long)queue_stats(queue)->ends[QUEUE_RETRANSMITS][QUEUE_EVICTED]);
	free(site_hash);
	queue_destroy(queue);
	return 0;
}
