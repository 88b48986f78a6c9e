/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* From what is wanted (struct config) to what the packet path reads (struct policy). Pure. */
#ifndef WEIR_POLICY_H
#define WEIR_POLICY_H

#include "abi.h"
#include "config.h"

/*
 * Gives @limit the rate and burst of @wanted from @now_ns on, so that buckets written under the
 * old values are carried over (include/gcra.h). Returns false and touches nothing when that is
 * what it is already: doing it twice changes nothing.
 */
bool policy_set_limit(struct limit *limit, const struct wanted_limit *wanted, uint64_t now_ns);

/*
 * Builds the policy of a new instance from a checked @config: listener ids in the order of the
 * file, matches chained by port, longest prefix first, index 0 never used. Rates that come out of
 * it have changed_ns 0 and epoch 0. @policy is overwritten.
 */
void policy_build(struct policy *policy, const struct config *config);

/* Fills in what follows from the rest of a policy, after any change to it. */
void policy_seal(struct policy *policy);

/* Id of the listener called @name, or -1. */
int policy_find_listener(const struct policy *policy, const char *name);
/* Number of listeners in use. */
unsigned int policy_count_listeners(const struct policy *policy);
/* Does any listener answer excess with a RST? */
bool policy_rejects(const struct policy *policy);
/* Bits of the destination ports of listener @id. */
void policy_ports(const struct policy *policy, unsigned int id, uint64_t ports[PORTS / 64]);

/* The destinations of listener @id, longest prefix first: at most ADDRESSES_MAX of them. One of
 * length 0 is any address. Returns how many. */
unsigned int policy_addresses(const struct policy *policy, unsigned int id,
			      struct wanted_address addresses[ADDRESSES_MAX]);

/* What of a config was said: all of it by a file, parts by the words of a command. */
#define POLICY_SAYS_MODE 0x1
#define POLICY_SAYS_PORTS 0x2
#define POLICY_SAYS_RATE 0x4 /* the listener's, with its burst */
#define POLICY_SAYS_REST 0x8
#define POLICY_SAYS_ALL 0xf

/* Everything in which a policy in force differs from what @config would build, as far as @said,
 * one line each: "mqtt listener rate: 800/s in force, 500/s wanted". Returns the number of lines.
 */
unsigned int policy_differences(const struct policy *policy, const struct config *config,
				unsigned int said, FILE *out);

#endif
