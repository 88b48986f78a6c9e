// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Words and INI files into plans, and what is said of wrong ones. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "herd/plan_ini.h"
#include "herd/plan_words.h"

#define S 1000000000ULL
#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

#define TEN "%d%d%d%d%d%d%d%d%d%d"

static struct plan plan;
static struct plan_reading reading;

/* "10.0.0.1 1883 devices 3": as on the command line. */
static int take(const char *line)
{
	const char *words[128];
	static char copy[2048];
	size_t count = 0;
	char *rest;

	snprintf(copy, sizeof(copy), "%s", line);
	for (char *word = strtok_r(copy, " ", &rest); word; word = strtok_r(NULL, " ", &rest))
		words[count++] = word;
	words[count] = NULL;
	plan_init(&plan);
	reading = (struct plan_reading){
		.plan = &plan,
		.group = plan_add_group(&plan, "devices"),
		.scopes = SCOPE_RUN | SCOPE_GROUP,
	};
	if (plan_take_target(&reading, words[0], words[1]) || plan_take_words(&reading, words + 2))
		return -1;
	return plan_finish(&reading);
}

static void test_defaults(void **state)
{
	const struct plan_group *group = &plan.groups[0];

	(void)state;
	assert_int_equal(take("10.9.0.2 1883 devices 3"), 0);
	assert_string_equal(plan.host, "10.9.0.2");
	assert_int_equal(plan.port, 1883);
	assert_int_equal(plan.devices, 3);
	assert_int_equal(plan.duration_ns, 120 * S);
	assert_string_equal(plan.stack, "linux");
	assert_int_equal(group->tls, TLS_OFF);
	assert_int_equal(group->mqtt, MQTT_3_1_1);
	assert_int_equal(group->timeout_ns, 10 * S);
	assert_int_equal(group->backoff.kind, BACKOFF_UNIFORM);
	assert_int_equal(group->start, START_IMPULSE);
	assert_int_equal(take("10.9.0.2 1883 capacity"), 0);
	assert_true(plan.capacity);
	assert_int_equal(plan.devices, 512);
	assert_int_equal(plan.duration_ns, 40 * S);
	assert_int_equal(
		take("b 8883 capacity devices 8 first 1 tls 1.3 resume ca a cert c key k sni n "
		     "mqtt 5 user u password-file p client-id x keepalive 30s sources "
		     "10.9.128.0/17 "
		     "timeout 5s connect-timeout 1s tls-timeout 2s connack-timeout 3s duration 9s "
		     "seed 9 json r.json label l quiet stack linux anywhere"),
		0);
}

static void test_all_words(void **state)
{
	const struct plan_group *group = &plan.groups[0];

	(void)state;
	assert_int_equal(
		take("b 8883 devices 5000 first 100 tls 1.3 resume ca a.pem cert c.pem key k.pem "
		     "sni "
		     "n mqtt 5 user u%d password-file p client-id x%%%d keepalive 30s sources "
		     "10.9.128.0/17 start uniform 2s timeout 5s connect-timeout 1s tls-timeout 2s "
		     "connack-timeout 3s backoff uniform 1s..3s attempts 7 work topics 5 retained "
		     "2 "
		     "hello 64 topic t/%d duration 90s hold 2s bystanders 10 every 50ms ideal "
		     "220.5 "
		     "seed 9 json r.json label l quiet stack linux anywhere"),
		0);
	assert_true(group->tls == TLS_1_3 && group->tls_resume && group->mqtt == MQTT_5);
	assert_string_equal(group->client_id, "x%%%d");
	assert_true(group->sources_said && group->sources_len == 96 + 17);
	assert_true(group->start == START_UNIFORM && group->start_ns == 2 * S);
	assert_true(group->timeout_ns == 5 * S && group->connect_timeout_ns == S &&
		    group->tls_timeout_ns == 2 * S && group->connack_timeout_ns == 3 * S);
	assert_true(group->backoff.min_ns == S && group->backoff.max_ns == 3 * S);
	assert_true(group->attempts == 7 && group->work_topics == 5 && group->work_retained == 2 &&
		    group->work_hello == 64);
	assert_true(plan.first == 100 && plan.duration_ns == 90 * S && plan.hold_ns == 2 * S &&
		    plan.bystanders == 10 && plan.every_ns == S / 20 && plan.seed == 9 &&
		    plan.ideal_per_sec == 220.5 && plan.quiet && plan.anywhere);
	assert_string_equal(plan.json_file, "r.json");
	assert_int_equal(take("b 1 devices 1 tls ca a.pem"), 0);
	assert_int_equal(group->tls, TLS_ANY);
	assert_int_equal(take("b 1 devices 1 start schedule times"), 0);
	assert_string_equal(group->schedule_file, "times");
	assert_int_equal(take("b 1 devices 1 start closed 16"), 0);
	assert_true(group->start == START_CLOSED && group->start_width == 16);
	assert_int_equal(take("b 1 devices 1 sources fd00::/64"), 0);
	assert_int_equal(take("b 1 devices 1 sources 10.0.0.7"), 0);
}

