// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Ids of listeners: who keeps the counters and buckets of whom when a file changes. */
#include "planning.h"

/* The listener called @name must have this id and serial. */
static void expect_listener(const struct snapshot *snapshot, const char *name, int id,
			    uint32_t serial)
{
	if (policy_find_listener(snapshot->policy, name) != id)
		fail_msg("'%s' has id %d, not %d", name,
			 policy_find_listener(snapshot->policy, name), id);
	assert_int_equal(snapshot->policy->listeners[id].serial, serial);
}

/* Whose is a SYN to @port of any address? As the packet path: the first match is all there is. */
static int owner(const struct snapshot *snapshot, unsigned int port)
{
	unsigned int at = snapshot->policy->port_head[port];

	return at ? snapshot->policy->matches[at].listener : -1;
}

static void test_order_does_not_matter(void **state)
{
	struct snapshot *snapshot = running("[listener a]\nports = 1\n"
					    "[listener b]\nports = 2\n"
					    "[listener c]\nports = 3\n");

	(void)state;
	apply(snapshot,
	      "[listener c]\nports = 3\n[listener a]\nports = 1\n[listener b]\nports = 2\n", "");
	/* the last one is added where the first was: nobody moves */
	apply(snapshot,
	      "[listener n]\nports = 9\n[listener c]\nports = 3\n[listener b]\nports = 2\n"
	      "[listener a]\nports = 1\n",
	      "live    [listener n] added: nothing in force, ports 9 wanted\n");
	expect_listener(snapshot, "a", 0, 1);
	expect_listener(snapshot, "b", 1, 2);
	expect_listener(snapshot, "c", 2, 3);
	expect_listener(snapshot, "n", 3, 4);
	assert_int_equal(owner(snapshot, 1), 0);
	assert_int_equal(owner(snapshot, 2), 1);
	assert_int_equal(owner(snapshot, 3), 2);
	assert_int_equal(owner(snapshot, 9), 3);
	forget(snapshot);
}

static void test_renamed(void **state)
{
	/* clang-format off */
	static const struct {
		const char *before, *after, *said;
		int id; /* of the listener "new" */
		uint32_t serial;
	} rows[] = {
		{ "[listener x]\nports = 9\n[listener old]\nports = 1, 2\n",
		  "[listener new]\nports = 1, 2\n[listener x]\nports = 9\n",
		  "live    [listener new] renamed: old in force, new wanted\n", 1, 2 },
		/* one port of many is enough */
		{ "[listener old]\nports = 1, 2, 3\n", "[listener new]\nports = 3, 4\n",
		  "live    [listener new] renamed: old in force, new wanted\n"
		  "live    [listener new] ports: 1, 2, 3 in force, 3, 4 wanted\n", 0, 1 },
		/* the port is the same, the destination is not */
		{ "[listener old]\nports = 1\n", "[listener new]\nports = 1\naddresses = ::1\n",
		  "live    [listener old] removed: ports 1 in force, nothing wanted\n"
		  "live    [listener new] added: nothing in force, ports 1 wanted\n", 1, 2 },
		/* most in common, not first */
		{ "[listener o1]\nports = 1\naddresses = ::1\n"
		  "[listener o2]\nports = 1, 2\naddresses = ::2\n",
		  "[listener new]\nports = 1, 2\naddresses = ::1, ::2\n",
		  "live    [listener o1] removed: ports 1 in force, nothing wanted\n"
		  "live    [listener new] renamed: o2 in force, new wanted\n"
		  "live    [listener new] addresses: ::2 in force, ::1, ::2 wanted\n", 1, 2 },
		/* the old name is still there: it is that one, whatever its ports */
		{ "[listener old]\nports = 1\n",
		  "[listener new]\nports = 1\n[listener old]\nports = 2\n",
		  "live    [listener new] added: nothing in force, ports 1 wanted\n"
		  "live    [listener old] ports: 1 in force, 2 wanted\n", 1, 2 },
		/* two of one: to the one with more of it; of equals to the name that sorts first */
		{ "[listener old]\nports = 1, 2, 3\n",
		  "[listener a]\nports = 1\n[listener new]\nports = 2, 3\n",
		  "live    [listener a] added: nothing in force, ports 1 wanted\n"
		  "live    [listener new] renamed: old in force, new wanted\n"
		  "live    [listener new] ports: 1, 2, 3 in force, 2, 3 wanted\n", 0, 1 },
		{ "[listener old]\nports = 1, 2\n",
		  "[listener z]\nports = 1\n[listener new]\nports = 2\n",
		  "live    [listener z] added: nothing in force, ports 1 wanted\n"
		  "live    [listener new] renamed: old in force, new wanted\n"
		  "live    [listener new] ports: 1, 2 in force, 2 wanted\n", 0, 1 },
		{ "[listener old]\nports = 1, 2\n",
		  "[listener new]\nports = 2\n[listener z]\nports = 1\n",
		  "live    [listener new] renamed: old in force, new wanted\n"
		  "live    [listener new] ports: 1, 2 in force, 2 wanted\n"
		  "live    [listener z] added: nothing in force, ports 1 wanted\n", 0, 1 },
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct snapshot *snapshot = running(rows[i].before);

		apply(snapshot, rows[i].after, rows[i].said);
		expect_listener(snapshot, "new", rows[i].id, rows[i].serial);
		forget(snapshot);
	}
}

