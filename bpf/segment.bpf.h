/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A packet on its way out -> the TCP segment of which flow. Nothing but its headers is read. */
#ifndef WEIR_SEGMENT_BPF_H
#define WEIR_SEGMENT_BPF_H

#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/tcp.h>
#include <stdbool.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "flow.h"

#define IP_FRAGMENT_MASK bpf_htons(0x3fff) /* RFC 791: offset, and whether more come */
#define SEGMENT_VLAN_TAGS_MAX 2

struct segment {
	struct flow_key key;
	struct tcphdr tcp;
	__u32 payload_at;
	__u32 payload_len; /* skb->len is the truth: of a super-packet the header's length is not */
	bool is_v4;
};

/* bpf_skb_load_bytes() throughout: no byte of a packet on its way out need be in its linear part. */
static __always_inline bool segment_v4(struct __sk_buff *skb, __u32 l3, struct segment *segment)
{
	struct {
		struct iphdr ip;
		struct tcphdr tcp;
	} head;

	if (bpf_skb_load_bytes(skb, l3, &head, sizeof(head)) || head.ip.protocol != IPPROTO_TCP ||
	    head.ip.frag_off & IP_FRAGMENT_MASK)
		return false;
	segment->payload_at = l3 + head.ip.ihl * 4;
	segment->tcp = head.tcp;
	if (head.ip.ihl != sizeof(head.ip) / 4 &&
	    bpf_skb_load_bytes(skb, segment->payload_at, &segment->tcp, sizeof(segment->tcp)))
		return false;
	segment->key.client[3] = head.ip.daddr;
	segment->key.server[3] = head.ip.saddr;
	segment->is_v4 = true;
	return true;
}

/* Linux puts no extension headers before the TCP of a listener that did not ask for them. */
static __always_inline bool segment_v6(struct __sk_buff *skb, __u32 l3, struct segment *segment)
{
	struct {
		struct ipv6hdr ip;
		struct tcphdr tcp;
	} head;

	if (bpf_skb_load_bytes(skb, l3, &head, sizeof(head)) || head.ip.nexthdr != IPPROTO_TCP)
		return false;
	segment->payload_at = l3 + sizeof(head.ip);
	segment->tcp = head.tcp;
	__builtin_memcpy(segment->key.client, &head.ip.daddr, sizeof(segment->key.client));
	__builtin_memcpy(segment->key.server, &head.ip.saddr, sizeof(segment->key.server));
	segment->is_v4 = false;
	return true;
}

/* A tag that the device will put there (vlan_tci) is not in the frame, and skb->protocol is then that
 * of what it carries. */
static __always_inline __be16 segment_protocol(struct __sk_buff *skb, __u32 *l3)
{
	__be16 type = skb->protocol;

	*l3 = ETH_HLEN;
#pragma unroll
	for (int i = 0; i < SEGMENT_VLAN_TAGS_MAX; i++) {
		if (type != bpf_htons(ETH_P_8021Q) && type != bpf_htons(ETH_P_8021AD))
			break;
		if (bpf_skb_load_bytes(skb, *l3 + 2, &type, sizeof(type)))
			return 0;
		*l3 += 4;
	}
	return type;
}

/* False: no TCP. */
static __always_inline bool segment_read(struct __sk_buff *skb, struct segment *segment)
{
	__u32 l3;
	__be16 type = segment_protocol(skb, &l3);

	if (type == bpf_htons(ETH_P_IP)) {
		if (!segment_v4(skb, l3, segment))
			return false;
	} else if (type != bpf_htons(ETH_P_IPV6) || !segment_v6(skb, l3, segment)) {
		return false;
	}
	segment->key.ports = (__u32)bpf_ntohs(segment->tcp.dest) << 16 |
			     bpf_ntohs(segment->tcp.source);
	segment->payload_at += segment->tcp.doff * 4;
	segment->payload_len = skb->len > segment->payload_at ? skb->len - segment->payload_at : 0;
	return true;
}

#endif
