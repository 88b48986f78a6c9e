// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "setup_slices.h"

#define RECENT 8 /* two seconds */

void slices_begin(struct setup_slices *slices, const struct setup_counters *sum, uint64_t now_ns)
{
	uint64_t slice = now_ns >> SETUP_SLICE_NS_SHIFT;

	/* longer away than they remember, or not here before: what they hold is of no known time */
	if (!slices->begun || slice - slices->last >= SETUP_SLICES) {
		slices->first = slice + 1;
		slices->last = slice;
	}
	for (uint64_t next = slices->last + 1; next <= slice; next++) {
		unsigned int i = next % SETUP_SLICES;

		slices->noted[i] = sum->noted[i];
		slices->requested[i] = sum->requested[i];
	}
	slices->last = slice;
	slices->begun = true;
}

static bool is_known(const struct setup_slices *slices, uint64_t slice)
{
	return slice >= slices->first && slices->last - slice < SETUP_SLICES - 1;
}

/* Without those taken back: one that was noted before the look at which the slice began may be among these. */
static struct slice_count count(const struct setup_slices *slices, const struct setup_counters *sum,
				uint64_t slice)
{
	unsigned int i = slice % SETUP_SLICES;
	int64_t noted = (int64_t)(sum->noted[i] - slices->noted[i]);

	return (struct slice_count){ noted > 0 ? (uint64_t)noted : 0,
				     sum->requested[i] - slices->requested[i] };
}

struct slice_count slices_recent(const struct setup_slices *slices,
				 const struct setup_counters *sum, uint64_t end_ns)
{
	uint64_t end = end_ns >> SETUP_SLICE_NS_SHIFT;
	struct slice_count total = { 0, 0 };

	for (uint64_t slice = end > RECENT ? end - RECENT : 0; slice < end; slice++) {
		struct slice_count of;

		if (!is_known(slices, slice))
			continue;
		of = count(slices, sum, slice);
		total.noted += of.noted;
		total.requested += of.requested;
	}
	return total;
}

struct slice_count slices_judge(struct setup_slices *slices, const struct setup_counters *sum,
				uint64_t end_ns)
{
	uint64_t end = end_ns >> SETUP_SLICE_NS_SHIFT;
	struct slice_count total = { 0, 0 };

	if (slices->judged < slices->first)
		slices->judged = slices->first;
	for (; slices->judged < end; slices->judged++) {
		struct slice_count of;

		if (!is_known(slices, slices->judged))
			continue;
		of = count(slices, sum, slices->judged);
		total.noted += of.noted;
		total.requested += of.requested < of.noted ? of.requested : of.noted;
	}
	return total;
}
