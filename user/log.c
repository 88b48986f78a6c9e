// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <bpf/libbpf.h>

enum log_level log_level = LOG_NORMAL;

static void say(const char *prefix, const char *format, va_list args)
{
	fflush(stdout);
	fputs(prefix, stderr);
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
}

void log_error(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say("weir: ", format, args);
	va_end(args);
}

void log_warning(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say("weir: warning: ", format, args);
	va_end(args);
}

void log_detail(const char *format, ...)
{
	va_list args;

	if (log_level < LOG_VERBOSE)
		return;
	va_start(args, format);
	say("weir: ", format, args);
	va_end(args);
}

void log_done(const char *format, ...)
{
	va_list args;

	if (log_level < LOG_NORMAL)
		return;
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
}

static int log_libbpf(enum libbpf_print_level level, const char *format, va_list args)
{
	(void)level;
	return log_level < LOG_VERBOSE ? 0 : vfprintf(stderr, format, args);
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
