// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The configuration file, by libinih: it splits a line into key and value and takes comments off.
 * It reports neither line nor cause, and passes over in silence what an operator must hear of: the
 * end of a long line, text behind a section's ']', sections without keys. So read_line(), the
 * reader it is given, counts and checks the lines first.
 */
#include <ctype.h>
#include <errno.h>
#include <ini.h>
#include <string.h>

#include "config_sections.h"

/* Debian's libinih has this as a variable; upstream has a macro, of 200 bytes. */
extern int ini_max_line __attribute__((weak));

#define ELEMENT_MAX 64 /* beyond any address with a prefix length */

/* -- keys -------------------------------------------------------------------------------------- */

static const struct key *find_key(const struct key *keys, const char *name)
{
	for (; keys->name; keys++)
		if (!strcmp(keys->name, name))
			return keys;
	return NULL;
}

/* Where a key may belong that its own section does not have. */
static const struct {
	const struct key *keys;
	const char *section;
} kinds[] = {
	{ weir_keys, "[weir]" },
	{ listener_keys, "[listener NAME]" },
	{ prefix_keys, "[prefix ADDRESS/LENGTH]" },
	{ signal_keys, "[signal NAME]" },
};

static void complain_of_key(struct reading *reading, const char *name)
{
	const char *names[KEYS_MAX + 1] = { NULL };
	char quote[QUOTE_MAX], all[256] = "";
	const char *nearest;
	size_t count = 0;

	text_quote(quote, sizeof(quote), name);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (!find_key(kinds[i].keys, name))
			continue;
		COMPLAIN(reading, "unknown key '%s': it does not belong in [%s]; move it to %s",
			 quote, reading->section, kinds[i].section);
		return;
	}
	for (const struct key *key = reading->keys; key->name; key++) {
		names[count++] = key->name;
		strncat(all, count > 1 ? ", " : "", sizeof(all) - strlen(all) - 1);
		strncat(all, key->name, sizeof(all) - strlen(all) - 1);
	}
	nearest = text_nearest(name, names);
	if (!nearest) {
		COMPLAIN(reading, "unknown key '%s': [%s] has no such key; write one of %s", quote,
			 reading->section, all);
		return;
	}
	*reading->wrong |= find_key(reading->keys, nearest)->part;
	COMPLAIN(reading, "unknown key '%s': [%s] has no such key; did you mean '%s'?", quote,
		 reading->section, nearest);
}

static void complain_of_value(struct reading *reading, const struct key *key, const char *value,
			      const char *why)
{
	char quote[QUOTE_MAX];

	*reading->wrong |= key->part;
	COMPLAIN(reading, "%s '%s': %s", key->name, text_quote(quote, sizeof(quote), value), why);
}

static void take_value(struct reading *reading, const struct key *key, const char *value)
{
	void *field = (char *)reading->target + key->offset;
	char element[ELEMENT_MAX];
	const char *why = "is empty; write a value or remove the key", *list = value;
	int more;

	if (!*value || !key->list) {
		if (!*value || key->parse(key, field, value, &why))
			complain_of_value(reading, key, value, why);
		return;
	}
	while ((more = text_list_next(&list, element, sizeof(element))) > 0)
		if (key->parse(key, field, element, &why))
			complain_of_value(reading, key, element, why);
	if (more < 0)
		complain_of_value(reading, key, value,
				  "has a comma with nothing beside it; remove it");
}

/* The handler of libinih; its own idea of the section is cut to 49 bytes and not used. */
static int take_key(void *user, const char *section, const char *name, const char *value)
{
	struct reading *reading = user;
	const struct key *key;
	char quote[QUOTE_MAX];
	int *seen;

	(void)section;
	reading->quote[0] = '\0';
	if (reading->unknown)
		return 1;
	if (!reading->keys) {
		COMPLAIN(reading,
			 "key '%s': stands in no section; begin with [weir] or "
			 "[listener NAME]",
			 text_quote(quote, sizeof(quote), name));
		return 1;
	}
	key = find_key(reading->keys, name);
	if (!key) {
		complain_of_key(reading, name);
		return 1;
	}
	seen = &reading->seen[key - reading->keys];
	if (*seen) {
		COMPLAIN(reading, "key '%s': was given in line %d already; remove one", name,
			 *seen);
		return 1;
	}
	*seen = reading->line;
	take_value(reading, key, value);
	return 1;
}

