// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Prefix rules and the buckets, and rules that change or are many. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/bpf.h>

#include "rules_rig.h"

/* How many of @count SYNs from @src are not refused. */
static unsigned int admitted(const char *src, unsigned int count)
{
	unsigned int sum = 0;

	while (count--)
		sum += syn(src) == REASON_ADMITTED;
	return sum;
}

#define SOURCE_LIMIT "source-rate = 1/h\nsource-burst = 2\n"

/* Each source under a rule has a bucket of its own, which is not that of the listener's limit. */
static void test_own_limit(void **state)
{
	(void)state;
	open_with("[listener mqtt]\nports = 1883\n" SOURCE_LIMIT
		  "[prefix 10.1.0.0/16]\nsource-rate = 1/h\nsource-burst = 5\n"
		  "[prefix 10.2.0.0/16]\nsource-rate = unlimited\n"
		  "[prefix 10.3.0.0/16]\nsource-rate = 0/s\n"
		  "[prefix 2001:db8::/32]\nsource-rate = 1/h\nsource-burst = 3\n");
	assert_int_equal(admitted("10.0.0.1", 10), 2);
	assert_int_equal(admitted("10.1.0.1", 10), 5);
	assert_int_equal(admitted("10.1.0.2", 10), 5);
	assert_int_equal(admitted("10.2.0.1", 10), 10);
	assert_int_equal(admitted("10.3.0.1", 10), 0);
	assert_int_equal(admitted("2001:db8::1", 10), 3);
	assert_int_equal(admitted("2001:db9::1", 10), 2);
	assert_int_equal(syn("10.1.0.1"), REASON_SOURCE_LIMIT);
	/* without its rule a source has what it has left of the listener's limit: all */
	assert_true(rig_forget(&rig, "10.1.0.0/16", NULL));
	assert_int_equal(admitted("10.1.0.1", 10), 2);
	assert_int_equal(admitted("10.0.0.1", 10), 0);
}

/* A changed limit of a rule carries its sources over, and their debts stay in the table. */
static void test_own_limit_changed(void **state)
{
	(void)state;
	open_with("[listener mqtt]\nports = 1883\n"
		  "[prefix 10.0.0.0/8]\nsource-rate = 10/h\nsource-burst = 10\n");
	assert_int_equal(admitted("10.0.0.1", 7), 7);
	/* as its burst is said by the rate */
	rig_rule(&rig, "10.0.0.0/8", NULL, RULE_LIMIT, "20/s", 0);
	assert_int_equal(admitted("10.0.0.1", 30), 13);
	rig_rule(&rig, "10.0.0.0/8", NULL, RULE_ALLOW, NULL, 0);
	assert_int_equal(syn("10.0.0.1"), REASON_ALLOWED);
	rig_rule(&rig, "10.0.0.0/8", NULL, RULE_LIMIT, "20/s", 0);
	assert_int_equal(admitted("10.0.0.1", 30), 0);
	rig_at(&rig, start_ns + SECOND);
	assert_int_equal(admitted("10.0.0.1", 30), 20);
}

/* The slots of a limit that refills slower than all others are not given away as left over. */
static void test_slow_own_limit_keeps_its_slots(void **state)
{
	char src[32];

	(void)state;
	open_with("[listener mqtt]\nports = 1883\nsource-rate = 100/s\nsource-burst = 1\n"
		  "[prefix 10.0.0.0/16]\nsource-rate = 1/h\nsource-burst = 1\n");
	for (int i = 0; i < 20; i++) {
		snprintf(src, sizeof(src), "10.0.0.%d", i);
		assert_int_equal(syn(src), REASON_ADMITTED);
	}
	/* others come by, one at a time: each finds those before it full again */
	for (int i = 0; i < 1000; i++) {
		rig_at(&rig, start_ns + (i + 1) * SECOND);
		snprintf(src, sizeof(src), "10.9.%d.%d", i / 250, i % 250);
		assert_int_equal(syn(src), REASON_ADMITTED);
	}
	for (int i = 0; i < 20; i++) {
		snprintf(src, sizeof(src), "10.0.0.%d", i);
		assert_int_equal(syn(src), REASON_SOURCE_LIMIT);
	}
}

/* Allowed past four closed levels, and with four open ones nobody is charged. */
static void test_allow_skips_every_bucket(void **state)
{
	uint64_t host, listener;
	unsigned int slots;

	(void)state;
	open_with("host-rate = 0/s\n[listener mqtt]\nports = 1883\nrate = 0/s\nsite-rate = 0/s\n"
		  "source-rate = 0/s\n[prefix 10.0.0.0/8]\naction = allow\n");
	assert_int_equal(syn("10.0.0.1"), REASON_ALLOWED);
	assert_int_equal(syn("11.0.0.1"), REASON_HOST_LIMIT);
	rig_configure(&rig, "[weir]\nmode = enforce\nsources = 65\nhost-rate = 1/h\n"
			    "[listener mqtt]\nports = 1883\nrate = 1/h\nsite-rate = 1/h\n"
			    "source-rate = 1/h\n[prefix 10.0.0.0/8]\naction = allow\n");
	host = rig_level_word(&rig, 0);
	listener = rig_level_word(&rig, LEVELS_LISTENER);
	slots = rig_slots_used(&rig);
	for (int i = 0; i < 10; i++)
		assert_int_equal(syn("10.77.0.1"), REASON_ALLOWED);
	assert_int_equal(rig_level_word(&rig, 0), host);
	assert_int_equal(rig_level_word(&rig, LEVELS_LISTENER), listener);
	assert_int_equal(rig_slots_used(&rig), slots);
	assert_true(rig_forget(&rig, "10.0.0.0/8", NULL));
	assert_int_equal(syn("10.0.0.1"), REASON_ADMITTED);
	assert_int_equal(syn("10.0.0.1"), REASON_HOST_LIMIT);
}

