/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* From the law's limits to what the packet path reads (struct window_state), and from the operator's
 * words to the law's configuration. Pure, but for the memory that it shares. */
#ifndef WEIR_WINDOW_LIMITS_H
#define WEIR_WINDOW_LIMITS_H

#include <stdbool.h>
#include <stdint.h>

#include "abi.h"
#include "flows.h"
#include "law.h"

struct law_config window_law_config(const struct listener *listener);

/* Credits: what the window of @limits leaves beside what is in set-up. Every 10 ms. */
void window_give_credits(struct window_state *state, const struct law_limits *limits,
			 const struct setup_sample *sample);

/*
 * All of the limits, the lease last. Once decided. @holds: SYNs can be held, so that a pace costs
 * nobody anything. @fallback_per_sec: LAW_PER_SEC_MAX if none is known.
 */
void window_put_limits(struct window_state *state, const struct law_limits *limits,
		       const struct listener *listener, double fallback_per_sec, bool holds);

/* What there is to show. */
void window_show(struct window_state *state, const struct law *law, const struct law_limits *limits,
		 const struct setup_sample *sample);

/* What was learned of goodput, out of a state of the same listener, and into it. */
void window_recall(const struct window_state *state, uint32_t serial, struct law_goodput *goodput);
void window_learn(struct window_state *state, const struct law_goodput *goodput);

#endif
