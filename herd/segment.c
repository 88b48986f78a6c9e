// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "herd/segment.h"

#include <endian.h>
#include <errno.h>
#include <string.h>

#define IP_PROTOCOL_TCP 6
#define IPV4_HEADER 20
#define IPV6_HEADER 40
#define TCP_HEADER 20
#define TTL 64
#define DONT_FRAGMENT 0x4000
#define FRAGMENT_BITS 0x3fff /* more fragments, and the offset */
#define OPTION_END 0
#define OPTION_NOP 1
#define OPTION_MSS 2
#define OPTION_MSS_LEN 4
#define V4_MAPPED 0xffffULL

static uint16_t read16(const uint8_t *at)
{
	return (uint16_t)(at[0] << 8 | at[1]);
}

static uint32_t read32(const uint8_t *at)
{
	return (uint32_t)read16(at) << 16 | read16(at + 2);
}

static void write16(uint8_t *at, uint16_t value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

static void write32(uint8_t *at, uint32_t value)
{
	write16(at, (uint16_t)(value >> 16));
	write16(at + 2, (uint16_t)value);
}

/* RFC 1071, not yet folded; only the last part of a sum may be of odd length. */
static uint64_t sum_add(uint64_t sum, const uint8_t *bytes, size_t len)
{
	for (; len > 1; bytes += 2, len -= 2)
		sum += read16(bytes);
	return len ? sum + (uint64_t)(bytes[0] << 8) : sum;
}

static uint16_t sum_fold(uint64_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

/* Of a TCP part with both addresses' @address_len bytes at @addresses. */
static uint16_t tcp_sum(const uint8_t *addresses, size_t addresses_len, const uint8_t *tcp,
			size_t len)
{
	uint64_t sum = sum_add(IP_PROTOCOL_TCP + len, addresses, addresses_len);

	return sum_fold(sum_add(sum, tcp, len));
}

bool segment_is_v4(const struct addr *addr)
{
	return !addr->hi && be64toh(addr->lo) >> 32 == V4_MAPPED;
}

static struct addr addr_of_v4(uint32_t address)
{
	return (struct addr){ .lo = htobe64(V4_MAPPED << 32 | address) };
}

/* The MSS option, or 0 if there is none to be found. */
static uint16_t parse_mss(const uint8_t *option, size_t len)
{
	while (len && *option != OPTION_END) {
		size_t step = *option == OPTION_NOP ? 1 : len > 1 ? option[1] : 0;

		if (!step || step > len || (step == 1 && *option != OPTION_NOP))
			return 0;
		if (*option == OPTION_MSS && step == OPTION_MSS_LEN)
			return read16(option + 2);
		option += step;
		len -= step;
	}
	return 0;
}

static int parse_tcp(const uint8_t *tcp, size_t len, struct segment *segment)
{
	size_t header;

	if (len < TCP_HEADER)
		return -EBADMSG;
	header = (size_t)(tcp[12] >> 4) * 4;
	if (header < TCP_HEADER || header > len)
		return -EBADMSG;
	segment->from_port = read16(tcp);
	segment->to_port = read16(tcp + 2);
	segment->seq = read32(tcp + 4);
	segment->ack = read32(tcp + 8);
	segment->flags = tcp[13];
	segment->window = read16(tcp + 14);
	segment->mss = parse_mss(tcp + TCP_HEADER, header - TCP_HEADER);
	segment->data = tcp + header;
	segment->len = (uint16_t)(len - header);
	return 0;
}

static int parse_v4(const uint8_t *packet, size_t len, struct segment *segment)
{
	size_t header, total;

	if (len < IPV4_HEADER)
		return -EBADMSG;
	header = (size_t)(packet[0] & 15) * 4;
	total = read16(packet + 2);
	if (header < IPV4_HEADER || total < header || total > len)
		return -EBADMSG;
	if (packet[9] != IP_PROTOCOL_TCP)
		return -EPROTO;
	if (read16(packet + 6) & FRAGMENT_BITS || sum_fold(sum_add(0, packet, header)))
		return -EBADMSG;
	if (tcp_sum(packet + 12, 8, packet + header, total - header))
		return -EBADMSG;
	segment->from = addr_of_v4(read32(packet + 12));
	segment->to = addr_of_v4(read32(packet + 16));
	return parse_tcp(packet + header, total - header, segment);
}

/* A broker's host sends no extension headers. */
static int parse_v6(const uint8_t *packet, size_t len, struct segment *segment)
{
	size_t payload;

	if (len < IPV6_HEADER)
		return -EBADMSG;
	payload = read16(packet + 4);
	if (payload > len - IPV6_HEADER)
		return -EBADMSG;
	if (packet[6] != IP_PROTOCOL_TCP)
		return -EPROTO;
	if (tcp_sum(packet + 8, 32, packet + IPV6_HEADER, payload))
		return -EBADMSG;
	memcpy(&segment->from, packet + 8, sizeof(segment->from));
	memcpy(&segment->to, packet + 24, sizeof(segment->to));
	return parse_tcp(packet + IPV6_HEADER, payload, segment);
}

int segment_parse(const uint8_t *packet, size_t len, struct segment *segment)
{
	if (!len)
		return -EBADMSG;
	switch (packet[0] >> 4) {
	case 4:
		return parse_v4(packet, len, segment);
	case 6:
		return parse_v6(packet, len, segment);
	default:
		return -EPROTO;
	}
}

/* Returns the header's length. */
static size_t build_tcp(uint8_t *tcp, const struct segment *segment)
{
	size_t header = TCP_HEADER + (segment->mss ? OPTION_MSS_LEN : 0);

	write16(tcp, segment->from_port);
	write16(tcp + 2, segment->to_port);
	write32(tcp + 4, segment->seq);
	write32(tcp + 8, segment->ack);
	tcp[12] = (uint8_t)(header / 4 << 4);
	tcp[13] = segment->flags;
	write16(tcp + 14, segment->window);
	write32(tcp + 16, 0);
	if (segment->mss) {
		tcp[TCP_HEADER] = OPTION_MSS;
		tcp[TCP_HEADER + 1] = OPTION_MSS_LEN;
		write16(tcp + TCP_HEADER + 2, segment->mss);
	}
	if (segment->len)
		memcpy(tcp + header, segment->data, segment->len);
	return header;
}

static void build_v4(uint8_t *packet, const struct segment *segment, size_t tcp_len)
{
	memset(packet, 0, IPV4_HEADER);
	packet[0] = 4 << 4 | IPV4_HEADER / 4;
	write16(packet + 2, (uint16_t)(IPV4_HEADER + tcp_len));
	write16(packet + 6, DONT_FRAGMENT);
	packet[8] = TTL;
	packet[9] = IP_PROTOCOL_TCP;
	write32(packet + 12, (uint32_t)be64toh(segment->from.lo));
	write32(packet + 16, (uint32_t)be64toh(segment->to.lo));
	write16(packet + 10, sum_fold(sum_add(0, packet, IPV4_HEADER)));
}

static void build_v6(uint8_t *packet, const struct segment *segment, size_t tcp_len)
{
	write32(packet, 6U << 28);
	write16(packet + 4, (uint16_t)tcp_len);
	packet[6] = IP_PROTOCOL_TCP;
	packet[7] = TTL;
	memcpy(packet + 8, &segment->from, sizeof(segment->from));
	memcpy(packet + 24, &segment->to, sizeof(segment->to));
}

size_t segment_build(uint8_t *packet, size_t size, const struct segment *segment)
{
	bool v4 = segment_is_v4(&segment->from);
	size_t ip = v4 ? IPV4_HEADER : IPV6_HEADER;
	uint8_t *tcp = packet + ip;
	size_t len;

	if (size < (size_t)SEGMENT_HEADERS_MAX + segment->len)
		return 0;
	len = build_tcp(tcp, segment) + segment->len;
	if (v4)
		build_v4(packet, segment, len);
	else
		build_v6(packet, segment, len);
	write16(tcp + 16,
		v4 ? tcp_sum(packet + 12, 8, tcp, len) : tcp_sum(packet + 8, 32, tcp, len));
	return ip + len;
}

uint32_t segment_space(const struct segment *segment)
{
	return segment->len + !!(segment->flags & SEGMENT_SYN) + !!(segment->flags & SEGMENT_FIN);
}

bool segment_reset(const struct segment *unexpected, struct segment *reset)
{
	if (unexpected->flags & SEGMENT_RST)
		return false;
	*reset = (struct segment){
		.from = unexpected->to,
		.to = unexpected->from,
		.from_port = unexpected->to_port,
		.to_port = unexpected->from_port,
		.flags = SEGMENT_RST,
	};
	if (unexpected->flags & SEGMENT_ACK) {
		reset->seq = unexpected->ack;
	} else {
		reset->flags |= SEGMENT_ACK;
		reset->ack = unexpected->seq + segment_space(unexpected);
	}
	return true;
}
