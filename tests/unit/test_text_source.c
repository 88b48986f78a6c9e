// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Sources of prefix rules, and durations. */
#include "reading.h"

#include "text.h"

static const struct {
	const char *text;
	enum family family;
	uint8_t len;
	bool masked;
	const char *shown; /* NULL: refused */
} source_rows[] = {
	{ "10.0.0.0/8", FAMILY_V4, 8, false, "10.0.0.0/8" },
	{ "10.1.2.3/8", FAMILY_V4, 8, true, "10.0.0.0/8" },
	{ "10.1.2.3/0", FAMILY_V4, 0, true, "0.0.0.0/0" },
	{ "0.0.0.0/0", FAMILY_V4, 0, false, "0.0.0.0/0" },
	{ "192.0.2.1", FAMILY_V4, 32, false, "192.0.2.1" },
	{ "::ffff:192.0.2.1", FAMILY_V4, 32, false, "192.0.2.1" },
	{ "::ffff:192.0.2.0/120", FAMILY_V4, 24, false, "192.0.2.0/24" },
	{ "::ffff:192.0.2.1/120", FAMILY_V4, 24, true, "192.0.2.0/24" },
	{ "::ffff:0:0/96", FAMILY_V4, 0, false, "0.0.0.0/0" },
	{ "::ffff:1.2.3.4/96", FAMILY_V4, 0, true, "0.0.0.0/0" },
	{ "::/0", FAMILY_V6, 0, false, "::/0" },
	{ "2001:db8::1/0", FAMILY_V6, 0, true, "::/0" },
	{ "::1", FAMILY_V6, 128, false, "::1" },
	{ "::/96", FAMILY_V6, 96, false, "::/96" },
	{ "2001:db8::1/32", FAMILY_V6, 32, true, "2001:db8::/32" },
	{ "::ffff:10.0.0.0/95", 0, 0, false, NULL },
	{ "::ffff:10.0.0.0/8", 0, 0, false, NULL },
	{ "10.0.0.0/33", 0, 0, false, NULL },
	{ "::/129", 0, 0, false, NULL },
	{ "10.0.0.0/", 0, 0, false, NULL },
	{ "10.0.0", 0, 0, false, NULL },
	{ "/8", 0, 0, false, NULL },
	{ "", 0, 0, false, NULL },
};

static void test_source(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(source_rows); i++) {
		const char *why = NULL;
		struct addr prefix;
		uint8_t len, family_len;
		char shown[64];
		bool masked;
		int result = text_parse_source(source_rows[i].text, &prefix, &len, &masked, &why);

		if (!source_rows[i].shown) {
			assert_int_equal(result, -EINVAL);
			assert_non_null(why);
			continue;
		}
		assert_int_equal(result, 0);
		assert_int_equal(masked, source_rows[i].masked);
		assert_int_equal(text_family(&prefix, len, &family_len), source_rows[i].family);
		assert_int_equal(family_len, source_rows[i].len);
		assert_string_equal(text_source(shown, sizeof(shown), &prefix, len),
				    source_rows[i].shown);
	}
}

#define SECOND 1000000000ULL
#define DAY (86400 * SECOND)

static const struct {
	const char *text;
	uint64_t ns; /* 0: refused */
} duration_rows[] = {
	{ "1ms", SECOND / 1000 },
	{ "2s", 2 * SECOND },
	{ "90m", 5400 * SECOND },
	{ "24h", DAY },
	{ "3650d", 3650 * DAY },
	{ "4294967295ms", 4294967295 * (SECOND / 1000) },
	{ "3651d", 0 },
	{ "99999999999999999999d", 0 },
	{ "0s", 0 },
	{ "5", 0 },
	{ "s", 0 },
	{ "", 0 },
	{ "-5s", 0 },
	{ "1.5h", 0 },
	{ "5 s", 0 },
	{ "5S", 0 },
	{ "5sec", 0 },
	{ "1h30m", 0 },
};

static void test_duration(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(duration_rows); i++) {
		const char *why = NULL;
		uint64_t ns = 0;
		int result = text_parse_duration(duration_rows[i].text, &ns, &why);

		assert_int_equal(result, duration_rows[i].ns ? 0 : -EINVAL);
		assert_int_equal(ns, duration_rows[i].ns);
		assert_true(!result || why);
	}
}

static void test_duration_as_text(void **state)
{
	static const struct {
		uint64_t ns;
		const char *text;
	} rows[] = {
		{ 0, "0ms" },
		{ 999999, "0ms" },
		{ 2 * SECOND, "2s" },
		{ 2 * SECOND + 500000000, "2s 500ms" },
		{ 61 * SECOND, "1m 1s" },
		{ 3600 * SECOND, "1h" },
		{ 3661 * SECOND, "1h 1m" },
		{ DAY - 1, "23h 59m" },
		{ 3 * DAY + 59 * SECOND, "3d" },
	};
	char text[32];

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		assert_string_equal(text_duration(text, sizeof(text), rows[i].ns), rows[i].text);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_source),
		cmocka_unit_test(test_duration),
		cmocka_unit_test(test_duration_as_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
