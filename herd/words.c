// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "herd/words.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "herd/amounts.h"
#include "text.h"

#define WORDS_MAX 16
#define QUOTE_MAX 128

__attribute__((format(printf, 2, 3))) static int complain(char *message, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(message, WORDS_MESSAGE_MAX, format, args);
	va_end(args);
	return -EINVAL;
}

static int unknown(const struct word *words, const char *said, char *message)
{
	const char *names[WORDS_MAX + 1], *nearest;
	char quote[QUOTE_MAX];
	size_t count = 0;

	for (; words->name && count < WORDS_MAX; words++)
		names[count++] = words->name;
	names[count] = NULL;
	nearest = text_nearest(said, names);
	text_quote(quote, sizeof(quote), said);
	if (nearest)
		return complain(message, "unknown word '%s': did you mean '%s'?", quote, nearest);
	return complain(message, "unknown word '%s'", quote);
}

int words_take(const struct word *words, char **said, char message[WORDS_MESSAGE_MAX])
{
	bool seen[WORDS_MAX] = { false };
	char quote[QUOTE_MAX];
	const char *why;

	for (; *said; said += 2) {
		size_t i = 0;

		while (words[i].name && strcmp(words[i].name, *said))
			i++;
		if (!words[i].name)
			return unknown(words, *said, message);
		if (seen[i])
			return complain(message, "'%s' is said twice; remove one", *said);
		seen[i] = true;
		if (!said[1])
			return complain(message, "'%s' needs a value after it", *said);
		if (words[i].parse(said[1], words[i].field, &why))
			return complain(message, "bad %s '%s': %s", *said,
					text_quote(quote, sizeof(quote), said[1]), why);
	}
	return 0;
}

int words_time_ns(const char *text, void *field, const char **why)
{
	return text_parse_duration(text, field, why);
}

int words_count(const char *text, void *field, const char **why)
{
	uint32_t count;
	int err = text_parse_number(text, 1, UINT32_MAX, &count, why);

	if (!err)
		*(uint64_t *)field = count;
	return err;
}

int words_seed(const char *text, void *field, const char **why)
{
	uint32_t seed;
	int err = text_parse_number(text, 0, UINT32_MAX, &seed, why);

	if (!err)
		*(uint64_t *)field = seed;
	return err;
}

int words_share(const char *text, void *field, const char **why)
{
	return amounts_parse_share(text, field, why);
}

int words_bits(const char *text, void *field, const char **why)
{
	return amounts_parse_bits(text, field, why);
}

int words_per_sec(const char *text, void *field, const char **why)
{
	struct rate rate;
	int err = text_parse_rate(text, &rate, why);

	if (err)
		return err;
	if (rate.unlimited || !rate.count) {
		*why = "has no end or no beginning; write N/s";
		return -EINVAL;
	}
	*(double *)field = (double)rate.count / rate.per_sec;
	return 0;
}

int words_text(const char *text, void *field, const char **why)
{
	(void)why;
	*(const char **)field = text;
	return 0;
}
