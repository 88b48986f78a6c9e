// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "output.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "json_value.h"

static bool is_json;
static json_t *document;
static FILE *real_stdout; /* stdout itself is a buffer meanwhile */
static char *text;
static size_t text_size;
/* jansson drops what it has no memory for; a document with holes is not given out */
static bool lacks_memory;

static void *allocate(size_t size)
{
	void *memory = malloc(size);

	lacks_memory |= !memory;
	return memory;
}

bool output_is_json(void)
{
	return is_json;
}

void output_begin_json(void)
{
	static const char *const first[] = { OUTPUT_ERRORS, OUTPUT_WARNINGS, OUTPUT_NOTES };
	FILE *buffer;

	if (is_json)
		return;
	is_json = true;
	json_set_alloc_funcs(allocate, free);
	document = json_object();
	/* their places: keys stay in the order of the first time */
	output_put("command", json_null());
	output_put("status", json_null());
	for (size_t i = 0; i < sizeof(first) / sizeof(first[0]); i++)
		output_put(first[i], json_array());
	buffer = open_memstream(&text, &text_size);
	lacks_memory |= !buffer;
	real_stdout = stdout;
	if (buffer)
		stdout = buffer;
}

void output_put(const char *key, json_t *value)
{
	if (is_json)
		json_object_set_new(document, key, value);
	else
		json_decref(value);
}

void output_append(const char *key, json_t *value)
{
	if (is_json && !json_object_get(document, key))
		output_put(key, json_array());
	if (is_json)
		json_array_append_new(json_object_get(document, key), value);
	else
		json_decref(value);
}

json_t *output_message(const char *list, const char *format, va_list args)
{
	json_t *entry;
	char *message;

	if (!is_json)
		return NULL;
	if (vasprintf(&message, format, args) < 0) {
		lacks_memory = true;
		return NULL;
	}
	entry = json_object();
	json_object_set_new(entry, "message", json_text(message));
	free(message);
	output_append(list, entry);
	return entry;
}

static void close_buffer(void)
{
	FILE *buffer = stdout;

	stdout = real_stdout;
	if (buffer == real_stdout)
		return;
	lacks_memory |= ferror(buffer) != 0;
	lacks_memory |= fclose(buffer) != 0;
	if (!lacks_memory && text_size)
		output_put("text", json_text(text));
	free(text);
}

int output_finish(const char *command, int status)
{
	char *line = NULL;
	int err;

	if (is_json) {
		close_buffer();
		output_put("command", command ? json_text(command) : json_null());
		output_put("status", json_integer(status));
		is_json = false;
		/* first as a whole: half a document is worse than none, and jansson 2.14 may
		 * return it with a part left out */
		if (!lacks_memory)
			line = json_dumps(document, JSON_COMPACT | JSON_ENSURE_ASCII);
		lacks_memory |= !line;
	}
	errno = 0;
	if (line && !lacks_memory)
		puts(line);
	err = fflush(stdout) || ferror(stdout) ? -(errno ? errno : EIO) : 0;
	free(line);
	json_decref(document);
	document = NULL;
	return lacks_memory ? -ENOMEM : err;
}
