// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "promparse.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define LABEL_START "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_"
#define DIGITS "0123456789"
#define BLANKS " \t"
/* what strtod() takes more than the format has: blanks, "nan(text)" */
#define NUMBER_CHARS DIGITS "+-._abcdefinptyxABCDEFINPTYX"

static char *skip_blanks(char *text)
{
	return text + strspn(text, BLANKS);
}

/* Length of a name at @text, 0: there is none. Metrics may have ':' in theirs. */
static size_t name_length(const char *text, bool metric)
{
	const char *more = metric ? LABEL_START ":" DIGITS : LABEL_START DIGITS;

	if (!*text || !strchr(metric ? LABEL_START ":" : LABEL_START, *text))
		return 0;
	return strspn(text, more);
}

/* Takes the quotes and escapes off the value at @text, in place. Returns what is behind it, or
 * NULL. */
static char *unquote(char *text, const char **value)
{
	char *to = text;

	if (*text++ != '"')
		return NULL;
	*value = to;
	for (; *text && *text != '"'; text++) {
		if (*text != '\\') {
			*to++ = *text;
			continue;
		}
		text++;
		if (*text == 'n')
			*to++ = '\n';
		else if (*text == '\\' || *text == '"')
			*to++ = *text;
		else
			return NULL;
	}
	if (*text != '"')
		return NULL;
	*to = '\0';
	return text + 1;
}

/* label="value" pairs up to the closing brace. Returns what is behind it, or NULL. */
static char *parse_labels(char *text, struct prom_sample *sample)
{
	for (;;) {
		struct prom_label *label = &sample->labels[sample->labels_count];
		size_t len;
		char *end;

		text = skip_blanks(text);
		if (*text == '}')
			return text + 1;
		len = name_length(text, false);
		if (!len || sample->labels_count == PROM_LABELS_MAX)
			return NULL;
		end = text + len;
		label->name = text;
		text = skip_blanks(end);
		if (*text != '=')
			return NULL;
		text = skip_blanks(text + 1);
		*end = '\0';
		text = unquote(text, &label->value);
		if (!text)
			return NULL;
		sample->labels_count++;
		text = skip_blanks(text);
		if (*text == ',')
			text++;
		else if (*text != '}')
			return NULL;
	}
}

bool prom_parse_value(const char *text, double *value)
{
	char *end;

	if (!*text || text[strspn(text, NUMBER_CHARS)])
		return false;
	*value = strtod(text, &end);
	return !*end && end != text;
}

/* A time stamp is an integer, of milliseconds; that of OpenMetrics has a fraction. */
static bool is_time(const char *text)
{
	if (*text == '-')
		text++;
	return *text && !text[strspn(text, DIGITS ".")];
}

/* The value, and behind it a time and an exemplar: "# {...} value time". */
static bool parse_tail(char *text, double *value)
{
	char *word = text, *end = text + strcspn(text, BLANKS), *rest = skip_blanks(end);
	char *time_end;

	*end = '\0';
	if (!prom_parse_value(word, value))
		return false;
	if (!*rest || *rest == '#')
		return true;
	time_end = rest + strcspn(rest, BLANKS);
	text = skip_blanks(time_end);
	*time_end = '\0';
	return is_time(rest) && (!*text || *text == '#');
}

static bool parse_line(struct prom_reader *reader)
{
	struct prom_sample sample = { .labels_count = 0 };
	char *text, *name_end, *last = reader->line + reader->used;
	size_t len;

	while (last > reader->line && strchr(BLANKS "\r", last[-1]))
		last--;
	*last = '\0';
	text = skip_blanks(reader->line);
	if (!*text || *text == '#')
		return true;
	len = name_length(text, true);
	if (!len)
		return false;
	sample.name = text;
	name_end = text + len;
	text = skip_blanks(name_end);
	if (*text == '{') {
		text = parse_labels(text + 1, &sample);
		if (!text)
			return false;
		text = skip_blanks(text);
	} else if (text == name_end) {
		return false;
	}
	*name_end = '\0';
	if (!parse_tail(text, &sample.value))
		return false;
	reader->take(reader->arg, &sample);
	return true;
}

static void end_line(struct prom_reader *reader)
{
	bool right = !reader->too_long && !memchr(reader->line, '\0', reader->used);

	reader->lines++;
	if (right)
		right = parse_line(reader);
	if (!right && !reader->wrong++)
		reader->first_wrong = reader->lines;
	reader->used = 0;
	reader->too_long = false;
}

