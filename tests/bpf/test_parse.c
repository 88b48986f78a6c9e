// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Every branch of the parser, in enforce mode with a closed listener: a SYN that is seen drops. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include <linux/bpf.h>

#include "rig.h"

#define CLOSED "[weir]\nmode = enforce\nsources = 65\n[listener mqtt]\nports = 1883\nrate = 0/s\n"

#define DOT1Q 0x8100
#define DOT1AD 0x88a8
#define MORE 0x2000 /* IPv4 flag; offsets are in eight bytes */
#define DONT 0x4000
#define V6_MORE 0x0001 /* IPv6 flag; offsets are in the upper 13 bits */

#define HOPOPTS 0
#define ROUTING 43
#define FRAGMENT 44
#define ESP 50
#define AH 51
#define NO_NEXT 59
#define DSTOPTS 60
#define UDP 17
#define IPIP 4

static struct rig rig;

struct row {
	const char *says;
	struct frame_spec frame;
	enum reason reason;
};

static void check_rows(const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct frame frame;
		struct outcome outcome;
		bool drops = rows[i].reason == REASON_LISTENER_LIMIT;

		frame_build(&frame, &rows[i].frame);
		outcome = rig_run(&rig, &frame);
		if (outcome.reason != rows[i].reason)
			fail_msg("%s: reason %d, expected %d", rows[i].says, outcome.reason,
				 rows[i].reason);
		if (outcome.action != (drops ? XDP_DROP : XDP_PASS) ||
		    outcome.verdict != (drops ? VERDICT_DROP : VERDICT_PASS) ||
		    outcome.enforced != drops || outcome.counters != drops)
			fail_msg("%s: action %u, verdict %d", rows[i].says, outcome.action,
				 outcome.verdict);
	}
}

#define SYN_SEEN REASON_LISTENER_LIMIT
#define CHECK(rows) check_rows(rows, sizeof(rows) / sizeof((rows)[0]))

static void test_ethernet(void **state)
{
	static const struct row rows[] = {
		{ "plain v4", {}, SYN_SEEN },
		{ "plain v6", { .version = 6 }, SYN_SEEN },
		{ "802.1Q", { .vlan = { DOT1Q } }, SYN_SEEN },
		{ "802.1ad", { .vlan = { DOT1AD } }, SYN_SEEN },
		{ "QinQ", { .vlan = { DOT1AD, DOT1Q } }, SYN_SEEN },
		{ "802.1Q twice, v6", { .vlan = { DOT1Q, DOT1Q }, .version = 6 }, SYN_SEEN },
		{ "three tags", { .vlan = { DOT1AD, DOT1Q, DOT1Q } }, REASON_VLAN_DEPTH },
		{ "ARP", { .ethertype = 0x0806 }, REASON_NOT_IP },
		{ "ARP in a VLAN", { .vlan = { DOT1Q }, .ethertype = 0x0806 }, REASON_NOT_IP },
		{ "PPPoE", { .ethertype = 0x8864 }, REASON_NOT_IP },
		{ "LLC", { .ethertype = 64 }, REASON_NOT_IP },
		{ "v4 under the v6 type", { .ethertype = 0x86dd }, REASON_MALFORMED },
		{ "v6 under the v4 type", { .version = 6, .ethertype = 0x0800 }, REASON_MALFORMED },
	};

	(void)state;
	CHECK(rows);
}