/* With its name a listener gives up nothing else: not its debts, not what was set at runtime. */
static void test_renamed_keeps_its_limits(void **state)
{
	static const char after[] = "[listener new]\nports = 1\nrate = 5/s\nsource-rate = 6/s\n";
	struct snapshot *snapshot =
		running("[listener old]\nports = 1\nrate = 5/s\nsource-rate = 6/s\n");
	struct limit *limits = snapshot->policy->listeners[0].limits, before[LEVEL_COUNT];

	(void)state;
	policy_set_limit(&limits[LEVEL_LISTENER], &(struct wanted_limit){ { false, 5, 1 }, 9 }, 1);
	limits[LEVEL_SOURCE].origin = ORIGIN_RUNTIME;
	policy_set_limit(&limits[LEVEL_SOURCE], &(struct wanted_limit){ { false, 7, 1 }, 6 }, 1);
	memcpy(before, limits, sizeof(before));
	apply(snapshot, after,
	      "live    [listener new] renamed: old in force, new wanted\n"
	      "live    [listener new] burst: 9 in force, 5 wanted\n"
	      "kept    [listener new] source-rate: 7/s in force, 6/s wanted; " PLAN_KEPT_TODO "\n");
	assert_memory_equal(&limits[LEVEL_SOURCE], &before[LEVEL_SOURCE], sizeof(*before));
	assert_int_equal(limits[LEVEL_LISTENER].prev_period_ns, before[LEVEL_LISTENER].period_ns);
	assert_int_equal(limits[LEVEL_LISTENER].epoch, before[LEVEL_LISTENER].epoch + 1);
	forget(snapshot);
}

