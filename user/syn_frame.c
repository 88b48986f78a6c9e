// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "syn_frame.h"

#include <string.h>

#include "flow.h"

#define ETHER_TYPE_AT 12
#define VLAN_TAG_LEN 4
#define VLAN_TAGS_MAX 2
#define TYPE_VLAN 0x8100
#define TYPE_VLAN_OUTER 0x88a8
#define TYPE_IPV4 0x0800
#define TYPE_IPV6 0x86dd
#define PROTO_TCP 6
#define IPV4_LEN 20
#define IPV6_LEN 40
#define IPV4_FRAGMENT 0x3fff /* offset, and more fragments */
#define TCP_LEN 20
#define TCP_CHECK_AT 16
#define RST_ACK 0x5014 /* data offset 5, RST and ACK */
#define RESET_TTL 64
#define DO_NOT_FRAGMENT 0x4000

/* Where the TCP segment is, and its pseudo-header's sum. */
struct segment {
	uint8_t *tcp;
	size_t len;
	const uint8_t *addresses; /* source, destination */
	size_t address_len;
	uint32_t pseudo;
};

static uint32_t word_at(const uint8_t *data)
{
	return (uint32_t)data[0] << 8 | data[1];
}

/* Of at most 64 KiB, so no carry is lost: RFC 1071. */
static uint32_t sum(const uint8_t *data, size_t len)
{
	uint32_t total = 0;

	for (size_t i = 0; i + 1 < len; i += 2)
		total += word_at(data + i);
	return len % 2 ? total + ((uint32_t)data[len - 1] << 8) : total;
}

static uint32_t fold(uint32_t total)
{
	while (total >> 16)
		total = (total & 0xffff) + (total >> 16);
	return total;
}

static bool find_in_v4(struct segment *segment, uint8_t *ip, size_t len)
{
	size_t header, total;

	if (len < IPV4_LEN)
		return false;
	header = (ip[0] & 0x0f) * 4U;
	total = word_at(ip + 2);
	if (ip[9] != PROTO_TCP || word_at(ip + 6) & IPV4_FRAGMENT || header < IPV4_LEN ||
	    total > len || total < header + TCP_LEN)
		return false;
	segment->tcp = ip + header;
	segment->len = total - header;
	segment->addresses = ip + 12;
	segment->address_len = 4;
	segment->pseudo = sum(ip + 12, 8);
	return true;
}

/* With extension headers the stack of the sender completes it: only plain TCP is offloaded. */
static bool find_in_v6(struct segment *segment, uint8_t *ip, size_t len)
{
	if (len < IPV6_LEN || ip[6] != PROTO_TCP)
		return false;
	segment->tcp = ip + IPV6_LEN;
	segment->len = word_at(ip + 4);
	segment->addresses = ip + 8;
	segment->address_len = 16;
	segment->pseudo = sum(ip + 8, 32);
	return segment->len >= TCP_LEN && segment->len <= len - IPV6_LEN;
}

static bool find_segment(struct segment *segment, uint8_t *frame, size_t len)
{
	size_t at = ETHER_TYPE_AT;
	uint32_t type = 0;

	for (int tags = 0; tags <= VLAN_TAGS_MAX && at + 2 <= len; tags++) {
		type = word_at(frame + at);
		if (type != TYPE_VLAN && type != TYPE_VLAN_OUTER)
			break;
		at += VLAN_TAG_LEN;
	}
	at += 2;
	if (at > len)
		return false;
	if (type == TYPE_IPV4)
		return find_in_v4(segment, frame + at, len - at);
	return type == TYPE_IPV6 && find_in_v6(segment, frame + at, len - at);
}

bool syn_frame_complete(uint8_t *frame, size_t len)
{
	struct segment segment;
	uint32_t check;

	if (!find_segment(&segment, frame, len))
		return false;
	segment.pseudo = fold(segment.pseudo + PROTO_TCP + (uint32_t)segment.len);
	if (word_at(segment.tcp + TCP_CHECK_AT) != segment.pseudo)
		return false;
	/* the pseudo-header's sum is in it already */
	check = ~fold(sum(segment.tcp, segment.len)) & 0xffff;
	segment.tcp[TCP_CHECK_AT] = (uint8_t)(check >> 8);
	segment.tcp[TCP_CHECK_AT + 1] = (uint8_t)check;
	return true;
}