static void test_v4(void **state)
{
	static const struct row rows[] = {
		{ "options", { .ihl = 15 }, SYN_SEEN },
		{ "shorter than its header", { .ihl = 4 }, REASON_MALFORMED },
		{ "no header length", { .version_field = 4, .ihl = 1 }, REASON_MALFORMED },
		{ "version 5", { .version_field = 5 }, REASON_MALFORMED },
		{ "version 6", { .version_field = 6 }, REASON_MALFORMED },
		{ "UDP", { .protocol = UDP }, REASON_NOT_TCP },
		{ "IPIP", { .protocol = IPIP }, REASON_NOT_TCP },
		{ "ESP", { .protocol = ESP }, REASON_NOT_TCP },
		{ "do not fragment", { .fragment = DONT }, SYN_SEEN },
		{ "first fragment, whole header", { .fragment = MORE }, SYN_SEEN },
		{ "second fragment", { .fragment = 1 }, REASON_FRAGMENT },
		{ "a middle fragment", { .fragment = MORE | 100 }, REASON_FRAGMENT },
		{ "last offset", { .fragment = 0x1fff }, REASON_FRAGMENT },
		{ "second fragment of UDP", { .fragment = 1, .protocol = UDP }, REASON_NOT_TCP },
		{ "offset 0, ends before the flags",
		  { .fragment = MORE, .flags = TCP_ACK, .total_len = 28 },
		  SYN_SEEN },
		{ "offset 0, ends before the flags, and so does the frame",
		  { .fragment = MORE, .cut_tail = 12, .total_len = 28 },
		  SYN_SEEN },
		{ "offset 0, ends before the flags, padding says ACK",
		  { .fragment = MORE, .cut_tail = 12, .total_len = 28, .padding = 18 },
		  SYN_SEEN },
		{ "offset 0, ends before the flags, with options",
		  { .fragment = MORE, .ihl = 8, .flags = TCP_ACK, .total_len = 40 },
		  SYN_SEEN },
		{ "offset 0, ends with the flags: ACK",
		  { .fragment = MORE, .flags = TCP_ACK, .total_len = 34, .cut_tail = 6 },
		  REASON_NOT_SYN },
		{ "offset 0, ends with the flags: SYN",
		  { .fragment = MORE, .total_len = 34, .cut_tail = 6 },
		  SYN_SEEN },
		{ "offset 0, ends before the flags, to another port",
		  { .fragment = MORE, .total_len = 28, .dport = 80 },
		  REASON_NOT_LISTENER },
		{ "offset 0, ends inside the ports",
		  { .fragment = MORE, .total_len = 23 },
		  REASON_TRUNCATED },
		{ "offset 0, says 8 bytes, frame has 2",
		  { .fragment = MORE, .total_len = 28, .cut_tail = 18 },
		  REASON_TRUNCATED },
		{ "offset 0, total length below the header",
		  { .fragment = MORE, .total_len = 19 },
		  REASON_MALFORMED },
		{ "first fragment of an established connection",
		  { .fragment = MORE, .flags = TCP_ACK, .payload = 100 },
		  REASON_NOT_SYN },
	};

	(void)state;
	CHECK(rows);
}

