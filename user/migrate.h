/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* State of a running instance in another form: that of an earlier ABI, or of a table of another
 * size. Pure: contents of maps in, contents of maps out. */
#ifndef WEIR_MIGRATE_H
#define WEIR_MIGRATE_H

#include <stdint.h>

#include "abi.h"
#include "abi1.h"

/*
 * @to, all zero, becomes @from, but for what describes the new program and table: version and
 * source_slots. Listeners get other serials than the ids that were part of their bucket keys, and
 * the seed changes with them, so that every bucket keeps its hash.
 */
void migrate_control_abi1(struct control *to, const struct abi1_control *from);

/* @to, all zero, becomes @from in force at @generation: every bucket has the tokens under it that
 * it had. A mode that may have been changed at runtime counts as that. */
void migrate_policy_abi1(struct policy *to, const struct abi1_policy *from, uint64_t generation);

void migrate_levels_abi1(struct level_state to[LEVELS_MAX],
			 const struct abi1_level from[ABI1_LEVELS]);

/* A source table that is being filled. */
struct new_table {
	struct bucket_set *sets; /* all zero at first */
	uint32_t count;
	uint64_t now_ns;
	uint64_t refill_max_ns; /* as in struct policy */
	uint64_t forgotten;	/* in debt, but for no place in their set; those of more debt won */
};

/* Each bucket goes where the program looks for it. @from may be in use. */
void migrate_buckets_abi1(struct new_table *to, const struct abi1_set *from, uint32_t count);

/*
 * The place of a bucket does not tell all of the hash that chose it, so each goes into every set
 * that it may belong to: one or two if the table becomes smaller. In a wrong one, another source
 * would have to share its 32-bit tag to find it. @from may be in use.
 */
void migrate_buckets(struct new_table *to, const struct bucket_set *from, uint32_t count);

#endif
