/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What a run of weir says: as text at once, or with -j as one JSON document at its end.
 *
 * A new command joins so:
 *   - its messages go through log.h and command_usage(): with -j these are collected here.
 *   - what it prints is read into a struct first. render*.c writes that as text, json_*.c makes
 *     JSON of the same struct; both are pure. With -j it calls output_put("key", json_...()).
 *   - anything it still writes to stdout becomes the string "text": good for a foreign format, as
 *     that of `weir metrics`, and for nothing else.
 *   - its keys go into a table of docs/json.md; tests/e2e/test-json.sh reads that, and runs the
 *     command in each of its outcomes.
 */
#ifndef WEIR_OUTPUT_H
#define WEIR_OUTPUT_H

#include <stdarg.h>
#include <stdbool.h>

#include <jansson.h>

/* Keys of the lists of messages. */
#define OUTPUT_ERRORS "errors"
#define OUTPUT_WARNINGS "warnings"
#define OUTPUT_NOTES "notes"
#define OUTPUT_DEBUG "debug" /* only with -v */

/* -j was said: from here on nothing reaches stdout until output_finish(). */
void output_begin_json(void);
bool output_is_json(void);

/* Puts @value into the document under @key; without -j it is only freed. Takes over @value. */
void output_put(const char *key, json_t *value);
/* The same at the end of the array @key, which is made if need be. */
void output_append(const char *key, json_t *value);
/* Appends an object to a list of messages, and returns it for more keys: it is the document's.
 * NULL without -j. */
json_t *output_message(const char *list, const char *format, va_list args)
	__attribute__((format(printf, 2, 0)));

/*
 * Writes out what is left: the document of @command (NULL: there is no such) and its exit status.
 * Returns 0, or the negative errno of what kept standard output from being written. From here on
 * log.h speaks in text.
 */
int output_finish(const char *command, int status);

#endif