void prom_begin(struct prom_reader *reader,
		void (*take)(void *arg, const struct prom_sample *sample), void *arg)
{
	reader->take = take;
	reader->arg = arg;
	reader->lines = reader->wrong = reader->first_wrong = 0;
	reader->too_long = false;
	reader->used = 0;
}

void prom_feed(struct prom_reader *reader, const char *bytes, size_t size)
{
	while (size) {
		const char *end = memchr(bytes, '\n', size);
		size_t len = end ? (size_t)(end - bytes) : size;

		/* one byte is for the '\0' */
		if (len >= sizeof(reader->line) - reader->used) {
			reader->too_long = true;
		} else if (!reader->too_long) {
			memcpy(reader->line + reader->used, bytes, len);
			reader->used += len;
		}
		if (!end)
			return;
		end_line(reader);
		bytes += len + 1;
		size -= len + 1;
	}
}

bool prom_end(const struct prom_reader *reader)
{
	return !reader->used && !reader->too_long;
}

/* -- selectors --------------------------------------------------------------------------------- */

static int parse_matcher(char **text, struct prom_selector *selector, const char **why)
{
	struct prom_matcher *matcher = &selector->matchers[selector->count];
	const char *value;
	size_t len;
	char *at = *text;

	*why = "has too many labels; write at most 8";
	_Static_assert(PROM_MATCHERS_MAX == 8, "the number of the message");
	if (selector->count == PROM_MATCHERS_MAX)
		return -EINVAL;
	*why = "is not a list of labels; write label=\"value\", other!=\"value\"";
	len = name_length(at, false);
	if (!len || len >= sizeof(matcher->label))
		return -EINVAL;
	memcpy(matcher->label, at, len);
	matcher->label[len] = '\0';
	at = skip_blanks(at + len);
	matcher->differs = *at == '!';
	if (matcher->differs)
		at++;
	if (*at++ != '=')
		return -EINVAL;
	if (*at == '~') {
		*why = "has a regular expression; a signal compares with = and !=, "
		       "type = promql can more";
		return -EINVAL;
	}
	at = unquote(skip_blanks(at), &value);
	if (!at || strlen(value) >= sizeof(matcher->value))
		return -EINVAL;
	strcpy(matcher->value, value);
	selector->count++;
	*text = at;
	return 0;
}

/* Matchers up to @last, a brace or the end. */
static int parse_matchers(char *text, char last, struct prom_selector *selector, const char **why)
{
	text = skip_blanks(text);
	while (*text != last) {
		if (parse_matcher(&text, selector, why))
			return -EINVAL;
		text = skip_blanks(text);
		if (*text == ',')
			text = skip_blanks(text + 1);
		else if (*text != last)
			return -EINVAL;
	}
	if (last && *skip_blanks(text + 1)) {
		*why = "has text behind its '}'; remove it";
		return -EINVAL;
	}
	return 0;
}

/* unquote() writes into what it reads. */
static int parse_copy(const char *text, char last, struct prom_selector *selector, const char **why)
{
	struct prom_selector parsed = *selector;
	char *copy = strdup(text);
	int result;

	*why = "cannot be read: out of memory";
	if (!copy)
		return -EINVAL;
	result = parse_matchers(copy, last, &parsed, why);
	free(copy);
	if (!result)
		*selector = parsed;
	return result;
}

int prom_parse_labels(const char *text, struct prom_selector *selector, const char **why)
{
	return parse_copy(text, '\0', selector, why);
}

int prom_parse_selector(const char *text, struct prom_selector *selector, const char **why)
{
	struct prom_selector parsed = { .count = 0 };
	size_t len = name_length(text, true);
	const char *rest = text + len;

	*why = "is not the name of a metric; write NAME or NAME{label=\"value\"}";
	if (!len || len >= sizeof(parsed.name))
		return -EINVAL;
	memcpy(parsed.name, text, len);
	rest += strspn(rest, BLANKS);
	if (*rest && *rest != '{')
		return -EINVAL;
	if (*rest && parse_copy(rest + 1, '}', &parsed, why))
		return -EINVAL;
	*selector = parsed;
	return 0;
}

const char *prom_label_value(const struct prom_sample *sample, const char *name)
{
	for (unsigned int i = 0; i < sample->labels_count; i++)
		if (!strcmp(sample->labels[i].name, name))
			return sample->labels[i].value;
	return NULL;
}

bool prom_labels_match(const struct prom_selector *selector, const struct prom_sample *sample)
{
	for (unsigned int i = 0; i < selector->count; i++) {
		const struct prom_matcher *matcher = &selector->matchers[i];
		const char *value = prom_label_value(sample, matcher->label);

		if (!strcmp(value ? value : "", matcher->value) == matcher->differs)
			return false;
	}
	return true;
}
