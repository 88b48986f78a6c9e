// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Connections in set-up: what the packet path and the egress program make of real bytes. What follows
 * from which record is the state machine's (tests/unit/test_setup.c).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "egress_rig.h"

static const uint8_t connack[] = { 0x20, 2, 0, 0 };

static void test_frames(void **state)
{
	static const struct frame_spec hows[] = {
		{ .version = 4 },
		{ .ihl = 7 },
		{ .doff = 8 },
		{ .version = 6 },
		{ .vlan = { 0x8100 } },
		{ .vlan = { 0x88a8, 0x8100 } },
		{ .version = 6, .vlan = { 0x8100 } },
		{ .version = 6, .vlan = { 0x88a8, 0x8100 }, .doff = 8 },
	};
	struct setup_counters after;

	(void)state;
	for (size_t i = 0; i < sizeof(hows) / sizeof(hows[0]); i++) {
		begin(OPEN, &hows[i]);
		knock();
		at(30);
		hear();
		assert_int_equal(counted(SETUP_REQUESTED), 1);
		at(530);
		say(connack, sizeof(connack));
		came_to(SETUP_DONE);
		after = counters();
		assert_int_equal(after.latency_sum_ns - before.latency_sum_ns, 500 * MS);
		assert_int_equal(after.request_sum_ns - before.request_sum_ns, 30 * MS);
		assert_int_equal(after.took_sum_ns - before.took_sum_ns, 530 * MS);
	}
}

/* What is no segment of a connection in set-up passes, whatever it looks like. */
static void test_others(void **state)
{
	struct frame frame;
	struct frame_spec spec;

	(void)state;
	begin(OPEN, &(struct frame_spec){ 0 });
	knock();
	spec = server;
	spec.flags = TCP_RST;
	/* with less than an IP header the kernel runs no program */
	for (size_t cut = 34; cut < 54; cut++) {
		spec.cut = cut;
		frame_build(&frame, &spec);
		run_egress(&frame);
	}
	spec.cut = 0;
	for (int part = 0; part < 6; part++) {
		struct frame_spec other = spec;

		other.dst = part == 0 ? "10.0.0.2" : spec.dst;
		other.src = part == 1 ? "192.0.2.2" : spec.src;
		other.sport = part == 2 ? 1884 : spec.sport;
		other.dport = part == 3 ? 40001 : spec.dport;
		other.protocol = part == 4 ? 17 : 0;
		other.fragment = part == 5 ? 1 : 0;
		frame_build(&frame, &other);
		run_egress(&frame);
	}
	frame_build(&frame, &(struct frame_spec){ .ethertype = 0x0806 });
	run_egress(&frame);
	assert_int_equal(flows_there(), 1);
	say_from(server_sent, TCP_RST | TCP_ACK, NULL, 0);
	came_to(SETUP_REFUSED);
}

