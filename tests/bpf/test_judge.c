// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Listeners, levels, the order in which they win, and that a refusal costs nobody a token. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include <linux/bpf.h>

#include "rig.h"

#define MQTT 1 /* counters of the first listener */
#define WEB 2

static struct rig rig;

static enum reason syn(const char *src)
{
	return rig_reason(&rig, &(struct frame_spec){ .src = src });
}

static enum reason syn6(const char *src)
{
	return rig_reason(&rig, &(struct frame_spec){ .version = 6, .src = src });
}

static void test_burst_then_refusal_by_each_level(void **state)
{
	static const struct {
		const char *key;
		enum reason refusal;
	} rows[] = {
		{ "host-rate = 1/h\nhost-burst = 3\n[listener m]\nports=1883\n",
		  REASON_HOST_LIMIT },
		{ "[listener m]\nports=1883\nrate = 1/h\nburst = 3\n", REASON_LISTENER_LIMIT },
		{ "[listener m]\nports=1883\nsite-rate = 1/h\nsite-burst = 3\n",
		  REASON_SITE_LIMIT },
		{ "[listener m]\nports=1883\nsource-rate = 1/h\nsource-burst = 3\n",
		  REASON_SOURCE_LIMIT },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char ini[256];

		snprintf(ini, sizeof(ini), "[weir]\nmode = enforce\nsources = 65\n%s", rows[i].key);
		rig_open(&rig, ini);
		/* not a multiple of the grain: all of the burst is there all the same */
		rig_at(&rig, HOUR + 1);
		for (int n = 0; n < 3; n++)
			assert_int_equal(syn(NULL), REASON_ADMITTED);
		assert_int_equal(syn(NULL), rows[i].refusal);
		/* a token comes back after a period, not sooner */
		rig_at(&rig, 2 * HOUR - 1);
		assert_int_equal(syn(NULL), rows[i].refusal);
		rig_at(&rig, 2 * HOUR);
		assert_int_equal(syn(NULL), REASON_ADMITTED);
		assert_int_equal(syn(NULL), rows[i].refusal);
		rig_close(&rig);
	}
}

/* Of all levels that would refuse, the first in the order host, listener, site, source is named,
 * whether it is closed (bit set in @closed) or has used its one token. */
static void check_order(unsigned int refusing, unsigned int closed, uint64_t now_ns)
{
	static const char *const keys[LEVEL_COUNT] = { "host-rate", "rate", "site-rate",
						       "source-rate" };
	char open_ini[512] = "[weir]\nmode = enforce\nsources = 65\n", closed_ini[512];

	strcpy(closed_ini, open_ini);
	for (int level = 0; level < LEVEL_COUNT; level++) {
		if (refusing >> level & 1) {
			sprintf(open_ini + strlen(open_ini), "%s = 1/h\n", keys[level]);
			sprintf(closed_ini + strlen(closed_ini), "%s = %s\n", keys[level],
				closed >> level & 1 ? "0/s" : "1/h");
		}
		if (level == LEVEL_HOST) {
			strcat(open_ini, "[listener m]\nports = 1883\n");
			strcat(closed_ini, "[listener m]\nports = 1883\n");
		}
	}
	rig_at(&rig, now_ns);
	rig_configure(&rig, open_ini);
	assert_int_equal(syn(NULL), REASON_ADMITTED);
	rig_configure(&rig, closed_ini);
	assert_int_equal(syn(NULL), REASON_HOST_LIMIT + __builtin_ctz(refusing));
}

static void test_order_of_reasons(void **state)
{
	uint64_t now_ns = HOUR;

	(void)state;
	rig_open(&rig, "[weir]\nsources = 65\n[listener m]\nports = 1883\n");
	for (unsigned int refusing = 1; refusing < 16; refusing++)
		for (unsigned int closed = 0; closed < 16; closed++)
			if (!(closed & ~refusing))
				check_order(refusing, closed, now_ns += 10 * HOUR);
	rig_close(&rig);
}

static const char *const all_levels =
	"[weir]\nmode = enforce\nsources = 65\nhost-rate = 1/h\nhost-burst = %d\n"
	"[listener m]\nports = 1883\nrate = 1/h\nburst = %d\nsite-rate = 1/h\nsite-burst = %d\n"
	"source-rate = 1/h\nsource-burst = %d\n";

