// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The set of prefix rules: what a change makes of it, and what the packet path is told. */
#include "reading.h"

#include "policy.h"
#include "rules.h"

#define NOW 1000000000000ULL
#define SECOND 1000000000ULL

static struct rule_entry entry_of(const char *text, enum rule_action action)
{
	struct wanted_address source;
	struct rule_entry entry;
	const char *why;
	bool masked;

	assert_int_equal(text_parse_source(text, &source.prefix, &source.len, &masked, &why), 0);
	entry = rules_key(&source);
	entry.rule.action = (uint8_t)action;
	entry.rule.origin = ORIGIN_RUNTIME;
	return entry;
}

static int put(struct rules *rules, const char *text, enum rule_action action)
{
	const struct rule_entry entry = entry_of(text, action);

	return rules_put(rules, &entry, NULL, NOW);
}

static const struct rule *find(const struct rules *rules, const char *text)
{
	const struct rule_entry key = entry_of(text, RULE_ALLOW);
	const struct rule_entry *found = rules_find(rules, &key);

	return found ? &found->rule : NULL;
}

static void test_put_again_changes_nothing(void **state)
{
	struct rules rules = { 0 };
	struct rule_entry entry = entry_of("10.0.0.0/8", RULE_ALLOW);

	(void)state;
	assert_null(find(&rules, "10.0.0.0/8"));
	assert_int_equal(put(&rules, "10.0.0.0/8", RULE_ALLOW), 1);
	assert_int_equal(put(&rules, "::ffff:10.0.0.0/104", RULE_ALLOW), 0);
	assert_int_equal(rules.count, 1);
	assert_int_equal(put(&rules, "10.0.0.0/8", RULE_BLOCK), 1);
	assert_int_equal(find(&rules, "10.0.0.0/8")->action, RULE_BLOCK);
	assert_int_equal(put(&rules, "10.0.0.0/9", RULE_ALLOW), 1);
	assert_int_equal(put(&rules, "::/8", RULE_ALLOW), 1);
	/* who says it is not what it says */
	entry.rule.action = RULE_BLOCK;
	entry.rule.origin = ORIGIN_FILE;
	assert_int_equal(rules_put(&rules, &entry, NULL, NOW), 0);
	assert_int_equal(find(&rules, "10.0.0.0/8")->origin, ORIGIN_RUNTIME);
	entry.listener = 3;
	assert_int_equal(rules_put(&rules, &entry, NULL, NOW), 1);
	assert_int_equal(rules.count, 4);
	assert_int_equal(rules.count_of[FAMILY_V4], 3);
	assert_int_equal(rules.count_of[FAMILY_V6], 1);
	rules_free(&rules);
}

static void test_expiry(void **state)
{
	struct rules rules = { 0 };
	struct rule_entry entry;

	(void)state;
	for (unsigned int i = 0; i < 100; i++) {
		char text[32];

		snprintf(text, sizeof(text), "10.0.0.%u", i);
		entry = entry_of(text, RULE_BLOCK);
		entry.rule.expires_ns = i % 3 ? NOW + i * SECOND : 0;
		assert_int_equal(rules_put(&rules, &entry, NULL, NOW), 1);
	}
	/* another time is a change */
	entry.rule.expires_ns = NOW + 1000 * SECOND;
	assert_int_equal(rules_put(&rules, &entry, NULL, NOW), 1);
	assert_int_equal(rules_expire(&rules, NOW), 0);
	assert_int_equal(rules_expire(&rules, NOW + SECOND - 1), 0);
	assert_int_equal(rules_expire(&rules, NOW + SECOND), 1);
	assert_null(find(&rules, "10.0.0.1"));
	assert_int_equal(rules_expire(&rules, NOW + 100 * SECOND), 65);
	assert_int_equal(rules.count, 34);
	assert_int_equal(rules.count_of[FAMILY_V4], 34);
	for (unsigned int i = 0; i < 100; i++) {
		char text[32];

		snprintf(text, sizeof(text), "10.0.0.%u", i);
		assert_true(!find(&rules, text) == (i % 3 != 0));
	}
	assert_int_equal(rules_expire(&rules, NOW + 10000 * SECOND), 1);
	rules_free(&rules);
}

static uint64_t next_random(uint64_t *seed)
{
	*seed = *seed * 6364136223846793005ULL + 1442695040888963407ULL;
	return *seed >> 33;
}

