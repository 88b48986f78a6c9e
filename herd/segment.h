/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* TCP segments in IPv4 and IPv6 packets, as a TUN device has them: no link layer. Pure. */
#ifndef HERD_SEGMENT_H
#define HERD_SEGMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "abi.h"

enum segment_flags {
	SEGMENT_FIN = 0x01,
	SEGMENT_SYN = 0x02,
	SEGMENT_RST = 0x04,
	SEGMENT_PSH = 0x08,
	SEGMENT_ACK = 0x10,
};

/* Both headers with the option that is written. */
#define SEGMENT_HEADERS_MAX (40 + 24)

struct segment {
	struct addr from, to; /* network order; both IPv4 (mapped) or both IPv6 */
	uint16_t from_port, to_port;
	uint32_t seq, ack;
	uint8_t flags;	 /* enum segment_flags */
	uint16_t window; /* unscaled */
	uint16_t mss;	 /* 0: the option is absent */
	uint16_t len;	 /* of the data */
	const uint8_t *data;
};

/* Is it in ::ffff:0:0/96? */
bool segment_is_v4(const struct addr *addr);
/*
 * Points segment->data into @packet. 0; -EPROTO: no TCP (which may be anything that a device
 * hears); -EBADMSG: cut off, contradictory, a fragment or with a wrong checksum.
 */
int segment_parse(const uint8_t *packet, size_t len, struct segment *segment);
/* Returns the packet's length, checksums right, or 0 if @size is too small. */
size_t segment_build(uint8_t *packet, size_t size, const struct segment *segment);
/* The RST that an unexpected segment deserves; false if none: it is a RST itself. */
bool segment_reset(const struct segment *unexpected, struct segment *reset);
/* What SYN, data and FIN take of the sequence space. */
uint32_t segment_space(const struct segment *segment);

#endif
