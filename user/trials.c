// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "trials.h"

#include <stddef.h>

void trials_add(struct trials *trials, uint64_t key, uint64_t held_ns, bool waited, uint64_t now_ns)
{
	if (trials->added - trials->last == TRIALS_MAX)
		trials->last++;
	if (trials->first < trials->last)
		trials->first = trials->last;
	trials->ring[trials->added++ % TRIALS_MAX] = (struct trial){
		.key = key,
		.released_ns = now_ns,
		.held_ns = held_ns,
		.waited = waited,
	};
}

static struct trial *take(struct trials *trials, uint64_t *next, uint64_t age_ns, uint64_t now_ns)
{
	struct trial *trial = &trials->ring[*next % TRIALS_MAX];

	if (*next == trials->added || now_ns < trial->released_ns + age_ns)
		return NULL;
	(*next)++;
	return trial;
}

struct trial *trials_first(struct trials *trials, uint64_t now_ns)
{
	return take(trials, &trials->first, TRIAL_FIRST_NS, now_ns);
}

struct trial *trials_last(struct trials *trials, uint64_t now_ns)
{
	/* not before its first look */
	return trials->last < trials->first ? take(trials, &trials->last, TRIAL_LAST_NS, now_ns)
					    : NULL;
}
