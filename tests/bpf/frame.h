/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The one builder of test frames: it alone knows about byte order. */
#ifndef WEIR_TEST_FRAME_H
#define WEIR_TEST_FRAME_H

#include <stddef.h>
#include <stdint.h>

#define FRAME_MAX 4096
#define EXT_MAX 20

#define TCP_FIN 0x01
#define TCP_SYN 0x02
#define TCP_RST 0x04
#define TCP_PSH 0x08
#define TCP_ACK 0x10
#define TCP_URG 0x20
#define TCP_ECE 0x40
#define TCP_CWR 0x80

/* IPv6 extension header; len is its "header extension length" field. */
struct ext {
	uint8_t kind;
	uint8_t len;
	uint16_t fragment; /* of a fragment header: offset field and flags */
};

/* Zero means the ordinary: IPv4 SYN from 10.0.0.1 to 192.0.2.1 port 1883. */
struct frame_spec {
	uint16_t vlan[4]; /* TPIDs, outermost first */
	uint16_t ethertype;
	int version;	    /* 4 or 6 */
	int version_field;  /* what the header claims */
	uint32_t ihl;	    /* in words */
	uint32_t total_len; /* IPv4 total or IPv6 payload length that the header claims */
	uint16_t fragment;  /* IPv4: offset and flags */
	uint8_t protocol;   /* what follows the IP header, or the last extension header */
	struct ext ext[EXT_MAX];
	const char *src;
	const char *dst;
	uint16_t sport;
	uint16_t dport;
	uint32_t isn;
	int flags; /* TCP; -1: none at all */
	uint8_t doff;
	size_t payload;
	size_t cut; /* the frame ends after so many bytes */
	size_t cut_tail;
	size_t padding; /* bytes of 0xff behind the end */
};

struct frame {
	uint8_t bytes[FRAME_MAX];
	size_t len;
	size_t l3; /* offsets */
	size_t l4;
};

void frame_build(struct frame *frame, const struct frame_spec *spec);

#endif
