/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A file that a record is to be written to, opened before there is one, so that a long run is not in
 * vain. What it held before stays until the record is complete.
 */
#ifndef HERD_JSON_FILE_H
#define HERD_JSON_FILE_H

#include <stdbool.h>
#include <stdio.h>

#include <jansson.h>

struct json_file {
	const char *name; /* as said; the caller's */
	char *place;	  /* where it really is */
	char *beside;	  /* what is written to until then; NULL: to the place itself */
	FILE *file;	  /* NULL: not open */
};

/* @name "-": standard output; NULL or empty: none. 0 or -errno after saying what is wrong. */
int json_file_open(struct json_file *json_file, const char *name);
bool json_file_is_stdout(const struct json_file *json_file);
/* @record, which it takes over (NULL: there was no memory for it), as the whole of the file, with
 * @flags of jansson; closes. 0, also if there is no file, or -errno after saying what is wrong. */
int json_file_write(struct json_file *json_file, json_t *record, size_t flags);
/* Closes; all is as if it had not been opened. */
void json_file_drop(struct json_file *json_file);

#endif
