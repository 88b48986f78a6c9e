// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Closed lists of words, what is near to one, and how values are said. */
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

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_words),	      cmocka_unit_test(test_nearest),
		cmocka_unit_test(test_limit_as_text), cmocka_unit_test(test_quote),
		cmocka_unit_test(test_list),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