/* An id is free for another as soon as it has been out of force, and no sooner. */
static void test_ids_are_reused(void **state)
{
	struct snapshot *snapshot = running("[listener a]\nports = 1\nrate = 5/s\n"
					    "[listener b]\nports = 2\n");
	struct listener empty = { 0 };
	struct plan made;

	(void)state;
	snapshot->policy->listeners[0].limits[LEVEL_LISTENER].epoch = 3;
	snapshot->policy->has_listener_rules[FAMILY_V6] = 3;
	assert_int_equal(
		plan(&made, snapshot, "[listener b]\nports = 2\n[listener c]\nports = 3\n", false),
		0);
	assert_int_equal(made.gone, 1);
	assert_int_equal(made.fresh, 4);
	assert_int_equal(made.policy->has_listener_rules[FAMILY_V6], 2);
	plan_free(&made);

	apply(snapshot, "[listener b]\nports = 2\n[listener c]\nports = 3\n",
	      "live    [listener a] removed: ports 1 in force, nothing wanted\n"
	      "live    [listener c] added: nothing in force, ports 3 wanted\n");
	expect_listener(snapshot, "b", 1, 2);
	expect_listener(snapshot, "c", 2, 3);
	assert_memory_equal(&snapshot->policy->listeners[0], &empty, sizeof(empty));
	assert_int_equal(owner(snapshot, 1), -1);

	/* the same name again is another listener: its serial is in no bucket's key */
	apply(snapshot,
	      "[listener a]\nports = 1\nrate = 5/s\n[listener b]\nports = 2\n"
	      "[listener c]\nports = 3\n",
	      "live    [listener a] added: nothing in force, ports 1 wanted\n");
	expect_listener(snapshot, "a", 0, 4);
	expect_listener(snapshot, "b", 1, 2);
	expect_listener(snapshot, "c", 2, 3);
	assert_int_equal(snapshot->policy->listeners[0].limits[LEVEL_LISTENER].epoch, 0);
	assert_int_equal(snapshot->policy->listeners[0].limits[LEVEL_LISTENER].changed_ns, 0);
	forget(snapshot);
}

/* The counts of a listener that is gone stay as long as there is an id that has none. */
static void test_counts_outlive_their_listener(void **state)
{
	struct snapshot *snapshot = running("[listener a]\nports = 1\n[listener b]\nports = 2\n");

	(void)state;
	snapshot->counters[1].n[1][VERDICT_PASS][REASON_ADMITTED] = 5;
	apply(snapshot, "[listener b]\nports = 2\n",
	      "live    [listener a] removed: ports 1 in force, nothing wanted\n");
	apply(snapshot, "[listener b]\nports = 2\n[listener c]\nports = 3\n",
	      "live    [listener c] added: nothing in force, ports 3 wanted\n");
	expect_listener(snapshot, "c", 2, 3);
	/* when all ids have counts, one of those is taken */
	for (unsigned int id = 2; id < LISTENERS_MAX; id++)
		snapshot->counters[1 + id].n[1][VERDICT_PASS][REASON_ADMITTED] = 1;
	apply(snapshot,
	      "[listener b]\nports = 2\n[listener c]\nports = 3\n[listener d]\nports = 4\n",
	      "live    [listener d] added: nothing in force, ports 4 wanted\n");
	expect_listener(snapshot, "d", 0, 4);
	forget(snapshot);
}

/* A file of LISTENERS_MAX listeners, named PREFIX0 on, whose ports begin at @port. */
static char *full_file(const char *prefix, unsigned int port)
{
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	for (unsigned int i = 0; i < LISTENERS_MAX; i++)
		fprintf(out, "[listener %s%u]\nports = %u\n", prefix, i, port + i);
	fclose(out);
	return text;
}

static void test_no_id_is_free(void **state)
{
	char *first = full_file("a", 1), *renamed = full_file("b", 1), *other = full_file("c", 2);
	struct snapshot *snapshot = running(first);
	struct plan made;

	(void)state;
	/* 63 share a port with one that is gone; the last has none */
	assert_int_equal(plan(&made, snapshot, other, false), -ENOSPC);
	plan_free(&made);
	assert_int_equal(plan(&made, snapshot, renamed, false), 0);
	assert_int_equal(made.count, LISTENERS_MAX);
	assert_int_equal(made.fresh | made.gone, 0);
	plan_free(&made);
	forget(snapshot);
	free(first);
	free(renamed);
	free(other);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order_does_not_matter),
		cmocka_unit_test(test_renamed),
		cmocka_unit_test(test_renamed_keeps_its_limits),
		cmocka_unit_test(test_ids_are_reused),
		cmocka_unit_test(test_counts_outlive_their_listener),
		cmocka_unit_test(test_no_id_is_free),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
