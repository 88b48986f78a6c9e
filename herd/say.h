/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What herd says besides its report, to stderr: "herd: WHAT FAILED 'VALUE': REASON; WHAT TO DO". */
#ifndef HERD_SAY_H
#define HERD_SAY_H

void say_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
void say_warning(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* The progress line of a terminal, over the one before; NULL takes it away. */
void say_progress(const char *line);

#endif