/* Against an array that knows what should be there. */
static void test_any_order_of_changes(void **state)
{
	static bool there[512];
	struct rules rules = { 0 };
	unsigned int count = 0;
	uint64_t seed = 1;

	(void)state;
	for (unsigned int step = 0; step < 20000; step++) {
		unsigned int number = next_random(&seed) % 512;
		struct rule_entry entry;
		char text[64];

		snprintf(text, sizeof(text), number & 1 ? "10.%u.0.0/16" : "2001:db8:%x::/48",
			 number >> 2);
		entry = entry_of(text, RULE_ALLOW);
		entry.listener = number & 2 ? number % 64 : RULE_EVERY_LISTENER;
		assert_int_equal(rules_find(&rules, &entry) != NULL, there[number]);
		if (step % 1000 == 999)
			rules_sort(&rules);
		if (next_random(&seed) % 2) {
			assert_int_equal(rules_put(&rules, &entry, NULL, NOW), !there[number]);
			count += !there[number];
			there[number] = true;
		} else {
			assert_int_equal(rules_remove(&rules, &entry), there[number]);
			count -= there[number];
			there[number] = false;
		}
		assert_int_equal(rules.count, count);
	}
	rules_free(&rules);
}

static void test_order(void **state)
{
	static const char *const sorted[] = { "0.0.0.0/0", "10.0.0.0/8",   "10.0.0.0/9",
					      "10.0.0.1",  "192.0.2.1",	   "::/0",
					      "::1",	   "2001:db8::/32" };
	struct rules rules = { 0 };
	struct rule_entry own = entry_of("10.0.0.0/9", RULE_ALLOW);
	char text[64];

	(void)state;
	own.listener = 0;
	rules_sort(&rules);
	assert_int_equal(rules_put(&rules, &own, NULL, NOW), 1);
	for (size_t i = COUNT_OF(sorted); i-- > 0;)
		assert_int_equal(put(&rules, sorted[i], RULE_ALLOW), 1);
	rules_sort(&rules);
	for (size_t i = 0; i < COUNT_OF(sorted); i++)
		assert_string_equal(rules_text(text, sizeof(text), &rules.entries[i + (i > 2)]),
				    sorted[i]);
	assert_int_equal(rules.entries[3].listener, 0);
	for (size_t i = 0; i < COUNT_OF(sorted); i++)
		assert_non_null(find(&rules, sorted[i]));
	rules_free(&rules);
}

/* A limit that takes the place of another carries over what was charged under that. */
static void test_own_limits_carry_over(void **state)
{
	const struct wanted_limit slow = { .rate = { false, 1, 1 }, .burst = 10 };
	const struct wanted_limit fast = { .rate = { false, 1000, 1 }, .burst = 10 };
	struct rule_entry entry = entry_of("10.0.0.0/8", RULE_LIMIT);
	struct rules rules = { 0 };
	const struct rule *rule;

	(void)state;
	assert_int_equal(rules_put(&rules, &entry, &slow, NOW), 1);
	assert_int_equal(rules_put(&rules, &entry, &slow, NOW + SECOND), 0);
	rule = find(&rules, "10.0.0.0/8");
	assert_int_equal(rule->source.epoch, 1);
	assert_int_equal(rule->source.period_ns, SECOND);
	assert_int_equal(rules_put(&rules, &entry, &fast, NOW + 2 * SECOND), 1);
	rule = find(&rules, "10.0.0.0/8");
	assert_int_equal(rule->source.epoch, 2);
	assert_int_equal(rule->source.prev_period_ns, SECOND);
	assert_int_equal(rule->source.changed_ns, NOW + 2 * SECOND);
	/* through an action, and back */
	assert_int_equal(put(&rules, "10.0.0.0/8", RULE_BLOCK), 1);
	assert_int_equal(rules_put(&rules, &entry, &slow, NOW + 3 * SECOND), 1);
	rule = find(&rules, "10.0.0.0/8");
	assert_int_equal(rule->source.epoch, 3);
	assert_int_equal(rule->source.prev_period_ns, SECOND / 1000);
	rules_free(&rules);
}

static void test_full(void **state)
{
	struct rules rules = { 0 };
	char text[64];

	(void)state;
	for (unsigned int i = 0; i < RULES_MAX; i++) {
		snprintf(text, sizeof(text), "10.1.%u.%u", i / 256, i % 256);
		assert_int_equal(put(&rules, text, RULE_BLOCK), 1);
	}
	assert_int_equal(put(&rules, "10.2.0.0", RULE_BLOCK), -ENOSPC);
	assert_int_equal(put(&rules, "10.1.0.0", RULE_ALLOW), 1);
	assert_int_equal(put(&rules, "2001:db8::1", RULE_BLOCK), 1);
	assert_int_equal(rules.count, RULES_MAX + 1);
	rules_free(&rules);
}

static const char config_text[] = "[listener a]\nports = 1883\n[listener b]\nports = 8084\n"
				  "[prefix 10.0.0.0/8]\naction = allow\n"
				  "[prefix 2001:db8::/32]\naction = block\nlistener = b\n"
				  "[prefix 10.1.0.0/16]\nsource-rate = 1/h\nsource-burst = 5\n";

