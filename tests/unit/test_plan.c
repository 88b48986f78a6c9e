// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What a file changes on a running instance: each key, and what was set at runtime. */
#include "planning.h"

#include "config_keys.h"
#include "plan_said.h"

/* -- keys -------------------------------------------------------------------------------------- */

/* clang-format off */
static const struct {
	const char *where, *key, *before, *after;
	enum change_kind kind;
} keys[] = {
	{ "weir", "devices", "", "devices = eth0, eth1, eth2", CHANGE_RELOAD },
	{ "weir", "mode", "mode = observe", "mode = enforce", CHANGE_LIVE },
	{ "weir", "xdp", "", "xdp = generic", CHANGE_RELOAD },
	{ "weir", "sources", "sources = 64", "sources = 128", CHANGE_RELOAD },
	{ "weir", "v4-prefix", "", "v4-prefix = 28", CHANGE_LIVE },
	{ "weir", "v6-prefix", "", "v6-prefix = 60", CHANGE_LIVE },
	{ "weir", "v4-site", "", "v4-site = 20", CHANGE_LIVE },
	{ "weir", "v6-site", "", "v6-site = 40", CHANGE_LIVE },
	{ "weir", "host-rate", "", "host-rate = 5/s", CHANGE_LIVE },
	{ "weir", "host-burst", "host-rate = 5/s", "host-rate = 5/s\nhost-burst = 9", CHANGE_LIVE },
	{ "listener a", "ports", "ports = 1", "ports = 1, 2", CHANGE_LIVE },
	{ "listener a", "addresses", "ports = 1", "ports = 1\naddresses = ::1", CHANGE_LIVE },
	{ "listener a", "excess", "ports = 1", "ports = 1\nexcess = drop", CHANGE_LIVE },
	{ "listener a", "delay-max", "ports = 1", "ports = 1\ndelay-max = 2500ms", CHANGE_LIVE },
	{ "listener a", "queue-entries", "ports = 1", "ports = 1\nqueue-entries = 99", CHANGE_LIVE },
	{ "listener a", "setup", "ports = 1", "ports = 1\nsetup = first-byte", CHANGE_LIVE },
	{ "listener a", "connack-max", "ports = 1", "ports = 1\nconnack-max = 64", CHANGE_LIVE },
	{ "listener a", "window", "ports = 1", "ports = 1\nwindow = auto", CHANGE_LIVE },
	{ "listener a", "window-min", "ports = 1", "ports = 1\nwindow-min = 9", CHANGE_LIVE },
	{ "listener a", "window-max", "ports = 1", "ports = 1\nwindow-max = 99", CHANGE_LIVE },
	{ "listener a", "target", "ports = 1", "ports = 1\ntarget = 300ms", CHANGE_LIVE },
	{ "listener a", "floor", "ports = 1", "ports = 1\nfloor = 5/s", CHANGE_LIVE },
	{ "listener a", "fallback-rate", "ports = 1", "ports = 1\nfallback-rate = 90/m",
	  CHANGE_LIVE },
	{ "listener a", "reserve", "ports = 1", "ports = 1\nreserve = 0.5", CHANGE_LIVE },
	{ "listener a", "rate", "ports = 1", "ports = 1\nrate = 1/m", CHANGE_LIVE },
	{ "listener a", "burst", "ports = 1\nrate = 1/m", "ports = 1\nrate = 1/m\nburst = 2",
	  CHANGE_LIVE },
	{ "listener a", "site-rate", "ports = 1", "ports = 1\nsite-rate = 0/s", CHANGE_LIVE },
	{ "listener a", "site-burst", "ports = 1\nsite-rate = 9/s",
	  "ports = 1\nsite-rate = 9/s\nsite-burst = 8", CHANGE_LIVE },
	{ "listener a", "source-rate", "ports = 1", "ports = 1\nsource-rate = 1/h", CHANGE_LIVE },
	{ "listener a", "source-burst", "ports = 1\nsource-rate = 9/s",
	  "ports = 1\nsource-rate = 9/s\nsource-burst = 8", CHANGE_LIVE },
	{ "listener a", "reject-rate", "ports = 1\nexcess = reject\nreject-burst = 8",
	  "ports = 1\nexcess = reject\nreject-rate = 9/s\nreject-burst = 8", CHANGE_LIVE },
	{ "listener a", "reject-burst", "ports = 1\nexcess = reject",
	  "ports = 1\nexcess = reject\nreject-burst = 8", CHANGE_LIVE },
};
/* clang-format on */

static void write_file(char *buf, size_t size, size_t row, bool after)
{
	const char *lines = after ? keys[row].after : keys[row].before;

	if (!strcmp(keys[row].where, "weir"))
		snprintf(buf, size, "[weir]\n%s\n[listener a]\nports = 1\n", lines);
	else
		snprintf(buf, size, "[listener a]\n%s\n", lines);
}

