// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The JSON record of a run, the summary, and several records joined. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "herd/json_join.h"
#include "herd/json_report.h"
#include "herd/plan_words.h"

#define S 1000000000ULL

/* @devices connect one every @step_ns, the first of them at the second attempt. */
static json_t *record(uint32_t devices, uint64_t step_ns, double started, double capacity)
{
	static struct plan plan;
	static struct report report;
	struct tally tally;
	json_t *json;

	plan_init(&plan);
	plan_add_group(&plan, "devices")->devices = devices;
	plan.devices = devices;
	plan.bystanders = 2;
	plan.ideal_per_sec = capacity;
	tally_init(&tally, devices, 50 * S);
	tally_count(&tally, TALLY_ATTEMPT, 50 * S);
	tally_count(&tally, TALLY_TIMEOUT_TLS, 50 * S);
	tally_count(&tally, TALLY_WASTED, 50 * S);
	for (uint32_t i = 1; i <= devices; i++) {
		tally_count(&tally, TALLY_ATTEMPT, 50 * S);
		tally_connected(&tally, true, 50 * S, 50 * S, 50 * S + i * step_ns);
	}
	tally_rejected(&tally, 3, 50 * S);
	tally.bystanders_sent = 10;
	tally.bystanders_lost = 1;
	tally_rtt(&tally, 50 * S, 50 * S + 5000000);
	report = (struct report){ .plan = &plan,
				  .tally = &tally,
				  .started = started,
				  .duration_seconds = 9,
				  .cpu_seconds = .5 };
	hist_add(&report.attempts, 2);
	for (uint32_t i = 1; i < devices; i++)
		hist_add(&report.attempts, 1);
	json = json_report(&report);
	tally_free(&tally);
	return json;
}

static double number(const json_t *json, const char *key)
{
	const json_t *value = json_object_get(json, key);

	if (!json_is_number(value))
		fail_msg("%s is no number", key);
	return json_number_value(value);
}

static bool near(double got, double wanted)
{
	return fabs(got - wanted) < 1e-6;
}

static void test_record(void **state)
{
	json_t *json = record(4, S, 1000, 2);
	const json_t *second;

	(void)state;
	assert_true(number(json, "schema") == 1);
	assert_true(number(json, "devices") == 4 && number(json, "connected") == 4);
	assert_true(number(json, "attempts") == 5 && number(json, "timeouts") == 1 &&
		    number(json, "timeouts_tls") == 1 && number(json, "wasted") == 1);
	assert_true(near(number(json, "t50"), 2) && near(number(json, "t90"), 4) &&
		    near(number(json, "t100"), 4));
	assert_true(near(number(json, "capacity"), 2) && near(number(json, "ideal_seconds"), 2) &&
		    near(number(json, "drain_efficiency"), .5));
	assert_true(number(json_object_get(json, "rejected"), "3") == 1);
	assert_true(number(json_object_get(json, "attempts_per_device"), "max") == 2);
	assert_true(number(json_object_get(json, "bystanders"), "lost") == 1);
	assert_int_equal(json_array_size(json_object_get(json, "series")), 5);
	second = json_array_get(json_object_get(json, "series"), 0);
	assert_true(number(second, "attempts") == 5 && number(second, "failures") == 2);
	assert_true(number(second, "bystander_p99_ms") >= 5);
	second = json_array_get(json_object_get(json, "series"), 4);
	assert_true(number(second, "accepted_p99_ms") >= 4000);
	json_decref(json);

	json = record(4, S, 1000, 0);
	assert_true(json_is_null(json_object_get(json, "capacity")));
	assert_true(json_is_null(json_object_get(json, "drain_efficiency")));
	json_decref(json);
}