static void test_build_and_seal(void **state)
{
	struct policy *policy = calloc(1, sizeof(*policy));
	struct rules rules = { 0 }, none = { 0 };
	struct config config;
	char *messages;

	(void)state;
	assert_non_null(policy);
	assert_int_equal(read_bytes(&config, config_text, strlen(config_text), &messages), 0);
	policy_build(policy, &config);
	assert_int_equal(rules_build(&rules, policy, &config, NOW), 0);
	assert_int_equal(rules_build(&rules, policy, &config, NOW + SECOND), 0);
	assert_int_equal(rules.count, 3);
	assert_int_equal(find(&rules, "10.0.0.0/8")->action, RULE_ALLOW);
	assert_int_equal(find(&rules, "10.0.0.0/8")->origin, ORIGIN_FILE);
	assert_int_equal(find(&rules, "10.1.0.0/16")->source.burst, 5);
	assert_null(find(&rules, "2001:db8::/32"));
	rules_seal(&rules, policy);
	assert_int_equal(policy->has_rules[FAMILY_V4], 1);
	assert_int_equal(policy->has_rules[FAMILY_V6], 0);
	assert_int_equal(policy->has_listener_rules[FAMILY_V4], 0);
	assert_int_equal(policy->has_listener_rules[FAMILY_V6], 2);
	policy_seal(policy);
	assert_true(policy->refill_max_ns >= 5 * 3600 * SECOND);
	/* a rule for a listener that the instance lacks is not one for every listener */
	rules_free(&rules);
	memset(&policy->listeners[1], 0, sizeof(policy->listeners[1]));
	assert_int_equal(rules_build(&rules, policy, &config, NOW), 0);
	assert_int_equal(rules.count, 2);
	rules_seal(&none, policy);
	policy_seal(policy);
	assert_int_equal(policy->has_rules[FAMILY_V4], 0);
	assert_int_equal(policy->has_listener_rules[FAMILY_V6], 0);
	assert_true(policy->refill_max_ns < 3600 * SECOND);
	rules_free(&rules);
	free(messages);
	config_free(&config);
	free(policy);
}

static int read_list(struct rules *rules, const char *text, size_t size, unsigned int *masked,
		     char **messages)
{
	size_t messages_size;
	struct config_errors errors = { .out = open_memstream(messages, &messages_size) };
	FILE *in = fmemopen((void *)(uintptr_t)text, size, "r");
	int result;

	assert_non_null(in);
	result = rules_read(rules, in, "stdin", &errors, masked);
	fclose(in);
	fclose(errors.out);
	return result;
}

static void test_read(void **state)
{
	static const char good[] =
		"# providers\n10.0.0.0/8\n\n  192.0.2.1 # one\r\n\t2001:db8::/32\n"
		"10.1.2.3/8\n::ffff:192.0.2.1";
	static const char bad[] = "10.0.0.0/8\n10.0.0\n#\n10.0.0.0/33\n10.0.0.1 10.0.0.2\n";
	static const char binary[] = "10.0.0.1\0x\n";
	struct rules rules = { 0 };
	unsigned int masked;
	char *messages;

	(void)state;
	assert_int_equal(read_list(&rules, good, strlen(good), &masked, &messages), 0);
	assert_string_equal(messages, "");
	assert_int_equal(rules.count, 3);
	assert_int_equal(masked, 1);
	assert_non_null(find(&rules, "192.0.2.1"));
	free(messages);
	assert_int_equal(read_list(&rules, bad, strlen(bad), &masked, &messages), -EINVAL);
	assert_string_equal(
		messages,
		"stdin:2: prefix '10.0.0': is not an address; write ADDRESS or ADDRESS/LENGTH\n"
		"stdin:4: prefix '10.0.0.0/33': has a wrong prefix length; write /0 to /32\n"
		"stdin:5: prefix '10.0.0.1 10.0.0.2': is not an address; write ADDRESS or "
		"ADDRESS/LENGTH\n");
	free(messages);
	assert_int_equal(read_list(&rules, binary, sizeof(binary) - 1, &masked, &messages),
			 -EINVAL);
	assert_string_equal(messages,
			    "stdin:1: prefix '10.0.0.1': holds a NUL byte; is this a text "
			    "file?\n");
	free(messages);
	rules_free(&rules);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_put_again_changes_nothing),
		cmocka_unit_test(test_expiry),
		cmocka_unit_test(test_any_order_of_changes),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_own_limits_carry_over),
		cmocka_unit_test(test_full),
		cmocka_unit_test(test_build_and_seal),
		cmocka_unit_test(test_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
