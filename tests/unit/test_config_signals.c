// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* [signal NAME]: what each key gives, and what is said of what is wrong. */
#include "config_signals.h"
#include "mqtt_url.h"
#include "presets.h"
#include "reading.h"

/* three lines, so that the first of the row is the fourth */
#define BEFORE "[listener mqtt]\nports = 1883\n[signal s]\n"

/* clang-format off */
static const struct {
	const char *lines, *said; /* NULL: right */
} rows[] = {
	{ "preset = emqx", NULL },
	{ "preset = emqx\nmetric = emqx_vm_run_queue\ntarget = 8", NULL },
	{ "preset = emqx-auth\ntarget = 500\nquantile = 0.99", NULL },
	{ "preset = mosquitto\nlistener = mqtt\nurl = mqtt://[::1]:1884\nevery = 2s", NULL },
	{ "type = prometheus\nurl = http://h:1/m\nmetric = up{a=\"b\"}\nlabels = c!=\"d\"\ntarget = 0.5", NULL },
	{ "type = prometheus\nurl = https://h/m\nmetric = up\nkind = rate\nminus = down\ntarget = 5\nca-file = /ca.pem\ncredentials-file = /etc/weir/secret", NULL },
	{ "type = prometheus\nurl = http://h:1/m\nmetric = t\nkind = quantile\ntarget = 250ms", NULL },
	{ "type = promql\nquery = max(up{a=\"b\"}) ; why\ntarget = 2\nlag = 15s", NULL },
	{ "type = mosquitto\ntopic = sensors/load\nkind = gauge\ntarget = 2", NULL },
	{ "type = amlen\nmetric = BadConnCount\nkind = rate\ntarget = 2", NULL },
	{ "type = accept-queue", NULL },
	{ "type = accept-queue\nkind = overflows\nlistener = mqtt", NULL },
	{ "type = psi\nresource = io\nkind = full", NULL },
	{ "type = psi\ncgroup = /sys/fs/cgroup/emqx\nkind = full", NULL },
	{ "type = canary\nurl = mqtts://127.0.0.1\nca-file = /ca.pem\ntarget = 100ms\ntimeout = 1s", NULL },

	{ "", "f:3: signal 's': says neither what it reads nor whose; write type = TYPE or preset = BROKER\n" },
	{ "prest = emqx", "f:4: unknown key 'prest': [signal s] has no such key; did you mean 'preset'?\n" },
	{ "type = psi\nports = 1", "f:5: unknown key 'ports': it does not belong in [signal s]; move it to [listener NAME]\n" },
	{ "preset = emqq", "f:4: preset 'emqq': is not a preset; did you mean 'emqx'?\n" },
	{ "preset = kafka", "f:4: preset 'kafka': is not a preset; write emqx, emqx-auth, vernemq, hivemq, rabbitmq, nanomq, mosquitto or amlen\n" },
	{ "type = promtheus", "f:4: type 'promtheus': is not a type of signal; did you mean 'prometheus'?\n" },
	{ "type = unsaid", "f:4: type 'unsaid': is not a type of signal; write prometheus, promql, mosquitto, amlen, accept-queue, psi or canary\n" },
	{ "type = psi\nkind = som", "f:5: kind 'som': is not a kind of value; did you mean 'some'?\n" },
	{ "type = psi\nresource = disk", "f:5: resource 'disk': is not a resource with pressure; write cpu, memory or io\n" },
	{ "type = psi\nkind = full", "f:3: signal 's': all tasks of a host never wait for its CPU at once; write kind = some, or name a cgroup\n" },
	{ "type = psi\ncgroup = emqx", "f:5: cgroup 'emqx': is not an absolute path; begin it with /\n" },
	{ "type = psi\ntype = psi", "f:5: key 'type': was given in line 4 already; remove one\n" },
	{ "type = psi\nmetric = x", "f:3: signal 's': 'metric' does not go with type psi; remove it\n" },
	{ "type = psi\nkind = rate", "f:3: signal 's' kind 'rate': does not go with type psi; choose another\n" },
	{ "type = canary\nresource = cpu", "f:3: signal 's': 'resource' does not go with type canary; remove it\n" },
	{ "type = accept-queue\nlistener = mqqt", "f:3: signal 's': there is no listener 'mqqt'; write its section, or name another\n" },
	{ "type = promql\ntarget = 1", "f:3: signal 's': has no query; write query = EXPRESSION\n" },
	{ "type = promql\nquery = up", "f:3: signal 's': has no target; write target = the value from which on the broker is overloaded\n" },
	{ "type = prometheus\nmetric = up\ntarget = 1", "f:3: signal 's': has no url; write url = http://127.0.0.1:9000/metrics\n" },
	{ "type = prometheus\nurl = http://h/\ntarget = 1", "f:3: signal 's': has no metric; write metric = NAME, or preset = BROKER\n" },
	{ "type = mosquitto\ntarget = 1", "f:3: signal 's': has no topic; write topic = NAME, or preset = BROKER\n" },
	{ "type = mosquitto\ntopic = a/+\ntarget = 1", "f:3: signal 's' topic: has a wildcard; name one topic\n" },
	{ "type = prometheus\nurl = ftp://h/\nmetric = up\ntarget = 1", "f:3: signal 's' url 'ftp://h/': is not one for this type; write http://HOST:PORT/PATH or https://HOST:PORT/PATH\n" },
	{ "type = prometheus\nurl = http://\nmetric = up\ntarget = 1", "f:3: signal 's' url 'http://': is not one for this type; write http://HOST:PORT/PATH or https://HOST:PORT/PATH\n" },
	{ "type = prometheus\nurl = http://u:p@h/\nmetric = up\ntarget = 1", "f:3: signal 's' url: has blanks, or a user before an '@'; put that into a credentials-file\n" },
	{ "type = prometheus\nurl = http://h/\nmetric = 9\ntarget = 1", "f:3: signal 's' metric: is not the name of a metric; write NAME or NAME{label=\"value\"}\n" },
	{ "type = prometheus\nurl = http://h/\nmetric = a\nover = b c\ntarget = 1", "f:3: signal 's' over: is not the name of a metric; write NAME or NAME{label=\"value\"}\n" },
	{ "type = prometheus\nurl = http://h/\nmetric = a\nlabels = b\ntarget = 1", "f:3: signal 's' labels: is not a list of labels; write label=\"value\", other!=\"value\"\n" },
	{ "type = prometheus\nurl = http://h/\nmetric = a\nminus = b\nover = c\ntarget = 1", "f:3: signal 's': has both minus and over; remove one\n" },
	{ "type = prometheus\nurl = http://h/\nmetric = a\nkind = quantile\nminus = b\ntarget = 1", "f:3: signal 's': a quantile takes neither minus nor over; remove it\n" },
	{ "type = prometheus\nurl = http://h/\nmetric = a\nkind = rate\nquantile = 0.9\ntarget = 1", "f:3: signal 's': 'quantile' goes with type prometheus and kind quantile only; remove it\n" },
	{ "type = canary\nurl = http://127.0.0.1:1883", "f:3: signal 's' url 'http://127.0.0.1:1883': is not one for this type; write mqtt://ADDRESS:PORT or mqtts://ADDRESS:PORT\n" },
	{ "type = canary\nurl = mqtt://broker:1883", "f:3: signal 's' url 'mqtt://broker:1883': names no address; write one of IPv4, one of IPv6 in brackets, or localhost\n" },
	{ "type = canary\nurl = mqtt://127.0.0.1:0", "f:3: signal 's' url 'mqtt://127.0.0.1:0': has a wrong port; write 1 to 65535\n" },
	{ "type = canary\nurl = mqtts://127.0.0.1", "f:3: signal 's': mqtts needs a ca-file; write that of the broker's certificate\n" },
	{ "type = psi\npreset = emqx", "f:3: signal 's': preset emqx is of type prometheus; remove the type\n" },
	{ "preset = emqx\nkind = rate", "f:3: signal 's': the preset says kind, minus and over; remove them, or write type instead of preset\n" },
	{ "preset = emqx\nquery = up", "f:3: signal 's': 'query' does not go with type prometheus; remove it\n" },
	{ "preset = emqx\ntarget = 5", "f:3: signal 's' target: is for which of the preset's metrics? Name one, as metric = NAME\n" },
	{ "preset = emqx\nmetric = up", "f:3: signal 's' metric: is none of this preset's; leave it out, or write type instead of preset\n" },
	{ "type = canary\ntarget = 0", "f:5: target '0': is not a target; write a number above 0, or a time such as 250ms\n" },
	{ "type = canary\ntarget = -1", "f:5: target '-1': is not a target; write a number above 0, or a time such as 250ms\n" },
	{ "type = canary\ntarget = inf", "f:5: target 'inf': is not a target; write a number above 0, or a time such as 250ms\n" },
	{ "type = prometheus\nquantile = 1", "f:5: quantile '1': is not a quantile; write a number between 0 and 1, as 0.9\n" },
	{ "type = canary\nevery = 50ms", "f:5: every '50ms': is out of range; write 100ms to 600s\n" },
	{ "type = canary\nevery = 1d", "f:5: every '1d': is out of range; write 100ms to 600s\n" },
	{ "type = canary\ntimeout = 2m", "f:5: timeout '2m': is out of range; write 10ms to 60s\n" },
	{ "type = canary\nlag = soon", "f:5: lag 'soon': is not a duration; write Nms, Ns, Nm, Nh or Nd\n" },
	{ "type = canary\nurl =", "f:5: url '': is empty; write a value or remove the key\n" },
	{ "type = psi\n[signal s]\ntype = psi", "f:5: signal 's': was begun in line 3 already; join the two or rename one\n" },
	{ "type = psi\n[signal]\ntype = psi", "f:5: section 'signal': has no name; write [signal NAME]\n" },
	{ "type = psi\n[signal a b]\ntype = psi", "f:5: signal name 'a b': has a character that names may not have; use letters, digits and _ . @ -\n" },
	{ "type = psi\n[signl t]\ntype = psi", "f:5: unknown section 'signl t': there is no such section; did you mean 'signal'?\n" },
};
/* clang-format on */