static void test_client_ends(void **state)
{
	static const struct {
		int flags;
		uint32_t seq;
		bool requested, ends;
	} rows[] = {
		{ TCP_FIN | TCP_ACK, ISN + 51, true, true },
		{ TCP_RST, ISN + 1, true, true },
		{ TCP_RST | TCP_ACK, ISN + 1, false, true },
		{ TCP_RST, ISN + (1 << 20), false, true },
		/* forged: it would have to guess */
		{ TCP_RST, ISN + (1 << 20) + 1, true, false },
		{ TCP_FIN, ISN - 1, true, false },
		{ TCP_ACK, ISN + 1, true, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		for (int version = 4; version <= 6; version += 2) {
			begin(OPEN, &(struct frame_spec){ .version = version });
			knock();
			if (rows[i].requested)
				hear();
			assert_int_equal(client_sends(rows[i].flags, rows[i].seq), REASON_NOT_SYN);
			if (rows[i].ends)
				came_to(rows[i].requested ? SETUP_GIVEN_UP : SETUP_WITHDRAWN);
			else
				assert_int_equal(flows_there(), 1);
		}
	}
}

static uint64_t noted_in_slices(void)
{
	const struct setup_counters now = counters();
	uint64_t noted = 0;

	for (int i = 0; i < SETUP_SLICES; i++)
		noted += now.noted[i] - before.noted[i];
	return noted;
}

/* Those that had come again, and had gone when they were let pass, are not counted for their slice. */
static void test_withdrawn_was_not_forged(void **state)
{
	(void)state;
	begin(OPEN, &(struct frame_spec){ 0 });
	knock();
	assert_int_equal(noted_in_slices(), 1);
	/* a single SYN may be forged, and the RST of whoever has that address */
	client_sends(TCP_RST, ISN + 1);
	came_to(SETUP_WITHDRAWN);
	assert_int_equal(noted_in_slices(), 1);
	begin(OPEN, &(struct frame_spec){ 0 });
	knock();
	for (unsigned int i = 0; i < RIG_FLOW_SLOTS; i++)
		flows[i].waited = !!flows[i].tag;
	client_sends(TCP_RST, ISN + 1);
	came_to(SETUP_WITHDRAWN);
	assert_int_equal(noted_in_slices(), 0);
	/* after its request it was there */
	begin(OPEN, &(struct frame_spec){ 0 });
	knock();
	hear();
	client_sends(TCP_RST, ISN + 51);
	came_to(SETUP_GIVEN_UP);
	assert_int_equal(noted_in_slices(), 1);
}

/* The first answer, once, whatever comes after it. */
static void test_served(void **state)
{
	(void)state;
	begin(OPEN, &(struct frame_spec){ 0 });
	knock();
	hear();
	assert_int_equal(counted(SETUP_SERVED), 0);
	/* AUTH, another burst, CONNACK */
	say("\xf0\x02\x00\x00", 4);
	assert_int_equal(counted(SETUP_SERVED), 1);
	hear();
	say("\x20\x02\x00\x00", 4);
	came_to(SETUP_DONE);
	assert_int_equal(counted(SETUP_SERVED), 1);
	/* refused without a word */
	begin(OPEN, &(struct frame_spec){ 0 });
	knock();
	hear();
	say_from(server_sent, TCP_FIN | TCP_ACK, NULL, 0);
	came_to(SETUP_REFUSED);
	assert_int_equal(counted(SETUP_SERVED), 0);
}

static void test_broker_ends(void **state)
{
	(void)state;
	begin(OPEN, &(struct frame_spec){ 0 });
	assert_int_equal(client_sends(TCP_SYN, ISN), REASON_ADMITTED);
	say_from(0, TCP_RST | TCP_ACK, NULL, 0);
	came_to(SETUP_REFUSED);
	begin(OPEN, &(struct frame_spec){ 0 });
	knock();
	hear();
	say_from(server_sent, TCP_FIN | TCP_ACK, NULL, 0);
	came_to(SETUP_REFUSED);
	/* a CONNACK that refuses, and the FIN with it */
	begin(OPEN, &(struct frame_spec){ 0 });
	knock();
	hear();
	say_from(server_sent, TCP_FIN | TCP_ACK, "\x20\x02\x00\x05", 4);
	came_to(SETUP_DONE);
}

static void test_same_port(void **state)
{
	(void)state;
	begin(OPEN, &(struct frame_spec){ 0 });
	knock();
	at(1000);
	assert_int_equal(client_sends(TCP_SYN, ISN), REASON_ADMITTED);
	assert_int_equal(counted(SETUP_NOTED), 1);
	assert_int_equal(client_sends(TCP_SYN, ISN + 999), REASON_ADMITTED);
	assert_int_equal(counted(SETUP_NOTED), 2);
	assert_int_equal(counted(SETUP_REPLACED), 1);
	assert_int_equal(flows_there(), 1);
}

/* Only what passes is noted, by what was done and not by what was said. */
static void test_what_is_noted(void **state)
{
	static const struct {
		const char *ini;
		uint64_t noted;
	} rows[] = {
		{ "[weir]\nmode = enforce\nsources = 65\n[listener m]\nports = 1883\nrate = "
		  "0/s\nwindow = auto\n",
		  0 },
		{ "[weir]\nmode = observe\nsources = 65\n[listener m]\nports = 1883\nrate = "
		  "0/s\nwindow = auto\n",
		  1 },
		{ OPEN "[prefix 10.0.0.1]\naction = allow\n", 1 },
		{ OPEN "[prefix 10.0.0.1]\naction = block\n", 0 },
		{ "[weir]\nmode = enforce\nsources = 65\n[listener m]\nports = 1884\n", 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		begin(rows[i].ini, &(struct frame_spec){ 0 });
		client_sends(TCP_SYN, ISN);
		assert_int_equal(counted(SETUP_NOTED), rows[i].noted);
		assert_int_equal(flows_there(), rows[i].noted);
	}
}

static void test_first_byte(void **state)
{
	(void)state;
	begin(OPEN "setup = first-byte\n", &(struct frame_spec){ 0 });
	knock();
	hear();
	say("\x16\x03", 2);
	came_to(SETUP_DONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_frames),	    cmocka_unit_test(test_others),
		cmocka_unit_test(test_client_ends), cmocka_unit_test(test_withdrawn_was_not_forged),
		cmocka_unit_test(test_served),	    cmocka_unit_test(test_broker_ends),
		cmocka_unit_test(test_same_port),   cmocka_unit_test(test_what_is_noted),
		cmocka_unit_test(test_first_byte),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
