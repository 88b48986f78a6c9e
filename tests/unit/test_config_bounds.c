// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Files on either side of each bound, and those that are none. */
#include "reading.h"

static void test_nul_bytes(void **state)
{
	static const char message[] =
		"f:2: line: holds a control character; is this a text file?\n";
	static const char value[] = "[weir]\nmode = observe\0\n", comment[] = "[weir]\n\0# x\n";

	(void)state;
	expect(value, sizeof(value) - 1, message);
	expect(comment, sizeof(comment) - 1, message);
}

/* @blanks blanks before @text: a line of any length. */
static char *padded(const char *before, size_t blanks, const char *after)
{
	char *text;

	assert_true(asprintf(&text, "%s%*s%s", before, (int)blanks, "", after) > 0);
	return text;
}

static void test_long_lines(void **state)
{
	static const char message[] = "f:2: line: is longer than 4096 bytes; shorten it\n";
	char *fits = padded("[weir]\nmode =", CONFIG_LINE_MAX - 13, "observe\n");
	char *too_long = padded("[weir]\nmode =", CONFIG_LINE_MAX - 12, "observe\n");
	char *comment = padded("[weir]\n;", 2 * CONFIG_LINE_MAX, "mode = x\nmode = observe\n");
	char *section = padded("\n[weir", CONFIG_LINE_MAX, "]\n");

	(void)state;
	expect(fits, strlen(fits), "");
	expect(too_long, strlen(too_long), message);
	expect(comment, strlen(comment), "");
	expect(section, strlen(section), message);
	free(fits);
	free(too_long);
	free(comment);
	free(section);
}

static void test_file_too_large(void **state)
{
	char *text = padded("[weir]\n", CONFIG_SIZE_MAX, "");

	(void)state;
	memset(text + 7, '\n', CONFIG_SIZE_MAX);
	text[CONFIG_SIZE_MAX + 7] = '\0';
	expect(text, CONFIG_SIZE_MAX + 1, "");
	expect(text, CONFIG_SIZE_MAX + 7, "");
	memset(text, ';', CONFIG_SIZE_MAX + 7);
	expect(text, CONFIG_SIZE_MAX, "");
	expect(text, CONFIG_SIZE_MAX + 1,
	       "f: file: is longer than 1 MiB; is it a configuration file?\n");
	free(text);
}

static void test_unreadable(void **state)
{
	char *messages;
	size_t size;
	struct config_errors errors = { .out = open_memstream(&messages, &size) };
	struct config config;
	FILE *directory = fopen("/", "r");

	(void)state;
	assert_non_null(directory);
	config_init(&config);
	assert_int_equal(config_read(&config, directory, "f", &errors), -EINVAL);
	fclose(directory);
	fclose(errors.out);
	assert_string_equal(messages, "f: file: cannot be read: Is a directory\n");
	free(messages);
	config_free(&config);
}

static void test_many_errors(void **state)
{
	char text[ERRORS_SHOWN_MAX * 2 + 11] = "", *messages, *end;
	struct config config;
	unsigned int lines = 0;

	(void)state;
	for (int i = 0; i < ERRORS_SHOWN_MAX + 5; i++)
		strcat(text, "x\n");
	assert_int_equal(read_bytes(&config, text, strlen(text), &messages), -EINVAL);
	for (end = messages; (end = strchr(end, '\n')); end++)
		lines++;
	assert_int_equal(lines, ERRORS_SHOWN_MAX + 1);
	assert_non_null(strstr(messages, "\nf: more errors follow; correct these first\n"));
	free(messages);
	config_free(&config);
}

/* One listener for each port from 1 on. */
static char *many_listeners(int count)
{
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	for (int i = 1; i <= count; i++)
		fprintf(out, "[listener l%d]\nports = %d\n", i, i);
	fclose(out);
	return text;
}

static void test_too_many_listeners(void **state)
{
	char *fits = many_listeners(LISTENERS_MAX), *over = many_listeners(LISTENERS_MAX + 1);

	(void)state;
	expect(fits, strlen(fits), "");
	expect(over, strlen(over),
	       "f:129: listener 'l65': is one too many; an instance has at most 64\n");
	free(fits);
	free(over);
}

/* One listener with @count ports, of which a line holds 500. */
static char *many_ports(int count, const char *more)
{
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	for (int i = 0; i < count; i++)
		fprintf(out, i % 500 ? " %d" : "\n[listener l%d]\nports = %d", i % 500 ? i + 1 : i,
			i + 1);
	fprintf(out, "\n%s", more);
	fclose(out);
	return text;
}

static void test_too_many_matches(void **state)
{
	char *fits = many_ports(MATCHES_MAX - 1, ""), *over = many_ports(MATCHES_MAX, "");
	char *twice = many_ports(MATCHES_MAX - 1, "addresses = ::1 ::2\n");

	(void)state;
	expect(fits, strlen(fits), "");
	expect(over, strlen(over),
	       "f:6: listener 'l1000': there are more than 1023 pairs of port and address over all "
	       "listeners; name fewer\n");
	expect(twice, strlen(twice),
	       "f:6: listener 'l1000': there are more than 1023 pairs of port and address over all "
	       "listeners; name fewer\n");
	free(fits);
	free(over);
	free(twice);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nul_bytes),	 cmocka_unit_test(test_long_lines),
		cmocka_unit_test(test_file_too_large),	 cmocka_unit_test(test_unreadable),
		cmocka_unit_test(test_many_errors),	 cmocka_unit_test(test_too_many_listeners),
		cmocka_unit_test(test_too_many_matches),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
