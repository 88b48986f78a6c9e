// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "rule_filter.h"

#include <stdbool.h>
#include <string.h>

#include "rule_hash.h"
#include "text.h"

#define BITS_PER_RULE 16
#define BITS_PER_WORD 64

static struct addr mask_of(const struct rule_entry *entry)
{
	return text_mask(entry->family == FAMILY_V4 ? (uint8_t)(96 + entry->len) : entry->len);
}

/* False: there are too many lengths for a filter, or one that all sources have. */
static bool find_masks(struct rule_filter *filter, const struct rules *rules, enum family family)
{
	bool seen[129] = { false };

	for (unsigned int i = 0; i < rules->count; i++) {
		const struct rule_entry *entry = &rules->entries[i];

		if (entry->family != family || seen[entry->len])
			continue;
		if (!entry->len || filter->masks_count == RULE_FILTER_MASKS)
			return false;
		seen[entry->len] = true;
		filter->masks[filter->masks_count++] = mask_of(entry);
	}
	return true;
}

/* A power of two, as a mask. */
static uint32_t words_for(uint32_t rules)
{
	uint32_t words = 1;

	while (words < RULE_FILTER_WORDS && words * BITS_PER_WORD < rules * BITS_PER_RULE)
		words *= 2;
	return words - 1;
}

void rule_filter_build(struct rule_filter *filter, const struct rules *rules, enum family family,
		       const struct hash_seed *seed)
{
	memset(filter, 0, sizeof(*filter));
	if (!find_masks(filter, rules, family)) {
		filter->masks_count = 0;
		return;
	}
	filter->word_mask = words_for(rules->count_of[family]);
	for (unsigned int i = 0; i < rules->count; i++) {
		const struct rule_entry *entry = &rules->entries[i];
		struct addr mask = mask_of(entry);
		uint64_t hash = rule_hash(&entry->prefix, &mask, seed);

		if (entry->family == family)
			filter->words[rule_hash_word(hash, filter->word_mask)] |=
				rule_hash_bits(hash);
	}
}
