/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the packet path asks before it looks for a rule. Pure. */
#ifndef WEIR_RULE_FILTER_H
#define WEIR_RULE_FILTER_H

#include "abi.h"
#include "rules.h"

/* The filter of the rules in @rules that are of @family. With rules of more than RULE_FILTER_MASKS
 * lengths, or with one of length 0, it says nothing of any source. */
void rule_filter_build(struct rule_filter *filter, const struct rules *rules, enum family family,
		       const struct hash_seed *seed);

#endif
