// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* From a configuration to what the packet path reads, and back to what an operator is told. */
#include "reading.h"

#include "policy.h"

#define NOW 1000000000000ULL

static const char base_text[] = "[weir]\n"
				"mode = enforce\n"
				"v4-prefix = 28\n"
				"v6-prefix = 60\n"
				"host-rate = 5000/s\n"
				"[listener mqtt]\n"
				"ports = 1883, 8883\n"
				"rate = 2000/s\n"
				"burst = 3000\n"
				"excess = drop\n"
				"source-rate = 10/m\n"
				"[listener lab]\n"
				"ports = 1883\n"
				"addresses = 10.0.0.0/8, 2001:db8::/32, 10.1.0.0/16\n"
				"delay-max = 2s\n"
				"queue-entries = 100\n"
				"site-rate = 0/s\n";

/* The policy of a configuration that must be right; to be freed. */
static struct policy *build(const char *text)
{
	struct policy *policy = malloc(sizeof(*policy));
	struct config config;
	char *messages;

	assert_non_null(policy);
	memset(policy, 0xff, sizeof(*policy));
	if (read_bytes(&config, text, strlen(text), &messages))
		fail_msg("said: %s", messages);
	policy_build(policy, &config);
	free(messages);
	config_free(&config);
	return policy;
}

static struct addr address(const char *text)
{
	struct addr parsed;
	const char *why;
	uint8_t len;

	assert_int_equal(text_parse_prefix(text, &parsed, &len, &why), 0);
	return parsed;
}

/* As the packet path matches: the first of the port's chain that covers @to. -1: none. */
static int match(const struct policy *policy, const char *to, unsigned int port)
{
	struct addr addr = address(to);

	for (unsigned int at = policy->port_head[port]; at; at = policy->matches[at].next) {
		const struct match *candidate = &policy->matches[at];

		if ((addr.hi & candidate->mask.hi) == candidate->prefix.hi &&
		    (addr.lo & candidate->mask.lo) == candidate->prefix.lo)
			return candidate->listener;
	}
	return -1;
}

static void test_limit_values(void **state)
{
	/* clang-format off */
	static const struct {
		struct wanted_limit wanted;
		uint8_t kind;
		uint64_t period_ns;
		uint32_t burst;
	} rows[] = {
		{ { { false, 1, 1 }, 0 }, LIMIT_BUCKET, 1000000000, 1 },
		{ { { false, 3, 1 }, 0 }, LIMIT_BUCKET, 333333336, 3 },
		{ { { false, 1000000, 1 }, 5 }, LIMIT_BUCKET, 1000, 5 },
		{ { { false, 999999, 1 }, 5 }, LIMIT_BUCKET, 1004, 5 },
		{ { { false, 7, 60 }, 0 }, LIMIT_BUCKET, 8571428572, 1 },
		{ { { false, 1, 3600 }, 640511 }, LIMIT_BUCKET, 3600000000000, 640511 },
		{ { { false, 3600000000U, 3600 }, 0 }, LIMIT_BUCKET, 1000, 1000000 },
		{ { { false, 0, 60 }, 9 }, LIMIT_CLOSED, 0, 0 },
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct limit limit = { 0 };

		assert_true(policy_set_limit(&limit, &rows[i].wanted, NOW));
		assert_int_equal(limit.kind, rows[i].kind);
		assert_int_equal(limit.period_ns, rows[i].period_ns);
		assert_int_equal(limit.burst, rows[i].burst);
		assert_int_equal(limit.tolerance_ns,
				 rows[i].burst ? (rows[i].burst - 1) * rows[i].period_ns : 0);
		assert_int_equal(limit.changed_ns, limit.kind == LIMIT_BUCKET ? NOW : 0);
	}
}