static void test_messages(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		char text[1024];
		int size = snprintf(text, sizeof(text), BEFORE "%s\n", rows[i].lines);

		expect(text, (size_t)size, rows[i].said ? rows[i].said : "");
	}
}

/* Values of any length are refused or kept whole. */
static void test_long(void **state)
{
	const char *const keys[] = { "url",    "metric", "minus",
				     "over",   "labels", "query",
				     "topic",  "cgroup", "credentials-file",
				     "ca-file" };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(keys); i++) {
		char text[8192], *messages;
		struct config config;
		int size = snprintf(text, sizeof(text), BEFORE "%s = /%02500d\n", keys[i], 0);

		assert_int_equal(read_bytes(&config, text, (size_t)size, &messages), -EINVAL);
		if (!strstr(messages, "': is too long; use at most "))
			fail_msg("%s: %s", keys[i], messages);
		free(messages);
		config_free(&config);
	}
}

static void test_many(void **state)
{
	char text[4096] = "[listener a]\nports = 1\n", wanted[128];

	(void)state;
	for (int i = 0; i <= SIGNALS_MAX; i++) {
		if (i == SIGNALS_MAX)
			expect(text, strlen(text), "");
		sprintf(text + strlen(text), "[signal s%d]\ntype = psi\n", i);
	}
	sprintf(wanted, "f:%d: signal 's%d': is one too many; an instance has at most 32\n",
		3 + 2 * SIGNALS_MAX, SIGNALS_MAX);
	expect(text, strlen(text), wanted);
}

