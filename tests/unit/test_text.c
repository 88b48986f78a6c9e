// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Values as an operator writes them. A row without a reason must parse. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "config.h"
#include "text.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

/* clang-format off */
#define NOT_A_RATE "is not a rate; write N/s, N/m, N/h or unlimited"
#define TOO_HIGH "is too high; write at most 1000000/s, or unlimited"
static const struct {
	const char *text;
	struct rate rate;
	const char *why;
} rate_rows[] = {
	{ "2000/s", { false, 2000, 1 }, NULL },
	{ "10/m", { false, 10, 60 }, NULL },
	{ "1/h", { false, 1, 3600 }, NULL },
	{ "0/s", { false, 0, 1 }, NULL },
	{ "0/h", { false, 0, 3600 }, NULL },
	{ "007/s", { false, 7, 1 }, NULL },
	{ "1000000/s", { false, 1000000, 1 }, NULL },
	{ "3600000000/h", { false, 3600000000U, 3600 }, NULL },
	{ "unlimited", { true, 0, 0 }, NULL },
	{ "1000001/s", { 0 }, TOO_HIGH },
	{ "3600000001/h", { 0 }, TOO_HIGH },
	{ "99999999999999999999999999/s", { 0 }, TOO_HIGH },
	{ "10", { 0 }, "has no unit; write N/s, N/m or N/h" },
	{ "10/", { 0 }, "has an unknown unit; write N/s, N/m or N/h" },
	{ "10/d", { 0 }, "has an unknown unit; write N/s, N/m or N/h" },
	{ "10/sec", { 0 }, "has an unknown unit; write N/s, N/m or N/h" },
	{ "10/s/s", { 0 }, "has an unknown unit; write N/s, N/m or N/h" },
	{ "10/S", { 0 }, "has an unknown unit; write N/s, N/m or N/h" },
	{ "0.5/s", { 0 }, "is not a whole number; below 1/s write N/m or N/h" },
	{ "", { 0 }, NOT_A_RATE },
	{ "/s", { 0 }, NOT_A_RATE },
	{ "./s", { 0 }, NOT_A_RATE },
	{ "-1/s", { 0 }, NOT_A_RATE },
	{ "+1/s", { 0 }, NOT_A_RATE },
	{ "1 /s", { 0 }, NOT_A_RATE },
	{ "0x10/s", { 0 }, NOT_A_RATE },
	{ "Unlimited", { 0 }, NOT_A_RATE },
	{ "unlimited/s", { 0 }, NOT_A_RATE },
};
/* clang-format on */

static void check_why(const char *text, int result, const char *why, const char *expected)
{
	if (!expected && result)
		fail_msg("'%s' is refused: %s", text, why);
	if (!expected)
		return;
	if (!result)
		fail_msg("'%s' is taken", text);
	if (strcmp(why, expected))
		fail_msg("'%s': says \"%s\", not \"%s\"", text, why, expected);
}

static void test_rate(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(rate_rows); i++) {
		const struct rate untouched = { .count = 77 };
		struct rate rate = untouched;
		const struct rate *expected = rate_rows[i].why ? &untouched : &rate_rows[i].rate;
		const char *why = NULL;
		int result = text_parse_rate(rate_rows[i].text, &rate, &why);

		check_why(rate_rows[i].text, result, why, rate_rows[i].why);
		assert_int_equal(rate.unlimited, expected->unlimited);
		assert_int_equal(rate.count, expected->count);
		assert_int_equal(rate.per_sec, expected->per_sec);
	}
}

static const struct {
	const char *text;
	uint32_t value;
	const char *why;
} burst_rows[] = {
	{ "1", 1, NULL },
	{ "10000000", 10000000, NULL },
	{ "0", 0, "is out of range; write 1 to 10000000" },
	{ "10000001", 0, "is out of range; write 1 to 10000000" },
	{ "18446744073709551617", 0, "is out of range; write 1 to 10000000" },
	{ "", 0, "is not a whole number; write 1 to 10000000" },
	{ "-1", 0, "is not a whole number; write 1 to 10000000" },
	{ "1.5", 0, "is not a whole number; write 1 to 10000000" },
	{ "1k", 0, "is not a whole number; write 1 to 10000000" },
};

