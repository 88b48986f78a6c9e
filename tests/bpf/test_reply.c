// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The RST that answers excess, byte by byte. */
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_byte),
		cmocka_unit_test(test_any_values),
	};

	return cmocka_run_group_tests_name("reply", tests, NULL, NULL);
}