static void test_limit_changes(void **state)
{
	const struct wanted_limit unlimited = { .rate.unlimited = true };
	const struct wanted_limit closed = { { false, 0, 1 }, 0 };
	const struct wanted_limit slow = { { false, 1, 60 }, 0 }, fast = { { false, 100, 1 }, 0 };
	const struct wanted_limit fast_too = { { false, 100, 1 }, 100 };
	struct limit limit = { 0 }, before;

	(void)state;
	assert_false(policy_set_limit(&limit, &unlimited, NOW));
	assert_int_equal(limit.changed_ns, 0);
	assert_true(policy_set_limit(&limit, &fast, NOW));
	assert_int_equal(limit.epoch, 1);
	assert_int_equal(limit.prev_period_ns, 0);
	before = limit;
	assert_false(policy_set_limit(&limit, &fast, NOW + 1));
	assert_false(policy_set_limit(&limit, &fast_too, NOW + 1));
	assert_memory_equal(&limit, &before, sizeof(limit));
	assert_true(policy_set_limit(&limit, &slow, NOW + 2));
	assert_int_equal(limit.epoch, 2);
	assert_int_equal(limit.prev_period_ns, 10000000);
	assert_int_equal(limit.changed_ns, NOW + 2);
	assert_true(policy_set_limit(&limit, &closed, NOW + 3));
	/* no bucket: what is known of the last one stays */
	assert_int_equal(limit.epoch, 2);
	assert_int_equal(limit.prev_period_ns, 10000000);
	assert_int_equal(limit.changed_ns, NOW + 2);
	assert_true(policy_set_limit(&limit, &fast, NOW + 4));
	assert_int_equal(limit.epoch, 3);
	assert_int_equal(limit.prev_period_ns, 60000000000);
	assert_int_equal(limit.changed_ns, NOW + 4);
	assert_true(policy_set_limit(&limit, &unlimited, NOW + 5));
	/* for how long there may be debts from before */
	assert_int_equal(limit.period_ns, 10000000);
	assert_int_equal(limit.burst, 0);
}

static void test_build(void **state)
{
	static const uint8_t mask28[16] = { 255, 255, 255, 255, 255, 255, 255, 255,
					    255, 255, 255, 255, 255, 255, 255, 240 };
	static const uint8_t mask60[16] = { 255, 255, 255, 255, 255, 255, 255, 240 };
	static const uint8_t mask_site4[16] = { 255, 255, 255, 255, 255, 255, 255, 255,
						255, 255, 255, 255, 255, 255, 255, 0 };
	static const uint8_t mask_site6[16] = { 255, 255, 255, 255, 255, 255 };
	struct policy *policy = build(base_text);
	const struct listener *mqtt = &policy->listeners[0], *lab = &policy->listeners[1];

	(void)state;
	assert_int_equal(policy->mode, MODE_ENFORCE);
	assert_int_equal(policy->source_len[FAMILY_V4], 28);
	assert_int_equal(policy->site_len[FAMILY_V6], 48);
	assert_memory_equal(&policy->source_mask[FAMILY_V4], mask28, 16);
	assert_memory_equal(&policy->source_mask[FAMILY_V6], mask60, 16);
	assert_memory_equal(&policy->site_mask[FAMILY_V4], mask_site4, 16);
	assert_memory_equal(&policy->site_mask[FAMILY_V6], mask_site6, 16);
	assert_int_equal(policy->host.period_ns, 200000);
	assert_int_equal(policy->host.burst, 5000);
	assert_int_equal(policy->host.epoch, 0);
	assert_int_equal(policy->host.changed_ns, 0);
	assert_int_equal(policy->host.prev_period_ns, 0);
	assert_string_equal(mqtt->name, "mqtt");
	assert_int_equal(mqtt->excess, EXCESS_DROP);
	/* there for when excess is changed */
	assert_int_equal(mqtt->reject.kind, LIMIT_BUCKET);
	assert_int_equal(mqtt->reject.period_ns, 1000000);
	assert_int_equal(mqtt->reject.burst, 1000);
	assert_int_equal(mqtt->reject.epoch, 0);
	assert_int_equal(mqtt->limits[LEVEL_LISTENER].burst, 3000);
	assert_int_equal(mqtt->limits[LEVEL_SITE].kind, LIMIT_UNLIMITED);
	assert_int_equal(mqtt->limits[LEVEL_SOURCE].rate_per_sec, 60);
	assert_int_equal(mqtt->limits[LEVEL_SOURCE].epoch, 0);
	assert_string_equal(lab->name, "lab");
	assert_int_equal(lab->excess, EXCESS_DELAY);
	assert_int_equal(lab->delay_max_ns, 2000000000);
	assert_int_equal(lab->queue_entries, 100);
	assert_int_equal(lab->limits[LEVEL_SITE].kind, LIMIT_CLOSED);
	assert_int_equal(policy_count_listeners(policy), 2);
	assert_int_equal(policy_find_listener(policy, "lab"), 1);
	assert_int_equal(policy_find_listener(policy, "la"), -1);
	assert_int_equal(policy_find_listener(policy, ""), -1);
	free(policy);
}

