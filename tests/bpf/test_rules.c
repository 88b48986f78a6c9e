// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Prefix rules: the longest in force decides, whole, and before any bucket is asked. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <linux/bpf.h>

#include "rules_rig.h"

#define MQTT 1 /* counters of the first listener */

static void test_longest_prefix_wins(void **state)
{
	static const struct {
		const char *src;
		enum reason reason;
	} rows[] = {
		{ "9.255.255.255", REASON_ADMITTED },  { "10.0.0.1", REASON_BLOCKED },
		{ "10.1.0.1", REASON_ALLOWED },	       { "10.1.2.3", REASON_BLOCKED },
		{ "10.1.2.4", REASON_ALLOWED },	       { "11.0.0.0", REASON_ADMITTED },
		{ "2001:db7::1", REASON_ADMITTED },    { "2001:db8::1", REASON_BLOCKED },
		{ "2001:db8:1::1", REASON_ALLOWED },   { "2001:db8:1::2", REASON_BLOCKED },
		{ "::ffff:10.1.2.4", REASON_ALLOWED }, { "::ffff:10.1.2.3", REASON_BLOCKED },
		{ "::10.1.2.3", REASON_ADMITTED },
	};

	(void)state;
	open_with(TWO_LISTENERS "[prefix 10.0.0.0/8]\naction = block\n"
				"[prefix ::ffff:10.1.0.0/112]\naction = allow\n"
				"[prefix 10.1.2.3]\naction = block\n"
				"[prefix 2001:db8::/32]\naction = block\n"
				"[prefix 2001:db8:1::/48]\naction = allow\n"
				"[prefix 2001:db8:1::2]\naction = block\n");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(syn(rows[i].src), rows[i].reason);
}

/* A prefix of length 0 is all of its family, and of no other. */
static void test_everyone(void **state)
{
	(void)state;
	open_with(TWO_LISTENERS);
	rig_rule(&rig, "0.0.0.0/0", NULL, RULE_BLOCK, NULL, 0);
	assert_int_equal(syn("203.0.113.7"), REASON_BLOCKED);
	assert_int_equal(syn("::ffff:203.0.113.7"), REASON_BLOCKED);
	assert_int_equal(syn("2001:db8::1"), REASON_ADMITTED);
	assert_true(rig_forget(&rig, "::ffff:0:0/96", NULL));
	rig_rule(&rig, "::/0", NULL, RULE_BLOCK, NULL, 0);
	assert_int_equal(syn("203.0.113.7"), REASON_ADMITTED);
	assert_int_equal(syn("2001:db8::1"), REASON_BLOCKED);
	assert_int_equal(syn("::1"), REASON_BLOCKED);
	assert_true(rig_forget(&rig, "::/0", NULL));
	assert_false(rig_forget(&rig, "::/0", NULL));
	assert_int_equal(syn("2001:db8::1"), REASON_ADMITTED);
}

/* The longer prefix wins, whoever's it is; of two as long, the listener's own. */
static void test_own_and_general_rules(void **state)
{
	(void)state;
	open_with(TWO_LISTENERS);
	rig_rule(&rig, "10.0.0.0/8", "mqtt", RULE_ALLOW, NULL, 0);
	assert_int_equal(to("10.1.0.1", 1883), REASON_ALLOWED);
	assert_int_equal(to("10.1.0.1", 8084), REASON_ADMITTED);
	rig_rule(&rig, "10.0.0.0/8", NULL, RULE_BLOCK, NULL, 0);
	assert_int_equal(to("10.1.0.1", 1883), REASON_ALLOWED);
	assert_int_equal(to("10.1.0.1", 8084), REASON_BLOCKED);
	rig_rule(&rig, "10.1.0.0/16", NULL, RULE_BLOCK, NULL, 0);
	assert_int_equal(to("10.1.0.1", 1883), REASON_BLOCKED);
	assert_int_equal(to("10.2.0.1", 1883), REASON_ALLOWED);
	rig_rule(&rig, "10.1.1.0/24", "web", RULE_ALLOW, NULL, 0);
	assert_int_equal(to("10.1.1.1", 8084), REASON_ALLOWED);
	assert_int_equal(to("10.1.1.1", 1883), REASON_BLOCKED);
	rig_rule(&rig, "2001:db8::/32", "web", RULE_BLOCK, NULL, 0);
	assert_int_equal(to("2001:db8::1", 8084), REASON_BLOCKED);
	assert_int_equal(to("2001:db8::1", 1883), REASON_ADMITTED);
}

