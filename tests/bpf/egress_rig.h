/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* One connection, played to the packet path and to the egress program. Included after cmocka.h. */
#ifndef WEIR_TEST_EGRESS_RIG_H
#define WEIR_TEST_EGRESS_RIG_H

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "rig.h"
#include "tests/bpf/setup_clock.skel.h"
#include "tests/bpf/weir_clock.skel.h"

#define MS (SECOND / 1000)
#define OPEN "[weir]\nmode = enforce\nsources = 65\n[listener m]\nports = 1883\nwindow = auto\n"
#define ISN 0xffffffe0U /* so that numbers go round */
#define SERVER_ISN 0xfffffff0U
#define CLIENT4 "10.0.0.1"
#define SERVER4 "192.0.2.1"

static struct rig rig;
static struct setup_clock_bpf *egress;
static struct flow *flows;
static struct setup_counters before;
static const char *in_force;
/* of the connection that a test plays, without its SYNs */
static struct frame_spec client, server;
static uint32_t client_sent, server_sent;

static inline void load_egress(void)
{
	egress = setup_clock_bpf__open();
	assert_non_null(egress);
	egress->rodata->flow_slots = RIG_FLOW_SLOTS;
	for (int i = 0; i < MAP_COUNT; i++) {
		struct bpf_map *map = bpf_object__find_map_by_name(egress->obj,
								   instance_map_names[i]);

		if (map)
			assert_int_equal(bpf_map__reuse_fd(map, rig.instance.map_fd[i]), 0);
	}
	assert_int_equal(setup_clock_bpf__load(egress), 0);
	flows = mmap(NULL, RIG_FLOW_SLOTS * sizeof(*flows), PROT_READ | PROT_WRITE, MAP_SHARED,
		     rig.instance.map_fd[MAP_FLOWS], 0);
	assert_ptr_not_equal(flows, MAP_FAILED);
}

static inline struct setup_counters counters(void)
{
	int cpus = libbpf_num_possible_cpus();
	struct setup_counters *values = calloc(cpus, sizeof(*values)), sum = {};
	uint32_t zero = 0;

	assert_non_null(values);
	assert_int_equal(
		bpf_map_lookup_elem(rig.instance.map_fd[MAP_SETUP_COUNTERS], &zero, values), 0);
	for (size_t i = 0; i < sizeof(sum) / 8 * cpus; i++)
		((__u64 *)&sum)[i % (sizeof(sum) / 8)] += ((__u64 *)values)[i];
	free(values);
	return sum;
}

static inline uint64_t counted(enum setup_event event)
{
	return counters().n[event] - before.n[event];
}

static inline unsigned int flows_there(void)
{
	unsigned int there = 0;

	for (uint32_t i = 0; i < RIG_FLOW_SLOTS; i++)
		there += flows[i].tag != 0;
	return there;
}

static inline void at(uint64_t ms)
{
	rig_at(&rig, HOUR + ms * MS);
	egress->bss->clock_ns = HOUR + ms * MS;
}

static inline void begin(const char *ini, const struct frame_spec *how)
{
	struct setup_state none = {};
	uint32_t zero = 0;

	if (!rig.skel) {
		rig_open(&rig, ini);
		load_egress();
	}
	/* it waits for the frames in flight */
	if (ini != in_force)
		rig_configure(&rig, ini);
	in_force = ini;
	memset(flows, 0, RIG_FLOW_SLOTS * sizeof(*flows));
	bpf_map_update_elem(rig.instance.map_fd[MAP_SETUPS], &zero, &none, BPF_ANY);
	before = counters();
	client = *how;
	server = *how;
	server.src = how->version == 6 ? "2001:db8:ffff::1" : SERVER4;
	server.dst = how->version == 6 ? "2001:db8::1" : CLIENT4;
	server.sport = 1883;
	server.dport = 40000;
	client_sent = 1;
	server_sent = 1;
	at(0);
}

static inline void run_egress(const struct frame *frame)
{
	uint8_t out[FRAME_MAX];
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = frame->bytes, .data_size_in = frame->len,
		    .data_out = out, .data_size_out = sizeof(out), .repeat = 1);

	assert_int_equal(bpf_prog_test_run_opts(bpf_program__fd(egress->progs.weir_egress), &opts),
			 0);
	assert_int_equal((int)opts.retval, TC_ACT_UNSPEC);
	assert_int_equal(opts.data_size_out, frame->len);
	assert_memory_equal(out, frame->bytes, frame->len);
}

/* A segment of the broker with its number @seq after the first, and all of the client acknowledged. */
static inline void say_from(uint32_t seq, int flags, const void *bytes, size_t len)
{
	struct frame_spec spec = server;
	struct frame frame;
	uint32_t ack = ISN + client_sent;

	spec.isn = SERVER_ISN + seq;
	spec.flags = flags;
	spec.payload = len;
	frame_build(&frame, &spec);
	for (int i = 0; i < 4; i++)
		frame.bytes[frame.l4 + 8 + i] = (uint8_t)(ack >> (24 - 8 * i));
	if (len)
		memcpy(&frame.bytes[frame.len - len], bytes, len);
	run_egress(&frame);
}

static inline void say(const void *bytes, size_t len)
{
	say_from(server_sent, TCP_ACK | TCP_PSH, bytes, len);
	server_sent += len;
}

/* Bytes of the client arrive, and are acknowledged. */
static inline void hear(void)
{
	client_sent += 50;
	say_from(server_sent, TCP_ACK, NULL, 0);
}

static inline enum reason client_sends(int flags, uint32_t isn)
{
	struct frame_spec spec = client;

	spec.flags = flags;
	spec.isn = isn;
	return rig_reason(&rig, &spec);
}

static inline void knock(void)
{
	assert_int_equal(client_sends(TCP_SYN, ISN), REASON_ADMITTED);
	say_from(0, TCP_SYN | TCP_ACK, NULL, 0);
	assert_int_equal(counted(SETUP_NOTED), 1);
	assert_int_equal(counted(SETUP_ANSWERED), 1);
	assert_int_equal(flows_there(), 1);
}

/* It has come to that, once, and nothing is left of it. */
static inline void came_to(enum setup_event event)
{
	for (int other = SETUP_DONE; other <= SETUP_EVICTED; other++)
		assert_int_equal(counted(other), other == (int)event);
	assert_int_equal(flows_there(), 0);
}

#endif
