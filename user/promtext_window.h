/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The metrics of windows, one function each; for listeners that have one. Pure. */
#ifndef WEIR_PROMTEXT_WINDOW_H
#define WEIR_PROMTEXT_WINDOW_H

#include <stdio.h>

#include "snapshot.h"

void promtext_window(FILE *out, const struct snapshot *snapshot);
void promtext_in_flight(FILE *out, const struct snapshot *snapshot);
void promtext_setups(FILE *out, const struct snapshot *snapshot);
void promtext_setup_latency(FILE *out, const struct snapshot *snapshot);
void promtext_signal_ratio(FILE *out, const struct snapshot *snapshot);
void promtext_signal_age(FILE *out, const struct snapshot *snapshot);
/* Their part of weir_lease_valid and of weir_limit_per_second. */
void promtext_window_lease(FILE *out, const struct snapshot *snapshot);
void promtext_window_rates(FILE *out, const struct snapshot *snapshot);

#endif
