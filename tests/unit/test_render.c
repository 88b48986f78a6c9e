// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What an operator sees of a snapshot. */
#include "sample.h"

#include "render.h"

static const char status[] =
	"eth0: enforcing\n"
	"  devices      eth0 native, eth1 GENERIC (slow: every frame pays) (renamed from eth9), "
	"eth2 LINK LOST (not protected: attach again), eth3 MOVED to another network namespace "
	"(not protected here)\n"
	"  attached     1 d 2 h ago by version 0.1.0\n"
	"  host limit   5000/s burst 5000\n"
	"  listener mqtt\n"
	"    ports      1883, 8883 to any address\n"
	"    limits     2000/s burst 3000; each site unlimited; each source 10/m burst 20\n"
	"    excess     drop\n"
	"    SYNs       12345 admitted, 678 refused: listener_limit 600, source_limit 78\n"
	"    observed   40 SYNs would be admitted, 3 refused: site_limit 3\n"
	"    again      250 after a refusal, 3 after admission; reserve 0.5 (auto)\n"
	"  listener lab\n"
	"    ports      1883 to 2001:db8::1, 192.0.2.0/24\n"
	"    limits     unlimited; each site unlimited; each source unlimited\n"
	"    excess     delay, delay-max auto (ACTS AS DROP: no `weir run` serves it; start "
	"`weir run eth0`)\n"
	"    SYNs       0 admitted, 0 refused\n"
	"    again      0 after a refusal, 0 after admission; reserve 0 (auto)\n"
	"  listener shut\n"
	"    ports      8084 to any address\n"
	"    limits     0/s (refuses every new connection); each site unlimited; each source "
	"unlimited\n"
	"    excess     drop\n"
	"    SYNs       0 admitted, 0 refused\n"
	"    again      0 after a refusal, 0 after admission; reserve 0 (auto)\n"
	"  rules        2 IPv4, 1 IPv6; 1 set at runtime\n"
	"  established  1000000 TCP frames passed untouched; 7 other frames not judged\n"
	"  sources      12.5 % of 1048576 slots in debt; 0 lossy evictions\n";

static const char limits[] =
	"LEVEL     LISTENER          RATE     BURST  AVAILABLE\n"
	"host      -               5000/s      5000       4999\n"
	"listener  mqtt            2000/s      3000       2900\n"
	"site      mqtt         unlimited         -          -  each /24, /48\n"
	"source    mqtt              10/m        20          -  each /32, /64\n"
	"listener  lab          unlimited         -          -  ACTS AS DROP: no `weir "
	"run` serves it\n"
	"site      lab          unlimited         -          -  each /24, /48\n"
	"source    lab          unlimited         -          -  each /32, /64\n"
	"listener  shut               0/s         -          -  refuses every new connection\n"
	"site      shut         unlimited         -          -  each /24, /48\n"
	"source    shut         unlimited         -          -  each /32, /64\n";

static const char counters[] =
	"LISTENER  REASON          VERDICT  ENFORCED                FRAMES\n"
	"-         not_tcp         pass     yes                          7\n"
	"-         not_syn         pass     yes                    1000000\n"
	"mqtt      admitted        pass     no                          40\n"
	"mqtt      admitted        pass     yes                      12345\n"
	"mqtt      listener_limit  drop     yes                        600\n"
	"mqtt      site_limit      drop     no                           3\n"
	"mqtt      source_limit    drop     yes                         78\n"
	"total                                                     1013073\n";

static const char rules[] = "PREFIX              ACTION  LISTENER  EXPIRES IN  SET BY\n"
			    "10.0.0.0/8          allow   any       never       file\n"
			    "10.1.0.0/16         limit   any       1h 1m       runtime, not in the "
			    "file  each source 5/s burst 5\n"
			    "2001:db8::/32       block   lab       never       file\n";

static void expect_written(void (*write)(FILE *, const struct snapshot *),
			   const struct snapshot *snapshot, const char *expected)
{
	char *text = sample_written(write, snapshot);

	assert_string_equal(text, expected);
	free(text);
}

static void expect_part(void (*write)(FILE *, const struct snapshot *),
			const struct snapshot *snapshot, const char *part, bool there)
{
	char *text = sample_written(write, snapshot);

	if (!strstr(text, part) == there)
		fail_msg("%s \"%s\" in:\n%s", there ? "no" : "there is", part, text);
	free(text);
}

