// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The RST that answers excess, byte by byte; which excess gets one; and how many there are. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/bpf.h>

#include "rig.h"

#define CLOSED_LISTENER "[listener m]\nports = 1883\nrate = 0/s\n"
#define REJECT "[weir]\nmode = enforce\nsources = 65\n" CLOSED_LISTENER "excess = reject\n"
#define ISN 0x01020304U /* of frame_build() */

static struct rig rig;

/* -- the reply that RFC 9293 and RFC 1071 ask for ---------------------------------------------- */

static uint32_t get16(const uint8_t *at)
{
	return (uint32_t)at[0] << 8 | at[1];
}

static void put16(uint8_t *at, uint32_t value)
{
	at[0] = value >> 8 & 0xff;
	at[1] = value & 0xff;
}

static void put32(uint8_t *at, uint32_t value)
{
	put16(at, value >> 16);
	put16(at + 2, value);
}

/* The Internet checksum of @len bytes, an even number, on top of @sum. */
static uint16_t checksum(const uint8_t *bytes, size_t len, uint32_t sum)
{
	for (size_t i = 0; i < len; i += 2)
		sum += get16(bytes + i);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return ~sum;
}

static void expect_tcp(uint8_t *tcp, const uint8_t *addresses, size_t addresses_len,
		       const uint8_t *syn, uint32_t ack)
{
	memset(tcp, 0, 20);
	memcpy(tcp, syn + 2, 2);
	memcpy(tcp + 2, syn, 2);
	put32(tcp + 8, ack);
	tcp[12] = 5 << 4;
	tcp[13] = TCP_RST | TCP_ACK;
	/* pseudo-header: addresses, protocol, length */
	put16(tcp + 16,
	      checksum(tcp, 20, 6 + 20 + (uint16_t)~checksum(addresses, addresses_len, 0)));
}

/* What @syn, whose TCP header is at l4, must become. */
static void expect_reply(struct frame *reply, const struct frame *syn, uint32_t ack)
{
	uint8_t *ip = reply->bytes + syn->l3;
	const uint8_t *old = syn->bytes + syn->l3;

	memset(reply, 0, sizeof(*reply));
	memcpy(reply->bytes, syn->bytes, syn->l3);
	memcpy(reply->bytes, syn->bytes + 6, 6);
	memcpy(reply->bytes + 6, syn->bytes, 6);
	if (old[0] >> 4 == 4) {
		static const uint8_t head[12] = { 0x45, 0, 0, 40, 0, 0, 0x40, 0, 64, 6 };

		memcpy(ip, head, 12);
		memcpy(ip + 12, old + 16, 4);
		memcpy(ip + 16, old + 12, 4);
		put16(ip + 10, checksum(ip, 20, 0));
		expect_tcp(ip + 20, ip + 12, 8, syn->bytes + syn->l4, ack);
		reply->len = syn->l3 + 40;
	} else {
		memcpy(ip, old, 4);
		put16(ip + 4, 20);
		ip[6] = 6;
		ip[7] = 64;
		memcpy(ip + 8, old + 24, 16);
		memcpy(ip + 24, old + 8, 16);
		expect_tcp(ip + 40, ip + 8, 32, syn->bytes + syn->l4, ack);
		reply->len = syn->l3 + 60;
	}
}

static void check_reply(const char *what, const struct frame *syn, uint32_t ack)
{
	struct frame reply, expected;
	struct outcome outcome = rig_run_to(&rig, syn, &reply);

	expect_reply(&expected, syn, ack);
	if (outcome.action != XDP_TX)
		fail_msg("%s: action %u, reason %d", what, outcome.action, outcome.reason);
	if (reply.len != expected.len)
		fail_msg("%s: %zu bytes instead of %zu", what, reply.len, expected.len);
	for (size_t i = 0; i < reply.len; i++)
		if (reply.bytes[i] != expected.bytes[i])
			fail_msg("%s: byte %zu is %02x instead of %02x", what, i, reply.bytes[i],
				 expected.bytes[i]);
	assert_int_equal(outcome.verdict, VERDICT_REJECT);
	assert_int_equal(outcome.reason, REASON_LISTENER_LIMIT);
	assert_int_equal(outcome.counters, 1);
	assert_true(outcome.enforced);
}

/* -- bytes ------------------------------------------------------------------------------------- */

