// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The [prefix] sections of a configuration, and every complaint about them. */
#include "reading.h"

#define P "[listener a]\nports = 1883\n"

static const struct {
	const char *text;
	const char *said;
} rows[] = {
	{ P "[prefix 10.0.0.0/8]\naction = allow\n", "" },
	{ P "[ prefix  ::/0 ]\naction = block\nlistener = a\n", "" },
	{ P "[prefix 10.0.0.1]\nsource-rate = 5/s\nsource-burst = 9\n", "" },
	/* the same source for one listener and for all is no repetition */
	{ P "[prefix 10.0.0.1]\naction = allow\n[prefix 10.0.0.1]\naction = block\nlistener = a\n",
	  "" },
	{ P "[prefix 10.0.0.0/8]\naction = allow\n[prefix 10.0.0.0/9]\naction = allow\n", "" },
	{ "[prefix 10.0.0.0/8]\naction = block\nlistener = a\n" P, "" },

	{ P "[prefix]\naction = allow\n",
	  "f:3: prefix '': is not given; write [prefix ADDRESS/LENGTH]\n" },
	{ P "[prefix 10.0.0.0/33]\naction = allow\n",
	  "f:3: prefix '10.0.0.0/33': has a wrong prefix length; write /0 to /32\n" },
	{ P "[prefix 10.0.0.1/8]\naction = allow\n",
	  "f:3: prefix '10.0.0.1/8': has bits set behind the prefix length; clear them or lengthen "
	  "the prefix\n" },
	{ P "[prefix ::ffff:10.0.0.0/8]\naction = allow\n",
	  "f:3: prefix '::ffff:10.0.0.0/8': is wider than all of IPv4; write /96 to /128, or "
	  "0.0.0.0/0 and an IPv6 prefix\n" },
	{ P "[prefix mqtt]\naction = allow\n",
	  "f:3: prefix 'mqtt': is not an address; write ADDRESS or ADDRESS/LENGTH\n" },
	{ P "[prefixes 10.0.0.0/8]\n",
	  "f:3: unknown section 'prefixes 10.0.0.0/8': there is no such section; did you mean "
	  "'prefix'?\n" },

	{ P "[prefix 10.0.0.0/8]\n",
	  "f:3: prefix '10.0.0.0/8': does nothing; write action = allow, action = block or a "
	  "source-rate\n" },
	{ P "[prefix 10.0.0.0/8]\nsource-burst = 5\n",
	  "f:3: prefix '10.0.0.0/8': does nothing; write action = allow, action = block or a "
	  "source-rate\n" },
	{ P "[prefix 10.0.0.0/8]\naction = allow\nsource-rate = 5/s\n",
	  "f:3: prefix '10.0.0.0/8': has both an action and a source-rate; remove one\n" },
	{ P "[prefix 10.0.0.0/8]\naction = allow\nsource-burst = 5\n",
	  "f:3: prefix '10.0.0.0/8': has both an action and a source-burst; remove one\n" },
	{ P "[prefix 10.0.0.0/8]\nsource-rate = unlimited\nsource-burst = 5\n",
	  "f:3: prefix '10.0.0.0/8' source-burst '5': has no rate that refills it; give the rate, "
	  "too\n" },
	{ P "[prefix 10.0.0.0/8]\naction = deny\n",
	  "f:4: action 'deny': is not known; write allow or block\n" },
	{ P "[prefix 10.0.0.0/8]\naction = limit\n",
	  "f:4: action 'limit': is not an action; write the limit itself, as source-rate\n" },
	{ P "[prefix 10.0.0.0/8]\nsource-rate = 5\n",
	  "f:4: source-rate '5': has no unit; write N/s, N/m or N/h\n" },
	{ P "[prefix 10.0.0.0/8]\naction = allow\nlistener = b\n",
	  "f:3: prefix '10.0.0.0/8': there is no listener 'b'; write its section, or name "
	  "another\n" },
	{ P "[prefix 10.0.0.0/8]\naction = allow\nlistener = -b\n",
	  "f:5: listener '-b': begins with '-'; begin with another character\n" },
	{ P "[prefix 10.0.0.0/8]\nrate = 5/s\n",
	  "f:4: unknown key 'rate': it does not belong in [prefix 10.0.0.0/8]; move it to "
	  "[listener "
	  "NAME]\n"
	  "f:3: prefix '10.0.0.0/8': does nothing; write action = allow, action = block or a "
	  "source-rate\n" },
	{ P "action = allow\n",
	  "f:3: unknown key 'action': it does not belong in [listener a]; move it to [prefix "
	  "ADDRESS/LENGTH]\n" },
	{ P "[prefix 10.0.0.0/8]\nacton = allow\n", "f:4: unknown key 'acton': [prefix 10.0.0.0/8] "
						    "has no such key; did you mean 'action'?\n" },

	{ P "[prefix 10.0.0.1]\naction = allow\n[prefix ::ffff:10.0.0.1/128]\naction = block\n",
	  "f:5: prefix '10.0.0.1': has a section in line 3 already; join the two or remove one\n" },
	{ P "[prefix ::/0]\naction = allow\n[prefix ::/0]\naction = allow\n[prefix ::0/0]\n"
	    "action = allow\n",
	  "f:5: prefix '::/0': has a section in line 3 already; join the two or remove one\n"
	  "f:7: prefix '::/0': has a section in line 5 already; join the two or remove one\n" },
};

static void test_messages(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		expect(rows[i].text, strlen(rows[i].text), rows[i].said);
}

static void test_values(void **state)
{
	static const char text[] = P "[prefix 10.0.0.0/8]\naction = block\nlistener = a\n"
				     "[prefix 2001:db8::/32]\nsource-rate = 10/m\n"
				     "source-burst = 20\n";
	struct config config;
	char *messages;

	(void)state;
	assert_int_equal(read_bytes(&config, text, strlen(text), &messages), 0);
	free(messages);
	assert_int_equal(config.rules_count, 2);
	assert_int_equal(config.rules[0].source.len, 104);
	assert_int_equal(config.rules[0].action, RULE_BLOCK);
	assert_string_equal(config.rules[0].listener, "a");
	assert_int_equal(config.rules[0].line, 3);
	assert_int_equal(config.rules[1].source.len, 32);
	assert_int_equal(config.rules[1].action, RULE_LIMIT);
	assert_string_equal(config.rules[1].listener, "");
	assert_int_equal(config.rules[1].limit.rate.count, 10);
	assert_int_equal(config.rules[1].limit.rate.per_sec, 60);
	assert_int_equal(config.rules[1].limit.burst, 20);
	config_free(&config);
	assert_int_equal(config.rules_count, 0);
}

/* As many as a file of the largest size may hold, in order and out of it. */
static void test_many(void **state)
{
	const unsigned int many = 20000;
	char *text = malloc(CONFIG_SIZE_MAX), *messages;
	struct config config;
	size_t used;

	(void)state;
	assert_non_null(text);
	used = (size_t)sprintf(text, P);
	for (unsigned int i = 0; i < many; i++) {
		unsigned int number = i * 7919 % many;

		used += (size_t)sprintf(text + used, "[prefix 10.0.%u.%u]\naction = allow\n",
					number / 250, number % 250);
	}
	assert_int_equal(read_bytes(&config, text, used, &messages), 0);
	assert_int_equal(config.rules_count, many);
	assert_int_equal(config.rules[many - 1].action, RULE_ALLOW);
	free(messages);
	config_free(&config);
	free(text);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_messages),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