static void test_v6(void **state)
{
	static const struct row rows[] = {
		{ "version 4", { .version = 6, .version_field = 4 }, REASON_MALFORMED },
		{ "UDP", { .version = 6, .protocol = UDP }, REASON_NOT_TCP },
		{ "nothing next", { .version = 6, .protocol = NO_NEXT }, REASON_NOT_TCP },
		{ "hop-by-hop", { .version = 6, .ext = { { HOPOPTS, 1, 0 } } }, SYN_SEEN },
		{ "routing", { .version = 6, .ext = { { ROUTING, 2, 0 } } }, SYN_SEEN },
		{ "destination", { .version = 6, .ext = { { DSTOPTS, 31, 0 } } }, SYN_SEEN },
		{ "longest destination",
		  { .version = 6, .ext = { { DSTOPTS, 255, 0 } } },
		  SYN_SEEN },
		{ "authentication", { .version = 6, .ext = { { AH, 4, 0 } } }, SYN_SEEN },
		{ "authentication of odd length",
		  { .version = 6, .ext = { { AH, 5, 0 } } },
		  SYN_SEEN },
		{ "ESP", { .version = 6, .protocol = ESP }, REASON_NOT_TCP },
		{ "UDP behind options",
		  { .version = 6, .ext = { { HOPOPTS, 1, 0 } }, .protocol = UDP },
		  REASON_NOT_TCP },
		{ "all kinds",
		  { .version = 6,
		    .ext = { { HOPOPTS, 1, 0 },
			     { DSTOPTS, 1, 0 },
			     { ROUTING, 2, 0 },
			     { FRAGMENT, 1, 0 },
			     { AH, 4, 0 },
			     { DSTOPTS, 1, 0 } } },
		  SYN_SEEN },
		{ "all kinds, ACK",
		  { .version = 6,
		    .flags = TCP_ACK,
		    .ext = { { HOPOPTS, 1, 0 },
			     { DSTOPTS, 1, 0 },
			     { ROUTING, 2, 0 },
			     { FRAGMENT, 1, 0 },
			     { AH, 4, 0 },
			     { DSTOPTS, 1, 0 } } },
		  REASON_NOT_SYN },
		{ "atomic fragment", { .version = 6, .ext = { { FRAGMENT, 1, 0 } } }, SYN_SEEN },
		{ "first fragment",
		  { .version = 6, .ext = { { FRAGMENT, 1, V6_MORE } } },
		  SYN_SEEN },
		{ "first fragment of an established connection",
		  { .version = 6, .ext = { { FRAGMENT, 1, V6_MORE } }, .flags = TCP_ACK },
		  REASON_NOT_SYN },
		{ "second fragment",
		  { .version = 6, .ext = { { FRAGMENT, 1, 8 } } },
		  REASON_FRAGMENT },
		{ "second fragment of UDP",
		  { .version = 6, .ext = { { FRAGMENT, 1, 8 } }, .protocol = UDP },
		  REASON_NOT_TCP },
		{ "first fragment ends before the flags",
		  { .version = 6,
		    .ext = { { FRAGMENT, 1, V6_MORE } },
		    .flags = TCP_ACK,
		    .total_len = 16 },
		  SYN_SEEN },
		{ "first fragment ends before the flags, options before it",
		  { .version = 6,
		    .ext = { { HOPOPTS, 3, 0 }, { FRAGMENT, 1, V6_MORE } },
		    .flags = TCP_ACK,
		    .total_len = 48 },
		  SYN_SEEN },
		{ "first fragment ends inside its extension headers",
		  { .version = 6,
		    .ext = { { FRAGMENT, 1, V6_MORE }, { DSTOPTS, 3, 0 } },
		    .total_len = 16 },
		  REASON_TRUNCATED },
		{ "fragmented twice",
		  { .version = 6,
		    .ext = { { FRAGMENT, 1, V6_MORE }, { FRAGMENT, 1, 0 } },
		    .flags = TCP_ACK,
		    .total_len = 24 },
		  SYN_SEEN },
		{ "as many as are followed",
		  { .version = 6,
		    .ext = { { HOPOPTS, 1, 0 },
			     { DSTOPTS, 0, 0 },
			     { DSTOPTS, 0, 0 },
			     { DSTOPTS, 0, 0 },
			     { DSTOPTS, 0, 0 },
			     { DSTOPTS, 0, 0 },
			     { DSTOPTS, 0, 0 },
			     { DSTOPTS, 0, 0 },
			     { DSTOPTS, 0, 0 },
			     { DSTOPTS, 0, 0 },
			     { DSTOPTS, 0, 0 },
			     { DSTOPTS, 0, 0 },
			     { DSTOPTS, 0, 0 },
			     { DSTOPTS, 0, 0 },
			     { DSTOPTS, 0, 0 },
			     { DSTOPTS, 0, 0 } } },
		  SYN_SEEN },
		{ "one more",
		  { .version = 6,
		    .ext = { { HOPOPTS, 1, 0 },
			     { DSTOPTS, 0, 0 },
			     { DSTOPTS, 0, 0 },
			     { DSTOPTS, 0, 0 },
			     { DSTOPTS, 0, 0 },
			     { DSTOPTS, 0, 0 },
			     { DSTOPTS, 0, 0 },
			     { DSTOPTS, 0, 0 },
			     { DSTOPTS, 0, 0 },
			     { DSTOPTS, 0, 0 },
			     { DSTOPTS, 0, 0 },
			     { DSTOPTS, 0, 0 },
			     { DSTOPTS, 0, 0 },
			     { DSTOPTS, 0, 0 },
			     { DSTOPTS, 0, 0 },
			     { DSTOPTS, 0, 0 },
			     { DSTOPTS, 0, 0 } } },
		  REASON_EXT_DEPTH },
	};

	(void)state;
	CHECK(rows);
}