/* clang-format off */
static const struct {
	const char *what;
	struct frame_spec spec;
	uint32_t data_len;
} rows[] = {
	{ "IPv4", {}, 0 },
	{ "IPv4, one word of options", { .ihl = 6 }, 0 },
	{ "IPv4, all options", { .ihl = 15 }, 0 },
	{ "TCP options", { .doff = 10 }, 0 },
	{ "all options", { .ihl = 15, .doff = 15 }, 0 },
	{ "VLAN", { .vlan = { 0x8100 } }, 0 },
	{ "QinQ", { .vlan = { 0x88a8, 0x8100 } }, 0 },
	{ "QinQ, options", { .vlan = { 0x88a8, 0x8100 }, .ihl = 7, .doff = 8 }, 0 },
	{ "IPv6", { .version = 6 }, 0 },
	{ "IPv6, TCP options", { .version = 6, .doff = 15 }, 0 },
	{ "IPv6, VLAN", { .version = 6, .vlan = { 0x8100 } }, 0 },
	{ "IPv6, QinQ", { .version = 6, .vlan = { 0x88a8, 0x8100 }, .doff = 10 }, 0 },
	{ "data", { .payload = 1 }, 1 },
	{ "data behind options", { .ihl = 8, .doff = 11, .payload = 517 }, 517 },
	{ "IPv6, data", { .version = 6, .doff = 7, .payload = 300 }, 300 },
	{ "data in fragments of a buffer", { .payload = 3900 }, 3900 },
	{ "padding", { .padding = 6 }, 0 },
	{ "padding behind data", { .payload = 3, .padding = 3 }, 3 },
	{ "IPv6, padding", { .version = 6, .padding = 9 }, 0 },
	{ "IPv6, padding behind data", { .version = 6, .payload = 2, .padding = 9 }, 2 },
	{ "a total length without the headers", { .doff = 8, .total_len = 41 }, 0 },
	{ "IPv6, a payload length without the headers", { .version = 6, .total_len = 10 }, 0 },
	{ "ECN", { .flags = TCP_SYN | TCP_ECE | TCP_CWR }, 0 },
	{ "IPv6, ECN", { .version = 6, .flags = TCP_SYN | TCP_ECE | TCP_CWR }, 0 },
	{ "every other flag", { .flags = TCP_SYN | TCP_FIN | TCP_PSH | TCP_URG }, 0 },
	{ "sums of zeros", { .src = "0.0.0.1", .dst = "0.0.0.2" }, 0 },
	{ "sums that carry", { .src = "255.255.255.254", .dst = "255.255.255.253" }, 0 },
	{ "IPv6, sums that carry",
	  { .version = 6, .src = "ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe",
	    .dst = "ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffd" }, 0 },
	{ "IPv4-mapped", { .version = 6, .src = "::ffff:10.0.0.1", .dst = "::ffff:10.0.0.2" }, 0 },
};
/* clang-format on */

static void test_every_byte(void **state)
{
	(void)state;
	rig_open(&rig, REJECT "reject-rate = unlimited\n");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct frame syn;

		frame_build(&syn, &rows[i].spec);
		check_reply(rows[i].what, &syn, ISN + 1 + rows[i].data_len);
	}
	/* an unlimited bucket is not charged */
	assert_int_equal(rig_level_word(&rig, LEVELS_REJECT), 0);
	rig_close(&rig);
}

/* Addresses, ports and numbers of any value: checksums hold. */
static void test_any_values(void **state)
{
	(void)state;
	rig_open(&rig, REJECT "reject-rate = unlimited\n");
	srand48(1);
	for (int n = 0; n < 2000; n++) {
		const struct frame_spec spec = { .version = n & 1 ? 6 : 4, .doff = 5 + n % 11 };
		struct frame syn;
		uint8_t *tcp;

		frame_build(&syn, &spec);
		tcp = syn.bytes + syn.l4;
		/* both MAC addresses, unicast */
		for (int i = 0; i < 12; i++)
			syn.bytes[i] = lrand48() & 0xfe;
		/* type of service, or traffic class and flow label; identification; time to live */
		syn.bytes[syn.l3 + 1] = lrand48();
		if (spec.version == 6)
			put16(syn.bytes + syn.l3 + 2, lrand48());
		else
			put16(syn.bytes + syn.l3 + 4, lrand48());
		syn.bytes[syn.l3 + (spec.version == 6 ? 7 : 8)] = lrand48();
		for (size_t i = syn.l3 + (spec.version == 6 ? 8 : 12); i < syn.l4; i++)
			syn.bytes[i] = lrand48();
		put16(tcp, lrand48());
		put32(tcp + 4, n % 3 ? lrand48() : 0xffffffffU);
		check_reply("any values", &syn, (get16(tcp + 4) << 16 | get16(tcp + 6)) + 1);
	}
	rig_close(&rig);
}

