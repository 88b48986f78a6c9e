/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * delay-max = auto: how long a SYN may wait, learned from what becomes of those that have waited.
 * Too long serves clients that have given up; too short sends patient ones back to their timers.
 * Pure.
 *
 * It starts at 500 ms: no common client gives up before 3 s, set-up included. It grows while less
 * than 2 % of the releases fail, and halves when more than 5 % do. A release fails if its SYN+ACK
 * is answered by the client's RST; one that is not answered at all counts as gone well.
 *
 * Growing needs proof: a release that was held for half of delay-max and went well. Calm times prove
 * nothing, so the next storm does not begin with what nobody has tried. In a storm the time held
 * grows with the clock, and delay-max, which doubles, stays ahead of it: patient clients never see
 * it. Once it was too long it grows by an eighth at a time from where that left it, each
 * time only after it was in force for as long as itself and was nearly used up, and not up to where
 * releases failed: clients' patience is much the same in every storm of a fleet, and finding its edge
 * again costs failures each time. That is forgotten after a minute.
 */
#ifndef WEIR_DELAY_MAX_H
#define WEIR_DELAY_MAX_H

#include <stdbool.h>
#include <stdint.h>

#define DELAY_MAX_START_NS 500000000ULL
#define DELAY_MAX_LEAST_NS 100000000ULL	 /* shorter than a turn of a broker under load */
#define DELAY_MAX_MOST_NS 60000000000ULL /* most stacks and all libraries have given up by then */

struct delay_max {
	uint64_t learned_ns; /* before it is capped */
	uint64_t changed_ns; /* when learned_ns was */
	uint64_t halved_ns;  /* when it was halved last */
	uint64_t careful_ns; /* from here on it grows by an eighth; 0: nothing was ever too long */
	uint64_t edge_ns;    /* and stays below this: the shortest that failed then; 0: not known */
	/* Since the last change: */
	uint64_t proven_ns; /* longest time held of a release that went well */
	uint64_t judged;    /* releases whose end is known */
	uint64_t failed;    /* of these */
	/* shortest time held of one that failed and was longer than half of learned_ns; 0: none */
	uint64_t failed_from_ns;
};

void delay_max_init(struct delay_max *delay_max, uint64_t now_ns);

/*
 * @count releases, held for @held_ns since the start of their term (queue_entry.term_ns), have gone
 * well or @failed. Those held for longer than is allowed by now change nothing: they were released
 * before it was halved. Releases of SYNs that may be spoofed prove nothing and should not be noted:
 * only recognised retransmits, while the reserve keeps new SYNs out.
 */
void delay_max_note(struct delay_max *delay_max, uint64_t held_ns, uint32_t count, bool failed);

/*
 * To be called now and then, best after every few notes. Returns delay-max in ns: what was learned,
 * but no longer than a queue of @entries lasts at @rate_per_sec (0: unlimited, or closed: no such
 * cap), and in any case DELAY_MAX_LEAST_NS.
 */
uint64_t delay_max_update(struct delay_max *delay_max, uint32_t entries, uint64_t rate_per_sec,
			  uint64_t now_ns);

#endif