/* -- lines ------------------------------------------------------------------------------------- */

/* A line that is refused may have been meant as any key. */
static void spoil_section(struct reading *reading)
{
	*reading->wrong = PARTS_ALL;
}

/* libinih called back for each line that it could split. */
static void complain_of_unsplit(struct reading *reading)
{
	if (reading->quote[0]) {
		spoil_section(reading);
		COMPLAIN(reading, "line '%s': has no '='; write KEY = VALUE", reading->quote);
	}
	reading->quote[0] = '\0';
}

/* Length of the next line, of which buf holds what fits; -1 at the end. */
static int next_line(struct reading *reading, char *buf, int size)
{
	int len = 0, c;

	while ((c = getc(reading->in)) != EOF && c != '\n') {
		if (reading->bytes++ == CONFIG_SIZE_MAX) {
			COMPLAIN(reading,
				 "file: is longer than 1 MiB; is it a configuration file?");
			reading->result = -EINVAL;
			return -1;
		}
		if (len < size - 1)
			buf[len] = (char)c;
		len++;
	}
	if (ferror(reading->in)) {
		if (errno == ETIMEDOUT)
			COMPLAIN(reading, "file: gave nothing for %d s; who is to write into it?",
				 CONFIG_WAIT_SECONDS);
		else
			COMPLAIN(reading, "file: cannot be read: %s", strerror(errno));
		reading->result = -EINVAL;
		return -1;
	}
	buf[len < size - 1 ? len : size - 1] = '\0';
	return c == EOF && !len ? -1 : len;
}

/* A tab, and the '\r' of a CRLF. NUL bytes are found by the length. */
static bool has_control(const char *line)
{
	for (; *line; line++)
		if (iscntrl((unsigned char)*line) && *line != '\t' && strcmp(line, "\r"))
			return true;
	return false;
}

/*
 * The reader of libinih: the next line if it must be split, else an empty one. Blanks before it are
 * cut, or libinih would take it for a continuation of the line before.
 */
static char *read_line(char *buf, int size, void *user)
{
	struct reading *reading = user;
	int held, len;
	char *start = buf;

	complain_of_unsplit(reading);
	len = reading->result ? -1 : next_line(reading, buf, size);
	if (len < 0)
		return NULL;
	reading->line++;
	held = (int)strlen(buf);
	if (reading->line == 1 && !strncmp(buf, "\xef\xbb\xbf", 3))
		start += 3;
	start += strspn(start, CONFIG_BLANKS);
	if (held < (len < size ? len : size - 1) || has_control(start)) {
		spoil_section(reading);
		COMPLAIN(reading, "line: holds a control character; is this a text file?");
		*buf = '\0';
	} else if (strchr(CONFIG_COMMENTS "\r", *start)) {
		*buf = '\0';
	} else if (len >= size - 1) {
		spoil_section(reading);
		COMPLAIN(reading, "line: is longer than %d bytes; shorten it", size - 2);
		*buf = '\0';
	} else if (*start == '[') {
		config_begin_section(reading, start);
		reading->quote[0] = *buf = '\0';
	} else {
		text_quote(reading->quote, sizeof(reading->quote), start);
		memmove(buf, start, strlen(start) + 1);
	}
	return buf;
}

int config_read(struct config *config, FILE *in, const char *name, struct config_errors *errors)
{
	struct reading reading = {
		.in = in,
		.name = name,
		.config = config,
		.errors = errors,
	};
	unsigned int errors_before = errors->count;

	reading.wrong = &reading.spare.wrong;
	if (&ini_max_line)
		ini_max_line = CONFIG_LINE_MAX + 2;
	if (ini_parse_stream(read_line, &reading, take_key, &reading) < 0)
		return -ENOMEM;
	if (reading.result)
		return reading.result;
	if (config_check(config, name, errors) == -ENOMEM)
		return -ENOMEM;
	return errors->count == errors_before ? 0 : -EINVAL;
}
