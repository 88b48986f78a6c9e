// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Each preset against a page in its broker's format, as that broker's code and manual have it. */
#include <math.h>

#include "config_signals.h"
#include "json_answers.h"
#include "presets.h"
#include "reading.h"
#include "signal_terms.h"

#define SECOND_NS 1000000000ULL
#define PAGES "tests/unit/pages/"

static struct signal_terms terms;

static void take(void *arg, const struct prom_sample *sample)
{
	signal_terms_add(arg, sample);
}

static void take_number(void *arg, const char *key, double value)
{
	const struct prom_sample sample = { .name = key, .value = value };

	signal_terms_add(arg, &sample);
}

/* "TOPIC MESSAGE" a line */
static void take_topics(char *page)
{
	char *line;

	while ((line = strsep(&page, "\n"))) {
		char *message = strchr(line, ' ');

		if (!message)
			continue;
		*message++ = '\0';
		take_number(&terms, line, strtod(message, NULL));
	}
}

static char *load_page(const char *name)
{
	char path[128], *page = calloc(1, 65536);
	FILE *in;

	snprintf(path, sizeof(path), PAGES "%s", name);
	in = fopen(path, "r");
	assert_non_null(page);
	if (!in)
		fail_msg("%s: not found; run from the top of the tree", path);
	assert_true(fread(page, 1, 65535, in) > 0);
	fclose(in);
	return page;
}

static void feed(enum signal_type type, char *page)
{
	static struct prom_reader reader;
	char words[JSON_WORDS_MAX];

	signal_terms_begin(&terms);
	if (type == SIGNAL_MOSQUITTO) {
		take_topics(page);
	} else if (type == SIGNAL_AMLEN) {
		assert_int_equal(json_each_number(page, strlen(page), take_number, &terms, words),
				 0);
	} else {
		prom_begin(&reader, take, &terms);
		prom_feed(&reader, page, strlen(page));
		assert_true(prom_end(&reader));
		assert_int_equal(reader.wrong, 0);
	}
}

/* The page once, and ten seconds later with one number changed. */
static const struct row {
	const char *preset, *page;
	const char *worst; /* of the first reading; NULL: it needs a second one */
	double ratio;
	const char *from, *to; /* the change */
	const char *worst_then;
	double ratio_then;
} rows[] = {
	{ "emqx", "emqx.txt", "emqx_vm_run_queue", 40.0 / 16,
	  "emqx_packets_connect{node=\"emqx@127.0.0.1\"} 91000",
	  "emqx_packets_connect{node=\"emqx@127.0.0.1\"} 93000", "emqx_packets_connect",
	  200.0 / 50 },
	{ "emqx", "emqx.txt", "emqx_vm_run_queue", 40.0 / 16,
	  "emqx_overload_protection_new_conn{node=\"emqx@127.0.0.1\"} 0",
	  "emqx_overload_protection_new_conn{node=\"emqx@127.0.0.1\"} 90",
	  "emqx_overload_protection_new_conn", 9 },
	{ "emqx", "emqx.txt", "emqx_vm_run_queue", 40.0 / 16,
	  "max_mailbox_size{node=\"emqx@127.0.0.1\"} 120",
	  "max_mailbox_size{node=\"emqx@127.0.0.1\"} 9000", "emqx_vm_broker_pool_max_mailbox_size",
	  9 },
	{ "emqx-auth", "emqx-auth.txt", NULL, 0, "le=\"+Inf\"} 100", "le=\"+Inf\"} 200",
	  "emqx_authn_latency", 2 },
	{ "vernemq", "vernemq.txt", "system_utilization", 1.1,
	  "socket_open{node=\"VerneMQ@127.0.0.1\"} 5000",
	  "socket_open{node=\"VerneMQ@127.0.0.1\"} 6500", "socket_open", 3 },
	{ "vernemq", "vernemq.txt", "system_utilization", 1.1,
	  "socket_close_timeout{node=\"VerneMQ@127.0.0.1\"} 3",
	  "socket_close_timeout{node=\"VerneMQ@127.0.0.1\"} 103", "socket_close_timeout", 2 },
	{ "vernemq", "vernemq.txt", "system_utilization", 1.1,
	  "system_run_queue{node=\"VerneMQ@127.0.0.1\"} 4",
	  "system_run_queue{node=\"VerneMQ@127.0.0.1\"} 64", "system_run_queue", 4 },
	{ "hivemq", "hivemq.txt", "com_hivemq_overload_protection_level", 2 / 0.67,
	  "connect_count 1.2E4", "connect_count 1.4E4",
	  "com_hivemq_messages_incoming_connect_count", 4 },
	{ "hivemq", "hivemq.txt", "com_hivemq_overload_protection_level", 2 / 0.67,
	  "session_tasks 800.0", "session_tasks 4000.0",
	  "com_hivemq_persistence_executor_client_session_tasks", 4 },
	{ "rabbitmq", "rabbitmq.txt", "erlang_vm_statistics_run_queues_length", 3,
	  "opened_total 3000", "opened_total 5500", "rabbitmq_connections_opened_total", 5 },
	{ "rabbitmq", "rabbitmq.txt", "erlang_vm_statistics_run_queues_length", 3,
	  "latency_seconds 0.05", "latency_seconds 1.0",
	  "rabbitmq_raft_entry_commit_latency_seconds", 5 },
	{ "rabbitmq", "rabbitmq.txt", "erlang_vm_statistics_run_queues_length", 3,
	  "queues_length 12", "queues_length 0", "rabbitmq_raft_entry_commit_latency_seconds",
	  0.25 },
	{ "nanomq", "nanomq.txt", "nanomq_cpu_usage", 120.5 / 80, "usage 120.50", "usage 40.00",
	  "nanomq_cpu_usage", 0.5 },
	/* (900 - 300) a minute is what it was all along, so it still is */
	{ "mosquitto", "mosquitto.txt", NULL, 0, "5120", "5130", "$SYS/broker/load/sockets/1min",
	  1 },
	{ "amlen", "amlen.json", NULL, 0, "\"BadConnCount\":300", "\"BadConnCount\":700",
	  "BadConnCount", 2 },
	{ "amlen", "amlen.json", NULL, 0, "\"TotalConnections\":5000", "\"TotalConnections\":8000",
	  "TotalConnections", 3 },
	{ "amlen", "amlen-text.json", NULL, 0, "\"300\"", "\"700\"", "BadConnCount", 2 },
};