static void test_burst(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(burst_rows); i++) {
		uint32_t burst = 77;
		const char *why = NULL;
		int result = text_parse_burst(burst_rows[i].text, &burst, &why);

		check_why(burst_rows[i].text, result, why, burst_rows[i].why);
		assert_int_equal(burst, result ? 77 : burst_rows[i].value);
	}
}

#define NOT_PORTS "is not a list of ports; write each port, as in 1883, 8883"
#define NO_PORT "holds a number that is no port; write 1 to 65535"
#define BARE_COMMA "has a comma with nothing beside it; remove it"

static const struct {
	const char *text;
	const char *shown;
	const char *why;
} ports_rows[] = {
	{ "1883", "1883", NULL },
	{ "8883,1883", "1883, 8883", NULL },
	{ " 1883 ,\t8883 8084 ", "1883, 8084, 8883", NULL },
	{ "1,65535", "1, 65535", NULL },
	{ "0", NULL, NO_PORT },
	{ "65536", NULL, NO_PORT },
	{ "4294968179", NULL, NO_PORT },
	{ "18830000000", NULL, NO_PORT },
	{ "00001883", NULL, NO_PORT },
	{ "1883,1883", NULL, "names port 1883 twice; remove one" },
	{ "1883-1890", NULL, NOT_PORTS },
	{ "mqtt", NULL, NOT_PORTS },
	{ "-1", NULL, NOT_PORTS },
	{ "1883;8883", NULL, NOT_PORTS },
	{ "1883,", NULL, BARE_COMMA },
	{ "1883, ,8883", NULL, BARE_COMMA },
	{ ",1883", NULL, BARE_COMMA },
	{ ",", NULL, BARE_COMMA },
	{ "", NULL, "is empty; write ports, as in 1883, 8883" },
	{ " ", NULL, "is empty; write ports, as in 1883, 8883" },
};

static void test_ports(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(ports_rows); i++) {
		uint64_t ports[PORTS / 64];
		char shown[64];
		const char *why = NULL;
		int result;

		memset(ports, 0xff, sizeof(ports));
		result = text_parse_ports(ports_rows[i].text, ports, &why);
		check_why(ports_rows[i].text, result, why, ports_rows[i].why);
		if (result)
			assert_int_equal(ports[7], ~0ULL);
		else
			assert_string_equal(text_ports(shown, sizeof(shown), ports),
					    ports_rows[i].shown);
	}
}

static void test_ports_that_do_not_fit(void **state)
{
	uint64_t ports[PORTS / 64];
	const char *why;
	char shown[20];

	(void)state;
	assert_int_equal(text_parse_ports("1883 1884 8883 8884", ports, &why), 0);
	assert_string_equal(text_ports(shown, sizeof(shown), ports), "1883, 1884, ...");
	assert_string_equal(text_ports(shown, 4, ports), "...");
}

#define NOT_AN_ADDRESS "is not an address; write ADDRESS or ADDRESS/LENGTH"
#define BITS_BEHIND "has bits set behind the prefix length; clear them or lengthen the prefix"

static const struct {
	const char *text;
	uint8_t len;
	const char *shown;
	const char *why;
} prefix_rows[] = {
	{ "192.0.2.10", 128, "192.0.2.10", NULL },
	{ "192.0.2.0/24", 120, "192.0.2.0/24", NULL },
	{ "0.0.0.0/0", 96, "0.0.0.0/0", NULL },
	{ "::ffff:192.0.2.10", 128, "192.0.2.10", NULL },
	{ "::ffff:192.0.2.0/120", 120, "192.0.2.0/24", NULL },
	{ "2001:db8::/32", 32, "2001:db8::/32", NULL },
	{ "2001:DB8::1", 128, "2001:db8::1", NULL },
	{ "2001:db8::/127", 127, "2001:db8::/127", NULL },
	{ "::/0", 0, "any", NULL },
	{ "::/1", 1, "::/1", NULL },
	{ "8000::/1", 1, "8000::/1", NULL },
	{ "192.0.2.1/24", 0, NULL, BITS_BEHIND },
	{ "2001:db8::1/64", 0, NULL, BITS_BEHIND },
	{ "8000::/0", 0, NULL, BITS_BEHIND },
	{ "2001:db8:0:0:1::/64", 0, NULL, BITS_BEHIND },
	{ "192.0.2.0/33", 0, NULL, "has a wrong prefix length; write /0 to /32" },
	{ "192.0.2.0/", 0, NULL, "has a wrong prefix length; write /0 to /32" },
	{ "192.0.2.0/-1", 0, NULL, "has a wrong prefix length; write /0 to /32" },
	{ "192.0.2.0/24/8", 0, NULL, "has a wrong prefix length; write /0 to /32" },
	{ "192.0.2.0/0024", 0, NULL, "has a wrong prefix length; write /0 to /32" },
	{ "::/129", 0, NULL, "has a wrong prefix length; write /0 to /128" },
	{ "::/256", 0, NULL, "has a wrong prefix length; write /0 to /128" },
	{ "", 0, NULL, NOT_AN_ADDRESS },
	{ "/24", 0, NULL, NOT_AN_ADDRESS },
	{ "192.0.2", 0, NULL, NOT_AN_ADDRESS },
	{ "192.0.2.256", 0, NULL, NOT_AN_ADDRESS },
	{ "192.0.2.010", 0, NULL, NOT_AN_ADDRESS },
	{ "[::1]", 0, NULL, NOT_AN_ADDRESS },
	{ "fe80::1%eth0", 0, NULL, NOT_AN_ADDRESS },
	{ "broker.example", 0, NULL, NOT_AN_ADDRESS },
	{ "0000:0000:0000:0000:0000:0000:0000:0000:0000:0000", 0, NULL, NOT_AN_ADDRESS },
};

