/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * tc programs that stand in for VLAN devices where the kernel has none: the client tags what it
 * sends, the broker takes the tags off after XDP has seen them. `ethtool -K DEV txvlan off` makes
 * the tag part of the frame.
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/pkt_cls.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#define TAG_CUSTOMER 100
#define TAG_SERVICE 200

SEC("tc/push")
int push(struct __sk_buff *skb)
{
	if (bpf_skb_vlan_push(skb, bpf_htons(ETH_P_8021Q), TAG_CUSTOMER))
		return TC_ACT_SHOT;
	return TC_ACT_OK;
}

SEC("tc/push_two")
int push_two(struct __sk_buff *skb)
{
	if (bpf_skb_vlan_push(skb, bpf_htons(ETH_P_8021Q), TAG_CUSTOMER) ||
	    bpf_skb_vlan_push(skb, bpf_htons(ETH_P_8021AD), TAG_SERVICE))
		return TC_ACT_SHOT;
	return TC_ACT_OK;
}

static __always_inline int pop_tag(struct __sk_buff *skb)
{
	return skb->vlan_present && !bpf_skb_vlan_pop(skb);
}

/* Frames that arrive with fewer tags than they were sent with mean that nothing was tested. */
SEC("tc/pop")
int pop(struct __sk_buff *skb)
{
	return pop_tag(skb) ? TC_ACT_OK : TC_ACT_SHOT;
}

SEC("tc/pop_two")
int pop_two(struct __sk_buff *skb)
{
	return pop_tag(skb) && pop_tag(skb) ? TC_ACT_OK : TC_ACT_SHOT;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