bool syn_frame_flow(const uint8_t *frame, size_t len, struct flow_key *key, uint32_t *isn)
{
	struct segment segment;
	size_t words;

	/* nothing is written through it */
	if (!find_segment(&segment, (uint8_t *)(uintptr_t)frame, len))
		return false;
	words = segment.address_len / sizeof(key->client[0]);
	memset(key, 0, sizeof(*key));
	memcpy(&key->client[4 - words], segment.addresses, segment.address_len);
	memcpy(&key->server[4 - words], segment.addresses + segment.address_len,
	       segment.address_len);
	key->ports = word_at(segment.tcp) << 16 | word_at(segment.tcp + 2);
	*isn = word_at(segment.tcp + 4) << 16 | word_at(segment.tcp + 6);
	return true;
}

static void put_word(uint8_t *data, uint32_t word)
{
	data[0] = (uint8_t)(word >> 8);
	data[1] = (uint8_t)word;
}

/* Acknowledged is all of @syn, data too. */
static void write_reset_tcp(uint8_t *tcp, const struct segment *syn)
{
	const uint8_t *old = syn->tcp;
	size_t header = (old[12] >> 4) * 4U;
	uint32_t acknowledged = word_at(old + 4) << 16 | word_at(old + 6);

	acknowledged += 1 + (header < syn->len ? (uint32_t)(syn->len - header) : 0);
	memset(tcp, 0, TCP_LEN);
	memcpy(tcp, old + 2, 2);
	memcpy(tcp + 2, old, 2);
	put_word(tcp + 8, acknowledged >> 16);
	put_word(tcp + 10, acknowledged & 0xffff);
	put_word(tcp + 12, RST_ACK);
	put_word(tcp + TCP_CHECK_AT,
		 ~fold(fold(syn->pseudo) + PROTO_TCP + TCP_LEN + sum(tcp, TCP_LEN)));
}

static size_t write_reset_v4(uint8_t *ip, const struct segment *syn)
{
	memset(ip, 0, IPV4_LEN);
	ip[0] = 4 << 4 | IPV4_LEN / 4;
	put_word(ip + 2, IPV4_LEN + TCP_LEN);
	put_word(ip + 6, DO_NOT_FRAGMENT);
	ip[8] = RESET_TTL;
	ip[9] = PROTO_TCP;
	memcpy(ip + 12, syn->addresses + 4, 4);
	memcpy(ip + 16, syn->addresses, 4);
	put_word(ip + 10, ~fold(sum(ip, IPV4_LEN)));
	write_reset_tcp(ip + IPV4_LEN, syn);
	return IPV4_LEN + TCP_LEN;
}

/* Version, class and flow label are the SYN's. */
static size_t write_reset_v6(uint8_t *ip, const uint8_t *old, const struct segment *syn)
{
	memcpy(ip, old, 4);
	put_word(ip + 4, TCP_LEN);
	ip[6] = PROTO_TCP;
	ip[7] = RESET_TTL;
	memcpy(ip + 8, syn->addresses + 16, 16);
	memcpy(ip + 24, syn->addresses, 16);
	write_reset_tcp(ip + IPV6_LEN, syn);
	return IPV6_LEN + TCP_LEN;
}

size_t syn_frame_reset(uint8_t *reply, const uint8_t *frame, size_t len)
{
	struct segment syn;
	size_t l3;

	/* nothing is written through it */
	if (len && frame[0] & 1)
		return 0;
	if (!find_segment(&syn, (uint8_t *)(uintptr_t)frame, len))
		return 0;
	l3 = (size_t)(syn.addresses - frame) - (syn.address_len == 4 ? 12 : 8);
	memcpy(reply, frame, l3);
	memcpy(reply, frame + 6, 6);
	memcpy(reply + 6, frame, 6);
	return l3 + (syn.address_len == 4 ? write_reset_v4(reply + l3, &syn)
					  : write_reset_v6(reply + l3, frame + l3, &syn));
}
