// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/tcp.h>
#include <string.h>

#include "frame.h"

#define WINDOW 64240
#define TTL 64

static uint32_t sum_words(const void *data, size_t len)
{
	const uint8_t *byte = data;
	uint32_t sum = 0;

	for (size_t i = 0; i + 1 < len; i += 2)
		sum += byte[i] << 8 | byte[i + 1];
	return sum;
}

static uint16_t sum_fold(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum >> 16) + (sum & 0xffff);
	return htons(~sum);
}

static uint64_t half(const struct in6_addr *addr, int which)
{
	uint64_t value = 0;

	for (int i = 0; i < 8; i++)
		value = value << 8 | addr->s6_addr[which * 8 + i];
	return value;
}

/* Ethernet and VLAN tags; returns where the IP header begins. */
static unsigned int put_ethernet(uint8_t *frame, const struct frame_spec *spec)
{
	unsigned int at = 12;
	uint16_t type = htons(spec->v6 ? ETH_P_IPV6 : ETH_P_IP);

	memcpy(frame, spec->dmac, 6);
	memcpy(frame + 6, spec->smac, 6);
	for (unsigned int i = 0; i < spec->vlans_count; i++) {
		uint16_t tag[2] = { htons(i + 1 < spec->vlans_count ? ETH_P_8021AD : ETH_P_8021Q),
				    htons(spec->vlan[i]) };

		memcpy(frame + at, tag, sizeof(tag));
		at += sizeof(tag);
	}
	memcpy(frame + at, &type, sizeof(type));
	return at + sizeof(type);
}

/* Source and checksum left 0; returns the length of the header. */
static unsigned int put_ip(uint8_t *l3, const struct frame_spec *spec)
{
	struct iphdr v4 = {
		.version = 4,
		.ihl = sizeof(v4) / 4,
		.tot_len = htons(sizeof(v4) + sizeof(struct tcphdr)),
		.frag_off = htons(IP_DF),
		.ttl = TTL,
		.protocol = IPPROTO_TCP,
	};
	struct ip6_hdr v6 = {
		.ip6_flow = htonl(6U << 28),
		.ip6_plen = htons(sizeof(struct tcphdr)),
		.ip6_nxt = IPPROTO_TCP,
		.ip6_hlim = TTL,
		.ip6_dst = spec->dst,
	};

	memcpy(&v4.daddr, &spec->dst, sizeof(v4.daddr));
	if (spec->v6)
		memcpy(l3, &v6, sizeof(v6));
	else
		memcpy(l3, &v4, sizeof(v4));
	return spec->v6 ? sizeof(v6) : sizeof(v4);
}

static void plan_sums(struct flood_plan *plan, const struct frame_spec *spec, const uint8_t *frame)
{
	uint32_t pseudo = sum_words(&spec->dst, spec->v6 ? 16 : 4) + IPPROTO_TCP +
			  sizeof(struct tcphdr);

	plan->ip_sum = sum_words(frame + plan->l3, sizeof(struct iphdr));
	plan->flags[FLOOD_SYN] = TH_SYN;
	plan->flags[FLOOD_ESTABLISHED] = TH_ACK;
	for (int kind = 0; kind < FLOOD_KINDS; kind++)
		plan->tcp_sum[kind] = pseudo + sum_words(frame + plan->l4, sizeof(struct tcphdr)) +
				      plan->flags[kind];
}

static int plan_sources(struct flood_plan *plan, const struct frame_spec *spec)
{
	unsigned int bits = (spec->v6 ? 128 : 32) - spec->src_len;
	uint64_t room = bits < 32 ? 1ULL << bits : 1ULL << 32;

	plan->sources = spec->sources ? spec->sources : room;
	if (plan->sources > room)
		return -ERANGE;
	if (!spec->v6) {
		plan->src_lo = half(&spec->src, 0) >> 32;
		return 0;
	}
	plan->src_hi = half(&spec->src, 0);
	plan->src_lo = half(&spec->src, 1);
	if (spec->src_len < 64) {
		bits = 64 - spec->src_len;
		room = bits < 32 ? 1ULL << bits : 1ULL << 32;
		if (!spec->sources)
			plan->sources = room;
		plan->index_high = plan->sources <= room;
	}
	return 0;
}

int frame_plan(struct flood_plan *plan, const struct frame_spec *spec)
{
	uint8_t frame[FLOOD_LEN_MAX] = { 0 };
	struct tcphdr tcp = {
		.th_dport = htons(spec->dport),
		.th_off = sizeof(tcp) / 4,
		.th_win = htons(WINDOW),
	};

	plan->v6 = spec->v6;
	plan->len = spec->v6 ? FLOOD_LEN_V6 : FLOOD_LEN_V4;
	plan->l3 = put_ethernet(frame, spec);
	plan->l4 = plan->l3 + put_ip(frame + plan->l3, spec);
	memcpy(frame + plan->l4, &tcp, sizeof(tcp));
	memcpy(plan->words, frame, sizeof(plan->words));
	plan_sums(plan, spec, frame);
	return plan_sources(plan, spec);
}

unsigned int frame_build(uint8_t buf[FLOOD_LEN_MAX], const struct frame_spec *spec,
			 enum flood_kind kind)
{
	struct flood_plan plan = { 0 };
	struct iphdr *ip = (void *)(buf + 14 + 4 * spec->vlans_count);
	struct tcphdr *tcp;
	uint16_t sum;

	if (frame_plan(&plan, spec))
		return 0;
	memcpy(buf, plan.words, plan.len);
	ip = (void *)(buf + plan.l3);
	tcp = (void *)(buf + plan.l4);
	if (spec->v6) {
		memcpy(buf + plan.l3 + 8, &spec->src, 16);
	} else {
		memcpy(&ip->saddr, &spec->src, 4);
		sum = sum_fold(plan.ip_sum + sum_words(&spec->src, 4));
		memcpy(&ip->check, &sum, sizeof(sum));
	}
	tcp->th_sport = htons(0x8000);
	tcp->th_flags = plan.flags[kind];
	tcp->th_sum =
		sum_fold(plan.tcp_sum[kind] + 0x8000 + sum_words(&spec->src, spec->v6 ? 16 : 4));
	return plan.len;
}
