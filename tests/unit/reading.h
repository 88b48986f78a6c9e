/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Reading a configuration out of a string, as the tests of it do. */
#ifndef WEIR_TESTS_READING_H
#define WEIR_TESTS_READING_H

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

/* Reads @size bytes at @text as "f"; *messages is to be freed. */
static inline int read_bytes(struct config *config, const char *text, size_t size, char **messages)
{
	size_t messages_size;
	struct config_errors errors = { .out = open_memstream(messages, &messages_size) };
	FILE *in = fmemopen(NULL, size + 1, "w+");
	int result;

	assert_non_null(errors.out);
	assert_non_null(in);
	assert_int_equal(fwrite(text, 1, size, in), size);
	rewind(in);
	config_init(config);
	result = config_read(config, in, "f", &errors);
	fclose(in);
	fclose(errors.out);
	assert_int_equal(result, errors.count ? -EINVAL : 0);
	return result;
}

/* Reading @text must say exactly @expected. */
static inline void expect(const char *text, size_t size, const char *expected)
{
	struct config config;
	char *messages;

	read_bytes(&config, text, size, &messages);
	if (strcmp(messages, expected))
		fail_msg("for:\n%s\nsaid:\n%sinstead of:\n%s", text, messages, expected);
	free(messages);
	config_free(&config);
}

#endif
