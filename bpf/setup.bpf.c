// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * What the broker's host sends, as far as it is of connections in set-up: tells what they have come
 * to (include/setup.h), and how long the broker took. Runs on the way out of the devices that the
 * packet path is on. It changes no packet and decides nothing about any: other filters go on.
 */
#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include <bpf/bpf_helpers.h>

#include "maps.bpf.h"
#include "flow_table.bpf.h"
#include "segment.bpf.h"
#include "setup.h"

/* TLS records looked at in one packet: the handshake flights of OpenSSL have six. */
#define RECORDS_MAX 12

/* -- what the broker says ------------------------------------------------------------------------ */

/* Is the handshake record at @at a ServerHello? 0: no; 12: of TLS 1.2 or before; 13. */
static __noinline int hello_version(struct __sk_buff *skb, __u32 at)
{
	__u8 hello[SERVER_HELLO_LEN], cipher;

	if (bpf_skb_load_bytes(skb, at, hello, sizeof(hello)) ||
	    hello[RECORD_HEADER_LEN] != SERVER_HELLO ||
	    hello[SERVER_HELLO_LEN - 1] > SESSION_ID_MAX ||
	    bpf_skb_load_bytes(skb, at + SERVER_HELLO_LEN + hello[SERVER_HELLO_LEN - 1], &cipher,
			       sizeof(cipher)))
		return 0;
	return cipher == TLS13_CIPHERS ? 13 : 12;
}

static __always_inline enum setup_result said_record(struct __sk_buff *skb, struct flow *flow,
						     struct setup_state *state, __u32 at,
						     const __u8 header[RECORD_HEADER_LEN],
						     __u64 now_ns)
{
	__u16 len = header[3] << 8 | header[4];

	if (header[0] == RECORD_HANDSHAKE &&
	    (flow->stage == STAGE_PLAIN || flow->stage == STAGE_TLS13)) {
		int version = hello_version(skb, at);

		if (version || flow->stage == STAGE_PLAIN)
			return setup_hello(flow, version == 12, now_ns);
	}
	return setup_record(flow, state, header[0], len, now_ns);
}

/* All records that begin in the payload. */
static __noinline int said_records(struct __sk_buff *skb, struct flow *flow,
				   struct setup_state *state, const struct segment *segment,
				   __u64 now_ns)
{
	__u32 at = segment->payload_at, len = segment->payload_len;
	__u32 seq = bpf_ntohl(segment->tcp.seq), offset = flow->next - seq;
	enum setup_result result = SETUP_GOES_ON;
	__u8 header[RECORD_HEADER_LEN];

#pragma clang loop unroll(disable)
	for (int i = 0; i < RECORDS_MAX && offset + RECORD_HEADER_LEN <= len; i++) {
		if (bpf_skb_load_bytes(skb, at + offset, header, sizeof(header)) ||
		    !setup_is_record(header[0], header[1], header[3] << 8 | header[4]))
			break;
		result = said_record(skb, flow, state, at + offset, header, now_ns);
		if (result != SETUP_GOES_ON)
			break;
		offset += RECORD_HEADER_LEN + (header[3] << 8 | header[4]);
		flow->next = seq + offset;
	}
	return result;
}

static __always_inline bool is_tls(const struct flow *flow, const __u8 bytes[4])
{
	if (flow->stage == STAGE_PLAIN)
		return bytes[0] >= RECORD_TYPE_MIN && bytes[0] <= RECORD_TYPE_MAX && bytes[1] == 3;
	return flow->stage != STAGE_UPGRADED;
}

/*
 * Payload. What was sent before is passed over, and so is what lies in the middle of a record. If a
 * record's header was in two packets, or one had too many records, the next packet that begins with
 * a record goes on: the broker's flights do.
 */
static __always_inline enum setup_result said(struct __sk_buff *skb, struct flow *flow,
					      struct setup_state *state,
					      const struct segment *segment, __u64 now_ns)
{
	__u32 at = segment->payload_at, len = segment->payload_len;
	__u32 seq = bpf_ntohl(segment->tcp.seq);
	__u8 bytes[4] = {};

	if (!flow->connack_max) {
		setup_turn_ends(flow, now_ns);
		return SETUP_IS_DONE;
	}
	if (!flow->synced || (__s32)(seq - flow->next) > 0) {
		flow->next = seq;
		flow->synced = true;
	}
	if (flow->next - seq >= len)
		return SETUP_GOES_ON;
	at += flow->next - seq;
	if (len < sizeof(bytes) ? bpf_skb_load_bytes(skb, at, bytes, 1)
				: bpf_skb_load_bytes(skb, at, bytes, sizeof(bytes)))
		return SETUP_GOES_ON;
	if (is_tls(flow, bytes))
		return said_records(skb, flow, state, segment, now_ns);
	flow->next = seq + len;
	return setup_plain(flow, bytes, len, now_ns);
}

