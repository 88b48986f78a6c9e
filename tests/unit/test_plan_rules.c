// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Prefix rules of a file against those in force. */
#include "planning.h"

#include <errno.h>

#include "plan_rules.h"
#include "plan_said.h"

#define SECOND 1000000000ULL
#define TWO "[listener a]\nports = 1\n[listener b]\nports = 2\n"
#define KEPT "; set at runtime; `weir apply` keeps it unless `reset` is said\n"

static struct rule_entry key_of(const char *prefix, uint32_t listener)
{
	struct wanted_address source;
	struct rule_entry key;
	const char *why;
	bool masked;

	assert_int_equal(text_parse_source(prefix, &source.prefix, &source.len, &masked, &why), 0);
	key = rules_key(&source);
	key.listener = listener;
	return key;
}

/* As the command of this action does. */
static void say(struct snapshot *snapshot, const char *prefix, uint32_t listener,
		enum rule_action action, uint64_t expires_ns)
{
	struct rule_entry entry = key_of(prefix, listener);

	entry.rule.action = (uint8_t)action;
	entry.rule.origin = ORIGIN_RUNTIME;
	entry.rule.expires_ns = expires_ns;
	assert_true(rules_put(&snapshot->rules, &entry, NULL, NOW) >= 0);
	rules_sort(&snapshot->rules);
}

static const struct rule *find(const struct snapshot *snapshot, const char *prefix,
			       uint32_t listener)
{
	const struct rule_entry key = key_of(prefix, listener);
	const struct rule_entry *found = rules_find(&snapshot->rules, &key);

	return found ? &found->rule : NULL;
}

static void test_rules_of_the_file(void **state)
{
	struct snapshot *snapshot = running(TWO);
	const struct rule *rule;

	(void)state;
	apply(snapshot,
	      TWO "[prefix 10.0.0.0/8]\naction = allow\n"
		  "[prefix 10.0.0.0/8]\naction = block\nlistener = b\n"
		  "[prefix 2001:db8::/32]\nsource-rate = 9/s\nsource-burst = 20\n",
	      "live    [prefix 10.0.0.0/8] rule: none in force, allow wanted\n"
	      "live    [prefix 10.0.0.0/8, listener b] rule: none in force, block wanted\n"
	      "live    [prefix 2001:db8::/32] rule: none in force, limit 9/s burst 20 wanted\n");
	assert_int_equal(find(snapshot, "10.0.0.0/8", 1)->action, RULE_BLOCK);
	rule = find(snapshot, "2001:db8::/32", RULE_EVERY_LISTENER);
	assert_int_equal(rule->source.changed_ns, NOW);
	apply(snapshot,
	      TWO "[prefix 2001:db8::/32]\nsource-rate = 5/s\n"
		  "[prefix 10.0.0.0/8]\naction = block\n",
	      "live    [prefix 10.0.0.0/8, listener b] rule: block in force, none wanted\n"
	      "live    [prefix 2001:db8::/32] rule: limit 9/s burst 20 in force, limit 5/s burst 5 "
	      "wanted\n"
	      "live    [prefix 10.0.0.0/8] rule: allow in force, block wanted\n");
	/* the sources' debts go on */
	rule = find(snapshot, "2001:db8::/32", RULE_EVERY_LISTENER);
	assert_int_equal(rule->source.prev_period_ns, 111111112);
	assert_int_equal(rule->source.epoch, 2);
	assert_int_equal(snapshot->rules.count, 2);
	/* another order, and the same said otherwise */
	apply(snapshot,
	      TWO "[prefix ::ffff:10.0.0.0/104]\naction = block\n"
		  "[prefix 2001:DB8:0::/32]\nsource-rate = 5/s\nsource-burst = 5\n",
	      "");
	apply(snapshot, TWO,
	      "live    [prefix 10.0.0.0/8] rule: block in force, none wanted\n"
	      "live    [prefix 2001:db8::/32] rule: limit 5/s burst 5 in force, none wanted\n");
	assert_int_equal(snapshot->rules.count, 0);
	forget(snapshot);
}

