/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Moving a running instance to maps of another form: from those of an earlier ABI, or to a source
 * table of another size. The new maps are made, filled and pinned beside the old ones, the programs
 * of all links are switched, and the two directories change places. What fails before that leaves
 * everything as it is; so does a kill, or the next attach completes what it has begun.
 */
#ifndef WEIR_UPGRADE_H
#define WEIR_UPGRADE_H

#include <stdbool.h>
#include <stdint.h>

#include "datapath.h"
#include "instance.h"
#include "links.h"
#include "pins.h"

struct upgrade {
	const struct pins *pins;
	struct instance *instance;    /* in force */
	struct instance next;	      /* that is to be; after the commit, that was */
	char beside[PINS_BESIDE_MAX]; /* where that is pinned */
	uint32_t from_abi;
	uint32_t from_slots;
};

/* @instance as found, also with -ESTALE. @sources: room that is wanted in the source table; 0: as
 * much as it has. */
bool upgrade_is_needed(const struct instance *instance, uint32_t sources);

/*
 * Makes the new maps, with the policy of @instance, and loads the program on them. Everything else
 * but the buckets is there already. Errors have been reported; end it either way.
 */
int upgrade_begin(struct upgrade *upgrade, struct datapath **datapath, const struct pins *pins,
		  struct instance *instance, const struct links *links, uint32_t sources);
/* Copies the buckets. Tokens taken from now on, until the programs are switched, are not missed. */
int upgrade_fill(struct upgrade *upgrade);
/* After the switch: the new maps are those of the instance, and the struct is theirs. */
int upgrade_commit(struct upgrade *upgrade);
void upgrade_end(struct upgrade *upgrade);

/* Has an attach been killed in the middle of this? Then any link of the instance may have a program
 * of either state. */
bool upgrade_is_interrupted(const struct pins *pins, const char *name);
/* Of a command that changes something: -EBUSY if so, reported with what to do. */
int upgrade_check_done(const struct pins *pins, const char *name);
/* If so, returns true, with the new state under @name if a program uses it, and no other beside. */
bool upgrade_recover(const struct pins *pins, const char *name);

#endif
