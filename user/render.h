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
void render_queue(FILE *out, const struct snapshot *snapshot);
void render_signals(FILE *out, const struct snapshot *snapshot);

/* -- for other pages --------------------------------------------------------------------------- */

#define RENDER_HIDDEN_NOTE "ACTS AS DROP: a device hides VLAN tags, `weir attach` says which"

/* Why excess of listener @id, which is to be held, is dropped; empty if it is held. */
const char *render_delay_note(const struct snapshot *snapshot, unsigned int id);
/* What follows the word delay: its delay-max as configured, and such a note with what to do. */
void render_delay(FILE *out, const struct snapshot *snapshot, unsigned int id);
/* A line of `weir show status`, if some are held. */
void render_queue_line(FILE *out, const struct snapshot *snapshot, unsigned int id);
/* The same, if it has a window. */
void render_window_line(FILE *out, const struct snapshot *snapshot, unsigned int id);

#endif
