/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* From what is wanted (struct config) to what the packet path reads (struct policy). Pure. */
#ifndef WEIR_POLICY_H
#define WEIR_POLICY_H

#include "abi.h"
#include "config.h"

/* Rate and burst of a limit as wanted, without the times that follow from them. */
struct limit policy_said_limit(const struct wanted_limit *wanted);

/*
 * Gives @limit the rate and burst of @wanted from @now_ns on, so that buckets written under the
 * old values are carried over (include/gcra.h). Returns false and touches nothing when that is
 * what it is already: doing it twice changes nothing. The origin stays what it was.
 */
bool policy_set_limit(struct limit *limit, const struct wanted_limit *wanted, uint64_t now_ns);

/*
 * Builds the policy of a new instance from a checked @config: listener ids in the order of the
 * file, matches chained by port, longest prefix first, index 0 never used. Rates that come out of
 * it have changed_ns 0 and epoch 0. @policy is overwritten.
 */
void policy_build(struct policy *policy, const struct config *config);

/* Parts of that, for changes to a running one: what a source and a site of @family are. */
void policy_set_lengths(struct policy *policy, int family, const struct config *config);
/* As of struct listener. */
uint16_t policy_connack_max(const struct wanted_listener *wanted);
/* What the packet path and `weir run` are told of its window. */
struct window_terms policy_window(const struct wanted_listener *wanted);
/* A listener that is new at @id, with a serial of its own; its ports are policy_place()'s. */
void policy_add_listener(struct policy *policy, uint8_t id, const struct wanted_listener *wanted);
/* All ports and addresses anew; ids[i] is the id of config->listeners[i]. */
void policy_place(struct policy *policy, const struct config *config,
		  const uint8_t ids[LISTENERS_MAX]);

/* Fills in what follows from the rest of a policy, after any change to it. */
void policy_seal(struct policy *policy);

/* Id of the listener called @name, or -1. */
int policy_find_listener(const struct policy *policy, const char *name);
/* Number of listeners in use. */
unsigned int policy_count_listeners(const struct policy *policy);
/* Does any listener answer its excess with a RST, or hold it and put it back? */
bool policy_sends(const struct policy *policy);
/* Bits of the destination ports of listener @id. */
void policy_ports(const struct policy *policy, unsigned int id, uint64_t ports[PORTS / 64]);

/* The destinations of listener @id, longest prefix first: at most ADDRESSES_MAX of them. One of
 * length 0 is any address. Returns how many. */
unsigned int policy_addresses(const struct policy *policy, unsigned int id,
			      struct wanted_address addresses[ADDRESSES_MAX]);

/* Is @listener one that has a window? */
bool policy_has_window(const struct listener *listener);

#endif
