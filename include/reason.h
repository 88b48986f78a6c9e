/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Why a frame got its verdict. A closed, append-only list: the numbers are keys of pinned counters
 * and the names (user/names.c) are metric labels, so neither is ever reused or reordered.
 */
#ifndef WEIR_REASON_H
#define WEIR_REASON_H

enum reason {
	REASON_NONE, /* no stage has decided yet; never counted */

	/* not judged: every such frame passes */
	REASON_NOT_IP,
	REASON_NOT_TCP,
	REASON_NOT_SYN,
	REASON_NOT_LISTENER, /* a SYN, but not to a listener */
	REASON_FRAGMENT,     /* not the first fragment: it has no ports */
	REASON_TRUNCATED,    /* ends inside a header */
	REASON_MALFORMED,    /* a header contradicts itself */
	REASON_VLAN_DEPTH,   /* more than two VLAN tags */
	REASON_EXT_DEPTH,    /* more IPv6 extension headers than are followed */
	REASON_INTERNAL,     /* state is missing: fails open */

	/* judged: SYNs to a listener */
	REASON_ADMITTED,
	REASON_HOST_LIMIT,
	REASON_LISTENER_LIMIT,
	REASON_SITE_LIMIT,
	REASON_SOURCE_LIMIT,
	REASON_CONTENDED,  /* lost every race for a token */
	REASON_ALLOWED,	   /* by a prefix rule: passes */
	REASON_BLOCKED,	   /* by a prefix rule */
	REASON_RESERVED,   /* the tokens left are for those who have waited */
	REASON_RETRANSMIT, /* of a SYN that was admitted: passes, not charged again */
	REASON_BEHIND,	   /* others are held, and go first */
	REASON_RELEASED,   /* was held, and is put back: met again in generic mode only */
	REASON_WINDOW,	   /* as many are in set-up as the broker can bear, or no faster */

	REASON_COUNT,
};

/* Room for later reasons in pinned counters. */
#define REASON_MAX 32

enum verdict {
	VERDICT_PASS,
	VERDICT_DROP,
	VERDICT_DELAY,
	VERDICT_REJECT,
	VERDICT_COUNT,
};

_Static_assert(REASON_COUNT <= REASON_MAX, "more reasons than the pinned counters hold");

#endif
