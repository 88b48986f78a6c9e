/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The queue of a listener (struct line of shaper.h): whether it has one, and what it is told. */
#ifndef WEIR_SHAPER_LINE_H
#define WEIR_SHAPER_LINE_H

#include "shaper.h"

/* Gives listener @id the queue that it has to have under the policy, and renews its lease. */
void line_arrange(struct shaper *shaper, unsigned int id, uint64_t now_ns);
/* What it holds is dropped, and counted as that. */
void line_close(struct shaper *shaper, unsigned int id, uint64_t now_ns);

void line_publish_length(struct shaper *shaper, unsigned int id);
/* The operator's, or what has been learned. */
void line_set_delay_max(struct shaper *shaper, unsigned int id, uint64_t now_ns);
/* Looks at what has become of those that were released. */
void line_judge_releases(const struct shaper *shaper, struct line *line, uint64_t now_ns);

/* Queues a SYN that was handed over; if its client has to be told that it is refused, it is. */
void line_put(struct shaper *shaper, unsigned int id, const struct queue_syn *syn,
	      uint64_t seen_ns);
/* Every SHAPER_TICK_NS: sends away who is to come back at another time than the others. */
void line_spread(struct shaper *shaper, unsigned int id, uint64_t now_ns);

#endif
