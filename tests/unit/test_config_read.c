// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What a configuration gives: defaults, every key, words instead of a file, any bytes at all. */
#include "reading.h"

static void read_well(struct config *config, const char *text)
{
	char *messages;

	if (read_bytes(config, text, strlen(text), &messages))
		fail_msg("said: %s", messages);
	free(messages);
}

static void test_defaults(void **state)
{
	struct config config;

	(void)state;
	read_well(&config, "[listener mqtt]\nports = 1883\n");
	assert_int_equal(config.devices_count, 0);
	assert_int_equal(config.mode, MODE_OBSERVE);
	assert_int_equal(config.xdp, XDP_AUTO);
	assert_int_equal(config.sources, 1048576);
	assert_int_equal(config.source_len[FAMILY_V4], 32);
	assert_int_equal(config.source_len[FAMILY_V6], 64);
	assert_int_equal(config.site_len[FAMILY_V4], 24);
	assert_int_equal(config.site_len[FAMILY_V6], 48);
	assert_true(config.host.rate.unlimited);
	assert_int_equal(config.listeners_count, 1);
	assert_int_equal(config.listeners[0].excess, EXCESS_DELAY);
	assert_int_equal(config.listeners[0].delay_max_ns, DELAY_MAX_AUTO);
	assert_int_equal(config.listeners[0].queue_entries, 16384);
	assert_int_equal(config.listeners[0].addresses_count, 0);
	for (int level = LEVEL_LISTENER; level < LEVEL_COUNT; level++)
		assert_true(config.listeners[0].limits[level].rate.unlimited);
	assert_int_equal(config.listeners[0].reject.rate.count, 1000);
	assert_int_equal(config.listeners[0].reject.rate.per_sec, 1);
	assert_int_equal(config.listeners[0].reject.burst, 0);
	config_free(&config);
}

/* Everything said once, with the liberties that the format takes. */
static const char every_key[] = "\xef\xbb\xbf; written elsewhere\r\n"
				"  # and indented\r\n"
				"[ weir ] ; the instance\r\n"
				"\tdevices = eth0, eth1.100\r\n"
				"  mode: enforce\r\n"
				"xdp=native\r\n"
				"sources = 4096\r\n"
				"v4-prefix = 28\r\n"
				"v6-prefix = 60\r\n"
				"v4-site = 16\r\n"
				"v6-site = 40\r\n"
				"host-rate = 5000/s\r\n"
				"host-burst = 10000   ; two seconds\r\n"
				"\r\n"
				"[listener\tmqtt]\r\n"
				"ports = 1883, 8883\r\n"
				"addresses = 192.0.2.0/24, 2001:db8::1\r\n"
				"excess = drop\r\n"
				"delay-max = 1500ms\r\n"
				"queue-entries = 4096\r\n"
				"reject-rate = 30/m\r\n"
				"reject-burst = 4\r\n"
				"rate = 2000/s\r\n"
				"burst = 3000\r\n"
				"site-rate = 500/m\r\n"
				"site-burst = 50\r\n"
				"source-rate = 10/h\r\n"
				"source-burst = 20";

static void test_every_key(void **state)
{
	struct config config;
	const struct wanted_listener *listener;

	(void)state;
	read_well(&config, every_key);
	assert_int_equal(config.devices_count, 2);
	assert_string_equal(config.devices[1], "eth1.100");
	assert_int_equal(config.mode, MODE_ENFORCE);
	assert_int_equal(config.xdp, XDP_NATIVE);
	assert_int_equal(config.sources, 4096);
	assert_int_equal(config.source_len[FAMILY_V4], 28);
	assert_int_equal(config.source_len[FAMILY_V6], 60);
	assert_int_equal(config.site_len[FAMILY_V4], 16);
	assert_int_equal(config.site_len[FAMILY_V6], 40);
	assert_int_equal(config.host.rate.count, 5000);
	assert_int_equal(config.host.burst, 10000);
	assert_int_equal(config.line, 3);
	assert_int_equal(config.listeners_count, 1);
	listener = &config.listeners[0];
	assert_string_equal(listener->name, "mqtt");
	assert_int_equal(listener->line, 15);
	assert_int_equal(listener->ports[1883 / 64], 1ULL << (1883 % 64));
	assert_int_equal(listener->ports[8883 / 64], 1ULL << (8883 % 64));
	assert_int_equal(listener->addresses_count, 2);
	assert_int_equal(listener->addresses[0].len, 120);
	assert_int_equal(listener->addresses[1].len, 128);
	assert_int_equal(listener->excess, EXCESS_DROP);
	assert_int_equal(listener->delay_max_ns, 1500000000);
	assert_int_equal(listener->queue_entries, 4096);
	assert_int_equal(listener->reject.rate.count, 30);
	assert_int_equal(listener->reject.rate.per_sec, 60);
	assert_int_equal(listener->reject.burst, 4);
	assert_int_equal(listener->limits[LEVEL_LISTENER].rate.count, 2000);
	assert_int_equal(listener->limits[LEVEL_LISTENER].burst, 3000);
	assert_int_equal(listener->limits[LEVEL_SITE].rate.count, 500);
	assert_int_equal(listener->limits[LEVEL_SITE].rate.per_sec, 60);
	assert_int_equal(listener->limits[LEVEL_SITE].burst, 50);
	assert_int_equal(listener->limits[LEVEL_SOURCE].rate.count, 10);
	assert_int_equal(listener->limits[LEVEL_SOURCE].rate.per_sec, 3600);
	assert_int_equal(listener->limits[LEVEL_SOURCE].burst, 20);
	config_free(&config);
}