/* A change of the policy alone leaves them in force, whichever copy it is written to. */
static void test_rules_outlive_other_changes(void **state)
{
	(void)state;
	open_with(TWO_LISTENERS "[prefix 10.0.0.0/8]\naction = block\n"
				"[prefix 2001:db8::/32]\naction = allow\n");
	for (int i = 0; i < 4; i++) {
		rig_limit(&rig, 0, LEVEL_LISTENER, i % 2 ? "0/s" : "unlimited", 0);
		assert_int_equal(syn("10.0.0.1"), REASON_BLOCKED);
		assert_int_equal(syn("2001:db8::1"), REASON_ALLOWED);
	}
	/* the copy that is written next has had other rules before */
	rig_rule(&rig, "10.0.0.0/8", NULL, RULE_ALLOW, NULL, 0);
	rig_limit(&rig, 0, LEVEL_LISTENER, "unlimited", 0);
	assert_int_equal(syn("10.0.0.1"), REASON_ALLOWED);
	assert_true(rig_forget(&rig, "10.0.0.0/8", NULL));
	for (int i = 0; i < 4; i++) {
		rig_limit(&rig, 0, LEVEL_LISTENER, i % 2 ? "0/s" : "unlimited", 0);
		assert_int_equal(syn("10.0.0.1"), i % 2 ? REASON_LISTENER_LIMIT : REASON_ADMITTED);
		assert_int_equal(syn("2001:db8::1"), REASON_ALLOWED);
	}
}

/* What is put in force is what is read, for more than one batch; and every rule is found. */
static void test_many(void **state)
{
	const unsigned int many = 10000;
	struct policy *policy = malloc(sizeof(*policy));
	struct rules rules = {}, read = {};

	(void)state;
	assert_non_null(policy);
	open_with(TWO_LISTENERS);
	for (unsigned int i = 0; i < 2 * many; i++) {
		struct rule_entry entry;
		struct wanted_address source;
		char text[64];
		const char *why;
		bool masked;

		snprintf(text, sizeof(text), i < many ? "10.%u.%u.0/24" : "2001:db8:%x:%x::/64",
			 i % many / 200, i % 200);
		assert_int_equal(
			text_parse_source(text, &source.prefix, &source.len, &masked, &why), 0);
		entry = rules_key(&source);
		entry.listener = i % 3 ? RULE_EVERY_LISTENER : 0;
		entry.rule.action = i % 2 ? RULE_ALLOW : RULE_BLOCK;
		entry.rule.prefix_len = entry.len;
		entry.rule.origin = i % 5 ? ORIGIN_FILE : ORIGIN_RUNTIME;
		assert_int_equal(rules_add(&rules, &entry), 0);
	}
	assert_int_equal(instance_begin_change(&rig.instance, policy), 0);
	assert_int_equal(instance_switch_policy(&rig.instance, policy, &rules), 0);
	assert_int_equal(instance_rules(&rig.instance, &read), 0);
	assert_int_equal(read.count, 2 * many);
	for (unsigned int i = 0; i < rules.count; i++) {
		const struct rule_entry *found = rules_find(&read, &rules.entries[i]);

		assert_non_null(found);
		assert_memory_equal(&found->rule, &rules.entries[i].rule, sizeof(found->rule));
	}
	for (unsigned int i = 0; i < 2 * many; i += 997) {
		char src[64];

		snprintf(src, sizeof(src), i < many ? "10.%u.%u.7" : "2001:db8:%x:%x::7",
			 i % many / 200, i % 200);
		assert_int_equal(syn(src), i % 2 ? REASON_ALLOWED : REASON_BLOCKED);
		assert_int_equal(to(src, 8084), !(i % 3) ? REASON_ADMITTED
						: i % 2	 ? REASON_ALLOWED
							 : REASON_BLOCKED);
	}
	rules_free(&rules);
	rules_free(&read);
	free(policy);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_own_limit),
		cmocka_unit_test(test_own_limit_changed),
		cmocka_unit_test(test_slow_own_limit_keeps_its_slots),
		cmocka_unit_test(test_allow_skips_every_bucket),
		cmocka_unit_test(test_rules_outlive_other_changes),
		cmocka_unit_test(test_many),
	};

	return cmocka_run_group_tests_name("rules_change", tests, NULL, close_rig);
}
