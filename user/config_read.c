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

#include "config.h"
#include "config_keys.h"

/* Debian's libinih has this as a variable; upstream has a macro, of 200 bytes. */
extern int ini_max_line __attribute__((weak));

#define BLANKS " \t"
#define COMMENTS ";#"
#define QUOTE_MAX 72
#define ELEMENT_MAX 64 /* beyond any address with a prefix length */

struct reading {
	FILE *in;
	const char *name;
	struct config *config;
	struct config_errors *errors;
	size_t bytes;
	int line;
	int result;
	const struct key *keys; /* of this section; NULL: there was none, or one that is unknown */
	void *target;		/* what they fill */
	unsigned int *wrong;	/* its PART_*; never NULL */
	bool unknown;		/* keys of an unknown section are not looked at */
	int seen[KEYS_MAX];	/* line of each key of this section */
	struct wanted_listener spare; /* filled where a section is wrong: its keys are checked */
	char section[QUOTE_MAX];      /* as in the file, for messages */
	char quote[QUOTE_MAX];	      /* of a line that libinih must split; empty: none, or done */
};

#define COMPLAIN(reading, ...) \
	config_error((reading)->errors, (reading)->name, (reading)->line, __VA_ARGS__)

/* -- keys -------------------------------------------------------------------------------------- */

static const struct key *find_key(const struct key *keys, const char *name)
{
	for (; keys->name; keys++)
		if (!strcmp(keys->name, name))
			return keys;
	return NULL;
}

static void complain_of_key(struct reading *reading, const char *name)
{
	const struct key *others = reading->keys == weir_keys ? listener_keys : weir_keys;
	const char *names[KEYS_MAX + 1] = { NULL };
	char quote[QUOTE_MAX], all[256] = "";
	const char *nearest;
	size_t count = 0;

	text_quote(quote, sizeof(quote), name);
	if (find_key(others, name)) {
		COMPLAIN(reading, "unknown key '%s': it does not belong in [%s]; move it to [%s]",
			 quote, reading->section, others == weir_keys ? "weir" : "listener NAME");
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

/* -- sections ---------------------------------------------------------------------------------- */

static void begin_weir(struct reading *reading, const char *rest)
{
	reading->keys = weir_keys;
	reading->target = reading->config;
	reading->wrong = &reading->config->wrong;
	if (*rest)
		COMPLAIN(reading, "section '%s': takes no name; write [weir]", reading->section);
	else if (reading->config->line)
		COMPLAIN(reading, "section 'weir': was begun in line %d already; join the two",
			 reading->config->line);
	else
		reading->config->line = reading->line;
}

static void begin_listener(struct reading *reading, const char *name)
{
	struct config *config = reading->config;
	struct wanted_listener *added;
	const char *why;
	char quote[QUOTE_MAX];

	reading->keys = listener_keys;
	reading->target = &reading->spare;
	config_init_listener(&reading->spare, "");
	text_quote(quote, sizeof(quote), name);
	if (!*name) {
		COMPLAIN(reading, "section 'listener': has no name; write [listener NAME]");
		return;
	}
	if (text_parse_name(name, LISTENER_NAME_MAX, &why)) {
		COMPLAIN(reading, "listener name '%s': %s", quote, why);
		return;
	}
	if (text_parse_level(name) >= 0) {
		COMPLAIN(reading,
			 "listener name '%s': is the word for a level of limits; choose "
			 "another name",
			 quote);
		return;
	}
	for (unsigned int i = 0; i < config->listeners_count; i++) {
		if (strcmp(config->listeners[i].name, name))
			continue;
		COMPLAIN(reading,
			 "listener '%s': was begun in line %d already; join the two or "
			 "rename one",
			 name, config->listeners[i].line);
		return;
	}
	if (config->listeners_count == LISTENERS_MAX) {
		COMPLAIN(reading, "listener '%s': is one too many; an instance has at most %d",
			 name, LISTENERS_MAX);
		return;
	}
	added = config_add_listener(config, name);
	if (!added) {
		reading->result = -ENOMEM;
		return;
	}
	added->line = reading->line;
	reading->target = added;
	reading->wrong = &added->wrong;
}

static void begin_unknown(struct reading *reading, const char *word)
{
	static const char *const sections[] = { "weir", "listener", NULL };
	const char *nearest = text_nearest(word, sections);

	reading->unknown = true;
	if (nearest)
		COMPLAIN(reading,
			 "unknown section '%s': there is no such section; did you mean "
			 "'%s'?",
			 reading->section, nearest);
	else
		COMPLAIN(reading,
			 "unknown section '%s': there is no such section; write [weir] "
			 "or [listener NAME]",
			 reading->section);
}

/* @line begins with '['. */
static void begin_section(struct reading *reading, char *line)
{
	char *word = line + 1 + strspn(line + 1, BLANKS);
	char *end = strchr(line, ']');
	const char *behind;
	char *rest;

	memset(reading->seen, 0, sizeof(reading->seen));
	reading->unknown = true;
	reading->wrong = &reading->spare.wrong;
	text_quote(reading->quote, sizeof(reading->quote), line);
	if (!end) {
		COMPLAIN(reading, "section '%s': has no ']'; write [weir] or [listener NAME]",
			 reading->quote);
		return;
	}
	behind = end + 1 + strspn(end + 1, BLANKS "\r");
	if (*behind && !strchr(COMMENTS, *behind)) {
		COMPLAIN(reading,
			 "section '%s': has text behind its ']'; move it to a line of "
			 "its own",
			 reading->quote);
		return;
	}
	reading->unknown = false;
	*end = '\0';
	while (end > word && strchr(BLANKS, end[-1]))
		*--end = '\0';
	text_quote(reading->section, sizeof(reading->section), word);
	rest = word + strcspn(word, BLANKS);
	if (*rest)
		*rest++ = '\0';
	rest += strspn(rest, BLANKS);
	if (!strcmp(word, "weir"))
		begin_weir(reading, rest);
	else if (!strcmp(word, "listener"))
		begin_listener(reading, rest);
	else
		begin_unknown(reading, word);
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
	start += strspn(start, BLANKS);
	if (held < (len < size ? len : size - 1) || has_control(start)) {
		spoil_section(reading);
		COMPLAIN(reading, "line: holds a control character; is this a text file?");
		*buf = '\0';
	} else if (strchr(COMMENTS "\r", *start)) {
		*buf = '\0';
	} else if (len >= size - 1) {
		spoil_section(reading);
		COMPLAIN(reading, "line: is longer than %d bytes; shorten it", size - 2);
		*buf = '\0';
	} else if (*start == '[') {
		begin_section(reading, start);
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
	config_check(config, name, errors);
	return errors->count == errors_before ? 0 : -EINVAL;
}
