// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "herd/say.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>

static bool line_shown;

void say_progress(const char *line)
{
	if (line)
		fprintf(stderr, "\r\033[K%s", line);
	else if (line_shown)
		fputs("\r\033[K", stderr);
	line_shown = line;
}

__attribute__((format(printf, 2, 0))) static void say(const char *prefix, const char *format,
						      va_list args)
{
	say_progress(NULL);
	fflush(stdout);
	fputs(prefix, stderr);
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
}

void say_error(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say("herd: ", format, args);
	va_end(args);
}

void say_warning(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say("herd: warning: ", format, args);
	va_end(args);
}