static void judge(const struct row *row, int result, const struct signal_terms_value *worst,
		  const char *wanted, double ratio)
{
	double got = result ? NAN : worst->value / worst->target;

	if (result)
		fail_msg("%s: %d for '%s'", row->preset, result, wanted);
	if (strcmp(worst->metric, wanted) || fabs(got - ratio) > 1e-3)
		fail_msg("%s: %s %g, not %s %g", row->preset, worst->metric, got, wanted, ratio);
}

static char *replaced(const char *page, const char *from, const char *to)
{
	const char *at = strstr(page, from);
	char *result;

	if (!at)
		fail_msg("no '%s' in the page", from);
	assert_true(asprintf(&result, "%.*s%s%s", (int)(at - page), page, to, at + strlen(from)) >
		    0);
	return result;
}

static void test_pages(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		const struct row *row = &rows[i];
		struct wanted_signal wanted = { .preset = preset_find(row->preset) };
		char *page = load_page(row->page), *then = replaced(page, row->from, row->to);
		struct signal_terms_value worst;
		const char *key, *why, *missing;
		int result;

		assert_non_null(wanted.preset);
		config_complete_signal(&wanted);
		assert_int_equal(signal_terms_init(&terms, &wanted, &key, &why), 0);
		feed(wanted.type, page);
		result = signal_terms_end(&terms, 100 * SECOND_NS, &worst, &missing);
		if (row->worst)
			judge(row, result, &worst, row->worst, row->ratio);
		else
			assert_int_equal(result, -EAGAIN);
		feed(wanted.type, then);
		result = signal_terms_end(&terms, 110 * SECOND_NS, &worst, &missing);
		judge(row, result, &worst, row->worst_then, row->ratio_then);
		free(page);
		free(then);
	}
}

/* Every preset is complete, and a file with nothing but its name is right. */
static void test_complete(void **state)
{
	size_t count = 0;

	(void)state;
	for (const struct preset *preset = presets; preset->name; preset++, count++) {
		char text[128];
		bool has_page = false;

		assert_string_equal(preset->name, preset_names[count]);
		assert_true(preset_terms(preset) >= 1);
		for (unsigned int i = 0; i < preset_terms(preset); i++) {
			const struct preset_term *term = &preset->terms[i];

			assert_true(term->target > 0);
			assert_true(term->kind != VALUE_UNSAID);
			assert_true(term->kind != VALUE_QUANTILE || term->quantile > 0);
			assert_true(strlen(term->calibrate) > 10);
			assert_false(term->minus && term->over);
		}
		for (size_t i = 0; i < COUNT_OF(rows); i++)
			has_page |= !strcmp(rows[i].preset, preset->name);
		assert_true(has_page);
		snprintf(text, sizeof(text),
			 "[listener a]\nports = 1883\n[signal s]\npreset = %s\n", preset->name);
		expect(text, strlen(text), "");
	}
	assert_null(preset_names[count]);
	assert_null(preset_find("nonsense"));
}