static void read_signal(const char *lines, struct wanted_signal *wanted)
{
	char text[1024], *messages;
	struct config config;
	int size = snprintf(text, sizeof(text), BEFORE "%s\n", lines);

	if (read_bytes(&config, text, (size_t)size, &messages))
		fail_msg("%s", messages);
	assert_int_equal(config.signals_count, 1);
	*wanted = config.signals[0];
	config_complete_signal(wanted);
	free(messages);
	config_free(&config);
}

static void test_values(void **state)
{
	struct wanted_signal wanted;

	(void)state;
	read_signal("listener = mqtt\ntype = prometheus\nurl = http://h:1/m\nmetric = up\n"
		    "labels = a=\"b\"\nkind = rate\nminus = down\ntarget = 2.5\nevery = 3s\n"
		    "lag = 4s\ntimeout = 500ms\ncredentials-file = /s\nca-file = /c",
		    &wanted);
	assert_string_equal(wanted.name, "s");
	assert_string_equal(wanted.listener, "mqtt");
	assert_int_equal(wanted.type, SIGNAL_PROMETHEUS);
	assert_string_equal(wanted.url, "http://h:1/m");
	assert_string_equal(wanted.metric, "up");
	assert_string_equal(wanted.labels, "a=\"b\"");
	assert_string_equal(wanted.minus, "down");
	assert_int_equal(wanted.kind, VALUE_RATE);
	assert_true(wanted.target == 2.5);
	assert_int_equal(wanted.every_ns, 3000000000ULL);
	assert_int_equal(wanted.lag_ns, 4000000000ULL);
	assert_int_equal(wanted.timeout_ns, 500000000ULL);
	assert_string_equal(wanted.credentials_file, "/s");
	assert_string_equal(wanted.ca_file, "/c");
}

