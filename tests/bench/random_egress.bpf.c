// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The egress program, fed with packets of 65536 flows in random order, and a program that does
 * nothing in its place. */
#include <linux/bpf.h>
#include <linux/ip.h>
#include <linux/pkt_cls.h>
#include <stddef.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#define RANDOM_PREFIX 0x0a000000

__u32 next_flow; /* of one thread */

/* The address is changed where it has been read to: that costs less than in the packet. */
static __always_inline long load_random(const struct __sk_buff *skb, __u32 offset, void *to,
					__u32 len)
{
	long ret = bpf_skb_load_bytes(skb, offset, to, len);

	if (!ret && len > sizeof(struct iphdr)) {
		/* every one in turn, and each far from the one before: Hull & Dobell, 1962 */
		next_flow = next_flow * 25173 + 13849;
		((struct iphdr *)to)->daddr = bpf_htonl(RANDOM_PREFIX | (next_flow & 0xffff));
	}
	return ret;
}

#define bpf_skb_load_bytes load_random
#include "setup.bpf.c"

SEC("tc")
int pass_egress(struct __sk_buff *skb)
{
	(void)skb;
	return TC_ACT_UNSPEC;
}
