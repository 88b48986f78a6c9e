/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A snapshot as text for people. Pure: everything goes to the FILE handed in. */
#ifndef WEIR_RENDER_H
#define WEIR_RENDER_H

#include <stdio.h>

#include "snapshot.h"

void render_status(FILE *out, const struct snapshot *snapshot);
void render_limits(FILE *out, const struct snapshot *snapshot);
void render_counters(FILE *out, const struct snapshot *snapshot);
void render_rules(FILE *out, const struct snapshot *snapshot);
void render_sources(FILE *out, const struct snapshot *snapshot);

#endif
