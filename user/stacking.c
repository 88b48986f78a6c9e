// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "stacking.h"

static bool stands_on(const struct stacked *upper, const struct stacked *lower)
{
	return upper->below == lower->index || upper->index == lower->master;
}

/* Marks all devices directly on @lower; returns whether any is new. */
static bool mark_uppers(struct stacked *devices, unsigned int count, const struct stacked *lower)
{
	bool found = false;

	for (unsigned int i = 0; i < count; i++) {
		if (devices[i].above || !stands_on(&devices[i], lower))
			continue;
		devices[i].above = true;
		found = true;
	}
	return found;
}

bool stacking_takes_tags(struct stacked *devices, unsigned int count, uint32_t index)
{
	bool found = true, takes = false;

	for (unsigned int i = 0; i < count; i++)
		devices[i].above = devices[i].index == index;
	while (found) {
		found = false;
		for (unsigned int i = 0; i < count; i++)
			if (devices[i].above)
				found |= mark_uppers(devices, count, &devices[i]);
	}
	for (unsigned int i = 0; i < count; i++)
		takes |= devices[i].above && devices[i].takes_tags && devices[i].index != index;
	return takes;
}
