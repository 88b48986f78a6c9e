/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Files that the operator names: configuration in, text out. */
#ifndef WEIR_FILE_H
#define WEIR_FILE_H

#include <stdio.h>

#include "config.h"

/* Initialises @config and reads @path into it, which may be a pipe: unless it is the terminal, each
 * part of it is waited for at most CONFIG_WAIT_SECONDS. Errors have been reported; then it needs no free. */
int file_read_config(struct config *config, const char *path);

/*
 * Writes @path as a whole or not at all: a temporary file in the same directory, renamed over it
 * once complete. Whoever reads @path sees the old or the new contents. Mode 0644. Only a plain file
 * is replaced; of several writers in a directory one waits for the other, at most 10 s. Errors have been reported.
 */
int file_write(const char *path, void (*write)(FILE *out, const void *arg), const void *arg);

#endif
