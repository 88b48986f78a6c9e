/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The law (law.h) at work on the listeners of one instance that have a window: it counts what is in
 * set-up and gives out credits every 10 ms, and decides on the window every 100 ms, with a lease.
 */
#ifndef WEIR_CONTROLLER_H
#define WEIR_CONTROLLER_H

#include "instance.h"
#include "signals.h"

#define CONTROLLER_TURN_NS 10000000ULL

struct controller;

/* Errors have been reported. @signals: NULL if there are none; they outlive it. */
int controller_create(struct controller **created, const struct signals *signals);
void controller_destroy(struct controller *controller);

/* In place of the former ones; NULL: none. They outlive it. */
void controller_set_signals(struct controller *controller, const struct signals *signals);

/* The maps of the instance, in place of those that were mapped. 0 or -errno. */
int controller_map(struct controller *controller, const struct instance *instance);
void controller_unmap(struct controller *controller);

/* Has any listener a window under @policy? */
bool controller_is_needed(const struct policy *policy);

/* Every CONTROLLER_TURN_NS. */
void controller_turn(struct controller *controller, const struct policy *policy, uint64_t now_ns);
/* Every second, with the lock of struct pins: sees to it that set-ups are tracked. */
void controller_watch(struct controller *controller, const struct policy *policy);

/* The window of listener @id to take credits from; NULL: it has none. */
struct window_state *controller_window(struct controller *controller, const struct policy *policy,
				       unsigned int id);
/* How long a set-up of listener @id would take at present from its SYN on, with its way there and the answer's
 * back; 0: unknown. */
uint64_t controller_setup_ns(const struct controller *controller, unsigned int id);
/* To most clients of listener @id and back; 0: unknown. */
uint64_t controller_round_trip_ns(const struct controller *controller, unsigned int id);
/* Before the SYN in @frame is let in. @waited: it has come again, so it is not forged. */
void controller_note(struct controller *controller, const struct policy *policy, unsigned int id,
		     const uint8_t *frame, size_t len, bool waited, uint64_t now_ns);

#endif
