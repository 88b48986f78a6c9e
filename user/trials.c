// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "trials.h"

#include <stddef.h>

#define LATE_LOOK 4 /* 1.6 s */

void trials_add(struct trials *trials, const struct trial *trial)
{
	uint64_t oldest = trials->added < TRIALS_MAX ? 0 : trials->added - TRIALS_MAX + 1;

	for (unsigned int look = 0; look < TRIAL_LOOKS; look++)
		if (trials->next[look] < oldest)
			trials->next[look] = oldest;
	trials->ring[trials->added++ % TRIALS_MAX] = *trial;
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

static bool is_late(const struct trial *trial)
{
	return trial->age_ns > trial->held_ns;
}

/* At which look it counts as gone well. */
static unsigned int look_that_counts(const struct trial *trial)
{
	unsigned int look = LATE_LOOK;

	if (!is_late(trial))
		return 0;
	while (look < TRIAL_LOOKS - 1 && TRIAL_FIRST_NS << look < trial->setup_ns)
		look++;
	return look;
}

void trial_judge(struct trial *trial, unsigned int look, bool reset, struct delay_max *delay_max)
{
	unsigned int counts = look_that_counts(trial);
	enum delay_outcome outcome = DELAY_WELL;

	if (is_late(trial) && look == counts)
		delay_max_note_late(delay_max, trial->age_ns,
				    trial->failed || (reset && trial->waited));
	if (reset ? !trial->waited || trial->failed : look != counts || trial->failed)
		return;
	if (reset)
		outcome = look > counts ? DELAY_FAILED_AFTER_ALL : DELAY_FAILED;
	trial->failed = reset;
	delay_max_note(delay_max, trial->held_ns, trial->age_ns, 1, outcome);
}