/* -- which ------------------------------------------------------------------------------------- */

static struct outcome offer(const struct frame_spec *spec)
{
	struct frame frame;

	frame_build(&frame, spec);
	return rig_run(&rig, &frame);
}

static void expect_drop(const struct frame_spec *spec, enum reason reason)
{
	struct outcome outcome = offer(spec);

	assert_int_equal(outcome.action, XDP_DROP);
	assert_int_equal(outcome.verdict, VERDICT_DROP);
	assert_int_equal(outcome.reason, reason);
	assert_true(outcome.enforced);
}

/* None of these gets a RST, nor takes a token of one. */
static void test_frames_that_are_dropped(void **state)
{
	static const struct frame_spec specs[] = {
		{ .fragment = 0x2000 },
		{ .fragment = 0x2000, .payload = 100 },
		{ .version = 6, .ext = { { .kind = 0, .len = 1 } } },
		{ .version = 6, .ext = { { .kind = 43 } } },
		{ .version = 6, .ext = { { .kind = 60, .len = 2 } } },
		{ .version = 6, .ext = { { .kind = 44, .fragment = 1 } } },
		{ .version = 6, .ext = { { .kind = 44 } } },
		{ .version = 6, .ext = { { .kind = 51, .len = 4 } } },
		{ .version = 6, .vlan = { 0x8100 }, .ext = { { .kind = 60, .len = 2 } } },
	};

	(void)state;
	rig_open(&rig, REJECT "reject-rate = 1/h\nreject-burst = 1\n");
	for (size_t i = 0; i < sizeof(specs) / sizeof(specs[0]); i++)
		expect_drop(&specs[i], REASON_LISTENER_LIMIT);
	assert_int_equal(rig_level_word(&rig, LEVELS_REJECT), 0);
	assert_int_equal(offer(&specs[0]).action, XDP_DROP);
	assert_int_equal(offer(&(struct frame_spec){}).action, XDP_TX);
	rig_close(&rig);
}

/* Nobody answers a SYN to a group: RFC 1122, 4.2.3.10. */
static void test_group_addresses(void **state)
{
	struct frame frame;

	(void)state;
	rig_open(&rig, REJECT);
	frame_build(&frame, &(struct frame_spec){});
	frame.bytes[0] |= 1;
	assert_int_equal(rig_run(&rig, &frame).action, XDP_DROP);
	memset(frame.bytes, 0xff, 6);
	assert_int_equal(rig_run(&rig, &frame).action, XDP_DROP);
	assert_int_equal(rig_level_word(&rig, LEVELS_REJECT), 0);
	rig_close(&rig);
}

static void test_levels(void **state)
{
	static const struct {
		const char *ini;
		enum reason reason;
		enum verdict verdict;
	} cases[] = {
		{ "host-rate = 0/s\n[listener m]\nports = 1883\n", REASON_HOST_LIMIT,
		  VERDICT_REJECT },
		{ CLOSED_LISTENER, REASON_LISTENER_LIMIT, VERDICT_REJECT },
		{ "[listener m]\nports = 1883\nsite-rate = 0/s\n", REASON_SITE_LIMIT,
		  VERDICT_DROP },
		{ "[listener m]\nports = 1883\nsource-rate = 0/s\n", REASON_SOURCE_LIMIT,
		  VERDICT_DROP },
		{ "[listener m]\nports = 1883\n", REASON_ADMITTED, VERDICT_PASS },
	};
	static const char *const excesses[] = { "drop", "delay", "reject" };

	(void)state;
	rig_open(&rig, REJECT);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		for (int excess = 0; excess < 3; excess++) {
			enum verdict verdict = cases[i].verdict;
			struct outcome outcome;
			char ini[256];

			if (verdict == VERDICT_REJECT && excess < 2)
				verdict = VERDICT_DROP;
			snprintf(ini, sizeof(ini),
				 "[weir]\nmode = enforce\nsources = 65\n%sexcess = %s\n",
				 cases[i].ini, excesses[excess]);
			rig_configure(&rig, ini);
			outcome = offer(&(struct frame_spec){});
			assert_int_equal(outcome.reason, cases[i].reason);
			assert_int_equal(outcome.verdict, verdict);
			assert_int_equal(outcome.action, verdict == VERDICT_REJECT ? XDP_TX
							 : verdict == VERDICT_DROP ? XDP_DROP
										   : XDP_PASS);
		}
	rig_close(&rig);
}