static void test_defaults(void **state)
{
	struct wanted_signal wanted;

	(void)state;
	read_signal(
		"type = prometheus\nurl = http://h/\nmetric = t\nquantile = 0.5\ntarget = 250ms",
		&wanted);
	assert_int_equal(wanted.kind, VALUE_QUANTILE);
	assert_true(wanted.target == 0.25);
	assert_int_equal(wanted.every_ns, 2000000000ULL);
	assert_int_equal(wanted.timeout_ns, 1000000000ULL);
	read_signal("type = accept-queue\nkind = overflows", &wanted);
	assert_true(wanted.target == 1);
	read_signal("type = accept-queue", &wanted);
	assert_int_equal(wanted.kind, VALUE_DEPTH);
	assert_true(wanted.target == 0.5);
	read_signal("type = psi", &wanted);
	assert_int_equal(wanted.resource, PSI_CPU);
	assert_int_equal(wanted.kind, VALUE_SOME);
	read_signal("type = canary", &wanted);
	assert_string_equal(wanted.url, "mqtt://127.0.0.1:1883");
	assert_true(wanted.target == 0.25);
	read_signal("preset = rabbitmq", &wanted);
	assert_int_equal(wanted.type, SIGNAL_PROMETHEUS);
	assert_string_equal(wanted.url, "http://127.0.0.1:15692/metrics");
	assert_int_equal(wanted.every_ns, 5000000000ULL);
	read_signal("preset = rabbitmq\nurl = http://127.0.0.1:1/metrics\nevery = 1s", &wanted);
	assert_string_equal(wanted.url, "http://127.0.0.1:1/metrics");
	assert_int_equal(wanted.every_ns, 1000000000ULL);
}

/* clang-format off */
static const struct {
	const char *url, *host;
	uint16_t port;
	bool tls, loopback;
} urls[] = {
	{ "mqtt://127.0.0.1", "127.0.0.1", 1883, false, true },
	{ "mqtt://localhost:1", "127.0.0.1", 1, false, true },
	{ "mqtts://192.0.2.1", "192.0.2.1", 8883, true, false },
	{ "mqtts://192.0.2.1:65535", "192.0.2.1", 65535, true, false },
	{ "mqtt://[::1]", "::1", 1883, false, true },
	{ "mqtt://[2001:db8::1]:99", "2001:db8::1", 99, false, false },
	{ "mqtt://", NULL, 0, false, false },
	{ "mqtt://1.2.3", NULL, 0, false, false },
	{ "mqtt://::1", NULL, 0, false, false },
	{ "mqtt://[::1", NULL, 0, false, false },
	{ "mqtt://[::1]x", NULL, 0, false, false },
	{ "mqtt://127.0.0.1:", NULL, 0, false, false },
	{ "mqtt://127.0.0.1:65536", NULL, 0, false, false },
	{ "mqtt://127.0.0.1:1x", NULL, 0, false, false },
	{ "mqtt://127.0.0.1/x", NULL, 0, false, false },
	{ "tcp://127.0.0.1", NULL, 0, false, false },
};
/* clang-format on */

static void test_mqtt_urls(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(urls); i++) {
		struct mqtt_url url;
		const char *why;
		int result = mqtt_url_parse(urls[i].url, &url, &why);

		if (!result != !!urls[i].host)
			fail_msg("%s: %d", urls[i].url, result);
		if (result)
			continue;
		assert_string_equal(url.host, urls[i].host);
		assert_int_equal(url.port, urls[i].port);
		assert_int_equal(url.tls, urls[i].tls);
		assert_int_equal(url.loopback, urls[i].loopback);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_messages), cmocka_unit_test(test_long),
		cmocka_unit_test(test_many),	 cmocka_unit_test(test_values),
		cmocka_unit_test(test_defaults), cmocka_unit_test(test_mqtt_urls),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