/* clang-format off */
#define SUCCESS(type, result) "{\"status\":\"success\",\"data\":{\"resultType\":\"" type "\",\"result\":" result "}}"
static const struct {
	const char *answer;
	double value;
	const char *words; /* NULL: there is a value */
} answers[] = {
	{ SUCCESS("vector", "[{\"metric\":{},\"value\":[1.5,\"0.25\"]}]"), 0.25, NULL },
	{ SUCCESS("scalar", "[1763200000.1,\"7\"]"), 7, NULL },
	{ SUCCESS("vector", "[{\"metric\":{},\"value\":[1,\"+Inf\"]}]"), INFINITY, NULL },
	{ SUCCESS("vector", "[]"), 0, "the query gives nothing; does the series exist?" },
	{ SUCCESS("vector", "[{\"value\":[1,\"1\"]},{\"value\":[1,\"2\"]}]"), 0, "the query gives several series; join them, as max(...)" },
	{ SUCCESS("matrix", "[]"), 0, "the query gives no instant vector or scalar, but a: matrix" },
	{ SUCCESS("vector", "[{\"value\":[1,2]}]"), 0, "the answer has no value" },
	{ SUCCESS("vector", "[{\"value\":[1,\"x\"]}]"), 0, "the answer has no value: x" },
	{ SUCCESS("vector", "[{\"histogram\":[1,{}]}]"), 0, "the answer has no value" },
	{ "{\"status\":\"error\",\"errorType\":\"bad_data\",\"error\":\"parse error at \\u001b char 3\"}", 0, "Prometheus refuses the query: parse error at \\x1b char 3" },
	{ "{\"status\":\"error\"}", 0, "Prometheus refuses the query: error" },
	{ "{}", 0, "the answer is none of Prometheus" },
	{ "[1]", 0, "the answer is none of Prometheus" },
	{ "{\"status\":\"success\"}", 0, "the answer is none of Prometheus" },
};
/* clang-format on */

static void test_promql(void **state)
{
	char words[JSON_WORDS_MAX], *page = load_page("prometheus.json");
	double value = 0;

	(void)state;
	assert_int_equal(json_promql_value(page, strlen(page), &value, words), 0);
	assert_true(value == 0.25);
	free(page);
	for (size_t i = 0; i < COUNT_OF(answers); i++) {
		const char *answer = answers[i].answer;
		int result = json_promql_value(answer, strlen(answer), &value, words);

		assert_int_equal(result, answers[i].words ? -EINVAL : 0);
		if (answers[i].words)
			assert_string_equal(words, answers[i].words);
		else
			assert_true(value == answers[i].value);
	}
	assert_int_equal(json_promql_value("<html>", 6, &value, words), -EINVAL);
	assert_memory_equal(words, "the answer is not JSON", 22);
	assert_int_equal(json_promql_value("", 0, &value, words), -EINVAL);
}

static void sum(void *arg, const char *key, double value)
{
	if (!strcmp(key, "n"))
		*(double *)arg += value;
}

static void test_numbers(void **state)
{
	const char *nested = "{\"a\":{\"n\":1,\"b\":[{\"n\":\"2.5\"},{\"n\":true},{\"n\":null},"
			     "{\"n\":\"many\"}]},\"n\":[10,20],\"m\":99}";
	char words[JSON_WORDS_MAX], deep[8192] = "";
	double total = 0;

	(void)state;
	assert_int_equal(json_each_number(nested, strlen(nested), sum, &total, words), 0);
	assert_true(total == 33.5);
	assert_int_equal(json_each_number("{\"n\":", 5, sum, &total, words), -EINVAL);
	assert_memory_equal(words, "the answer is not JSON", 22);
	/* deep nesting is no deep recursion */
	for (int i = 0; i < 1500; i++)
		strcat(deep, "[");
	strcat(deep, "1");
	for (int i = 0; i < 1500; i++)
		strcat(deep, "]");
	total = 0;
	assert_int_equal(json_each_number(deep, strlen(deep), sum, &total, words), 0);
	assert_true(total == 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pages),
		cmocka_unit_test(test_complete),
		cmocka_unit_test(test_promql),
		cmocka_unit_test(test_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
