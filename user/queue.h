/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The delay queue of one listener: SYNs that wait until the listener has a token for them, and in
 * which order they get it. Pure; all memory is taken at creation, about 550 bytes an entry and 128 KiB. No call
 * costs more than O(log n), apart from dropping what has expired: O(log n) for each such entry.
 *
 * Order: recognised retransmits first. Within each class one SYN a turn, sites in turn, within a
 * site its sources in turn, within a source the one that has been queued longest.
 *
 * Keys, sites and sources are hashes with a secret seed; only if nobody outside can choose them are
 * look-ups short and two connections never the same.
 */
#ifndef WEIR_QUEUE_H
#define WEIR_QUEUE_H

#include <stdbool.h>
#include <stdint.h>

#define QUEUE_FRAME_MAX 256
#define QUEUE_ENTRIES_MAX (1U << 24)

/* The same SYN sooner than this after the first is a copy that the network made, since no stack
 * sends one so early (Zephyr's is the earliest: 200 ms); it does not show that anybody waits. */
#define QUEUE_RETRANSMIT_MIN_NS 150000000ULL

/* What stacks wait longest between the first SYN and the second (3 s: RFC 1122, lwIP, FreeRTOS,
 * Windows 7), and 1 s for the round trip and coarse timers. See queue_take(). */
#define QUEUE_FIRST_GAP_MAX_NS 4000000000ULL

/* Of those that are too old one is served after so many others, or when nobody else is there and none was
 * served for so long. */
#define QUEUE_OTHERS 31
#define QUEUE_IDLE_NS 100000000ULL

/* In the order they are served. */
enum queue_class {
	QUEUE_RETRANSMITS,
	QUEUE_NEW,
	QUEUE_CLASSES,
};

/* What became of a SYN that was put. */
enum queue_result {
	QUEUE_QUEUED,
	QUEUE_REPLACED,	 /* a retransmit of a queued SYN; now of the first class */
	QUEUE_DUPLICATE, /* a copy of a queued SYN, but no retransmit; nothing changed */
	QUEUE_REFUSED_RETRANSMITS_ONLY, /* a new SYN, and the queue is half full */
	QUEUE_REFUSED_FULL,  /* a retransmit, and nobody has more places than its source */
	QUEUE_REFUSED_FRAME, /* empty, or longer than QUEUE_FRAME_MAX */
	QUEUE_REFUSED_AWAY,  /* its connection was sent away: queue_send_away() */
	QUEUE_RESULTS,
};

/* How an entry left. Each one does once: see queue_check(). */
enum queue_end {
	QUEUE_RELEASED,
	QUEUE_EXPIRED,	 /* its time was up */
	QUEUE_SILENT,	 /* its turn came, but its client has stopped sending it */
	QUEUE_EVICTED,	 /* the victim of another one when the queue was full */
	QUEUE_FORGOTTEN, /* by queue_forget() */
	QUEUE_SENT_AWAY, /* by queue_send_away() */
	QUEUE_ENDS,
};

struct queue_syn {
	uint64_t key;		/* fingerprint of 4-tuple and ISN */
	uint64_t site;		/* hash of the site */
	uint64_t source;	/* hash of the source */
	uint64_t first_seen_ns; /* first SYN of this connection; now if this is it */
	uint64_t meta;		/* kept for the caller, as ifindex is */
	const void *frame;	/* copied */
	uint32_t len;
	uint32_t ifindex;
	bool retransmit; /* recognised as one */
};

struct queue_entry {
	uint64_t key;
	uint64_t site;
	uint64_t source;
	uint64_t first_seen_ns;
	uint64_t last_seen_ns; /* the latest SYN of this connection */
	uint64_t queued_ns;
	uint64_t term_ns; /* from here delay-max counts: see queue_put() */
	uint64_t meta;
	uint32_t ifindex;
	uint16_t len;
	uint8_t class; /* enum queue_class */
	uint8_t frame[QUEUE_FRAME_MAX];
};

/* Upper bounds of the histogram of time held, from queued_ns to release, in ms; one more bucket
 * is above the last. Each count is of its bucket alone. */