/* Without its tag a reply would leave in another VLAN than the SYN came in. */
static void test_hidden_tags(void **state)
{
	(void)state;
	rig_open(&rig, REJECT);
	rig.instance.control->vlan_hidden = 1;
	expect_drop(&(struct frame_spec){}, REASON_LISTENER_LIMIT);
	assert_int_equal(rig_level_word(&rig, LEVELS_REJECT), 0);
	rig.instance.control->vlan_hidden = 0;
	assert_int_equal(offer(&(struct frame_spec){}).action, XDP_TX);
	rig_close(&rig);
}

/* Counts what would be rejected, charges for it, and touches nothing: rig_run() sees to that. */
static void test_observe(void **state)
{
	struct outcome outcome;

	(void)state;
	rig_open(&rig, REJECT "reject-rate = 1/h\n");
	rig_mode(&rig, MODE_OBSERVE);
	for (int n = 0; n < 3; n++) {
		outcome = offer(&(struct frame_spec){ .version = n & 1 ? 6 : 4 });
		assert_int_equal(outcome.action, XDP_PASS);
		assert_int_equal(outcome.verdict, n ? VERDICT_DROP : VERDICT_REJECT);
		assert_int_equal(outcome.reason, REASON_LISTENER_LIMIT);
		assert_false(outcome.enforced);
	}
	rig_close(&rig);
}

/* -- how many ---------------------------------------------------------------------------------- */

/* How many of @count SYNs now get a RST; the others are dropped for the same reason. */
static int rejected(int count, uint16_t dport)
{
	int sent = 0;

	for (int n = 0; n < count; n++) {
		struct outcome outcome = offer(&(struct frame_spec){ .dport = dport });

		assert_int_equal(outcome.reason, REASON_LISTENER_LIMIT);
		assert_int_equal(outcome.verdict,
				 outcome.action == XDP_TX ? VERDICT_REJECT : VERDICT_DROP);
		sent += outcome.action == XDP_TX;
	}
	return sent;
}

static void test_rate(void **state)
{
	int sent = 0;

	(void)state;
	rig_open(&rig, REJECT "reject-rate = 10/s\nreject-burst = 5\n"
			      "[listener other]\nports = 8883\nrate = 0/s\nexcess = reject\n"
			      "reject-rate = 1/h\nreject-burst = 2\n");
	assert_int_equal(rejected(20, 1883), 5);
	/* each listener has its own */
	assert_int_equal(rejected(20, 8883), 2);
	rig_at(&rig, HOUR + SECOND / 10 - 1);
	assert_int_equal(rejected(5, 1883), 0);
	rig_at(&rig, HOUR + SECOND / 10);
	assert_int_equal(rejected(5, 1883), 1);
	rig_at(&rig, HOUR + 5 * SECOND);
	assert_int_equal(rejected(20, 1883), 5);
	for (int n = 1; n <= 1000; n++) {
		rig_at(&rig, HOUR + 5 * SECOND + n * (SECOND / 100));
		sent += rejected(1, 1883);
	}
	assert_int_equal(sent, 100);
	rig_close(&rig);
}

static void test_default_rate_and_none(void **state)
{
	(void)state;
	rig_open(&rig, REJECT);
	assert_int_equal(rejected(1500, 1883), 1000);
	rig_at(&rig, HOUR + SECOND / 1000);
	assert_int_equal(rejected(5, 1883), 1);
	rig_configure(&rig, REJECT "reject-rate = 0/s\n");
	rig_at(&rig, 2 * HOUR);
	assert_int_equal(rejected(5, 1883), 0);
	rig_close(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_byte),
		cmocka_unit_test(test_any_values),
		cmocka_unit_test(test_frames_that_are_dropped),
		cmocka_unit_test(test_group_addresses),
		cmocka_unit_test(test_levels),
		cmocka_unit_test(test_hidden_tags),
		cmocka_unit_test(test_observe),
		cmocka_unit_test(test_rate),
		cmocka_unit_test(test_default_rate_and_none),
	};

	return cmocka_run_group_tests_name("reply", tests, NULL, NULL);
}