/* One level is exhausted: a refusal leaves the words of all the others as they were. */
static void test_refusal_charges_nothing(void **state)
{
	(void)state;
	for (int level = 0; level < LEVEL_COUNT; level++) {
		uint64_t host, listener;
		int burst[LEVEL_COUNT] = { 9, 9, 9, 9 };
		char ini[512];

		burst[level] = 2;
		snprintf(ini, sizeof(ini), all_levels, burst[0], burst[1], burst[2], burst[3]);
		rig_open(&rig, ini);
		assert_int_equal(syn(NULL), REASON_ADMITTED);
		assert_int_equal(syn(NULL), REASON_ADMITTED);
		host = rig_level_word(&rig, 0);
		listener = rig_level_word(&rig, 1);
		for (int n = 0; n < 20; n++)
			assert_int_equal(syn(NULL), REASON_HOST_LIMIT + level);
		assert_int_equal(rig_level_word(&rig, 0), host);
		assert_int_equal(rig_level_word(&rig, 1), listener);
		/* the other buckets had nine: seven are left, as the next level shows */
		rig_limit(&rig, 0, level, "unlimited", 0);
		for (int n = 0; n < 7; n++)
			assert_int_equal(syn(NULL), REASON_ADMITTED);
		assert_int_equal(syn(NULL),
				 level == LEVEL_HOST ? REASON_LISTENER_LIMIT : REASON_HOST_LIMIT);
		rig_close(&rig);
	}
}

/* Refused SYNs of a flood must not push anybody out of the table. */
static void test_refusal_claims_no_slot(void **state)
{
	char ini[512];

	(void)state;
	snprintf(ini, sizeof(ini), all_levels, 9, 1, 9, 9);
	rig_open(&rig, ini);
	assert_int_equal(syn("10.0.0.1"), REASON_ADMITTED);
	assert_int_equal(rig_slots_used(&rig), 2);
	for (int n = 0; n < 200; n++) {
		char src[32];

		snprintf(src, sizeof(src), "10.%d.0.1", n + 1);
		assert_int_equal(syn(src), REASON_LISTENER_LIMIT);
	}
	assert_int_equal(rig_slots_used(&rig), 2);
	rig_close(&rig);
}

static void test_prefixes(void **state)
{
	(void)state;
	rig_open(&rig, "[weir]\nmode = enforce\nsources = 1024\n"
		       "[listener m]\nports = 1883\nsite-rate = 1/h\nsite-burst = 3\n"
		       "source-rate = 1/h\n");
	/* a source is a /32: its neighbour has a bucket of its own */
	assert_int_equal(syn("10.0.0.1"), REASON_ADMITTED);
	assert_int_equal(syn("10.0.0.1"), REASON_SOURCE_LIMIT);
	assert_int_equal(syn("10.0.0.2"), REASON_ADMITTED);
	assert_int_equal(syn("10.0.0.255"), REASON_ADMITTED);
	/* a site is a /24 */
	assert_int_equal(syn("10.0.0.4"), REASON_SITE_LIMIT);
	assert_int_equal(syn("10.0.1.4"), REASON_ADMITTED);
	/* v6: source /64, site /48 */
	assert_int_equal(syn6("2001:db8:0:1::1"), REASON_ADMITTED);
	assert_int_equal(syn6("2001:db8:0:1:ffff::1"), REASON_SOURCE_LIMIT);
	assert_int_equal(syn6("2001:db8:0:2::1"), REASON_ADMITTED);
	assert_int_equal(syn6("2001:db8:0:ffff::1"), REASON_ADMITTED);
	assert_int_equal(syn6("2001:db8:0:8::1"), REASON_SITE_LIMIT);
	assert_int_equal(syn6("2001:db8:1:8::1"), REASON_ADMITTED);
	/* an IPv4-mapped address is the v4 source, and not one /64 with all others */
	assert_int_equal(syn6("::ffff:10.0.1.4"), REASON_SOURCE_LIMIT);
	assert_int_equal(syn6("::ffff:10.7.7.7"), REASON_ADMITTED);
	assert_int_equal(syn("10.7.7.7"), REASON_SOURCE_LIMIT);
	/* ::a.b.c.d is not mapped */
	assert_int_equal(syn6("::10.9.9.9"), REASON_ADMITTED);
	assert_int_equal(syn("10.9.9.9"), REASON_ADMITTED);
	rig_close(&rig);
}