#define QUEUE_HELD_BOUNDS_MS                                                           \
	{                                                                              \
		1, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10000, 30000, 60000 \
	}
#define QUEUE_HELD_BUCKETS 15

struct queue_stats {
	uint64_t results[QUEUE_RESULTS];
	uint64_t ends[QUEUE_CLASSES][QUEUE_ENDS];
	uint64_t held[QUEUE_HELD_BUCKETS]; /* of those released */
	uint64_t held_sum_ns;
};

struct queue;

/* @entries: 1 to QUEUE_ENTRIES_MAX. NULL: out of memory, or @entries is not in that range. */
struct queue *queue_create(uint32_t entries, uint64_t delay_max_ns);
void queue_destroy(struct queue *queue);

/* Counts for what is queued already, too. Connections of @age_max_ns and older, in a term of their
 * own, are dropped at their turn, but for a few that show whether their clients are still there; UINT64_MAX: all
 * are served. */
void queue_set_delay_max(struct queue *queue, uint64_t delay_max_ns, uint64_t age_max_ns);

/*
 * Queues a SYN, or puts it in the place of the copy that is queued: then its frame, ifindex and
 * meta are the newer ones, and its time goes on.
 *
 * An entry is dropped delay-max after its connection's first SYN, however often it was replaced.
 * But whoever is back after more than half of that has had its time, most likely, and would have
 * little or none of it left: for it delay-max counts from now, a term of its own.
 *
 * A retransmit that finds the queue full takes the place of another entry: of a new SYN if there
 * is one, else of a retransmit if somebody has at least two more than its own site, or in its site
 * two more than its source. *@victim is that entry, or NULL; valid until the next queue_put(). The
 * victim is the one queued last of the source with most entries of the site with most. One that is too
 * old (queue_set_delay_max()) takes nobody's place.
 */
enum queue_result queue_put(struct queue *queue, const struct queue_syn *syn, uint64_t now_ns,
			    const struct queue_entry **victim);

/*
 * The next one to release, or NULL. It is removed; the pointer is valid until the next queue_put().
 *
 * Entries whose client is gone are dropped on the way. A stack's timeout doubles at most: after
 * SYNs up to an age of t the next one comes not later than t + its first timeout. Silence for longer
 * than t + QUEUE_FIRST_GAP_MAX_NS means that nobody would answer.
 */
const struct queue_entry *queue_take(struct queue *queue, uint64_t now_ns);

/* What queue_take() would return, left in its place; valid until the next call but this one. */
const struct queue_entry *queue_peek(struct queue *queue, uint64_t now_ns);

/* The client gave up, or has connected otherwise. False: not queued. */
bool queue_forget(struct queue *queue, uint64_t key, uint64_t now_ns);

/* One of those that have come again, by all the bits of @chance, each as likely as any other while all
 * have; NULL: none is queued, or was found among 64. It stays; valid until the next call but this one. */
const struct queue_entry *queue_draw(const struct queue *queue, uint32_t chance);

/*
 * The client of the SYN with @key has been told that it is refused: takes it out if it is queued; its entry stays
 * valid until the next queue_put(). A SYN of up to 16384 such connections, the latest, is not queued any more, so that
 * the client can be told again: it may have been sent before that was known, or since that was lost.
 */
void queue_send_away(struct queue *queue, uint64_t key);

/* Drops what has expired, as every other call with a time does. Returns how many. */
uint32_t queue_expire(struct queue *queue, uint64_t now_ns);

/* When the next entry expires; UINT64_MAX if none is queued, or never. */
uint64_t queue_next_deadline(const struct queue *queue);

uint32_t queue_entries(const struct queue *queue); /* how many there can be */
uint32_t queue_length(const struct queue *queue, enum queue_class class);
uint32_t queue_sites(const struct queue *queue, enum queue_class class);
const struct queue_stats *queue_stats(const struct queue *queue);

/* NULL, or which invariant is broken. O(n): for tests. */
const char *queue_check(const struct queue *queue);

#endif
