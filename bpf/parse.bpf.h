/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Frame bytes -> struct packet, for TCP SYNs only; everything else leaves as early as it can. */
#ifndef WEIR_PARSE_BPF_H
#define WEIR_PARSE_BPF_H

#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/tcp.h>
#include <stdbool.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "abi.h"

#define VLAN_TAGS_MAX 2
/* Linux follows any number; a legitimate packet has two or three. */
#define EXT_HEADERS_MAX 16
#define EXT_WORDS_MASK 0x1ff /* none has more: 2 * 255 */

#define IPV4_OFFSET_MASK 0x1fff /* RFC 791: fragment offset, in 8 bytes */
#define IPV4_MORE_FRAGMENTS 0x2000
#define IPV6_OFFSET_MASK 0xfff8 /* RFC 8200, 4.5 */
#define IPV6_MORE_FRAGMENTS 0x0001

/* RFC 9293, 3.1: of the 16 bits from the data offset on */
#define TCP_FIN_BIT bpf_htons(0x0001)
#define TCP_SYN_BIT bpf_htons(0x0002)
#define TCP_RST_BIT bpf_htons(0x0004)
#define TCP_ACK_BIT bpf_htons(0x0010)

#define TCP_PORTS_LEN 4
#define TCP_FLAGS_END 14 /* bytes of a TCP header up to and with its flags */

struct vlan_tag {
	__be16 tci;
	__be16 type;
};

struct packet {
	struct addr src;
	struct addr dst;
	__be16 sport;
	__u16 dport; /* host order */
	__be32 isn;  /* sequence number; 0 of a fragment that ends before it */
	__u8 family; /* enum family; an IPv4-mapped IPv6 source is FAMILY_V4 */
	bool resets; /* no SYN but a RST */
	bool ends;   /* the same, or a FIN */
};

struct frame {
	void *l3;
	void *l4;
	void *end;
	__u32 l4_len;  /* as the IP header says; set for first fragments only */
	bool fragment; /* the first of several */
};

static __always_inline void addr_from_v4(struct addr *addr, __be32 v4)
{
	addr->hi = 0;
	addr->lo = bpf_cpu_to_be64(0xffff00000000ULL | bpf_ntohl(v4));
}

static __always_inline void addr_from_v6(struct addr *addr, const struct in6_addr *v6)
{
	__builtin_memcpy(addr, v6, sizeof(*addr));
}

static __always_inline bool addr_is_v4(const struct addr *addr)
{
	return !addr->hi && bpf_be64_to_cpu(addr->lo) >> 32 == 0xffff;
}

/* A segment that is no SYN: it passes. Of a RST or FIN *packet is filled in all the same. */
static __always_inline enum reason parse_other(const struct tcphdr *tcp, __be16 flags,
					       struct packet *packet)
{
	bool resets = flags & TCP_RST_BIT;

	if (!resets && !(flags & TCP_FIN_BIT))
		return REASON_NOT_SYN;
	packet->resets = resets;
	packet->ends = true;
	packet->sport = tcp->source;
	packet->dport = bpf_ntohs(tcp->dest);
	packet->isn = tcp->seq;
	return REASON_NOT_SYN;
}

/*
 * SYN without ACK and RST, whatever the other flags: so does Linux decide that a segment opens a
 * connection. A first fragment that ends before the flags counts as a SYN, since Linux would
 * reassemble and answer it; the length is the IP header's, since Ethernet padding may follow.
 */
static __always_inline enum reason parse_tcp(const struct frame *frame, struct packet *packet)
{
	const struct tcphdr *tcp = frame->l4;
	__be16 flags;

	/* one register for check and use, or the verifier cannot connect the two */
	barrier_var(tcp);
	if (frame->fragment && frame->l4_len < TCP_FLAGS_END) {
		if (frame->l4_len < TCP_PORTS_LEN || (void *)tcp + TCP_PORTS_LEN > frame->end)
			return REASON_TRUNCATED;
		packet->sport = tcp->source;
		packet->dport = bpf_ntohs(tcp->dest);
		return REASON_NONE;
	}
	if ((void *)tcp + TCP_FLAGS_END > frame->end)
		return REASON_TRUNCATED;
	flags = ((const __be16 *)tcp)[6];
	if ((flags & (TCP_SYN_BIT | TCP_ACK_BIT | TCP_RST_BIT)) != TCP_SYN_BIT)
		return parse_other(tcp, flags, packet);
	if (!frame->fragment && (void *)(tcp + 1) > frame->end)
		return REASON_TRUNCATED;
	if (tcp->doff * 4 < sizeof(*tcp))
		return REASON_MALFORMED;
	packet->sport = tcp->source;
	packet->dport = bpf_ntohs(tcp->dest);
	packet->isn = tcp->seq;
	return REASON_NONE;
}