static void test_default_burst(void **state)
{
	static const struct {
		struct wanted_limit wanted;
		uint32_t burst;
	} bursts[] = {
		{ { { false, 2000, 1 }, 0 }, 2000 }, { { { false, 119, 60 }, 0 }, 1 },
		{ { { false, 120, 60 }, 0 }, 2 },    { { { false, 1, 3600 }, 0 }, 1 },
		{ { { false, 0, 1 }, 0 }, 1 },	     { { { false, 2000, 1 }, 7 }, 7 },
		{ { { true, 0, 0 }, 0 }, 1 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(bursts); i++)
		assert_int_equal(config_burst(&bursts[i].wanted), bursts[i].burst);
}

/* A configuration from words has no lines. */
static void test_check_of_words(void **state)
{
	char *messages;
	size_t size;
	struct config_errors errors = { .out = open_memstream(&messages, &size) };
	struct config config;

	(void)state;
	config_init(&config);
	config_add_listener(&config, "a")->ports[1] = 1;
	config_add_listener(&config, "b")->ports[1] = 3;
	assert_int_equal(config_check(&config, "attach", &errors), -EINVAL);
	fclose(errors.out);
	assert_string_equal(messages, "attach: listener 'b': port 64 to any address belongs to "
				      "listener 'a' already; remove it from one\n");
	free(messages);
	config_free(&config);
}

/* A limit of RSTs is worth a word only if no RST is sent. */
static void test_idle_reject(void **state)
{
	static const struct {
		const char *keys;
		bool idle;
	} rows[] = {
		{ "", false },
		{ "excess = reject\n", false },
		{ "reject-rate = 1000/s\n", true },
		{ "reject-burst = 5\n", true },
		{ "excess = delay\nreject-rate = 5/m\n", true },
		{ "reject-rate = 5/m\nexcess = reject\n", false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct config config;
		char text[128];

		snprintf(text, sizeof(text), "[listener a]\nports = 1\n%s", rows[i].keys);
		read_well(&config, text);
		assert_int_equal(config_idle_reject(&config.listeners[0]), rows[i].idle);
		config_free(&config);
	}
}

/* The same of a queue. */
static void test_idle_queue(void **state)
{
	static const struct {
		const char *keys;
		bool idle;
	} rows[] = {
		{ "", false },
		{ "excess = drop\n", false },
		{ "delay-max = auto\n", false },
		{ "queue-entries = 20\nexcess = delay\n", false },
		{ "excess = drop\ndelay-max = auto\n", true },
		{ "queue-entries = 20\nexcess = reject\n", true },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct config config;
		char text[128];

		snprintf(text, sizeof(text), "[listener a]\nports = 1\n%s", rows[i].keys);
		read_well(&config, text);
		assert_int_equal(config_idle_queue(&config.listeners[0]), rows[i].idle);
		config_free(&config);
	}
}

/* Room for delay-max, and in half of it for a second; of the slower of the two rates. */
static void test_queue_need(void **state)
{
	static const struct {
		const char *host_rate;
		const char *keys;
		enum queue_need need;
		uint32_t entries;
	} rows[] = {
		{ "unlimited", "queue-entries = 16", QUEUE_NEED_NONE, 0 },
		{ "unlimited", "rate = 0/s\nqueue-entries = 16", QUEUE_NEED_NONE, 0 },
		{ "unlimited", "rate = 8192/s", QUEUE_NEED_NONE, 0 },
		{ "unlimited", "rate = 8193/s", QUEUE_NEED_SECOND, 16386 },
		{ "unlimited", "rate = 8193/s\nexcess = drop", QUEUE_NEED_NONE, 0 },
		{ "unlimited", "rate = 8193/s\nexcess = reject", QUEUE_NEED_NONE, 0 },
		{ "unlimited", "rate = 100/s\nqueue-entries = 200", QUEUE_NEED_NONE, 0 },
		{ "unlimited", "rate = 100/s\nqueue-entries = 199", QUEUE_NEED_SECOND, 200 },
		{ "unlimited", "rate = 100/s\nqueue-entries = 400\ndelay-max = 4s", QUEUE_NEED_NONE,
		  0 },
		{ "unlimited", "rate = 100/s\nqueue-entries = 399\ndelay-max = 4s",
		  QUEUE_NEED_DELAY_MAX, 400 },
		{ "unlimited", "rate = 100/s\nqueue-entries = 150\ndelay-max = 500ms",
		  QUEUE_NEED_SECOND, 200 },
		/* rounded up */
		{ "unlimited", "rate = 601/m\nqueue-entries = 20\ndelay-max = 2500ms",
		  QUEUE_NEED_DELAY_MAX, 26 },
		{ "unlimited", "rate = 1/h\nqueue-entries = 16\ndelay-max = 60s", QUEUE_NEED_NONE,
		  0 },
		{ "100/s", "queue-entries = 199", QUEUE_NEED_SECOND, 200 },
		{ "10/s", "rate = 100/s\nqueue-entries = 20", QUEUE_NEED_NONE, 0 },
		{ "unlimited", "rate = 1000000/s\nqueue-entries = 3000000\ndelay-max = 60s",
		  QUEUE_NEED_DELAY_MAX, 16777216 },
		/* no more than there can be */
		{ "unlimited", "rate = 1000000/s\nqueue-entries = 16777216\ndelay-max = 60s",
		  QUEUE_NEED_NONE, 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		uint32_t entries = 0;
		struct config config;
		enum queue_need need;
		char text[256];

		snprintf(text, sizeof(text),
			 "[weir]\nhost-rate = %s\n[listener a]\nports = 1\n%s\n", rows[i].host_rate,
			 rows[i].keys);
		read_well(&config, text);
		need = config_queue_need(&config, &config.listeners[0], &entries);
		if (need != rows[i].need || (need && entries != rows[i].entries))
			fail_msg("row %zu: %d, %u", i, need, entries);
		config_free(&config);
	}
}

static uint64_t next_random(uint64_t *seed)
{
	*seed = *seed * 6364136223846793005ULL + 1442695040888963407ULL;
	return *seed >> 33;
}

/* Pieces of files in any order: never a crash, and a refusal always says why. */
static void test_shuffled(void **state)
{
	static const char *const pieces[] = {
		"[weir]",    "[listener ", "a]",      "]",	 "\n",	       "\r\n",	    " ",
		"\t",	     "=",	   ":",	      ";",	 "#",	       "rate",	    "ports",
		"addresses", "1883",	   "1/s",     "::/0",	 "10.0.0.0/8", "unlimited", ",",
		"[",	     "sources",	   "v4-site", "devices", "eth0",       "\xff",	    "burst",
		"999999999", "mode",	   "enforce", "\n",	 "= ",	       "\n[",	    "\x01",
	};
	uint64_t seed = 1;

	(void)state;
	for (int run = 0; run < 3000; run++) {
		char text[1024] = "", *messages;
		struct config config;
		int result;

		for (int i = 0; i < 60; i++)
			strcat(text, pieces[next_random(&seed) % COUNT_OF(pieces)]);
		result = read_bytes(&config, text, strlen(text), &messages);
		assert_int_equal(result ? 1 : 0, *messages ? 1 : 0);
		free(messages);
		config_free(&config);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults),      cmocka_unit_test(test_every_key),
		cmocka_unit_test(test_default_burst), cmocka_unit_test(test_check_of_words),
		cmocka_unit_test(test_shuffled),      cmocka_unit_test(test_idle_reject),
		cmocka_unit_test(test_idle_queue),    cmocka_unit_test(test_queue_need),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