static void test_rules_of_commands(void **state)
{
	static const char file[] = TWO "[prefix 10.0.0.0/8]\naction = allow\n"
				       "[prefix 10.1.0.0/16]\naction = block\n"
				       "[prefix 10.2.0.0/16]\naction = block\n";
	struct snapshot *snapshot = running(file);

	(void)state;
	say(snapshot, "10.0.0.0/8", RULE_EVERY_LISTENER, RULE_BLOCK, NOW + SECOND);
	say(snapshot, "10.1.0.0/16", RULE_EVERY_LISTENER, RULE_ALLOW, 0);
	say(snapshot, "10.1.0.0/16", RULE_EVERY_LISTENER, RULE_BLOCK, 0);
	say(snapshot, "10.2.0.0/16", RULE_EVERY_LISTENER, RULE_BLOCK, NOW + SECOND);
	say(snapshot, "192.0.2.1", 1, RULE_ALLOW, 0);
	apply(snapshot, file,
	      "kept    [prefix 192.0.2.1, listener b] rule: allow in force, none wanted" KEPT
	      "kept    [prefix 10.0.0.0/8] rule: block for a while in force, allow wanted" KEPT
	      "kept    [prefix 10.2.0.0/16] rule: block for a while in force, block wanted" KEPT);
	assert_int_equal(find(snapshot, "10.1.0.0/16", RULE_EVERY_LISTENER)->origin,
			 ORIGIN_RUNTIME);
	apply_with(snapshot, file, true,
		   "live    [prefix 192.0.2.1, listener b] rule: allow in force, none wanted\n"
		   "live    [prefix 10.0.0.0/8] rule: block for a while in force, allow wanted\n"
		   "live    [prefix 10.1.0.0/16] rule: block set at runtime in force, block "
		   "wanted\n"
		   "live    [prefix 10.2.0.0/16] rule: block for a while in force, block wanted\n");
	for (unsigned int i = 0; i < snapshot->rules.count; i++) {
		assert_int_equal(snapshot->rules.entries[i].rule.origin, ORIGIN_FILE);
		assert_int_equal(snapshot->rules.entries[i].rule.expires_ns, 0);
	}
	assert_int_equal(snapshot->rules.count, 3);
	forget(snapshot);
}

/* A rule goes with its listener: along under a new name, and away. */
static void test_rules_of_listeners(void **state)
{
	struct snapshot *snapshot = running(TWO "[prefix 10.0.0.0/8]\naction = block\n"
						"listener = a\n"
						"[prefix ::/0]\naction = allow\nlistener = b\n");

	(void)state;
	say(snapshot, "192.0.2.1", 0, RULE_ALLOW, 0);
	apply(snapshot,
	      "[listener c]\nports = 2\n[listener new]\nports = 1\n"
	      "[prefix ::/0]\naction = allow\nlistener = c\n"
	      "[prefix 10.0.0.0/8]\naction = block\nlistener = new\n",
	      "live    [listener c] renamed: b in force, c wanted\n"
	      "live    [listener new] renamed: a in force, new wanted\n"
	      "kept    [prefix 192.0.2.1, listener new] rule: allow in force, none wanted" KEPT);
	apply(snapshot,
	      "[listener c]\nports = 2\n[listener d]\nports = 3\n"
	      "[prefix ::/0]\naction = allow\nlistener = c\n"
	      "[prefix 10.0.0.0/8]\naction = block\nlistener = d\n",
	      "live    [listener new] removed: ports 1 in force, nothing wanted\n"
	      "live    [listener d] added: nothing in force, ports 3 wanted\n"
	      "live    [prefix 10.0.0.0/8, listener new] rule: block in force, none wanted\n"
	      "live    [prefix 192.0.2.1, listener new] rule: allow in force, none wanted\n"
	      "live    [prefix 10.0.0.0/8, listener d] rule: none in force, block wanted\n");
	assert_null(find(snapshot, "10.0.0.0/8", 0));
	assert_null(find(snapshot, "192.0.2.1", 0));
	assert_non_null(find(snapshot, "10.0.0.0/8", 2));
	assert_int_equal(snapshot->rules.count, 2);
	forget(snapshot);
}