/* In force until just before its time; behind it the wider one is seen, however many lie over it. */
static void test_expiry(void **state)
{
	static const char *const layers[] = { "10.0.0.0/12", "10.0.0.0/16", "10.0.0.0/20",
					      "10.0.0.0/24", "10.0.0.0/28", "10.0.0.0/30",
					      "10.0.0.1/32" };
	const size_t count = sizeof(layers) / sizeof(layers[0]);

	(void)state;
	open_with(TWO_LISTENERS);
	rig_rule(&rig, "10.0.0.0/8", NULL, RULE_BLOCK, NULL, 0);
	for (size_t i = 0; i < count; i++)
		rig_rule(&rig, layers[i], NULL, i % 2 ? RULE_BLOCK : RULE_ALLOW, NULL,
			 start_ns + (count - i) * SECOND);
	for (size_t i = count; i-- > 0;) {
		uint64_t end_ns = start_ns + (count - i) * SECOND;

		rig_at(&rig, end_ns - 1);
		assert_int_equal(syn("10.0.0.1"), i % 2 ? REASON_BLOCKED : REASON_ALLOWED);
		rig_at(&rig, end_ns);
		assert_int_equal(syn("10.0.0.1"), i % 2 ? REASON_ALLOWED : REASON_BLOCKED);
	}
	/* all seven have expired */
	assert_int_equal(syn("10.0.0.1"), REASON_BLOCKED);
	rig_rule(&rig, "2001:db8::/32", NULL, RULE_BLOCK, NULL, start_ns + 100 * SECOND);
	assert_int_equal(syn("2001:db8::1"), REASON_BLOCKED);
	rig_at(&rig, start_ns + 100 * SECOND);
	assert_int_equal(syn("2001:db8::1"), REASON_ADMITTED);
}

/* One for every listener and one of its own expire without hiding each other, or a /0. */
static void test_expiry_of_both_kinds(void **state)
{
	(void)state;
	open_with(TWO_LISTENERS);
	rig_rule(&rig, "0.0.0.0/0", NULL, RULE_BLOCK, NULL, start_ns + 3 * SECOND);
	rig_rule(&rig, "10.0.0.0/8", "mqtt", RULE_ALLOW, NULL, start_ns + 2 * SECOND);
	rig_rule(&rig, "10.0.0.0/24", NULL, RULE_BLOCK, NULL, start_ns + SECOND);
	assert_int_equal(syn("10.0.0.1"), REASON_BLOCKED);
	rig_at(&rig, start_ns + SECOND);
	assert_int_equal(syn("10.0.0.1"), REASON_ALLOWED);
	rig_at(&rig, start_ns + 2 * SECOND);
	assert_int_equal(syn("10.0.0.1"), REASON_BLOCKED);
	rig_at(&rig, start_ns + 3 * SECOND);
	assert_int_equal(syn("10.0.0.1"), REASON_ADMITTED);
}

static struct outcome outcome_of(const struct frame_spec *spec)
{
	struct frame frame;

	frame_build(&frame, spec);
	return rig_run(&rig, &frame);
}

/* Nothing but SYNs to a listener. */
static void test_block_refuses_syns_only(void **state)
{
	static const struct {
		int flags;
		uint16_t dport;
		uint32_t action;
		enum reason reason;
	} rows[] = {
		{ TCP_SYN, 1883, XDP_DROP, REASON_BLOCKED },
		{ TCP_SYN | TCP_ECE | TCP_CWR, 1883, XDP_DROP, REASON_BLOCKED },
		{ TCP_SYN, 80, XDP_PASS, REASON_NOT_LISTENER },
		{ TCP_SYN | TCP_ACK, 1883, XDP_PASS, REASON_NOT_SYN },
		{ TCP_ACK, 1883, XDP_PASS, REASON_NOT_SYN },
		{ TCP_ACK | TCP_PSH, 1883, XDP_PASS, REASON_NOT_SYN },
		{ TCP_FIN | TCP_ACK, 1883, XDP_PASS, REASON_NOT_SYN },
		{ TCP_RST, 1883, XDP_PASS, REASON_NOT_SYN },
	};

	(void)state;
	open_with(TWO_LISTENERS "[prefix 10.0.0.0/8]\naction = block\n");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct outcome outcome = outcome_of(
			&(struct frame_spec){ .flags = rows[i].flags, .dport = rows[i].dport });

		assert_int_equal(outcome.reason, rows[i].reason);
		assert_int_equal(outcome.action, rows[i].action);
	}
}

static void test_observe(void **state)
{
	struct outcome outcome;

	(void)state;
	open_with(TWO_LISTENERS "[prefix 10.0.0.0/8]\naction = block\n"
				"[prefix 10.1.0.0/16]\naction = allow\n");
	rig_mode(&rig, MODE_OBSERVE);
	outcome = outcome_of(&(struct frame_spec){ .src = "10.0.0.1" });
	assert_int_equal(outcome.action, XDP_PASS);
	assert_int_equal(outcome.verdict, VERDICT_DROP);
	assert_int_equal(outcome.reason, REASON_BLOCKED);
	assert_int_equal(outcome.counters, MQTT);
	assert_false(outcome.enforced);
	outcome = outcome_of(&(struct frame_spec){ .src = "10.1.0.1" });
	assert_int_equal(outcome.verdict, VERDICT_PASS);
	assert_int_equal(outcome.reason, REASON_ALLOWED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_longest_prefix_wins),
		cmocka_unit_test(test_everyone),
		cmocka_unit_test(test_own_and_general_rules),
		cmocka_unit_test(test_expiry),
		cmocka_unit_test(test_expiry_of_both_kinds),
		cmocka_unit_test(test_block_refuses_syns_only),
		cmocka_unit_test(test_observe),
	};

	return cmocka_run_group_tests_name("rules", tests, NULL, close_rig);
}