/* A preset brings its library's timeouts, until one is said. */
static void test_presets(void **state)
{
	const struct plan_group *group = &plan.groups[0];

	(void)state;
	assert_int_equal(take("b 1 devices 1 backoff paho-python"), 0);
	assert_true(group->connect_timeout_ns == 5 * S && !group->timeout_ns);
	assert_true(group->backoff.kind == BACKOFF_EXPONENTIAL && group->backoff.max_ns == 120 * S);
	assert_int_equal(take("b 1 devices 1 backoff mosquitto"), 0);
	assert_true(!group->connect_timeout_ns && !group->timeout_ns);
	assert_int_equal(take("b 1 devices 1 backoff paho-python timeout 9s"), 0);
	assert_true(!group->connect_timeout_ns && group->timeout_ns == 9 * S);
}

static void test_wrong_words(void **state)
{
	static const struct {
		const char *words;
		const char *message; /* part of it */
	} rows[] = {
		{ "b 0 devices 1", "bad port '0': is out of range; write 1 to 65535" },
		{ "b x devices 1", "bad port 'x'" },
		{ "b 1", "no number of devices" },
		{ "b 1 devices", "'devices' needs a value after it" },
		{ "b 1 devices 0", "bad devices '0'" },
		{ "b 1 devices 1000001", "bad devices '1000001'" },
		{ "b 1 devices -1", "bad devices '-1'" },
		{ "b 1 devises 1", "unknown word 'devises': did you mean 'devices'?" },
		{ "b 1 devices 1 xyzzy", "unknown word 'xyzzy': see" },
		{ "b 1 devices 1 devices 2", "'devices' is said twice" },
		{ "b 1 devices 1 host c", "'host' is said twice" },
		{ "b 1 devices 1 tls 1.1", "bad tls '1.1': is no version herd speaks" },
		{ "b 1 devices 1 resume", "need TLS; write tls" },
		{ "b 1 devices 1 ca a", "need TLS; write tls" },
		{ "b 1 devices 1 tls cert a", "cert and key go together" },
		{ "b 1 devices 1 tls key a", "cert and key go together" },
		{ "b 1 devices 1 mqtt 3", "bad mqtt '3'" },
		{ "b 1 devices 1 password-file p", "password-file needs a user" },
		{ "b 1 devices 1 client-id %s", "bad client-id '%s'" },
		{ "b 1 devices 1 client-id x%", "bad client-id 'x%'" },
		{ "b 1 devices 1 client-id " TEN TEN TEN "%d", "is too long with numbers in it" },
		{ "b 1 devices 1 topic " TEN TEN TEN "x", "is too long with numbers in it" },
		{ "b 1 devices 1 keepalive 100ms", "bad keepalive" },
		{ "b 1 devices 1 sources 10.0.0.0/33", "bad sources" },
		{ "b 1 devices 1 sources 10.0.0.1/8", "bad sources" },
		{ "b 1 devices 1 sources ::/0", "bad sources '::/0': is every address" },
		{ "b 1 devices 1 start", "'start' needs a value" },
		{ "b 1 devices 1 start unifrom 1s", "did you mean 'uniform'?" },
		{ "b 1 devices 1 start xyz", "write one of impulse, uniform" },
		{ "b 1 devices 1 start uniform", "start uniform needs a time after it" },
		{ "b 1 devices 1 start closed", "start closed needs a number after it" },
		{ "b 1 devices 1 start closed 0", "bad start '0'" },
		{ "b 1 devices 1 start schedule", "start schedule needs a file after it" },
		{ "b 1 devices 1 start uniform 1", "bad start '1': is not a duration" },
		{ "b 1 devices 1 timeout 0s", "bad timeout '0s'" },
		{ "b 1 devices 1 timeout 25h", "bad timeout '25h': is too long" },
		{ "b 1 devices 1 timeout 5", "bad timeout '5': is not a duration" },
		{ "b 1 devices 1 backoff", "'backoff' needs a value" },
		{ "b 1 devices 1 backoff fixed", "backoff fixed needs a time" },
		{ "b 1 devices 1 backoff uniform", "backoff uniform needs two times" },
		{ "b 1 devices 1 backoff uniform 3s", "is not a range of times" },
		{ "b 1 devices 1 backoff uniform 3s..1s", "ends before it begins" },
		{ "b 1 devices 1 backoff uniform 1s..x", "is not a duration" },
		{ "b 1 devices 1 backoff paho-pyhton", "did you mean 'paho-python'?" },
		{ "b 1 devices 1 backoff zzz", "write one of fixed, uniform" },
		{ "b 1 devices 1 work", "work needs to be told what" },
		{ "b 1 devices 1 work topcis 3", "did you mean 'topics'?" },
		{ "b 1 devices 1 retained 3", "retained messages come for subscriptions" },
		{ "b 1 devices 1 ideal x", "bad ideal 'x'" },
		{ "b 1 devices 1 ideal 1/m", "bad ideal '1/m'" },
		{ "b 1 devices 1 ideal 0", "bad ideal '0'" },
		{ "b 1 devices 1 stack li/nux", "bad stack" },
		{ "b 1 capacity bystanders 2", "'bystanders' means nothing to capacity" },
		{ "b 1 capacity start uniform 1s", "'start' means nothing to capacity" },
		{ "b 1 backoff paho-c capacity", "'backoff' means nothing to capacity" },
		{ "b 1 capacity attempts 2", "'attempts' means nothing to capacity" },
		{ "b 1 capacity work topics 2", "'work' means nothing to capacity" },
		{ "b 1 capacity topics 2", "'topics' means nothing to capacity" },
		{ "b 1 capacity retained 2", "'retained' means nothing to capacity" },
		{ "b 1 capacity hello 2", "'hello' means nothing to capacity" },
		{ "b 1 capacity topic t", "'topic' means nothing to capacity" },
		{ "b 1 capacity hold 2s", "'hold' means nothing to capacity" },
		{ "b 1 capacity every 2s", "'every' means nothing to capacity" },
		{ "b 1 capacity ideal 2/s", "'ideal' means nothing to capacity" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		if (!take(rows[i].words))
			fail_msg("'%s' is taken", rows[i].words);
		if (!strstr(reading.message, rows[i].message))
			fail_msg("'%s': '%s', wanted '%s'", rows[i].words, reading.message,
				 rows[i].message);
	}
}

static int read_ini(const char *text, unsigned int *line)
{
	FILE *file = fmemopen((void *)text, strlen(text), "r");
	int err;

	plan_init(&plan);
	reading = (struct plan_reading){ .plan = &plan };
	*line = 0;
	err = plan_read_ini(&reading, file, line);
	fclose(file);
	return err ? err : plan_finish(&reading);
}

static void test_ini(void **state)
{
	unsigned int line;

	(void)state;
	assert_int_equal(read_ini("; a fleet\n[run]\nhost = 10.0.0.1\nport = 8883\nduration = 60s\n"
				  "quiet = yes\n[devices meters]\ndevices = 300\ntls = yes\n"
				  "start = uniform 3s ; slowly\nbackoff = paho-python\n"
				  "[devices old ones]\n",
				  &line),
			 0);
	assert_int_equal(plan.groups_count, 1);
	assert_int_equal(read_ini("[run]\nhost = b\nport = 1\n[devices a]\ndevices = 300\n"
				  "tls = 1.2 resume ca x.pem\n[devices b]\ndevices = 7\n"
				  "work = topics 2 hello 3\nmqtt = 5\n[run]\nseed = 5\n",
				  &line),
			 0);
	assert_int_equal(plan.groups_count, 2);
	assert_int_equal(plan.devices, 307);
	assert_int_equal(plan.seed, 5);
	assert_string_equal(plan.groups[0].name, "a");
	assert_true(plan.groups[0].tls == TLS_1_2 && plan.groups[0].tls_resume);
	assert_true(plan.groups[1].tls == TLS_OFF && plan.groups[1].work_topics == 2 &&
		    plan.groups[1].work_hello == 3 && plan.groups[1].mqtt == MQTT_5);
}

static void test_wrong_ini(void **state)
{
	static const struct {
		const char *text;
		unsigned int line;
		const char *message;
	} rows[] = {
		{ "", 0, "no broker" },
		{ "[run]\nhost = b\nport = 1\n", 0, "no devices" },
		{ "host = b\n", 1, "stands in no section" },
		{ "[rnu]\nhost = b\n", 2, "unknown section '[rnu]'" },
		{ "[devices a/b]\ndevices = 3\n", 2, "bad name of devices 'a/b'" },
		{ "[devices]\ndevices = 3\n", 2, "bad name of devices ''" },
		{ "[run]\nhost = b\nport = 1\n[devices a]\ndevices = 3\nstart = closed 2\n"
		  "[devices b]\ndevices = 3\n",
		  0, "'start closed' counts the attempts of all devices" },
		{ "[run]\ndevices = 3\n", 2, "it is said of devices, in [devices NAME]" },
		{ "[devices a]\nhost = b\n", 2, "it is said of the whole run, in [run]" },
		{ "[run]\nprot = 1\n", 2, "did you mean 'port'?" },
		{ "[run]\nport = 1\nport = 2\n", 3, "'port' is said twice" },
		{ "[run]\nport = 1\n[devices a]\ndevices = 1\n[run]\nport = 2\n", 6,
		  "is said twice" },
		{ "[run]\nhost = b\nport = 1\n[devices a]\nbackoff = fixed 1s\n[run]\n"
		  "capacity = yes\n",
		  0, "'backoff' means nothing to capacity" },
		{ "[devices a]\ndevices = 1\n[devices b]\ndevices = 1\n[devices a]\nmqtt = 5\n", 6,
		  "is there twice" },
		{ "[run]\nport =\n", 2, "'port' has no value" },
		{ "[run]\nport\n", 2, "is neither [SECTION] nor KEY = VALUE" },
		{ "[devices a]\ntimeout = 3\n", 2, "bad timeout '3'" },
	};
	static char longest[4000] = "[run]\nlabel = ";
	unsigned int line;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		if (!read_ini(rows[i].text, &line))
			fail_msg("row %zu is taken", i);
		if (!strstr(reading.message, rows[i].message) || line != rows[i].line)
			fail_msg("row %zu: line %u: '%s', wanted '%s'", i, line, reading.message,
				 rows[i].message);
	}
	memset(longest + strlen(longest), 'x', 3000);
	assert_int_not_equal(read_ini(longest, &line), 0);
	assert_non_null(strstr(reading.message, "is too long"));
	assert_int_equal(line, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults), cmocka_unit_test(test_all_words),
		cmocka_unit_test(test_presets),	 cmocka_unit_test(test_wrong_words),
		cmocka_unit_test(test_ini),	 cmocka_unit_test(test_wrong_ini),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