static void test_prefix(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(prefix_rows); i++) {
		struct addr prefix = { 1, 2 };
		uint8_t len = 77;
		char shown[64];
		const char *why = NULL;
		int result = text_parse_prefix(prefix_rows[i].text, &prefix, &len, &why);

		check_why(prefix_rows[i].text, result, why, prefix_rows[i].why);
		assert_int_equal(len, result ? 77 : prefix_rows[i].len);
		if (!result)
			assert_string_equal(text_prefix(shown, sizeof(shown), &prefix, len),
					    prefix_rows[i].shown);
	}
}

static void test_prefix_bytes(void **state)
{
	static const uint8_t v4[16] = { [10] = 0xff, [11] = 0xff, 192, 0, 2, 10 };
	static const uint8_t v6[16] = { 0x20, 0x01, 0x0d, 0xb8, [15] = 1 };
	struct addr prefix;
	uint8_t len;
	const char *why;

	(void)state;
	text_parse_prefix("192.0.2.10", &prefix, &len, &why);
	assert_memory_equal(&prefix, v4, sizeof(v4));
	text_parse_prefix("2001:db8::1", &prefix, &len, &why);
	assert_memory_equal(&prefix, v6, sizeof(v6));
}

static void test_mask(void **state)
{
	(void)state;
	for (unsigned int len = 0; len <= 128; len++) {
		struct addr mask = text_mask((uint8_t)len);
		const uint8_t *bytes = (const uint8_t *)&mask;

		for (unsigned int bit = 0; bit < 128; bit++)
			assert_int_equal(bytes[bit / 8] >> (7 - bit % 8) & 1, bit < len);
	}
}

static const struct {
	const char *text;
	const char *why;
} name_rows[] = {
	{ "mqtt", NULL },
	{ "eth0.10", NULL },
	{ "A-z_0@b", NULL },
	{ "...", NULL },
	{ "1234567", NULL },
	{ "12345678", "is too long; use at most 7 characters" },
	{ "", "is empty; choose a name" },
	{ "all", "is reserved; choose another name" },
	{ ".", "is reserved; choose another name" },
	{ "..", "is reserved; choose another name" },
	{ "-q", "begins with '-'; begin with another character" },
	{ "a/b", "has a character that names may not have; use letters, digits and _ . @ -" },
	{ "a b", "has a character that names may not have; use letters, digits and _ . @ -" },
	{ "\xc3\xa4", "has a character that names may not have; use letters, digits and _ . @ -" },
	{ "a\n", "has a character that names may not have; use letters, digits and _ . @ -" },
};

static void test_name(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(name_rows); i++) {
		const char *why = NULL;
		int result = text_parse_name(name_rows[i].text, 8, &why);

		check_why(name_rows[i].text, result, why, name_rows[i].why);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rate),   cmocka_unit_test(test_burst),
		cmocka_unit_test(test_ports),  cmocka_unit_test(test_ports_that_do_not_fit),
		cmocka_unit_test(test_prefix), cmocka_unit_test(test_prefix_bytes),
		cmocka_unit_test(test_mask),   cmocka_unit_test(test_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
