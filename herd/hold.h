/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * One direction of the delay relay: packets are held for a time and leave in the order in which
 * they came, like the bits on a long wire. Pure; memory is the caller's and bounded.
 */
#ifndef HERD_HOLD_H
#define HERD_HOLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "herd/chance.h"

struct hold_rule {
	uint64_t delay_ns;
	uint64_t jitter_ns;   /* 0 to this much more, uniformly; never overtakes */
	uint32_t loss_ppm;    /* parts in a million that vanish */
	uint64_t bit_per_sec; /* 0: unlimited; a packet leaves the wire when its last bit does */
};

struct hold {
	struct hold_rule rule;
	struct chance chance;
	uint8_t *bytes;
	size_t size;		    /* of bytes */
	size_t head, tail;	    /* next to leave, next to come; equal: empty */
	uint64_t last_ns;	    /* when the last one that came will leave */
	uint64_t wire_ns;	    /* until then the wire is busy */
	uint64_t taken, lost, full; /* packets */
};

/* @bytes must live as long as @hold and be aligned to 8; @size is a multiple of 8. */
void hold_init(struct hold *hold, const struct hold_rule *rule, uint8_t *bytes, size_t size,
	       uint64_t seed);
/* Whether it was taken; otherwise it is lost or there is no room. */
bool hold_put(struct hold *hold, const uint8_t *packet, size_t len, uint64_t now_ns);
/* When the next one is due; UINT64_MAX: none is held. */
uint64_t hold_due_ns(const struct hold *hold);
/* The packet that is due, or NULL; it stays until hold_pop(). */
const uint8_t *hold_peek(const struct hold *hold, uint64_t now_ns, size_t *len);
void hold_pop(struct hold *hold);

#endif
