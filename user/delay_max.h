/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * delay-max = auto: how long a SYN may wait, learned from what becomes of those that have waited.
 * Too long serves clients that have given up; too short sends patient ones back to their timers.
 * Pure.
 *
 * It starts at 500 ms: no common client gives up before 3 s, set-up included. It grows while less
 * than 2 % of the releases fail, and shrinks when more than 5 % do. A release fails if its client is
 * known to have given up before its answer; else it counts as gone well.
 *
 * Growing needs proof: a release that was held for half of delay-max and went well. Calm times prove
 * nothing, so the next storm does not begin with what nobody has tried. In a storm the time held
 * grows with the clock, and delay-max, which doubles, stays ahead of it: patient clients never see
 * it. Once it was too long it goes back to seven eighths of the shortest time that failed, the edge,
 * or by half if that is not enough, and does not come nearer to the edge for a minute, nor so near
 * that there is no time for a set-up: clients' patience is much the same in every storm of a fleet, and
 * finding it out costs failures each time.
 * Where it shrank and no edge is known it grows by an eighth at a time, each only after it was in
 * force for as long as itself and was nearly used up, as long as that minute lasts.
 *
 * Where set-ups are watched, clients are seen to give up in the middle of them, and so when: then all that are
 * let in have time for a set-up left, and an eighth of their patience, and those that fail only say that there are
 * impatient ones.
 *
 * A SYN that comes again later than delay-max may wait for a term of its own (queue_put()): patient
 * clients could not be held at all otherwise. That it fails says nothing of delay-max. But if of those
 * who are so old two in three do, only a sample of them is let in (queue_set_delay_max()), until more of
 * twenty go well: then the impatient ones have gone, and the patient ones are left.
 */
#ifndef WEIR_DELAY_MAX_H
#define WEIR_DELAY_MAX_H

#include <stdbool.h>
#include <stdint.h>

#define DELAY_MAX_START_NS 500000000ULL
#define DELAY_MAX_LEAST_NS 100000000ULL /* shorter than a turn of a broker under load */
/* Of so many that gave up it is known when. */
#define DELAY_GIVE_UPS 256
#define DELAY_MAX_MOST_NS 60000000000ULL /* most stacks and all libraries have given up by then */

/* Releases whose end is known. */
struct delay_judged {
	uint64_t judged;
	uint64_t failed; /* of these */
	/* shortest of a failed one that says something: see delay_max_note(); 0: there is none */
	uint64_t failed_from_ns;
};

/* The age at which clients have given up; all zero: not known. */
struct delay_edge {
	uint64_t age_ns, found_ns;
};

struct delay_max {
	uint64_t learned_ns; /* before it is capped */
	uint64_t changed_ns; /* when learned_ns was */
	uint64_t shrunk_ns;  /* when it shrank last */
	uint64_t careful_ns; /* from here on it grows by an eighth; 0: nothing was ever too long */
	/* How long a set-up takes after the SYN is let in; 0: not known. That a client has given up is seen only
	 * if it does so early in that time. */
	uint64_t setup_ns, setup_noted_ns;
	/* How long those waited who gave up last, a ring; what most wait at least, 0: not known; and when the last
	 * one gave up: a minute later it is another storm, maybe of others. */
	uint64_t waited_ns[DELAY_GIVE_UPS], give_ups, waits_ns, gave_up_ns;
	struct delay_edge edge;
	/* Since the last change: */
	uint64_t proven_ns; /* longest time held of a release that went well */
	struct delay_judged own;
	/* Those that had a term of their own, and are as old as those that fail. */
	struct delay_judged late;
	struct delay_edge late_edge;
	/* The greater of the two edges' ages, UINT64_MAX: none is known. And all that were as old as that, or as
	 * those failures that may become an edge. */
	uint64_t gone_ns;
	uint64_t gone_since_ns; /* before an edge is known */
	struct delay_judged gone;
};

enum delay_outcome {
	DELAY_WELL,
	DELAY_FAILED,
	DELAY_FAILED_AFTER_ALL, /* it was noted as gone well */
};

void delay_max_init(struct delay_max *delay_max, uint64_t now_ns);

/*
 * @count releases, held for @held_ns since the start of their term (queue_entry.term_ns), @age_ns
 * after their first SYN, and what became of them. Those held for longer than is allowed by now change
 * nothing: they were released before it shrank. Releases of SYNs that may be spoofed prove nothing and
 * should not be noted: only recognised retransmits, while the reserve keeps new SYNs out.
 */
void delay_max_note(struct delay_max *delay_max, uint64_t held_ns, uint64_t age_ns, uint32_t count,
		    enum delay_outcome outcome);

/* A set-up would take @setup_ns at the moment, with the way there and back; 0: not known. To be called before each
 * update. */
void delay_max_note_setup(struct delay_max *delay_max, uint64_t setup_ns, uint64_t now_ns);

/* A client gave up in the middle of its set-up, @waited_ns after its first SYN: then it need not be guessed from
 * the ages of those that failed. */
void delay_max_note_give_up(struct delay_max *delay_max, uint64_t waited_ns, uint64_t now_ns);

/* Once of each such release that had a term of its own, when both that it went well and that it failed would be
 * known: failures are noted sooner, and would seem to be most. */
void delay_max_note_late(struct delay_max *delay_max, uint64_t age_ns, bool failed);

/*
 * To be called now and then, best after every few notes. Returns delay-max in ns: what was learned,
 * but no longer than a queue of @entries lasts at @rate_per_sec (0: unlimited, or closed: no such
 * cap), and in any case DELAY_MAX_LEAST_NS.
 */
uint64_t delay_max_update(struct delay_max *delay_max, uint32_t entries, uint64_t rate_per_sec,
			  uint64_t now_ns);

/* The age from which on most clients have given up when a SYN in a term of its own is answered;
 * UINT64_MAX: not known. */
uint64_t delay_max_age_ns(const struct delay_max *delay_max, uint64_t now_ns);

/* The age at which clients give up, as of the last update: most of those let in at that age or later had.
 * UINT64_MAX: not known, or most are patient. */
uint64_t delay_max_patience_ns(const struct delay_max *delay_max);

#endif