static void test_own_prefix_lengths(void **state)
{
	(void)state;
	rig_open(&rig, "[weir]\nmode = enforce\nsources = 1024\nv4-prefix = 30\nv4-site = 8\n"
		       "v6-prefix = 128\nv6-site = 64\n"
		       "[listener m]\nports = 1883\nsite-rate = 1/h\nsite-burst = 2\n"
		       "source-rate = 1/h\n");
	assert_int_equal(syn("10.0.0.0"), REASON_ADMITTED);
	assert_int_equal(syn("10.0.0.3"), REASON_SOURCE_LIMIT);
	assert_int_equal(syn("10.0.0.4"), REASON_ADMITTED);
	assert_int_equal(syn("10.255.255.255"), REASON_SITE_LIMIT);
	assert_int_equal(syn("11.0.0.0"), REASON_ADMITTED);
	assert_int_equal(syn6("2001:db8::1"), REASON_ADMITTED);
	assert_int_equal(syn6("2001:db8::2"), REASON_ADMITTED);
	assert_int_equal(syn6("2001:db8::3"), REASON_SITE_LIMIT);
	assert_int_equal(syn6("2001:db8:0:1::3"), REASON_ADMITTED);
	rig_close(&rig);
}

static void expect_to(const char *dst, uint16_t dport, int version, uint32_t counters,
		      enum reason reason)
{
	struct frame_spec spec = { .version = version, .dst = dst, .dport = dport };
	struct outcome outcome;
	struct frame frame;

	frame_build(&frame, &spec);
	outcome = rig_run(&rig, &frame);
	assert_int_equal(outcome.reason, reason);
	assert_int_equal(outcome.counters, counters);
}

static void test_listeners(void **state)
{
	(void)state;
	rig_open(&rig, "[weir]\nmode = enforce\nsources = 65\n"
		       "[listener mqtt]\nports = 1883, 8883, 65535, 1\nrate = 1/h\nburst = 4\n"
		       "[listener web]\nports = 443\nrate = 1/h\n");
	/* one bucket over all ports of a listener, none shared between two */
	expect_to(NULL, 1883, 4, MQTT, REASON_ADMITTED);
	expect_to(NULL, 8883, 4, MQTT, REASON_ADMITTED);
	expect_to(NULL, 65535, 6, MQTT, REASON_ADMITTED);
	expect_to(NULL, 1, 4, MQTT, REASON_ADMITTED);
	expect_to(NULL, 8883, 6, MQTT, REASON_LISTENER_LIMIT);
	expect_to(NULL, 443, 4, WEB, REASON_ADMITTED);
	expect_to(NULL, 443, 4, WEB, REASON_LISTENER_LIMIT);
	expect_to(NULL, 444, 4, 0, REASON_NOT_LISTENER);
	rig_close(&rig);
}

static void test_addresses(void **state)
{
	(void)state;
	rig_open(&rig, "[weir]\nmode = enforce\nsources = 65\n"
		       "[listener any]\nports = 1883\n"
		       "[listener net]\nports = 1883\naddresses = 192.0.2.0/24, 2001:db8::/32\n"
		       "[listener one]\nports = 1883\naddresses = 192.0.2.7\n"
		       "[listener other]\nports = 8883\naddresses = 192.0.2.9\n");
	expect_to("198.51.100.1", 1883, 4, 1, REASON_ADMITTED);
	expect_to("192.0.2.6", 1883, 4, 2, REASON_ADMITTED);
	expect_to("192.0.2.7", 1883, 4, 3, REASON_ADMITTED);
	expect_to("192.0.3.7", 1883, 4, 1, REASON_ADMITTED);
	expect_to("2001:db8:5::1", 1883, 6, 2, REASON_ADMITTED);
	expect_to("2001:db9::1", 1883, 6, 1, REASON_ADMITTED);
	expect_to("::ffff:192.0.2.7", 1883, 6, 3, REASON_ADMITTED);
	expect_to("192.0.2.9", 8883, 4, 4, REASON_ADMITTED);
	expect_to("192.0.2.8", 8883, 4, 0, REASON_NOT_LISTENER);
	rig_close(&rig);
}

/* The most destinations that one port may have: the last of the chain is still found. */
static void test_longest_chain(void **state)
{
	char ini[1024] = "[weir]\nsources = 65\n[listener any]\nports = 1883\n"
			 "[listener many]\nports = 1883\naddresses = ";

	(void)state;
	for (int i = 1; i < MATCHES_PER_PORT_MAX; i++)
		sprintf(ini + strlen(ini), "%s192.0.2.%d", i > 1 ? ", " : "", i);
	strcat(ini, "\n");
	rig_open(&rig, ini);
	expect_to("192.0.2.1", 1883, 4, 2, REASON_ADMITTED);
	expect_to("192.0.2.15", 1883, 4, 2, REASON_ADMITTED);
	expect_to("192.0.2.16", 1883, 4, 1, REASON_ADMITTED);
	rig_close(&rig);
}