/* What the record and the summary say of a search for the knee that fed @windows of @per_sec. */
static bool says_knee(unsigned int windows, double per_sec, const char *words)
{
	static struct plan plan;
	static struct report report;
	struct tally tally;
	struct knee knee;
	char text[2048] = "";
	FILE *out = fmemopen(text, sizeof(text), "w");
	json_t *json;
	bool found;

	plan_init(&plan);
	plan_add_group(&plan, "devices")->devices = plan.devices = 512;
	plan.capacity = true;
	tally_init(&tally, 512, 50 * S);
	knee_init(&knee, 512);
	while (windows--)
		knee_feed(&knee, per_sec);
	knee_end(&knee);
	report = (struct report){ .plan = &plan, .tally = &tally, .knee = &knee };
	json = json_report(&report);
	found = json_is_true(json_object_get(json, "knee_found"));
	assert_true(near(number(json, "capacity"), per_sec));
	json_decref(json);
	report_text(out, &report);
	fclose(out);
	tally_free(&tally);
	if (!strstr(text, words))
		fail_msg("no '%s' in: %s", words, text);
	return found;
}

static void test_knee(void **state)
{
	(void)state;
	assert_true(says_knee(50, 80, "capacity      80.0 set-ups/s, from 1 at once on"));
	assert_false(says_knee(2, 80, "80.0 set-ups/s at least, with 1 at once: no knee"));
}

static void test_join(void **state)
{
	json_t *runs[] = { record(4, S, 1000.25, 2), record(6, S / 2, 1002.25, 0) };
	struct json_join_error error;
	json_t *joined = json_join(runs, 2, &error);
	const json_t *series, *one;

	(void)state;
	assert_non_null(joined);
	assert_true(number(joined, "joined") == 2);
	assert_true(number(joined, "devices") == 10 && number(joined, "connected") == 10);
	assert_true(number(joined, "attempts") == 12 && number(joined, "timeouts") == 2);
	assert_true(number(json_object_get(joined, "rejected"), "3") == 2);
	/* 1 2 3 4 and 2.5 3 3.5 4 4.5 5 */
	assert_true(near(number(joined, "t50"), 3) && near(number(joined, "t90"), 4.5) &&
		    near(number(joined, "t100"), 5));
	assert_true(near(number(joined, "ideal_seconds"), 5) &&
		    near(number(joined, "drain_efficiency"), 1));
	assert_true(near(number(joined, "started"), 1000.25) &&
		    near(number(joined, "duration_seconds"), 11));
	assert_true(near(number(joined, "cpu_seconds"), 1));
	series = json_object_get(joined, "series");
	assert_int_equal(json_array_size(series), 6);
	one = json_array_get(series, 1);
	assert_true(number(one, "connected") == 1 && number(one, "attempts") == 0);
	one = json_array_get(series, 5);
	assert_true(number(one, "connected") == 10);
	assert_true(number(json_object_get(joined, "attempts_per_device"), "max") == 2);
	assert_true(number(json_object_get(joined, "bystanders"), "sent") == 20);
	assert_true(number(json_object_get(joined, "bystanders"), "count") == 4);
	assert_true(number(json_object_get(joined, "setup_seconds"), "max") >= 4);
	/* a joined record can be joined, but not with one that is in it */
	json_decref(runs[0]);
	runs[0] = joined;
	assert_null(json_join(runs, 2, &error));
	assert_true(error.other == 0 && error.wrong == 1);
	json_decref(runs[1]);
	runs[1] = record(6, S / 2, 1003, 0);
	joined = json_join(runs, 2, &error);
	assert_true(number(joined, "devices") == 16);
	assert_int_equal(json_array_size(json_object_get(joined, "joined_runs")), 3);
	json_decref(joined);
	json_decref(runs[0]);
	json_decref(runs[1]);
}

static void refuses(const char *text, const char *reason)
{
	json_t *runs[] = { record(2, S, 1, 0), json_loads(text, 0, NULL) };
	struct json_join_error error;

	assert_non_null(runs[1]);
	assert_null(json_join(runs, 2, &error));
	assert_int_equal(error.wrong, 1);
	assert_true(error.other == JSON_JOIN_NONE);
	if (!strstr(error.why, reason))
		fail_msg("'%s', wanted '%s'", error.why, reason);
	json_decref(runs[0]);
	json_decref(runs[1]);
}