static void test_whole_pages(void **state)
{
	struct snapshot *snapshot = sample_make();

	(void)state;
	expect_written(render_status, snapshot, status);
	expect_written(render_limits, snapshot, limits);
	expect_written(render_counters, snapshot, counters);
	expect_written(render_rules, snapshot, rules);
	sample_free(snapshot);
}

static void test_observe_is_loud(void **state)
{
	struct snapshot *snapshot = sample_make();

	(void)state;
	expect_part(render_status, snapshot, "OBSERVE", false);
	snapshot->policy->mode = MODE_OBSERVE;
	expect_part(render_status, snapshot, "eth0: OBSERVE: nothing is dropped\n", true);
	/* a listener without a SYN says so in the words of the mode */
	expect_part(render_status, snapshot,
		    "\n    observed   0 SYNs would be admitted, 0 refused\n", true);
	expect_part(render_status, snapshot, "\n    SYNs       0 admitted", false);
	sample_free(snapshot);
}

static void test_trouble_is_loud(void **state)
{
	struct snapshot *snapshot = sample_make();

	(void)state;
	snapshot->table.evicted_in_debt = 5;
	sample_count(snapshot, 0, true, VERDICT_PASS, REASON_INTERNAL, 9);
	expect_part(render_status, snapshot, "5 lossy evictions (TABLE TOO SMALL: raise sources)\n",
		    true);
	expect_part(render_status, snapshot,
		    "  INTERNAL     9 frames passed because state was missing: ", true);
	snapshot->devices_count = 0;
	expect_part(render_status, snapshot, "  devices      NONE (nothing is protected)\n", true);
	memset(snapshot->policy->listeners, 0, sizeof(snapshot->policy->listeners));
	expect_part(render_status, snapshot, "  NO LISTENERS: nothing is judged\n", true);
	sample_free(snapshot);
}

/* A reboot loses what was set at runtime: it is in no file. */
static void test_runtime_is_marked(void **state)
{
	struct snapshot *snapshot = sample_make();
	struct listener *mqtt = &snapshot->policy->listeners[0];

	(void)state;
	expect_part(render_status, snapshot, "(set at runtime)", false);
	expect_part(render_limits, snapshot, "set at runtime", false);
	snapshot->policy->mode_origin = ORIGIN_RUNTIME;
	snapshot->policy->host.origin = ORIGIN_RUNTIME;
	mqtt->limits[LEVEL_SOURCE].origin = ORIGIN_RUNTIME;
	expect_part(render_status, snapshot, "eth0: enforcing (set at runtime)\n", true);
	expect_part(render_status, snapshot, "  host limit   5000/s burst 5000 (set at runtime)\n",
		    true);
	expect_part(render_status, snapshot, "each source 10/m burst 20 (set at runtime)\n", true);
	expect_part(render_limits, snapshot,
		    "host      -               5000/s      5000       4999  set at runtime\n",
		    true);
	expect_part(render_limits, snapshot, "-  set at runtime; each /32, /64\n", true);
	expect_part(render_limits, snapshot, "2900\n", true);
	sample_free(snapshot);
}

static void test_no_rules(void **state)
{
	struct snapshot *snapshot = sample_make();

	(void)state;
	rules_free(&snapshot->rules);
	expect_part(render_status, snapshot, "\n  rules        none\n", true);
	sample_free(snapshot);
}

static void test_age(void **state)
{
	static const struct {
		uint64_t seconds;
		const char *text;
	} rows[] = {
		{ 0, "attached     0 min ago" },	{ 59 * 60 + 59, "attached     59 min ago" },
		{ 3600, "attached     1 h 0 min ago" }, { 86399, "attached     23 h 59 min ago" },
		{ 86400, "attached     1 d 0 h ago" },
	};
	struct snapshot *snapshot = sample_make();

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		snapshot->control.created_ns = SAMPLE_NOW - rows[i].seconds * 1000000000;
		expect_part(render_status, snapshot, rows[i].text, true);
	}
	snapshot->control.created_ns = SAMPLE_NOW + 1;
	expect_part(render_status, snapshot, rows[0].text, true);
	sample_free(snapshot);
}