/* One key differs: one change is found, of its kind, in either direction. */
static void test_each_key(void **state)
{
	char before[256], after[256];

	(void)state;
	for (size_t row = 0; row < 2 * COUNT_OF(keys); row++) {
		bool back = row % 2;
		struct snapshot *snapshot;
		struct plan made;

		write_file(before, sizeof(before), row / 2, false);
		write_file(after, sizeof(after), row / 2, true);
		snapshot = running(back ? after : before);
		snapshot->devices[1].native = true;
		assert_int_equal(plan(&made, snapshot, back ? before : after, false), 0);
		/* without devices, or xdp auto, the file does not mind */
		if (back &&
		    (!strcmp(keys[row / 2].key, "devices") || !strcmp(keys[row / 2].key, "xdp"))) {
			assert_int_equal(made.count, 0);
		} else {
			if (made.count != 1)
				fail_msg("%s: %u changes", keys[row / 2].key, made.count);
			assert_string_equal(made.changes[0].where, keys[row / 2].where);
			assert_string_equal(made.changes[0].what, keys[row / 2].key);
			assert_int_equal(made.changes[0].kind, keys[row / 2].kind);
			assert_int_equal(!made.changes[0].todo, keys[row / 2].kind == CHANGE_LIVE);
		}
		if (made.of_kind[CHANGE_LIVE])
			*snapshot->policy = *made.policy;
		plan_free(&made);
		assert_int_equal(plan(&made, snapshot, back ? before : after, false), 0);
		assert_int_equal(made.of_kind[CHANGE_LIVE], 0);
		plan_free(&made);
		forget(snapshot);
	}
}

static void expect_rows(const struct key *all, const char *where)
{
	for (; all->name; all++) {
		unsigned int rows = 0;

		for (size_t i = 0; i < COUNT_OF(keys); i++)
			rows += !strcmp(keys[i].where, where) && !strcmp(keys[i].key, all->name);
		if (rows != 1)
			fail_msg("key '%s' of [%s] has %u rows", all->name, where, rows);
	}
}

static void test_no_key_is_left_out(void **state)
{
	(void)state;
	expect_rows(weir_keys, "weir");
	expect_rows(listener_keys, "listener a");
}

static void test_values_that_are_the_same(void **state)
{
	struct snapshot *snapshot = running(
		"[weir]\nsources = 64\n"
		"[listener a]\nports = 1, 2\naddresses = 10.0.0.0/8, ::1\nrate = 5/s\n"
		"[listener b]\nports = 3\nrate = 0/s\n");

	(void)state;
	apply(snapshot,
	      "[weir]\nsources = 65\nv4-prefix = 32\nhost-rate = unlimited\ndevices = eth1 eth0\n"
	      "[listener b]\nports = 3\nrate = 0/h\naddresses = ::/0\n"
	      "[listener a]\nports = 2 1\naddresses = ::1, 10.0.0.0/8\nrate = 5/s\nburst = 5\n",
	      "");
	forget(snapshot);
}

static void test_devices(void **state)
{
	struct snapshot *snapshot = running("[listener a]\nports = 1\n");

	(void)state;
	apply(snapshot, "[weir]\ndevices = eth2, eth0\nxdp = native\n[listener a]\nports = 1\n",
	      "reload  [weir] devices: eth0, eth1 in force, eth2, eth0 wanted; detach and attach "
	      "again\n"
	      "reload  [weir] xdp: eth1 generic in force, native wanted; detach and attach "
	      "again\n");
	/* a device without its link is not protected, and a mode it has not */
	snapshot->devices[1].state = DEVICE_LOST;
	apply(snapshot, "[weir]\ndevices = eth0, eth1\nxdp = native\n[listener a]\nports = 1\n",
	      "reload  [weir] devices: eth0 in force, eth0, eth1 wanted; `weir attach config FILE "
	      "name NAME` adds what is missing\n");
	/* nor is one that has moved, and attaching does not bring it back */
	snapshot->devices[1].state = DEVICE_MOVED;
	apply(snapshot, "[weir]\ndevices = eth0, eth1\nxdp = native\n[listener a]\nports = 1\n",
	      "reload  [weir] devices: eth0, eth1 (moved away) in force, eth0, eth1 wanted; detach "
	      "and attach again\n");
	forget(snapshot);
}

