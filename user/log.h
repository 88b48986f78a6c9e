/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What weir says besides its output: to stderr, "weir: WHAT FAILED 'VALUE': REASON; WHAT TO DO", or
 * with -j in the document of output.h. */
#ifndef WEIR_LOG_H
#define WEIR_LOG_H

#include <stdbool.h>

enum log_level {
	LOG_QUIET,   /* errors and warnings */
	LOG_NORMAL,  /* and what was done */
	LOG_VERBOSE, /* and details, and what libbpf and the verifier say */
};

extern enum log_level log_level;

/* Something failed or needs the operator's attention. */
void log_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_warning(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Until it is called with false, errors are said as warnings: of what is tried beside the command's
 * own work, which goes on without it. */
void log_demote_errors(bool demote);
/* What is as it should be, but may surprise: with -v only. */
void log_detail(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* What a verb has done, to stdout; silenced by -q. */
void log_done(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Words that are wrong, and how they should be. */
void log_usage(const char *command, const char *usage, const char *reason);
/* For config_errors.report. */
void log_config_error(const char *name, int line, const char *message);
/* Routes libbpf's own messages by log_level. */
void log_init(void);
/* strerror() of a negative errno, with what to do for those that have one cause here. */
const char *log_reason(int err);

#endif