#define UNTIL_STARTED "\"devices\":1,\"connected\":1,\"attempts\":1,\"started\":"
#define AFTER_STARTED                                                                  \
	",\"duration_seconds\":1,\"bystanders\":{},\"histograms\":{},\"rejected\":{}," \
	"\"series\":[]"
#define REST UNTIL_STARTED "1" AFTER_STARTED

static void test_join_refuses(void **state)
{
	(void)state;
	refuses("[]", "is no record");
	refuses("{}", "is no record");
	refuses("{\"schema\":1," REST ",\"parameters\":{},\"curve\":[1,2],\"curve_steps\":1}",
		"is no record");
	refuses("{\"schema\":2," REST ",\"parameters\":{},\"curve\":[],\"curve_steps\":1}",
		"another schema");
	refuses("{\"schema\":1," REST
		",\"parameters\":{\"command\":\"capacity\"},\"curve\":[],\"curve_steps\":1}",
		"measurement of capacity");
	refuses("{\"schema\":1," UNTIL_STARTED "100000" AFTER_STARTED
		",\"parameters\":{},\"curve\":[],\"curve_steps\":1}",
		"of another time");
	refuses("{\"schema\":1," UNTIL_STARTED "-90000" AFTER_STARTED
		",\"parameters\":{},\"curve\":[],\"curve_steps\":1}",
		"has -90000 in started");
}

/* A good record in which the value at @path, as in "series 0 connected", is @value instead. */
static void refuses_value(const char *path, const char *value, const char *reason)
{
	json_t *runs[] = { record(2, S, 1, 0), record(2, S, 2, 0) }, *at = runs[1];
	char copy[64], *word, *next, *rest;
	struct json_join_error error;

	snprintf(copy, sizeof(copy), "%s", path);
	word = strtok_r(copy, " ", &rest);
	while ((next = strtok_r(NULL, " ", &rest))) {
		at = json_is_array(at) ? json_array_get(at, (size_t)atoi(word))
				       : json_object_get(at, word);
		word = next;
	}
	assert_non_null(at);
	if (json_is_array(at))
		json_array_set_new(at, (size_t)atoi(word),
				   json_loads(value, JSON_DECODE_ANY, NULL));
	else
		json_object_set_new(at, word, json_loads(value, JSON_DECODE_ANY, NULL));
	if (json_join(runs, 2, &error))
		fail_msg("%s of %s is taken", path, value);
	assert_int_equal(error.wrong, 1);
	if (!strstr(error.why, reason))
		fail_msg("%s of %s: '%s', wanted '%s'", path, value, error.why, reason);
	json_decref(runs[0]);
	json_decref(runs[1]);
}

