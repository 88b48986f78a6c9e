// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "trials.h"

#include <stddef.h>

void trials_add(struct trials *trials, uint64_t key, uint64_t held_ns, uint64_t age_ns, bool waited,
		uint64_t now_ns)
{
	uint64_t oldest = trials->added < TRIALS_MAX ? 0 : trials->added - TRIALS_MAX + 1;

	for (unsigned int look = 0; look < TRIAL_LOOKS; look++)
		if (trials->next[look] < oldest)
			trials->next[look] = oldest;
	trials->ring[trials->added++ % TRIALS_MAX] = (struct trial){
		.key = key,
		.released_ns = now_ns,
		.held_ns = held_ns,
		.age_ns = age_ns,
		.waited = waited,
	};
}

struct trial *trials_look(struct trials *trials, unsigned int look, uint64_t now_ns)
{
	uint64_t *next = &trials->next[look], end = look ? trials->next[look - 1] : trials->added;
	struct trial *trial = &trials->ring[*next % TRIALS_MAX];

	if (*next == end || now_ns < trial->released_ns + (TRIAL_FIRST_NS << look))
		return NULL;
	(*next)++;
	return trial;
}