/* -- what becomes of it -------------------------------------------------------------------------- */

static __always_inline void count_request(const struct flow *flow, __u32 listener, __u64 now_ns)
{
	struct setup_counters *count = bpf_map_lookup_elem(&setup_counters, &listener);
	__u64 took_ns = now_ns - flow->admitted_ns, slice, bucket;

	if (!count)
		return;
	count->n[SETUP_REQUESTED]++;
	count->request_sum_ns += took_ns;
	slice = flow->admitted_ns >> SETUP_SLICE_NS_SHIFT;
	if (flow_slice_lasts(slice, now_ns))
		count->requested[slice & (SETUP_SLICES - 1)]++;
	bucket = setup_bucket(took_ns);
	if (bucket < SETUP_BUCKETS)
		count->request[bucket]++;
}

static __always_inline void count_done(__u64 latency_ns, __u64 took_ns, __u32 listener)
{
	struct setup_counters *count = bpf_map_lookup_elem(&setup_counters, &listener);
	__u64 bucket = setup_bucket(latency_ns);

	if (!count)
		return;
	count->n[SETUP_DONE]++;
	count->latency_sum_ns += latency_ns;
	count->took_sum_ns += took_ns;
	if (bucket < SETUP_BUCKETS)
		count->latency[bucket]++;
}

static __noinline int watch(struct __sk_buff *skb, const struct segment *segment, struct flow *flow,
			    __u32 tag)
{
	__u32 listener = flow->listener & (LISTENERS_MAX - 1);
	struct setup_state *state = bpf_map_lookup_elem(&setups, &listener);
	enum setup_result result = SETUP_GOES_ON;
	__u64 now_ns, latency_ns, took_ns;
	bool owed;

	if (!state)
		return 0;
	if (segment->tcp.syn) {
		flow_count(listener, SETUP_ANSWERED);
		return 0;
	}
	now_ns = bpf_ktime_get_ns();
	if (segment->tcp.ack)
		result = setup_heard(flow, state, bpf_ntohl(segment->tcp.ack_seq), now_ns);
	if (result == SETUP_BEGINS)
		count_request(flow, listener, now_ns);
	owed = flow->bursts == 1 && flow->turn_ns;
	if (result != SETUP_IS_DONE && segment->payload_len)
		result = said(skb, flow, state, segment, now_ns);
	if (owed && !flow->turn_ns)
		flow_count(listener, SETUP_SERVED);
	if (result != SETUP_IS_DONE && (segment->tcp.fin || segment->tcp.rst))
		result = SETUP_IS_OVER;
	if (result < SETUP_IS_DONE)
		return 0;
	latency_ns = flow->spent_ns;
	took_ns = now_ns - flow->admitted_ns;
	if (!flow_free(flow, tag))
		return 0;
	if (result == SETUP_IS_DONE)
		count_done(latency_ns, took_ns, listener);
	else
		flow_count(listener, SETUP_REFUSED);
	return 0;
}

SEC("tc")
int weir_egress(struct __sk_buff *skb)
{
	struct segment segment = {};
	const struct control *ctl;
	__u32 zero = 0, set, tag;
	struct flow *flow;

	if (!segment_read(skb, &segment))
		return TC_ACT_UNSPEC;
	ctl = bpf_map_lookup_elem(&control, &zero);
	if (!ctl)
		return TC_ACT_UNSPEC;
	set = flow_set(&segment.key, &ctl->waiting_seed, segment.is_v4, flow_slots);
	if (!flow_is_likely(set))
		return TC_ACT_UNSPEC;
	tag = flow_tag(&segment.key, &ctl->waiting_seed, segment.is_v4);
	flow = flow_find(set, tag);
	if (flow)
		watch(skb, &segment, flow, tag);
	return TC_ACT_UNSPEC;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
