// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "frame.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#define ETHERTYPE_IPV4 0x0800
#define ETHERTYPE_IPV6 0x86dd
#define PROTOCOL_TCP 6
#define EXT_AH 51

static void put8(struct frame *frame, uint8_t value)
{
	if (frame->len == FRAME_MAX)
		abort();
	frame->bytes[frame->len++] = value;
}

static void put16(struct frame *frame, uint16_t value)
{
	put8(frame, value >> 8);
	put8(frame, value & 0xff);
}

static void put32(struct frame *frame, uint32_t value)
{
	put16(frame, value >> 16);
	put16(frame, value & 0xffff);
}

static void fill(struct frame *frame, size_t count, uint8_t value)
{
	while (count--)
		put8(frame, value);
}

static void put_address(struct frame *frame, int family, const char *text)
{
	uint8_t address[16];

	if (inet_pton(family, text, address) != 1)
		abort();
	for (int i = 0; i < (family == AF_INET ? 4 : 16); i++)
		put8(frame, address[i]);
}

static void patch16(struct frame *frame, size_t at, uint16_t value)
{
	frame->bytes[at] = value >> 8;
	frame->bytes[at + 1] = value & 0xff;
}

static void put_ethernet(struct frame *frame, const struct frame_spec *spec, uint16_t ethertype)
{
	for (int i = 0; i < 12; i++)
		put8(frame, 2 + i);
	for (int i = 0; i < 4 && spec->vlan[i]; i++) {
		put16(frame, spec->vlan[i]);
		put16(frame, 100 + i);
	}
	put16(frame, spec->ethertype ? spec->ethertype : ethertype);
}

static void put_v4(struct frame *frame, const struct frame_spec *spec)
{
	uint32_t ihl = spec->ihl ? spec->ihl : 5;
	int version = spec->version_field ? spec->version_field : 4;

	put8(frame, version << 4 | ihl);
	put8(frame, 0);
	put16(frame, 0); /* total length, later */
	put16(frame, 0x1234);
	put16(frame, spec->fragment);
	put8(frame, 64);
	put8(frame, spec->protocol ? spec->protocol : PROTOCOL_TCP);
	put16(frame, 0);
	put_address(frame, AF_INET, spec->src ? spec->src : "10.0.0.1");
	put_address(frame, AF_INET, spec->dst ? spec->dst : "192.0.2.1");
	/* no-operation options */
	fill(frame, ihl > 5 ? (ihl - 5) * 4 : 0, 1);
}

static void put_v6(struct frame *frame, const struct frame_spec *spec)
{
	uint8_t last = spec->protocol ? spec->protocol : PROTOCOL_TCP;
	int version = spec->version_field ? spec->version_field : 6;

	put32(frame, (uint32_t)version << 28);
	put16(frame, 0); /* payload length, later */
	put8(frame, spec->ext[0].kind || spec->ext[0].len ? spec->ext[0].kind : last);
	put8(frame, 64);
	put_address(frame, AF_INET6, spec->src ? spec->src : "2001:db8::1");
	put_address(frame, AF_INET6, spec->dst ? spec->dst : "2001:db8:ffff::1");
	for (int i = 0; i < EXT_MAX && (spec->ext[i].kind || spec->ext[i].len); i++) {
		const struct ext *ext = &spec->ext[i];
		int more = i + 1 < EXT_MAX && (ext[1].kind || ext[1].len);
		size_t size = ext->kind == EXT_AH ? (ext->len + 2) * 4 : (ext->len + 1) * 8;

		put8(frame, more ? ext[1].kind : last);
		put8(frame, ext->kind == 44 ? 0 : ext->len);
		put16(frame, ext->fragment);
		fill(frame, (ext->kind == 44 ? 8 : size) - 4, 0);
	}
}

static void put_tcp(struct frame *frame, const struct frame_spec *spec)
{
	uint8_t doff = spec->doff ? spec->doff : 5;

	put16(frame, spec->sport ? spec->sport : 40000);
	put16(frame, spec->dport ? spec->dport : 1883);
	put32(frame, spec->isn ? spec->isn : 0x01020304);
	put32(frame, 0);
	put8(frame, doff << 4);
	put8(frame, spec->flags ? spec->flags : TCP_SYN);
	put16(frame, 0xffff);
	put32(frame, 0);
	fill(frame, doff > 5 ? (doff - 5) * 4 : 0, 1);
}

void frame_build(struct frame *frame, const struct frame_spec *spec)
{
	int version = spec->version ? spec->version : 4;

	memset(frame, 0, sizeof(*frame));
	put_ethernet(frame, spec, version == 6 ? ETHERTYPE_IPV6 : ETHERTYPE_IPV4);
	frame->l3 = frame->len;
	if (version == 6)
		put_v6(frame, spec);
	else
		put_v4(frame, spec);
	frame->l4 = frame->len;
	if (spec->flags >= 0)
		put_tcp(frame, spec);
	fill(frame, spec->payload, 0xaa);
	if (version == 6)
		patch16(frame, frame->l3 + 4,
			spec->total_len ? spec->total_len : frame->len - frame->l3 - 40);
	else
		patch16(frame, frame->l3 + 2,
			spec->total_len ? spec->total_len : frame->len - frame->l3);
	if (spec->cut && spec->cut < frame->len)
		frame->len = spec->cut;
	if (spec->cut_tail)
		frame->len -= spec->cut_tail;
	fill(frame, spec->padding, 0xff);
}
