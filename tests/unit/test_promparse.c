// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The Prometheus text format, line by line and in pieces of any size. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "promparse.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

/* Samples as "name|label=value|... number;". */
struct notes {
	char text[4096];
	unsigned int count;
};

static void note(void *arg, const struct prom_sample *sample)
{
	struct notes *notes = arg;
	char *to = notes->text + strlen(notes->text);

	notes->count++;
	if (to - notes->text > 3000)
		return;
	to += sprintf(to, "%.60s", sample->name);
	for (unsigned int i = 0; i < sample->labels_count; i++)
		to += snprintf(to, 200, "|%s=%s", sample->labels[i].name, sample->labels[i].value);
	sprintf(to, " %.9g;", sample->value);
}

/* Fed @step bytes at a time. */
static bool read_page(const char *page, size_t size, size_t step, struct prom_reader *reader,
		      struct notes *notes)
{
	memset(notes, 0, sizeof(*notes));
	prom_begin(reader, note, notes);
	for (size_t at = 0; at < size; at += step)
		prom_feed(reader, page + at, size - at < step ? size - at : step);
	return prom_end(reader);
}

/* clang-format off */
static const struct {
	const char *line, *sample; /* NULL: no line of the format */
} rows[] = {
	{ "up 1", "up 1;" },
	{ "up\t1", "up 1;" },
	{ "  up   1  ", "up 1;" },
	{ "up 1\r", "up 1;" },
	{ "up{} 1", "up 1;" },
	{ "up{a=\"b\"} 1", "up|a=b 1;" },
	{ "up{a=\"b\"}1", "up|a=b 1;" },
	{ "up { a = \"b\" , c=\"d\", } 1", "up|a=b|c=d 1;" },
	{ "a:b_c9:d 1.5e3", "a:b_c9:d 1500;" },
	{ "up{a=\"\"} 1", "up|a= 1;" },
	{ "up{a=\"} # \"} 1", "up|a=} #  1;" },
	{ "up{a=\"x\\\\y\\\"z\\n\"} 1", "up|a=x\\y\"z\n 1;" },
	{ "up{a=\"\xc3\xa4\"} 1", "up|a=\xc3\xa4 1;" },
	{ "up 1 1763200000123", "up 1;" },
	{ "up 1 -5", "up 1;" },
	{ "up 1 1763200000.5", "up 1;" },
	{ "up_bucket{le=\"1\"} 7 # {trace=\"x\"} 0.5 1763200000.5", "up_bucket|le=1 7;" },
	{ "up 7 123 # {trace=\"x\"} 0.5", "up 7;" },
	{ "up -0.25", "up -0.25;" },
	{ "up NaN", "up nan;" },
	{ "up +Inf", "up inf;" },
	{ "up -Inf", "up -inf;" },
	{ "up Inf", "up inf;" },
	{ "up 1e999", "up inf;" },
	{ "# HELP up whatever { \" it says", "" },
	{ "# TYPE up gauge", "" },
	{ "# EOF", "" },
	{ "#", "" },
	{ "", "" },
	{ "   ", "" },
	{ "up", NULL },
	{ "up ", NULL },
	{ "up one", NULL },
	{ "up 1x", NULL },
	{ "up 0x", NULL },
	{ "up nan(1)", NULL },
	{ "up 1 now", NULL },
	{ "up 1 2 3", NULL },
	{ "up{a=\"b\" 1", NULL },
	{ "up{a=\"b} 1", NULL },
	{ "up{a=b} 1", NULL },
	{ "up{a} 1", NULL },
	{ "up{a=\"b\"c=\"d\"} 1", NULL },
	{ "up{a=\"\\x\"} 1", NULL },
	{ "up{a=\"b\\", NULL },
	{ "up{9=\"b\"} 1", NULL },
	{ "up{,} 1", NULL },
	{ "9up 1", NULL },
	{ "<html>", NULL },
	{ "{\"status\":1}", NULL },
	{ "= 1", NULL },
};
/* clang-format on */

static void test_lines(void **state)
{
	static struct prom_reader reader;
	struct notes notes;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		char page[256];
		size_t size = (size_t)sprintf(page, "before 0\n%s\nafter 2\n", rows[i].line);
		char wanted[256];

		snprintf(wanted, sizeof(wanted), "before 0;%safter 2;",
			 rows[i].sample ? rows[i].sample : "");
		/* whole, byte by byte, and cut within a number */
		for (size_t step = 1; step <= size; step += 5) {
			assert_true(read_page(page, size, step, &reader, &notes));
			if (strcmp(notes.text, wanted))
				fail_msg("'%s' in pieces of %zu: '%s', not '%s'", rows[i].line,
					 step, notes.text, wanted);
			assert_int_equal(reader.lines, 3);
			assert_int_equal(reader.wrong, rows[i].sample ? 0 : 1);
			assert_int_equal(reader.first_wrong, rows[i].sample ? 0 : 2);
		}
	}
}

/* Half a number is another number. */
static void test_torn(void **state)
{
	static struct prom_reader reader;
	struct notes notes;

	(void)state;
	assert_false(read_page("a 1\nb 1234", 10, 3, &reader, &notes));
	assert_string_equal(notes.text, "a 1;");
	assert_true(read_page("a 1\n", 4, 9, &reader, &notes));
	assert_true(read_page("", 0, 9, &reader, &notes));
	assert_string_equal(notes.text, "");
}