/* A device is what it is called now; its former name is not taken for another device. */
static void test_renamed_devices(void **state)
{
	struct snapshot *snapshot = running("[listener a]\nports = 1\n");

	(void)state;
	strcpy(snapshot->devices[0].name, "lan0");
	apply(snapshot, "[weir]\ndevices = eth1, lan0\n[listener a]\nports = 1\n", "");
	apply(snapshot, "[weir]\ndevices = eth1, eth0\n[listener a]\nports = 1\n",
	      "reload  [weir] devices: lan0 (renamed from eth0), eth1 in force, eth1, eth0 wanted; "
	      "the file has a former name\n");
	apply(snapshot, "[weir]\ndevices = eth0, lan0, eth1\n[listener a]\nports = 1\n",
	      "reload  [weir] devices: lan0 (renamed from eth0), eth1 in force, eth0, lan0, eth1 "
	      "wanted; `weir attach config FILE name NAME` adds what is missing\n");
	/* exchanged */
	strcpy(snapshot->devices[0].name, "eth1");
	strcpy(snapshot->devices[1].name, "eth0");
	apply(snapshot, "[weir]\ndevices = eth0, eth1\n[listener a]\nports = 1\n", "");
	apply(snapshot, "[weir]\ndevices = eth0\n[listener a]\nports = 1\n",
	      "reload  [weir] devices: eth1 (renamed from eth0), eth0 (renamed from eth1) in "
	      "force, "
	      "eth0 wanted; detach and attach again\n");
	forget(snapshot);
}

/* -- what was said in part --------------------------------------------------------------------- */

static const char said_in_force[] = "[weir]\nmode = enforce\nsources = 64\nhost-rate = 9/s\n"
				    "[listener a]\nports = 1, 2\nrate = 20/s\nburst = 30\n"
				    "source-rate = 1/m\n"
				    "[listener b]\nports = 3\n";

static void expect_said(unsigned int said, const char *wanted, const char *expected)
{
	struct snapshot *snapshot = running(said_in_force);
	unsigned int count, lines = 0;
	struct plan made;
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	/* set at runtime or not: it is not what was said */
	snapshot->policy->listeners[0].limits[LEVEL_LISTENER].origin = ORIGIN_RUNTIME;
	assert_int_equal(plan(&made, snapshot, wanted, false), 0);
	count = plan_print_said(out, &made, said);
	fclose(out);
	assert_string_equal(text, expected);
	for (const char *c = text; *c; c++)
		lines += *c == '\n';
	assert_int_equal(count, lines);
	free(text);
	plan_free(&made);
	forget(snapshot);
}

/* What nobody said does not differ. */
static void test_said_in_part(void **state)
{
	static const char words[] = "[weir]\ndevices = eth0\nxdp = native\n"
				    "[listener a]\nports = 5\nrate = 5/s\n";

	(void)state;
	expect_said(SAYS_ALL, said_in_force, "");
	expect_said(0, words, "");
	expect_said(SAYS_DEVICES, words, "[weir] devices: eth0, eth1 in force, eth0 wanted\n");
	expect_said(SAYS_XDP, words, "[weir] xdp: eth1 generic in force, native wanted\n");
	expect_said(SAYS_MODE, words, "[weir] mode: enforce in force, observe wanted\n");
	expect_said(SAYS_PORTS, words, "[listener a] ports: 1, 2 in force, 5 wanted\n");
	expect_said(SAYS_RATE, words,
		    "[listener a] rate: 20/s in force, 5/s wanted\n"
		    "[listener a] burst: 30 in force, 5 wanted\n");
	expect_said(SAYS_REST, words,
		    "[weir] sources: 65 in force, 1048576 wanted\n"
		    "[weir] host-rate: 9/s in force, unlimited wanted\n"
		    "[listener b] removed: ports 3 in force, nothing wanted\n"
		    "[listener a] source-rate: 1/m in force, unlimited wanted\n");
	expect_said(SAYS_WINDOW, "[listener a]\nports = 1, 2\nwindow = auto\ntarget = 1s\n",
		    "[listener a] window: off in force, auto wanted\n");
	expect_said(SAYS_RATE, "[listener new]\nports = 7\n",
		    "[listener new] added: nothing in force, ports 7 wanted\n");
	expect_said(SAYS_DEVICES | SAYS_MODE, "[weir]\nmode = enforce\n[listener new]\nports = 7\n",
		    "");
	expect_said(SAYS_RATE, "[listener new]\nports = 1, 2\nrate = 5/s\nburst = 30\n",
		    "[listener new] renamed: a in force, new wanted\n"
		    "[listener new] rate: 20/s in force, 5/s wanted\n");
}

static void test_new_limits_count_from_now(void **state)
{
	struct snapshot *snapshot = running("[listener a]\nports = 1\nrate = 9/s\n");
	const struct limit *limit = &snapshot->policy->listeners[0].limits[LEVEL_LISTENER];

	(void)state;
	apply(snapshot, "[listener a]\nports = 1\nrate = 5/s\nburst = 9\n",
	      "live    [listener a] rate: 9/s in force, 5/s wanted\n");
	assert_int_equal(limit->changed_ns, NOW);
	assert_int_equal(limit->epoch, 1);
	assert_int_equal(limit->prev_period_ns, 111111112);
	forget(snapshot);
}