static char *printed(const struct plan *made, unsigned int said)
{
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (said)
		plan_print_said(out, made, said);
	else
		plan_print(out, made);
	fclose(out);
	return text;
}

static unsigned int lines(const char *text)
{
	unsigned int count = 0;

	for (; *text; text++)
		count += *text == '\n';
	return count;
}

/* A list of thousands that is in no file does not bury what would change. */
static void test_many(void **state)
{
	struct snapshot *snapshot = running(TWO);
	struct plan made;
	char *text;

	(void)state;
	for (unsigned int i = 0; i < 50; i++) {
		char prefix[32];

		snprintf(prefix, sizeof(prefix), "10.0.0.%u", i);
		say(snapshot, prefix, RULE_EVERY_LISTENER, RULE_BLOCK, 0);
	}
	assert_int_equal(plan(&made, snapshot, TWO, false), 0);
	text = printed(&made, 0);
	assert_int_equal(lines(text), PLAN_RULES_SHOWN_MAX + 1);
	assert_non_null(
		strstr(text, "\nkept    [prefix] rules: 30 more in force, none wanted" KEPT));
	free(text);
	plan_free(&made);
	/* all that would change is listed, but as a warning */
	assert_int_equal(plan(&made, snapshot, TWO, true), 0);
	text = printed(&made, 0);
	assert_int_equal(lines(text), 50);
	free(text);
	text = printed(&made, SAYS_REST);
	assert_int_equal(lines(text), PLAN_RULES_SHOWN_MAX + 1);
	assert_non_null(strstr(text, "\nand 30 more rules\n"));
	free(text);
	text = printed(&made, SAYS_ALL & ~SAYS_REST);
	assert_string_equal(text, "");
	free(text);
	plan_free(&made);
	forget(snapshot);
}

/* What goes makes room for what comes; what stays does not. */
static void test_full(void **state)
{
	struct snapshot *snapshot = running(TWO);
	struct rule_entry entry = key_of("10.0.0.0", RULE_EVERY_LISTENER);
	struct plan made;

	(void)state;
	entry.rule.action = RULE_BLOCK;
	entry.rule.origin = ORIGIN_RUNTIME;
	for (unsigned int i = 0; i < RULES_MAX; i++) {
		((uint8_t *)&entry.prefix)[14] = (uint8_t)(i >> 8);
		((uint8_t *)&entry.prefix)[15] = (uint8_t)i;
		assert_int_equal(rules_add(&snapshot->rules, &entry), 0);
	}
	assert_int_equal(plan(&made, snapshot, TWO "[prefix 192.0.2.1]\naction = allow\n", false),
			 -E2BIG);
	plan_free(&made);
	assert_int_equal(plan(&made, snapshot, TWO "[prefix ::/0]\naction = allow\n", false), 0);
	plan_free(&made);
	assert_int_equal(plan(&made, snapshot, TWO "[prefix 192.0.2.1]\naction = allow\n", true),
			 0);
	assert_int_equal(made.rules.count, 1);
	plan_free(&made);
	forget(snapshot);
}

/* Nothing but other changes leaves the rules alone. */
static void test_rules_that_stay(void **state)
{
	struct snapshot *snapshot = running(TWO "[prefix ::/0]\naction = allow\n");
	struct plan made;

	(void)state;
	assert_int_equal(plan(&made, snapshot,
			      "[weir]\nmode = enforce\n" TWO "[prefix ::/0]\naction = allow\n",
			      false),
			 0);
	assert_int_equal(made.of_kind[CHANGE_LIVE], 1);
	assert_false(made.alters_rules);
	plan_free(&made);
	forget(snapshot);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rules_of_the_file),
		cmocka_unit_test(test_rules_of_commands),
		cmocka_unit_test(test_rules_of_listeners),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_full),
		cmocka_unit_test(test_rules_that_stay),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
