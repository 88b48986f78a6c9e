/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Runs gnuplot. */
#ifndef HERD_GNUPLOT_H
#define HERD_GNUPLOT_H

#include <stdio.h>

/*
 * Writes to @path what gnuplot makes of the script that @write writes; @path appears, or is
 * replaced, only when all of it is there. 0 or -errno: -ENOENT of a missing gnuplot is -ENOEXEC,
 * -EPROTO: gnuplot failed, and has said why on standard error.
 */
int gnuplot_draw(const char *path, void (*write)(FILE *script, void *context), void *context);

#endif