/* -- what was set at runtime ------------------------------------------------------------------- */

/* clang-format off */
static const struct {
	const char *file;
	bool reset;
	const char *said;
	const char *rate; /* afterwards */
	enum origin origin;
} overrides[] = {
	{ "5/s", false, "", "5/s", ORIGIN_RUNTIME },
	{ "7/s", false,
	  "kept    %s: 5/s in force, 7/s wanted; " PLAN_KEPT_TODO "\n"
	  "kept    %s: 5 in force, 7 wanted; " PLAN_KEPT_TODO "\n", "5/s", ORIGIN_RUNTIME },
	{ "unlimited", false,
	  "kept    %s: 5/s in force, unlimited wanted; " PLAN_KEPT_TODO "\n", "5/s",
	  ORIGIN_RUNTIME },
	{ "5/s", true, "live    %s: 5/s set at runtime in force, 5/s wanted\n", "5/s",
	  ORIGIN_FILE },
	{ "7/s", true,
	  "live    %s: 5/s in force, 7/s wanted\n"
	  "live    %s: 5 in force, 7 wanted\n", "7/s", ORIGIN_FILE },
};

static const struct {
	enum level level;
	const char *rate, *burst, *file;
} levels[] = {
	{ LEVEL_HOST, "[weir] host-rate", "[weir] host-burst",
	  "[weir]\nhost-rate = %s\n[listener a]\nports = 1\n" },
	{ LEVEL_LISTENER, "[listener a] rate", "[listener a] burst",
	  "[listener a]\nports = 1\nrate = %s\n" },
	{ LEVEL_SITE, "[listener a] site-rate", "[listener a] site-burst",
	  "[listener a]\nports = 1\nsite-rate = %s\n" },
	{ LEVEL_SOURCE, "[listener a] source-rate", "[listener a] source-burst",
	  "[listener a]\nports = 1\nsource-rate = %s\n" },
};
/* clang-format on */

static void test_limit_of_a_command(void **state)
{
	const struct wanted_limit said = { { false, 5, 1 }, 0 };
	char text[256], expected[512], rate[32];

	(void)state;
	for (size_t row = 0; row < COUNT_OF(overrides) * COUNT_OF(levels); row++) {
		const size_t i = row / COUNT_OF(levels), j = row % COUNT_OF(levels);
		struct snapshot *snapshot = running("[listener a]\nports = 1\n");
		struct limit *limit = &snapshot->policy->listeners[0].limits[levels[j].level];

		if (levels[j].level == LEVEL_HOST)
			limit = &snapshot->policy->host;
		policy_set_limit(limit, &said, 1);
		limit->origin = ORIGIN_RUNTIME;
		snprintf(text, sizeof(text), levels[j].file, overrides[i].file);
		snprintf(expected, sizeof(expected), overrides[i].said, levels[j].rate,
			 levels[j].burst);
		apply_with(snapshot, text, overrides[i].reset, expected);
		assert_string_equal(text_rate(rate, sizeof(rate), limit), overrides[i].rate);
		assert_int_equal(limit->origin, overrides[i].origin);
		forget(snapshot);
	}
}

static void test_mode_of_a_command(void **state)
{
	static const char observe[] = "[listener a]\nports = 1\n";
	static const char enforce[] = "[weir]\nmode = enforce\n[listener a]\nports = 1\n";
	struct snapshot *snapshot = running(observe);
	struct policy *policy = snapshot->policy;

	(void)state;
	policy->mode = MODE_ENFORCE;
	policy->mode_origin = ORIGIN_RUNTIME;
	apply(snapshot, observe,
	      "kept    [weir] mode: enforce in force, observe wanted; " PLAN_KEPT_TODO "\n");
	apply(snapshot, enforce, "");
	assert_int_equal(policy->mode, MODE_ENFORCE);
	assert_int_equal(policy->mode_origin, ORIGIN_RUNTIME);
	apply_with(snapshot, enforce, true,
		   "live    [weir] mode: enforce set at runtime in force, enforce wanted\n");
	assert_int_equal(policy->mode_origin, ORIGIN_FILE);
	apply(snapshot, observe, "live    [weir] mode: enforce in force, observe wanted\n");
	assert_int_equal(policy->mode, MODE_OBSERVE);
	forget(snapshot);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_key),
		cmocka_unit_test(test_no_key_is_left_out),
		cmocka_unit_test(test_values_that_are_the_same),
		cmocka_unit_test(test_devices),
		cmocka_unit_test(test_renamed_devices),
		cmocka_unit_test(test_said_in_part),
		cmocka_unit_test(test_new_limits_count_from_now),
		cmocka_unit_test(test_limit_of_a_command),
		cmocka_unit_test(test_mode_of_a_command),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