static __always_inline enum reason parse_v4(struct frame *frame, struct packet *packet)
{
	const struct iphdr *ip = frame->l3;
	enum reason reason;
	__u32 header_len;
	__u16 offset;

	if ((void *)(ip + 1) > frame->end)
		return REASON_TRUNCATED;
	header_len = ip->ihl * 4;
	if (ip->version != 4 || header_len < sizeof(*ip))
		return REASON_MALFORMED;
	if (ip->protocol != IPPROTO_TCP)
		return REASON_NOT_TCP;
	offset = bpf_ntohs(ip->frag_off);
	if (offset & IPV4_OFFSET_MASK)
		return REASON_FRAGMENT;
	if (offset & IPV4_MORE_FRAGMENTS) {
		__u32 total_len = bpf_ntohs(ip->tot_len);

		if (total_len < header_len)
			return REASON_MALFORMED;
		frame->fragment = true;
		frame->l4_len = total_len - header_len;
	}
	frame->l4 = frame->l3 + header_len;
	reason = parse_tcp(frame, packet);
	if (reason && !packet->ends)
		return reason;
	addr_from_v4(&packet->src, ip->saddr);
	addr_from_v4(&packet->dst, ip->daddr);
	packet->family = FAMILY_V4;
	return reason;
}

/* Extension headers that carry another header behind them: RFC 8200, section 4, and RFC 4302. */
static __always_inline bool is_extension(__u8 next)
{
	return next == IPPROTO_HOPOPTS || next == IPPROTO_ROUTING || next == IPPROTO_DSTOPTS ||
	       next == IPPROTO_FRAGMENT || next == IPPROTO_AH;
}

/*
 * What an extension header has beyond its first eight bytes, in units of four. A function of its
 * own for the verifier, which then knows no more than the result's range: following every mixture
 * of sixteen headers by their kinds is beyond it.
 */
__noinline __u32 extension_words(__u8 kind, __u8 len)
{
	if (kind == IPPROTO_FRAGMENT)
		return 0;
	return kind == IPPROTO_AH ? len : 2 * len;
}

/* Follows the chain from the fixed header, whose next header is @next, to the TCP header. */
static __always_inline enum reason parse_v6_extensions(struct frame *frame, __u8 next)
{
	const __u8 *header = frame->l3 + sizeof(struct ipv6hdr);

#pragma clang loop unroll(disable)
	for (int i = 0; i < EXT_HEADERS_MAX && is_extension(next); i++) {
		__u32 words;

		/* each is at least eight bytes long */
		if ((void *)(header + 8) > frame->end)
			return REASON_TRUNCATED;
		if (next == IPPROTO_FRAGMENT) {
			__u16 field = bpf_ntohs(*(const __be16 *)(header + 2));

			if (field & IPV6_OFFSET_MASK)
				return header[0] == IPPROTO_TCP ? REASON_FRAGMENT : REASON_NOT_TCP;
			frame->fragment |= field & IPV6_MORE_FRAGMENTS;
		}
		/* the verifier does not know the range that the compiler sees */
		words = extension_words(next, header[1]);
		barrier_var(words);
		words &= EXT_WORDS_MASK;
		next = header[0];
		header += 8 + 4 * words;
	}
	frame->l4 = (void *)header;
	if (next == IPPROTO_TCP)
		return REASON_NONE;
	return is_extension(next) ? REASON_EXT_DEPTH : REASON_NOT_TCP;
}

static __always_inline enum reason parse_v6(struct frame *frame, struct packet *packet)
{
	const struct ipv6hdr *ip = frame->l3;
	enum reason reason;

	if ((void *)(ip + 1) > frame->end)
		return REASON_TRUNCATED;
	if (ip->version != 6)
		return REASON_MALFORMED;
	if (ip->nexthdr == IPPROTO_TCP) {
		frame->l4 = (void *)(ip + 1);
	} else {
		__u32 payload_len = bpf_ntohs(ip->payload_len), extensions_len;

		reason = parse_v6_extensions(frame, ip->nexthdr);
		if (reason)
			return reason;
		extensions_len = frame->l4 - (void *)(ip + 1);
		frame->l4_len = payload_len > extensions_len ? payload_len - extensions_len : 0;
	}
	reason = parse_tcp(frame, packet);
	if (reason && !packet->ends)
		return reason;
	addr_from_v6(&packet->src, &ip->saddr);
	addr_from_v6(&packet->dst, &ip->daddr);
	packet->family = addr_is_v4(&packet->src) ? FAMILY_V4 : FAMILY_V6;
	return reason;
}

static __always_inline bool is_vlan(__be16 type)
{
	return type == bpf_htons(ETH_P_8021Q) || type == bpf_htons(ETH_P_8021AD);
}

/* REASON_NONE: *packet is a SYN. Otherwise the frame passes for the reason returned, and *packet is
 * what ends a connection if it says so. */
static __noinline enum reason parse(const struct xdp_md *ctx, struct packet *packet)
{
	const struct ethhdr *eth = (void *)(long)ctx->data;
	struct frame frame = { .end = (void *)(long)ctx->data_end };
	__be16 type;

	if ((void *)(eth + 1) > frame.end)
		return REASON_TRUNCATED;
	type = eth->h_proto;
	frame.l3 = (void *)(eth + 1);
	for (int i = 0; i < VLAN_TAGS_MAX && is_vlan(type); i++) {
		const struct vlan_tag *tag = frame.l3;

		if ((void *)(tag + 1) > frame.end)
			return REASON_TRUNCATED;
		type = tag->type;
		frame.l3 = (void *)(tag + 1);
	}
	if (type == bpf_htons(ETH_P_IP))
		return parse_v4(&frame, packet);
	if (type == bpf_htons(ETH_P_IPV6))
		return parse_v6(&frame, packet);
	return is_vlan(type) ? REASON_VLAN_DEPTH : REASON_NOT_IP;
}

#endif
