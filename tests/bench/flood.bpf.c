// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Frame generator: run by BPF_PROG_RUN with live frames, it writes every byte of a frame (pages
 * come back from the receiver with whatever it did to them) and redirects it out of one device.
 */
#include <linux/bpf.h>
#include <stdbool.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "flood.h"

#define TCP_SPORT 0
#define TCP_SEQ 4
#define TCP_FLAGS 13
#define TCP_CHECK 16
#define IPV4_CHECK 10
#define IPV4_SADDR 12
#define IPV6_SADDR 8
#define EPHEMERAL_FIRST 0x8000

const volatile struct flood_plan plan;

/* One thread only: no atomics. */
__u64 random_state;
__u64 next_source;
__u64 start_ns; /* of a paced flood */
__u64 made;	/* frames this program wrote */
__u64 sent;	/* the device took them */
__u64 lost;	/* the device refused them, its ring being full */
__u64 failed;	/* not even offered to the device */

struct {
	__uint(type, BPF_MAP_TYPE_DEVMAP);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} device SEC(".maps");

/* Steele, Lea & Flood, "Fast splittable pseudorandom number generators", 2014. */
static __always_inline __u64 random_next(void)
{
	__u64 z = random_state += 0x9e3779b97f4a7c15ULL;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
	return z ^ z >> 31;
}

static __always_inline __u32 source_index(__u64 random)
{
	__u64 index;

	if (!plan.sequential)
		return (__u32)random * plan.sources >> 32;
	index = next_source;
	next_source = index + 1 < plan.sources ? index + 1 : 0;
	return index;
}

static __always_inline __u64 sum32(__u32 value)
{
	return (value >> 16) + (value & 0xffff);
}

static __always_inline __be16 sum_fold(__u64 sum)
{
	sum = (sum >> 32) + (sum & 0xffffffff);
	sum = (sum >> 16) + (sum & 0xffff);
	sum = (sum >> 16) + (sum & 0xffff);
	sum = (sum >> 16) + (sum & 0xffff);
	return bpf_htons(~sum & 0xffff);
}

/* Returns what the source adds to a TCP checksum. */
static __always_inline __u64 write_source(void *l3, __u32 index)
{
	__u64 hi = plan.src_hi, lo = plan.src_lo;

	if (!plan.v6) {
		__u32 source = lo + index;

		*(__be32 *)(l3 + IPV4_SADDR) = bpf_htonl(source);
		*(__be16 *)(l3 + IPV4_CHECK) = sum_fold(plan.ip_sum + sum32(source));
		return sum32(source);
	}
	if (plan.index_high)
		hi += index;
	else
		lo += index;
	*(__be64 *)(l3 + IPV6_SADDR) = bpf_cpu_to_be64(hi);
	*(__be64 *)(l3 + IPV6_SADDR + 8) = bpf_cpu_to_be64(lo);
	return sum32(hi >> 32) + sum32(hi) + sum32(lo >> 32) + sum32(lo);
}

/*
 * The pace is kept here, by runs that make no frame: user space could only send bursts, because the
 * system call waits for an RCU grace period, some 20 ms, when another CPU still holds a page.
 */
static __always_inline bool is_due(void)
{
	__u64 due = (bpf_ktime_get_ns() - start_ns) * plan.per_second / 1000000000 + 1;

	if (due > plan.count)
		due = plan.count;
	return made - lost < due;
}

SEC("xdp")
int flood(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	void *l3 = data + plan.l3, *l4 = data + plan.l4;
	__u32 kind = FLOOD_SYN, seq;
	__u64 random, sum;
	__u16 sport;

	if (plan.per_second && !is_due())
		return XDP_DROP;
	random = random_next();
	seq = random >> 32;
	sport = EPHEMERAL_FIRST | (seq >> 7 & 0x7fff);
	if (data + plan.len > end || data + FLOOD_LEN_V4 > end)
		return XDP_ABORTED;
#pragma unroll
	for (int i = 0; i < FLOOD_LEN_V4 / 8; i++)
		((__u64 *)data)[i] = plan.words[i];
	if (plan.v6) {
		if (data + FLOOD_LEN_V6 > end)
			return XDP_ABORTED;
#pragma unroll
		for (int i = FLOOD_LEN_V4 / 8; i < FLOOD_LEN_V6 / 8; i++)
			((__u64 *)data)[i] = plan.words[i];
	}
	sum = write_source(l3, source_index(random)) + sport + sum32(seq);
	if (plan.established_share && seq < plan.established_share)
		kind = FLOOD_ESTABLISHED;
	*(__be16 *)(l4 + TCP_SPORT) = bpf_htons(sport);
	*(__be32 *)(l4 + TCP_SEQ) = bpf_htonl(seq);
	*(__u8 *)(l4 + TCP_FLAGS) = kind == FLOOD_SYN ? plan.flags[FLOOD_SYN]
						      : plan.flags[FLOOD_ESTABLISHED];
	sum += kind == FLOOD_SYN ? plan.tcp_sum[FLOOD_SYN] : plan.tcp_sum[FLOOD_ESTABLISHED];
	*(__be16 *)(l4 + TCP_CHECK) = sum_fold(sum);
	made++;
	return bpf_redirect_map(&device, 0, XDP_ABORTED);
}

/* Is it this program's thread, whose number is that of its own PID namespace? */
static __always_inline bool is_mine(void)
{
	struct bpf_pidns_info pid;

	return !bpf_get_ns_current_pid_tgid(plan.pidns_dev, plan.pidns_ino, &pid, sizeof(pid)) &&
	       pid.pid == plan.tid;
}

/* Arguments: from_dev, to_dev, sent, drops, err. */
SEC("raw_tp/xdp_devmap_xmit")
int count_sent(struct bpf_raw_tracepoint_args *ctx)
{
	if (!is_mine())
		return 0;
	sent += (__s32)ctx->args[2];
	lost += (__s32)ctx->args[3];
	return 0;
}

SEC("raw_tp/xdp_redirect_err")
int count_failed(struct bpf_raw_tracepoint_args *ctx)
{
	(void)ctx;
	if (is_mine())
		failed++;
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
