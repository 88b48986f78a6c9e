// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "promtext_put.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>

static void put_value(FILE *out, const char *value)
{
	for (; *value; value++) {
		if (*value == '\n')
			fputs("\\n", out);
		else if (*value == '\\' || *value == '"')
			fprintf(out, "\\%c", *value);
		else
			fputc(*value < ' ' || *value > '~' ? '?' : *value, out);
	}
}

/* The arguments are pairs of label and value, the last followed by NULL. */
static void put_labels(FILE *out, const char *metric, va_list pairs)
{
	char separator = '{';
	const char *label;

	fputs(metric, out);
	while ((label = va_arg(pairs, const char *))) {
		fprintf(out, "%c%s=\"", separator, label);
		put_value(out, va_arg(pairs, const char *));
		fputc('"', out);
		separator = ',';
	}
	fputs(separator == ',' ? "} " : " ", out);
}

void promtext_count(FILE *out, uint64_t value, const char *metric, ...)
{
	va_list pairs;

	va_start(pairs, metric);
	put_labels(out, metric, pairs);
	va_end(pairs);
	fprintf(out, "%" PRIu64 "\n", value);
}

void promtext_number(FILE *out, double value, const char *metric, ...)
{
	va_list pairs;

	va_start(pairs, metric);
	put_labels(out, metric, pairs);
	va_end(pairs);
	if (isinf(value))
		fputs("+Inf\n", out);
	else
		fprintf(out, "%.12g\n", value);
}

void promtext_head(FILE *out, const char *metric, const char *type, const char *help)
{
	fprintf(out, "# HELP %s %s\n# TYPE %s %s\n", metric, help, metric, type);
}
