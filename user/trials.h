/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Releases whose end is not known yet, for delay-max = auto. Pure.
 *
 * A client that has given up answers the SYN+ACK with a RST, after a round trip. One that has not
 * done so after TRIAL_FIRST_NS counts as gone well: waiting for longer would hold back what the
 * storm has to teach. It is looked at again after TRIAL_LAST_NS, and counts as failed if the RST had
 * a longer way.
 */
#ifndef WEIR_TRIALS_H
#define WEIR_TRIALS_H

#include <stdbool.h>
#include <stdint.h>

#define TRIAL_FIRST_NS 100000000ULL
#define TRIAL_LAST_NS 3000000000ULL /* the round trip of a satellite, and a loaded broker */

/* So many at once, those of 3 s at 5000 a second; beyond it the oldest are not judged. */
#define TRIALS_MAX 16384

struct trial {
	uint64_t key; /* of struct delay_record */
	uint64_t released_ns;
	uint64_t held_ns; /* since the start of its term */
	bool waited;	  /* has sent its SYN again: it is not forged, and a RST is its own */
	bool failed;	  /* and noted so */
};

/* All zero: none. The counts go up for ever; their remainders are places in the ring. */
struct trials {
	uint64_t added;
	uint64_t first; /* the next to look at for the first time */
	uint64_t last;	/* the next to look at for the last time */
	struct trial ring[TRIALS_MAX];
};

void trials_add(struct trials *trials, uint64_t key, uint64_t held_ns, bool waited,
		uint64_t now_ns);

/* The next one whose first, or last, look is due; NULL: none is. Valid until the next trials_add(). */
struct trial *trials_first(struct trials *trials, uint64_t now_ns);
struct trial *trials_last(struct trials *trials, uint64_t now_ns);

#endif
