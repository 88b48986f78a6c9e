// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "herd/tally.h"

#define SUB (1U << HIST_SUB_BITS)

/* The first SUB buckets hold one value each, then every octave has SUB. */
static unsigned int bucket_of(uint64_t value)
{
	unsigned int octave;

	if (value < SUB)
		return (unsigned int)value;
	octave = 63 - (unsigned int)__builtin_clzll(value) - HIST_SUB_BITS;
	return ((octave + 1) << HIST_SUB_BITS) + (unsigned int)(value >> octave & (SUB - 1));
}

uint64_t hist_edge(unsigned int bucket)
{
	unsigned int octave;
	uint64_t low;

	if (bucket < SUB)
		return bucket;
	octave = (bucket >> HIST_SUB_BITS) - 1;
	low = (uint64_t)(SUB + (bucket & (SUB - 1))) << octave;
	return low + (1ULL << octave) - 1;
}

void hist_add(struct hist *hist, uint64_t value)
{
	hist->bucket[bucket_of(value)]++;
	hist->count++;
	if (value > hist->max)
		hist->max = value;
}

void hist_add_bucket(struct hist *hist, unsigned int bucket, uint32_t count)
{
	if (bucket >= HIST_BUCKETS)
		return;
	hist->bucket[bucket] += count;
	hist->count += count;
	if (count && hist_edge(bucket) > hist->max)
		hist->max = hist_edge(bucket);
}

uint64_t hist_quantile(const struct hist *hist, unsigned int permille)
{
	uint64_t rank = (hist->count * permille + 999) / 1000, seen = 0;

	if (!rank)
		rank = 1;
	for (unsigned int i = 0; hist->count && i < HIST_BUCKETS; i++) {
		seen += hist->bucket[i];
		if (seen >= rank)
			return hist_edge(i) < hist->max ? hist_edge(i) : hist->max;
	}
	return 0;
}

void hist_merge(struct hist *into, const struct hist *from)
{
	for (unsigned int i = 0; i < HIST_BUCKETS; i++)
		into->bucket[i] += from->bucket[i];
	into->count += from->count;
	if (from->max > into->max)
		into->max = from->max;
}