static void test_join_refuses_values(void **state)
{
	static const struct {
		const char *path, *value, *reason;
	} rows[] = {
		{ "devices", "-3", "has -3 in devices, which may be 1 to 1000000000" },
		{ "devices", "0", "has 0 in devices" },
		{ "devices", "2.5", "devices is no whole number" },
		{ "devices", "1e300", "devices is no whole number" },
		{ "devices", "9000000000000000000", "in devices, which may be 1 to" },
		{ "connected", "3", "has 3 in connected, which may be 0 to 2" },
		{ "ever_connected", "3", "has 3 in ever_connected" },
		{ "attempts", "-1", "has -1 in attempts" },
		{ "attempts", "null", "attempts is no whole number" },
		{ "wasted", "-1", "has -1 in wasted" },
		{ "refused", "\"5\"", "refused is no whole number" },
		{ "timeouts", "1000000000000000001", "in timeouts" },
		{ "syn_retransmits", "-1", "has -1 in syn_retransmits" },
		{ "started", "1e15", "has 1e+15 in started" },
		{ "duration_seconds", "-0.5", "has -0.5 in duration_seconds" },
		{ "cpu_seconds", "-1", "has -1 in cpu_seconds" },
		{ "capacity", "-1", "has -1 in capacity" },
		{ "curve_steps", "1000001", "has 1000001 in curve_steps" },
		{ "curve_steps", "1", "curve has more times than curve_steps" },
		{ "curve 1", "-1", "has -1 in curve[1]" },
		{ "curve 1", "{}", "curve[1] is no number" },
		{ "series 0 connected", "-7", "has -7 in series[0].connected" },
		{ "series 1 attempts", "-7", "has -7 in series[1].attempts" },
		{ "series 0 accepted_p99_ms", "-1", "has -1 in series[0].accepted_p99_ms" },
		{ "series 0 bystander_p99_ms", "-1", "has -1 in series[0].bystander_p99_ms" },
		{ "series 1", "5", "series[1].connected is missing" },
		{ "rejected 3", "-1", "has -1 in rejected.3" },
		{ "bystanders sent", "-1", "has -1 in bystanders.sent" },
		{ "histograms setup_ns", "[[0, -1]]", "histograms.setup_ns is no list" },
		{ "histograms setup_ns", "[[99999, 1]]", "histograms.setup_ns is no list" },
		{ "histograms setup_ns", "5", "histograms.setup_ns is no list" },
		{ "histograms setup_ns", "[[5, 4294967295], [5, 1]]", "histograms.setup_ns is no" },
		{ "series", "{}", "series is no array" },
		{ "rejected", "[]", "rejected is no object" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		refuses_value(rows[i].path, rows[i].value, rows[i].reason);
}

/* A run is told by its host, process, time, seed and first device. */
static void test_join_once(void **state)
{
	static const char *const others[] = { "pid", "host name", "started", "parameters seed",
					      "parameters first" };
	json_t *runs[] = { record(2, S, 5, 0), record(3, S, 5.5, 0), record(2, S, 5, 0) };
	struct json_join_error error;
	json_t *joined;

	(void)state;
	assert_null(json_join(runs, 3, &error));
	assert_true(error.other == 0 && error.wrong == 2);
	assert_non_null(strstr(error.why, "give each once"));
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		const char *dot = strchr(others[i], ' ');
		char part[16] = "";
		json_t *object = runs[2], *before;

		if (dot) {
			snprintf(part, sizeof(part), "%.*s", (int)(dot - others[i]), others[i]);
			object = json_object_get(object, part);
		}
		before = json_incref(json_object_get(object, dot ? dot + 1 : others[i]));
		assert_non_null(before);
		json_object_set_new(object, dot ? dot + 1 : others[i], json_integer(6));
		joined = json_join(runs, 3, &error);
		if (!joined)
			fail_msg("another %s: %s", others[i], error.why);
		json_decref(joined);
		json_object_set_new(object, dot ? dot + 1 : others[i], before);
	}
	for (size_t i = 0; i < 3; i++)
		json_decref(runs[i]);
}

static void test_hist_of_json(void **state)
{
	static struct hist hist, back;
	json_t *json;

	(void)state;
	for (uint64_t i = 0; i < 5000; i++)
		hist_add(&hist, i * i * i);
	json = json_hist(&hist);
	assert_int_equal(json_hist_read(json, &back), 0);
	assert_int_equal(back.count, hist.count);
	assert_memory_equal(back.bucket, hist.bucket, sizeof(hist.bucket));
	json_decref(json);
	json = json_loads("[[0,1],[99999,1]]", 0, NULL);
	assert_int_not_equal(json_hist_read(json, &back), 0);
	json_decref(json);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_record),
		cmocka_unit_test(test_knee),
		cmocka_unit_test(test_join),
		cmocka_unit_test(test_join_refuses),
		cmocka_unit_test(test_join_refuses_values),
		cmocka_unit_test(test_join_once),
		cmocka_unit_test(test_hist_of_json),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
