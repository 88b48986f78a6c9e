/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* reject: a SYN becomes the RST|ACK that refuses it, and goes back where it came from. */
#ifndef WEIR_REPLY_BPF_H
#define WEIR_REPLY_BPF_H

#include "parse.bpf.h"

#define REPLY_TTL 64
#define REPLY_RST_ACK bpf_htons(0x5014) /* data offset 5, RST and ACK */

static __always_inline __u16 csum_fold(__u64 sum)
{
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return ~sum;
}

/* Of @words 16-bit words in network byte order, which cancels out: RFC 1071, section 2. */
static __always_inline __u64 csum_add(__u64 sum, const void *data, __u32 words)
{
	const __be16 *word = data;

#pragma unroll
	for (__u32 i = 0; i < words; i++)
		sum += word[i];
	return sum;
}

/*
 * The reset for a segment that no connection expects, RFC 9293, 3.10.7.1: sequence number 0, and
 * acknowledged is all of the segment, the SYN and @data_len bytes. @sum is of the addresses.
 */
static __always_inline void reply_tcp(struct tcphdr *reply, const struct tcphdr *syn,
				      __u32 data_len, __u64 sum)
{
	struct tcphdr tcp = {
		.source = syn->dest,
		.dest = syn->source,
		.ack_seq = bpf_htonl(bpf_ntohl(syn->seq) + 1 + data_len),
	};

	((__be16 *)&tcp)[6] = REPLY_RST_ACK;
	sum += bpf_htons(IPPROTO_TCP) + bpf_htons(sizeof(tcp));
	tcp.check = csum_fold(csum_add(sum, &tcp, sizeof(tcp) / 2));
	__builtin_memcpy(reply, &tcp, sizeof(tcp));
}

/* Bytes of the reply from @l3 on; 0: the frame is too short. */
static __always_inline __u32 reply_v4(void *l3, void *end)
{
	struct iphdr *old = l3, ip = { .version = 4, .ihl = 5, .protocol = IPPROTO_TCP };
	struct tcphdr *syn;
	__u32 headers;

	if (l3 + sizeof(ip) + sizeof(*syn) > end)
		return 0;
	headers = old->ihl * 4;
	syn = l3 + headers;
	barrier_var(syn);
	if ((void *)(syn + 1) > end)
		return 0;
	headers += syn->doff * 4;
	ip.tot_len = bpf_htons(sizeof(ip) + sizeof(*syn));
	ip.frag_off = bpf_htons(0x4000); /* do not fragment */
	ip.ttl = REPLY_TTL;
	ip.saddr = old->daddr;
	ip.daddr = old->saddr;
	ip.check = csum_fold(csum_add(0, &ip, sizeof(ip) / 2));
	reply_tcp(l3 + sizeof(ip), syn,
		  bpf_ntohs(old->tot_len) > headers ? bpf_ntohs(old->tot_len) - headers : 0,
		  csum_add(0, &ip.saddr, 4));
	__builtin_memcpy(l3, &ip, sizeof(ip));
	return sizeof(ip) + sizeof(*syn);
}

static __always_inline __u32 reply_v6(void *l3, void *end)
{
	struct ipv6hdr *ip = l3;
	struct tcphdr *syn = l3 + sizeof(*ip);
	struct in6_addr client;
	__u32 payload, headers;

	if ((void *)(syn + 1) > end)
		return 0;
	payload = bpf_ntohs(ip->payload_len);
	headers = syn->doff * 4;
	reply_tcp(syn, syn, payload > headers ? payload - headers : 0, csum_add(0, &ip->saddr, 16));
	client = ip->saddr;
	ip->saddr = ip->daddr;
	ip->daddr = client;
	ip->payload_len = bpf_htons(sizeof(*syn));
	ip->hop_limit = REPLY_TTL;
	return sizeof(*ip) + sizeof(*syn);
}

/* Offset of a SYN's IP header if a reply can be made in its place: it is no fragment, has no IPv6
 * extension headers and was sent to one station (RFC 1122, 4.2.3.10). Else 0. */
__noinline int reply_l3(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	struct ethhdr *eth = data;
	void *l3 = eth + 1;
	__u32 l2_len = sizeof(*eth);
	__be16 type;

	if (l3 > end || eth->h_dest[0] & 1)
		return 0;
	type = eth->h_proto;
	for (int i = 0; i < VLAN_TAGS_MAX && is_vlan(type); i++) {
		struct vlan_tag *tag = l3;

		if ((void *)(tag + 1) > end)
			return 0;
		type = tag->type;
		l3 = tag + 1;
		l2_len += sizeof(*tag);
	}
	if (type == bpf_htons(ETH_P_IP)) {
		struct iphdr *ip = l3;

		if ((void *)(ip + 1) > end ||
		    ip->frag_off & bpf_htons(IPV4_OFFSET_MASK | IPV4_MORE_FRAGMENTS))
			return 0;
	} else {
		struct ipv6hdr *ip = l3;

		if ((void *)(ip + 1) > end || ip->nexthdr != IPPROTO_TCP)
			return 0;
	}
	return l2_len;
}

/*
 * Rewrites the frame of a SYN whose IP header is at @l3_at, see reply_l3, to its RST|ACK: addresses
 * turned round, VLAN tags kept, IP and TCP options and data gone. False: it must be dropped, and
 * may be half written. Functions of their own for the verifier, which so need not follow them once
 * for every way that led here.
 */
__noinline int reply_reset(struct xdp_md *ctx, __u32 l3_at)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end, *l3;
	struct ethhdr *eth = data;
	__u8 client[ETH_ALEN];
	__u32 len;

	if (l3_at > sizeof(*eth) + VLAN_TAGS_MAX * sizeof(struct vlan_tag))
		return false;
	l3 = data + l3_at;
	if ((void *)(eth + 1) > end || l3 + 1 > end)
		return false;
	len = *(__u8 *)l3 >> 4 == 4 ? reply_v4(l3, end) : reply_v6(l3, end);
	if (!len)
		return false;
	__builtin_memcpy(client, eth->h_source, ETH_ALEN);
	__builtin_memcpy(eth->h_source, eth->h_dest, ETH_ALEN);
	__builtin_memcpy(eth->h_dest, client, ETH_ALEN);
	return !bpf_xdp_adjust_tail(ctx, (int)(l3_at + len) - (int)bpf_xdp_get_buff_len(ctx));
}

#endif