static void test_tcp(void **state)
{
	static const struct row rows[] = {
		{ "options", { .doff = 10 }, SYN_SEEN },
		{ "data in the SYN", { .payload = 1000 }, SYN_SEEN },
		{ "header shorter than 20", { .doff = 4 }, REASON_MALFORMED },
		{ "header length 1", { .doff = 1 }, REASON_MALFORMED },
		{ "another port", { .dport = 1884 }, REASON_NOT_LISTENER },
		{ "the port's bytes swapped", { .dport = 0x5b07 }, REASON_NOT_LISTENER },
		{ "port 65535", { .dport = 65535 }, REASON_NOT_LISTENER },
		{ "ACK to another port", { .dport = 80, .flags = TCP_ACK }, REASON_NOT_SYN },
	};

	(void)state;
	CHECK(rows);
}

static void test_every_flag_combination(void **state)
{
	(void)state;
	for (int version = 4; version <= 6; version += 2)
		for (int flags = 1; flags < 256; flags++) {
			bool opens = (flags & (TCP_SYN | TCP_ACK | TCP_RST)) == TCP_SYN;
			struct row row = { "flags",
					   { .version = version, .flags = flags },
					   opens ? SYN_SEEN : REASON_NOT_SYN };
			char says[32];

			snprintf(says, sizeof(says), "v%d flags %02x", version, flags);
			row.says = says;
			check_rows(&row, 1);
		}
}

/* A frame may end anywhere: it passes, and never is a byte read that is not there. */
static void test_every_truncation(void **state)
{
	static const struct frame_spec specs[] = {
		{ .vlan = { DOT1AD, DOT1Q }, .ihl = 10 },
		{ .vlan = { DOT1Q },
		  .version = 6,
		  .ext = { { HOPOPTS, 1, 0 }, { FRAGMENT, 1, 0 }, { AH, 4, 0 } } },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(specs) / sizeof(specs[0]); i++) {
		struct frame whole;

		frame_build(&whole, &specs[i]);
		for (size_t len = 14; len < whole.len; len++) {
			struct frame_spec spec = specs[i];
			struct outcome outcome;
			struct frame frame;

			spec.cut = len;
			frame_build(&frame, &spec);
			outcome = rig_run(&rig, &frame);
			if (outcome.reason != REASON_TRUNCATED || outcome.action != XDP_PASS)
				fail_msg("frame %zu cut to %zu bytes: reason %d", i, len,
					 outcome.reason);
		}
	}
}

/* The same SYN fragmented so that its flags come later: at every length of the first piece. */
static void test_every_first_fragment(void **state)
{
	(void)state;
	for (uint32_t len = 0; len <= 20; len++) {
		struct frame_spec spec = { .fragment = MORE,
					   .flags = TCP_ACK,
					   .total_len = 20 + len };
		enum reason expected = len < 4	  ? REASON_TRUNCATED
				       : len < 14 ? SYN_SEEN
						  : REASON_NOT_SYN;
		struct row row = { "first fragment", spec, expected };

		check_rows(&row, 1);
		if (!len)
			continue;
		row.frame = (struct frame_spec){ .version = 6,
						 .flags = TCP_ACK,
						 .ext = { { FRAGMENT, 1, V6_MORE } },
						 .total_len = 8 + len };
		check_rows(&row, 1);
	}
}

static int open_rig(void **state)
{
	(void)state;
	rig_open(&rig, CLOSED);
	return 0;
}

static int close_rig(void **state)
{
	(void)state;
	rig_close(&rig);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ethernet),
		cmocka_unit_test(test_v4),
		cmocka_unit_test(test_v6),
		cmocka_unit_test(test_tcp),
		cmocka_unit_test(test_every_flag_combination),
		cmocka_unit_test(test_every_truncation),
		cmocka_unit_test(test_every_first_fragment),
	};

	return cmocka_run_group_tests_name("parse", tests, open_rig, close_rig);
}
