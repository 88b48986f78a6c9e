/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* TCP frames without data, and the template from which flood.bpf.c makes millions. Pure. */
#ifndef BENCH_FRAME_H
#define BENCH_FRAME_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#include "../flood.h"

#define FRAME_VLANS_MAX 2

struct frame_spec {
	bool v6;
	uint8_t dmac[6];
	uint8_t smac[6];
	uint16_t vlan[FRAME_VLANS_MAX]; /* outermost first */
	unsigned int vlans_count;
	struct in6_addr src; /* first source; IPv4 in the first four bytes */
	struct in6_addr dst;
	uint8_t src_len; /* of the family's own bits: sources lie in src/src_len */
	uint16_t dport;
	uint64_t sources; /* how many of them; 0: as many as 32 bits can name */
};

/*
 * Fills everything in @plan that follows from @spec: template, offsets, sums and sources. For
 * IPv6 the sources differ in their /64 where src_len leaves room for all of them there, else in
 * their low bits. Returns 0, or -ERANGE if src/src_len holds fewer than spec->sources.
 */
int frame_plan(struct flood_plan *plan, const struct frame_spec *spec);

/* One frame of @kind from the first source, checksums right. Returns its length. */
unsigned int frame_build(uint8_t buf[FLOOD_LEN_MAX], const struct frame_spec *spec,
			 enum flood_kind kind);

#endif