static void test_huge(void **state)
{
	static struct prom_reader reader;
	static char page[3 * PROM_LINE_MAX];
	struct notes notes;
	size_t size;

	(void)state;
	/* a line that is too long is one wrong line, however it comes */
	memset(page, 'x', sizeof(page));
	memcpy(page, "a 1\n", 4);
	memcpy(page + sizeof(page) - 5, "\nb 2\n", 5);
	for (size_t step = 1; step < sizeof(page); step = step * 3 + 1) {
		assert_true(read_page(page, sizeof(page), step, &reader, &notes));
		assert_string_equal(notes.text, "a 1;b 2;");
		assert_int_equal(reader.wrong, 1);
		assert_int_equal(reader.first_wrong, 2);
	}
	/* one that never ends is not kept */
	memset(page, 'x', sizeof(page));
	assert_false(read_page(page, sizeof(page), 100, &reader, &notes));
	assert_int_equal(notes.count, 0);
	/* the longest that fits */
	size = (size_t)sprintf(page, "%0*d 1\n", PROM_LINE_MAX - 3, 0);
	page[0] = 'x';
	assert_int_equal(size, PROM_LINE_MAX);
	assert_true(read_page(page, size, 100, &reader, &notes));
	assert_int_equal(notes.count, 1);
	page[0] = '\0';
	assert_true(read_page(page, size, 100, &reader, &notes));
	assert_int_equal(reader.wrong, 1);
}

static void test_labels_bound(void **state)
{
	static struct prom_reader reader;
	struct notes notes;
	char page[1024];

	(void)state;
	for (int count = PROM_LABELS_MAX; count <= PROM_LABELS_MAX + 1; count++) {
		size_t size = (size_t)sprintf(page, "up{");

		for (int i = 0; i < count; i++)
			size += (size_t)sprintf(page + size, "l%d=\"\",", i);
		size += (size_t)sprintf(page + size, "} 1\n");
		assert_true(read_page(page, size, size, &reader, &notes));
		assert_int_equal(notes.count, count == PROM_LABELS_MAX);
		assert_int_equal(reader.wrong, count > PROM_LABELS_MAX);
	}
}

/* clang-format off */
static const struct {
	const char *selector;
	const char *why; /* NULL: it is right */
	bool matches; /* up{a="b",c="d"} */
} selector_rows[] = {
	{ "up", NULL, true },
	{ "up{}", NULL, true },
	{ "up{a=\"b\"}", NULL, true },
	{ "up { a=\"b\" , c = \"d\", }", NULL, true },
	{ "up{a=\"c\"}", NULL, false },
	{ "up{a!=\"c\"}", NULL, true },
	{ "up{a!=\"b\"}", NULL, false },
	{ "up{a=\"b\",c!=\"d\"}", NULL, false },
	{ "up{z=\"\"}", NULL, true },
	{ "up{z=\"x\"}", NULL, false },
	{ "up{z!=\"x\"}", NULL, true },
	{ "up{z!=\"\"}", NULL, false },
	{ "", "is not the name of a metric; write NAME or NAME{label=\"value\"}", false },
	{ "9", "is not the name of a metric; write NAME or NAME{label=\"value\"}", false },
	{ "up down", "is not the name of a metric; write NAME or NAME{label=\"value\"}", false },
	{ "up{a=\"b\"} x", "has text behind its '}'; remove it", false },
	{ "up{a=b}", "is not a list of labels; write label=\"value\", other!=\"value\"", false },
	{ "up{a=\"b\"", "is not a list of labels; write label=\"value\", other!=\"value\"", false },
	{ "up{a~\"b\"}", "is not a list of labels; write label=\"value\", other!=\"value\"", false },
	{ "up{a=~\"b\"}", "has a regular expression; a signal compares with = and !=, type = promql can more", false },
	{ "up{a!~\"b\"}", "is not a list of labels; write label=\"value\", other!=\"value\"", false },
	{ "up{a=\"1\",b=\"1\",c=\"1\",d=\"1\",e=\"1\",f=\"1\",g=\"1\",h=\"1\",i=\"1\"}", "has too many labels; write at most 8", false },
};
/* clang-format on */

static void test_selectors(void **state)
{
	const struct prom_sample sample = {
		.name = "up",
		.labels = { { "a", "b" }, { "c", "d" } },
		.labels_count = 2,
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(selector_rows); i++) {
		struct prom_selector selector = { .count = 0 };
		const char *why = NULL;
		int result = prom_parse_selector(selector_rows[i].selector, &selector, &why);

		if (selector_rows[i].why) {
			assert_true(result < 0);
			assert_string_equal(why, selector_rows[i].why);
			continue;
		}
		assert_int_equal(result, 0);
		assert_string_equal(selector.name, "up");
		if (prom_labels_match(&selector, &sample) != selector_rows[i].matches)
			fail_msg("'%s' %s", selector_rows[i].selector,
				 selector_rows[i].matches ? "does not match" : "matches");
	}
}

static void test_more_labels(void **state)
{
	struct prom_selector selector;
	const char *why;

	(void)state;
	assert_int_equal(prom_parse_selector("up{a=\"b\"}", &selector, &why), 0);
	assert_int_equal(prom_parse_labels("c!=\"d\"", &selector, &why), 0);
	assert_int_equal(selector.count, 2);
	assert_int_equal(prom_parse_labels("", &selector, &why), 0);
	assert_int_equal(selector.count, 2);
	/* what is wrong changes nothing */
	assert_true(prom_parse_labels("e=\"f\", g", &selector, &why) < 0);
	assert_int_equal(selector.count, 2);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),	  cmocka_unit_test(test_torn),
		cmocka_unit_test(test_huge),	  cmocka_unit_test(test_labels_bound),
		cmocka_unit_test(test_selectors), cmocka_unit_test(test_more_labels),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