static void test_observe_passes_and_charges(void **state)
{
	struct frame frame;
	struct outcome outcome;

	(void)state;
	rig_open(&rig, "[weir]\nsources = 65\n[listener m]\nports=1883\nrate = 1/h\nburst = 2\n");
	frame_build(&frame, &(struct frame_spec){});
	for (int n = 0; n < 5; n++) {
		outcome = rig_run(&rig, &frame);
		assert_int_equal(outcome.action, XDP_PASS);
		assert_false(outcome.enforced);
		assert_int_equal(outcome.reason, n < 2 ? REASON_ADMITTED : REASON_LISTENER_LIMIT);
		assert_int_equal(outcome.verdict, n < 2 ? VERDICT_PASS : VERDICT_DROP);
	}
	/* what was charged while observing counts when it is enforced */
	rig_mode(&rig, MODE_ENFORCE);
	outcome = rig_run(&rig, &frame);
	assert_int_equal(outcome.action, XDP_DROP);
	assert_true(outcome.enforced);
	assert_int_equal(outcome.verdict, VERDICT_DROP);
	rig_mode(&rig, MODE_OBSERVE);
	assert_int_equal(rig_run(&rig, &frame).action, XDP_PASS);
	rig_close(&rig);
}

/* Maps as they are before anything is written into them: everything passes. */
static void test_no_policy_fails_open(void **state)
{
	struct frame frame;

	(void)state;
	rig_open(&rig, "[weir]\nmode = enforce\nsources = 65\n[listener m]\nports = 1883\n"
		       "rate = 0/s\n");
	frame_build(&frame, &(struct frame_spec){});
	assert_int_equal(rig_run(&rig, &frame).action, XDP_DROP);
	__atomic_fetch_add(&rig.instance.control->generation, 1, __ATOMIC_RELAXED);
	assert_int_equal(rig_run(&rig, &frame).action, XDP_PASS);
	rig_close(&rig);
}

static void test_counters_sum_to_frames(void **state)
{
	static const struct frame_spec specs[] = {
		{},
		{ .flags = TCP_ACK },
		{ .protocol = 17 },
		{ .ethertype = 0x806 },
		{ .version = 6 },
		{ .dport = 22 },
		{ .fragment = 5 },
		{ .cut = 20 },
	};
	uint64_t sum = 0, sent = 0;

	(void)state;
	rig_open(&rig, "[weir]\nmode = enforce\nsources = 65\n[listener m]\nports=1883\n"
		       "rate = 1/h\nburst = 50\n");
	for (uint32_t i = 0; i < sizeof(specs) / sizeof(specs[0]); i++) {
		struct frame frame;

		frame_build(&frame, &specs[i]);
		rig_run_many(&rig, &frame, 100 * (i + 1));
		sent += 100 * (i + 1);
	}
	for (uint32_t i = 0; i < 3; i++)
		for (int reason = 0; reason < REASON_MAX; reason++)
			sum += rig_count(&rig, i, reason);
	assert_int_equal(sum, sent);
	assert_int_equal(rig_count(&rig, MQTT, REASON_ADMITTED), 50);
	assert_int_equal(rig_count(&rig, MQTT, REASON_LISTENER_LIMIT), 100 + 500 - 50);
	assert_int_equal(rig_count(&rig, 0, REASON_NOT_SYN), 200);
	rig_close(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_burst_then_refusal_by_each_level),
		cmocka_unit_test(test_order_of_reasons),
		cmocka_unit_test(test_refusal_charges_nothing),
		cmocka_unit_test(test_refusal_claims_no_slot),
		cmocka_unit_test(test_prefixes),
		cmocka_unit_test(test_own_prefix_lengths),
		cmocka_unit_test(test_listeners),
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_longest_chain),
		cmocka_unit_test(test_observe_passes_and_charges),
		cmocka_unit_test(test_no_policy_fails_open),
		cmocka_unit_test(test_counters_sum_to_frames),
	};

	return cmocka_run_group_tests_name("judge", tests, NULL, NULL);
}
