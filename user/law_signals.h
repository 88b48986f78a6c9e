/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* External signals as the law sees them: which of them still count, and the worst of those. Pure;
 * a part of law.c. */
#ifndef WEIR_LAW_SIGNALS_H
#define WEIR_LAW_SIGNALS_H

#include "law.h"

struct law_external {
	double x;	     /* of the worst fresh one that may cut; 0: none is fresh */
	int signal;	     /* which; -1 */
	uint64_t age_ns;     /* of that, with its lag */
	uint64_t slowest_ns; /* the largest age and lag among the fresh ones */
	uint32_t cutting;    /* how many may cut */
	uint32_t fresh;	     /* of these are fresh */
	bool lively;	     /* one of these has changed within three of its periods */
	int pressed;	     /* a veto that holds; -1 */
	int lost;	     /* one whose reading has timed out three times in a row; -1 */
};

/* @dt_ns: since the step before. */
struct law_external law_signals_judge(struct law *law, const struct law_sample *sample,
				      uint64_t dt_ns, uint64_t now_ns);

#endif
