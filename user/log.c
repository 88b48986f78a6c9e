// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/libbpf.h>

#include "json_value.h"
#include "output.h"

enum log_level log_level = LOG_NORMAL;
static bool are_demoted;

#define WARNING "weir: warning: "

/* To stderr after @prefix, or into @list of the document. */
__attribute__((format(printf, 3, 0))) static void say(const char *list, const char *prefix,
						      const char *format, va_list args)
{
	if (output_is_json()) {
		output_message(list, format, args);
		return;
	}
	fflush(stdout);
	fputs(prefix, stderr);
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
}

void log_demote_errors(bool demote)
{
	are_demoted = demote;
}

void log_error(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	if (are_demoted)
		say(OUTPUT_WARNINGS, WARNING, format, args);
	else
		say(OUTPUT_ERRORS, "weir: ", format, args);
	va_end(args);
}

void log_warning(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say(OUTPUT_WARNINGS, WARNING, format, args);
	va_end(args);
}

void log_detail(const char *format, ...)
{
	va_list args;

	if (log_level < LOG_VERBOSE)
		return;
	va_start(args, format);
	say(OUTPUT_DEBUG, "weir: ", format, args);
	va_end(args);
}

void log_done(const char *format, ...)
{
	va_list args;

	if (log_level < LOG_NORMAL)
		return;
	va_start(args, format);
	if (output_is_json()) {
		output_message(OUTPUT_NOTES, format, args);
	} else {
		vprintf(format, args);
		putchar('\n');
	}
	va_end(args);
}

/* An error with more keys than its message; NULL without -j. */
__attribute__((format(printf, 1, 2))) static json_t *error_entry(const char *format, ...)
{
	json_t *entry;
	va_list args;

	va_start(args, format);
	entry = output_message(OUTPUT_ERRORS, format, args);
	va_end(args);
	return entry;
}

void log_usage(const char *command, const char *usage, const char *reason)
{
	const char *space = *usage ? " " : "";
	char *line;

	if (!output_is_json()) {
		log_error("%s\nusage: weir %s%s%s", reason, command, space, usage);
	} else if (asprintf(&line, "weir %s%s%s", command, space, usage) >= 0) {
		json_object_set_new(error_entry("%s", reason), "usage", json_text(line));
		free(line);
	}
}

void log_config_error(const char *name, int line, const char *message)
{
	json_t *entry = error_entry("%s", message);

	if (output_is_json()) {
		json_object_set_new(entry, "file", json_text(name));
		if (line)
			json_object_set_new(entry, "line", json_integer(line));
	} else if (line) {
		fprintf(stderr, "%s:%d: %s\n", name, line, message);
	} else {
		fprintf(stderr, "%s: %s\n", name, message);
	}
}

static int log_libbpf(enum libbpf_print_level level, const char *format, va_list args)
{
	(void)level;
	if (log_level < LOG_VERBOSE)
		return 0;
	if (!output_is_json())
		return vfprintf(stderr, format, args);
	output_message(OUTPUT_DEBUG, format, args);
	return 0;
}

void log_init(void)
{
	libbpf_set_print(log_libbpf);
}

const char *log_reason(int err)
{
	switch (-err) {
	case EPERM:
	case EACCES:
		if (geteuid())
			return "not permitted; run as root";
		return "not permitted; this root lacks CAP_SYS_ADMIN, or CAP_BPF, CAP_PERFMON and "
		       "CAP_NET_ADMIN: let the container or unit have them";
	case EROFS:
		return "read-only file system; `mount -o remount,rw` it";
	case EMFILE:
		return "too many open files; raise `ulimit -n`";
	case ENOSYS:
		return "the kernel has no such call; weir needs Linux 6.1 or later";
	default:
		return strerror(-err);
	}
}
