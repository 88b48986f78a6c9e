/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the numbers that `weir run` has published of a window say. Pure. */
#ifndef WEIR_WINDOW_FIGURES_H
#define WEIR_WINDOW_FIGURES_H

#include <stdbool.h>
#include <stdint.h>

#include "snapshot.h"

/* Has listener @id a window? Others have nothing to show. */
bool window_is_there(const struct snapshot *snapshot, unsigned int id);
/* Is its lease valid? Else the fallback rate is in force. */
bool window_is_leased_now(const struct snapshot *snapshot, unsigned int id);
/* Is there a window in force, and not a rate only? */
bool window_is_in_force(const struct snapshot *snapshot, unsigned int id);
/* In force without a lease, per second; 0: unlimited. */
double window_fallback_per_sec(const struct snapshot *snapshot, unsigned int id);
/* The ceiling that the law has set, per second; 0: none. */
double window_adaptive_per_sec(const struct snapshot *snapshot, unsigned int id);
/* Of a signal that was read; since then. */
uint64_t window_signal_age_ns(const struct snapshot *snapshot, const struct window_signal *signal);

#endif
