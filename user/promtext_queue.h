/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The metrics of held SYNs, one function each; for listeners that have a queue. Pure. */
#ifndef WEIR_PROMTEXT_QUEUE_H
#define WEIR_PROMTEXT_QUEUE_H

#include <stdio.h>

#include "snapshot.h"

void promtext_unheld(FILE *out, const struct snapshot *snapshot);
void promtext_queue_length(FILE *out, const struct snapshot *snapshot);
void promtext_queue_delay(FILE *out, const struct snapshot *snapshot);
void promtext_queue_lateness(FILE *out, const struct snapshot *snapshot);
void promtext_queue_released(FILE *out, const struct snapshot *snapshot);
void promtext_queue_dropped(FILE *out, const struct snapshot *snapshot);
void promtext_queue_delay_max(FILE *out, const struct snapshot *snapshot);
void promtext_release_failures(FILE *out, const struct snapshot *snapshot);
void promtext_lease_valid(FILE *out, const struct snapshot *snapshot);

#endif