static void test_longest_prefix_wins(void **state)
{
	static const struct {
		const char *to;
		unsigned int port;
		int listener;
	} rows[] = {
		{ "10.1.2.3", 1883, 2 },	{ "10.1.2.4", 1883, 1 },
		{ "192.0.2.1", 1883, 3 },	{ "2001:db8::1", 1883, 2 },
		{ "2001:db8::2", 1883, 4 },	{ "2001:db9::1", 1883, 0 },
		{ "::ffff:10.1.2.3", 1883, 2 }, { "10.1.2.3", 1884, 1 },
		{ "192.0.2.1", 1884, -1 },	{ "10.1.2.3", 1882, -1 },
		{ "10.1.2.3", 0, -1 },
	};
	struct policy *policy = build(
		"[listener a0]\nports = 1883\n"
		"[listener a1]\nports = 1883, 1884\naddresses = 10.0.0.0/8\n"
		"[listener a2]\nports = 1883\naddresses = 10.1.2.3, 2001:db8::1\n"
		"[listener a3]\nports = 1883\naddresses = 0.0.0.0/0\n"
		"[listener a4]\nports = 1883\naddresses = 2001:db8::/32\n");

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		if (match(policy, rows[i].to, rows[i].port) != rows[i].listener)
			fail_msg("%s port %u: listener %d", rows[i].to, rows[i].port,
				 match(policy, rows[i].to, rows[i].port));
	free(policy);
}

/* 0 ends a chain, so it can be no one's place. */
static void test_matches_are_chained(void **state)
{
	struct policy *policy = build(base_text);
	unsigned int reached = 0, unused = 0;

	(void)state;
	for (unsigned int port = 0; port < PORTS; port++) {
		unsigned int last_len = 128;

		for (unsigned int at = policy->port_head[port]; at; at = policy->matches[at].next) {
			assert_true(at < MATCHES_MAX);
			assert_true(policy->matches[at].prefix_len <= last_len);
			last_len = policy->matches[at].prefix_len;
			reached++;
		}
		unused += !policy->port_head[port];
	}
	assert_int_equal(reached, 5);
	assert_int_equal(unused, PORTS - 2);
	assert_int_equal(policy->matches[0].next, 0);
	assert_int_equal(policy->matches[0].prefix_len, 0);
	free(policy);
}

static void test_full_of_matches(void **state)
{
	struct policy *policy = malloc(sizeof(*policy));
	struct config config;
	struct wanted_listener *listener;

	(void)state;
	assert_non_null(policy);
	config_init(&config);
	listener = config_add_listener(&config, "a");
	/* unchecked: more than there is room for */
	memset(listener->ports, 0xff, sizeof(listener->ports));
	policy_build(policy, &config);
	assert_int_equal(policy->port_head[MATCHES_MAX - 1], MATCHES_MAX - 1);
	assert_int_equal(policy->port_head[MATCHES_MAX], 0);
	free(policy);
	config_free(&config);
}

static void test_read_back(void **state)
{
	struct policy *policy = build(base_text);
	struct wanted_address addresses[ADDRESSES_MAX];
	uint64_t ports[PORTS / 64];
	char text[64];

	(void)state;
	policy_ports(policy, 0, ports);
	assert_string_equal(text_ports(text, sizeof(text), ports), "1883, 8883");
	policy_ports(policy, 1, ports);
	assert_string_equal(text_ports(text, sizeof(text), ports), "1883");
	policy_ports(policy, 2, ports);
	assert_string_equal(text_ports(text, sizeof(text), ports), "");
	assert_int_equal(policy_addresses(policy, 0, addresses), 1);
	assert_int_equal(addresses[0].len, 0);
	assert_int_equal(policy_addresses(policy, 1, addresses), 3);
	assert_string_equal(text_prefix(text, sizeof(text), &addresses[0].prefix, addresses[0].len),
			    "10.1.0.0/16");
	assert_string_equal(text_prefix(text, sizeof(text), &addresses[2].prefix, addresses[2].len),
			    "2001:db8::/32");
	assert_int_equal(policy_addresses(policy, 2, addresses), 0);
	free(policy);
}

/* A chain bitten by its own tail is walked no further than the packet path walks. */
static void test_looped_chain(void **state)
{
	struct policy *policy = build(base_text);
	struct wanted_address addresses[ADDRESSES_MAX];
	uint64_t ports[PORTS / 64];

	(void)state;
	for (unsigned int at = 1; at < MATCHES_MAX; at++)
		policy->matches[at].next = (uint16_t)at;
	policy_ports(policy, 0, ports);
	assert_true(policy_addresses(policy, 0, addresses) <= ADDRESSES_MAX);
	policy->matches[policy->port_head[1883]].next = 0xffff;
	policy_ports(policy, 0, ports);
	free(policy);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_limit_values),
		cmocka_unit_test(test_limit_changes),
		cmocka_unit_test(test_build),
		cmocka_unit_test(test_longest_prefix_wins),
		cmocka_unit_test(test_matches_are_chained),
		cmocka_unit_test(test_full_of_matches),
		cmocka_unit_test(test_read_back),
		cmocka_unit_test(test_looped_chain),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
