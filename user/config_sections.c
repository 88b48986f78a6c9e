// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The headings of the configuration file: which keys follow, and what they fill. */
#include <errno.h>
#include <string.h>

#include "config_sections.h"

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

static void begin_prefix(struct reading *reading, const char *text)
{
	const char *why = "is not given; write [prefix ADDRESS/LENGTH]";
	struct wanted_address source;
	struct wanted_rule *added;
	char quote[QUOTE_MAX];
	bool masked = false;
	int wrong = -EINVAL;

	reading->keys = prefix_keys;
	reading->target = &reading->spare_rule;
	if (*text)
		wrong = text_parse_source(text, &source.prefix, &source.len, &masked, &why);
	if (masked)
		why = "has bits set behind the prefix length; clear them or lengthen the prefix";
	if (wrong || masked) {
		COMPLAIN(reading, "prefix '%s': %s", text_quote(quote, sizeof(quote), text), why);
		return;
	}
	added = config_add_rule(reading->config, &source);
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
	static const char *const sections[] = { "weir", "listener", "prefix", "signal", NULL };
	const char *nearest = text_nearest(word, sections);

	reading->unknown = true;
	if (nearest)
		COMPLAIN(reading,
			 "unknown section '%s': there is no such section; did you mean "
			 "'%s'?",
			 reading->section, nearest);
	else
		COMPLAIN(reading,
			 "unknown section '%s': there is no such section; write [weir], "
			 "[listener NAME], [prefix ADDRESS/LENGTH] or [signal NAME]",
			 reading->section);
}

void config_begin_section(struct reading *reading, char *line)
{
	char *word = line + 1 + strspn(line + 1, CONFIG_BLANKS);
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
	behind = end + 1 + strspn(end + 1, CONFIG_BLANKS "\r");
	if (*behind && !strchr(CONFIG_COMMENTS, *behind)) {
		COMPLAIN(reading,
			 "section '%s': has text behind its ']'; move it to a line of "
			 "its own",
			 reading->quote);
		return;
	}
	reading->unknown = false;
	*end = '\0';
	while (end > word && strchr(CONFIG_BLANKS, end[-1]))
		*--end = '\0';
	text_quote(reading->section, sizeof(reading->section), word);
	rest = word + strcspn(word, CONFIG_BLANKS);
	if (*rest)
		*rest++ = '\0';
	rest += strspn(rest, CONFIG_BLANKS);
	if (!strcmp(word, "weir"))
		begin_weir(reading, rest);
	else if (!strcmp(word, "listener"))
		begin_listener(reading, rest);
	else if (!strcmp(word, "prefix"))
		begin_prefix(reading, rest);
	else if (!strcmp(word, "signal"))
		config_begin_signal(reading, rest);
	else
		begin_unknown(reading, word);
}