static void test_available(void **state)
{
	struct snapshot *snapshot = sample_make();
	struct limit *limit = &snapshot->policy->listeners[0].limits[LEVEL_LISTENER];
	static const struct {
		uint64_t debt_ns;
		uint64_t tokens;
	} rows[] = {
		{ 0, 3000 },
		{ 4, 2999 },
		{ 500000, 2999 },
		{ 500004, 2998 },
		{ 2999 * 500000ULL, 1 },
		{ 2999 * 500000ULL + 4, 0 },
		{ 1500000000ULL, 0 },
		{ 1500000000ULL + 500000, 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		snapshot->levels[1].word = SAMPLE_NOW + rows[i].debt_ns;
		assert_int_equal(snapshot_tokens(snapshot, limit, 1), rows[i].tokens);
		assert_int_equal(limit_admits(limit, snapshot->levels[1].word, SAMPLE_NOW),
				 rows[i].tokens > 0);
	}
	/* a word that was written under the limit before: 900 of 3000 spent there */
	policy_set_limit(limit, &(struct wanted_limit){ { false, 1, 1 }, 1000 }, SAMPLE_NOW);
	snapshot->levels[1].word = SAMPLE_NOW + 900 * 500000ULL;
	assert_int_equal(snapshot_tokens(snapshot, limit, 1), 100);
	limit->kind = LIMIT_UNLIMITED;
	assert_int_equal(snapshot_tokens(snapshot, limit, 1), 0);
	sample_free(snapshot);
}

static void test_reject(void **state)
{
	struct snapshot *snapshot = sample_make();
	struct listener *mqtt = &snapshot->policy->listeners[0];
	const char *row = "reject    mqtt            1000/s      1000        900  RSTs; beyond it "
			  "dropped\n";

	(void)state;
	expect_part(render_limits, snapshot, "reject", false);
	expect_part(render_status, snapshot, "RST", false);
	mqtt->excess = EXCESS_REJECT;
	snapshot->levels[LEVELS_REJECT].word = SAMPLE_NOW + 100 * 1000000;
	sample_count(snapshot, 1, true, VERDICT_REJECT, REASON_LISTENER_LIMIT, 22);
	expect_part(render_limits, snapshot, row, true);
	expect_part(
		render_status, snapshot,
		"    excess     reject, RSTs 1000/s burst 1000\n"
		"    SYNs       12345 admitted, 700 refused (22 with a RST): listener_limit 622, "
		"source_limit 78\n",
		true);
	snapshot->control.vlan_hidden = 1;
	expect_part(render_limits, snapshot, "900  ACTS AS DROP: ", true);
	expect_part(render_status, snapshot, "    excess     reject (ACTS AS DROP: ", true);
	snapshot->control.vlan_hidden = 0;
	policy_set_limit(&mqtt->reject, &(struct wanted_limit){ { false, 0, 1 }, 0 }, SAMPLE_NOW);
	expect_part(render_status, snapshot, "    excess     reject, RSTs 0/s (acts as drop)\n",
		    true);
	sample_free(snapshot);
}

/* Names of any length, and what only a newer packet path counts. */
static void test_odd_values(void **state)
{
	struct snapshot *snapshot = sample_make();

	(void)state;
	memset(snapshot->policy->listeners[0].name, 'x', LISTENER_NAME_MAX - 1);
	snapshot->policy->listeners[0].excess = 200;
	sample_count(snapshot, 64, true, VERDICT_REJECT, 31, UINT64_MAX - 1013072);
	expect_part(render_counters, snapshot,
		    "id:63                            reason_31       reject   yes       "
		    "18446744073708538543\n"
		    "total                                                               "
		    "                   0\n",
		    true);
	expect_part(
		render_limits, snapshot,
		"listener  xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx        2000/s      3000       2900\n",
		true);
	expect_part(render_status, snapshot, "    excess     unknown\n", true);
	sample_free(snapshot);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole_pages),
		cmocka_unit_test(test_observe_is_loud),
		cmocka_unit_test(test_trouble_is_loud),
		cmocka_unit_test(test_age),
		cmocka_unit_test(test_available),
		cmocka_unit_test(test_odd_values),
		cmocka_unit_test(test_runtime_is_marked),
		cmocka_unit_test(test_no_rules),
		cmocka_unit_test(test_reject),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
