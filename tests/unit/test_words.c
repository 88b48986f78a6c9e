// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Closed lists of words, what is near to one, and how values are said. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <errno.h>
#include <string.h>

#include "config.h"
#include "text.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

static void test_words(void **state)
{
	(void)state;
	assert_int_equal(text_parse_level("host"), LEVEL_HOST);
	assert_int_equal(text_parse_level("source"), LEVEL_SOURCE);
	assert_int_equal(text_parse_level("Host"), -1);
	assert_int_equal(text_parse_level(""), -1);
	assert_int_equal(text_parse_word("generic", xdp_names), XDP_GENERIC);
	assert_string_equal(text_word(reason_names, REASON_LISTENER_LIMIT), "listener_limit");
	assert_string_equal(text_word(mode_names, MODE_ENFORCE), "enforce");
	assert_string_equal(text_word(mode_names, 255), "unknown");
}

static void test_nearest(void **state)
{
	static const char *const keys[] = { "rate",	 "burst",	"ports",	"addresses",
					    "site-rate", "source-rate", "source-burst", NULL };
	static const struct {
		const char *word;
		const char *nearest;
	} rows[] = {
		{ "rat", "rate" },
		{ "rtae", "rate" },
		{ "RATE", "rate" },
		{ "burts", "burst" },
		{ "port", "ports" },
		{ "address", "addresses" },
		{ "source_rate", "source-rate" },
		{ "sourcerate", "source-rate" },
		{ "window", NULL },
		{ "x", NULL },
		{ "", NULL },
		{ "a-word-that-is-very-much-longer-than-any-key-there-is", NULL },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		const char *nearest = text_nearest(rows[i].word, keys);

		if (!rows[i].nearest && nearest)
			fail_msg("'%s' is near '%s'", rows[i].word, nearest);
		if (rows[i].nearest)
			assert_string_equal(nearest, rows[i].nearest);
	}
}

static void test_limit_as_text(void **state)
{
	struct limit limit = { .kind = LIMIT_BUCKET, .rate = 10, .rate_per_sec = 60 };
	char text[32];

	(void)state;
	assert_string_equal(text_rate(text, sizeof(text), &limit), "10/m");
	limit.rate_per_sec = 3600;
	assert_string_equal(text_rate(text, sizeof(text), &limit), "10/h");
	limit.rate_per_sec = 1;
	assert_string_equal(text_rate(text, sizeof(text), &limit), "10/s");
	assert_string_equal(text_rate(text, 3, &limit), "10");
	limit = (struct limit){ .kind = LIMIT_CLOSED, .rate_per_sec = 1 };
	assert_string_equal(text_rate(text, sizeof(text), &limit), "0/s");
	limit = (struct limit){ .kind = LIMIT_UNLIMITED };
	assert_string_equal(text_rate(text, sizeof(text), &limit), "unlimited");
}

static void test_quote(void **state)
{
	char quote[16];

	(void)state;
	assert_string_equal(text_quote(quote, sizeof(quote), ""), "");
	assert_string_equal(text_quote(quote, sizeof(quote), "rate"), "rate");
	assert_string_equal(text_quote(quote, sizeof(quote), "\x1b[2J\n"), "\\x1b[2J\\x0a");
	assert_string_equal(text_quote(quote, sizeof(quote), "123456789abcdefg"),
			    "123456789abc...");
	assert_string_equal(text_quote(quote, sizeof(quote), "123456789a\xff"), "123456789a...");
}

static void test_list(void **state)
{
	const char *list = " one,two  three ,four";
	char element[6];

	(void)state;
	assert_int_equal(text_list_next(&list, element, sizeof(element)), 1);
	assert_string_equal(element, "one");
	assert_int_equal(text_list_next(&list, element, 3), 1);
	assert_string_equal(element, "tw");
	assert_int_equal(text_list_next(&list, element, sizeof(element)), 1);
	assert_string_equal(element, "three");
	assert_int_equal(text_list_next(&list, element, sizeof(element)), 1);
	assert_string_equal(element, "four");
	assert_int_equal(text_list_next(&list, element, sizeof(element)), 0);
}

static void test_reserve(void **state)
{
	static const struct {
		const char *text;
		int reserve; /* -1: an error */
		const char *back;
	} rows[] = {
		{ "auto", RESERVE_AUTO, "auto" },
		{ "0", 0, "0" },
		{ "1", RESERVE_ALL, "1" },
		{ "0.5", RESERVE_ALL / 2, "0.5" },
		{ ".25", 256, "0.25" },
		{ "1.0", RESERVE_ALL, "1" },
		{ "1.1", -1, NULL },
		{ "-0", -1, NULL },
		{ "", -1, NULL },
		{ "half", -1, NULL },
		{ "1e-1", -1, NULL },
		{ "0x1", -1, NULL },
		{ "nan", -1, NULL },
		{ "0.5.", -1, NULL },
		{ ".", -1, NULL },
		{ "50%", -1, NULL },
		{ "AUTO", -1, NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint16_t reserve = 77;
		const char *why = NULL;
		char text[16];
		int err = text_parse_reserve(rows[i].text, &reserve, &why);

		if (rows[i].reserve < 0) {
			assert_int_equal(err, -EINVAL);
			assert_non_null(why);
			assert_int_equal(reserve, 77);
			continue;
		}
		assert_int_equal(err, 0);
		assert_int_equal(reserve, rows[i].reserve);
		assert_string_equal(text_reserve(text, sizeof(text), reserve), rows[i].back);
	}
}

static void test_delay_max(void **state)
{
	static const struct {
		const char *text;
		uint64_t ns; /* UINT64_MAX: an error */
		const char *back;
	} rows[] = {
		{ "auto", DELAY_MAX_AUTO, "auto" }, { "100ms", 100000000, "100ms" },
		{ "2s", 2000000000, "2s" },	    { "2000ms", 2000000000, "2s" },
		{ "2500ms", 2500000000, "2500ms" }, { "1m", 60000000000, "60s" },
		{ "99ms", UINT64_MAX, NULL },	    { "60001ms", UINT64_MAX, NULL },
		{ "1h", UINT64_MAX, NULL },	    { "2 s", UINT64_MAX, NULL },
		{ "", UINT64_MAX, NULL },	    { "AUTO", UINT64_MAX, NULL },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		const char *why = NULL;
		uint64_t ns = 77;
		char text[24];
		int err = text_parse_delay_max(rows[i].text, &ns, &why);

		if (rows[i].ns == UINT64_MAX) {
			assert_int_equal(err, -EINVAL);
			assert_non_null(why);
			assert_int_equal(ns, 77);
			continue;
		}
		assert_int_equal(err, 0);
		assert_int_equal(ns, rows[i].ns);
		assert_string_equal(text_delay_max(text, sizeof(text), ns), rows[i].back);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_words),	      cmocka_unit_test(test_nearest),
		cmocka_unit_test(test_limit_as_text), cmocka_unit_test(test_quote),
		cmocka_unit_test(test_list),	      cmocka_unit_test(test_reserve),
		cmocka_unit_test(test_delay_max),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
