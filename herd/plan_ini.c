// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "herd/plan_ini.h"

#include <errno.h>
#include <ini.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "herd/plan_values.h"
#include "text.h"

#define WORDS_MAX 32
#define NAME_MAX_LEN 32 /* of plan_group.name */
#define QUOTE_MAX 128
#define LINE_MAX 1024

/* Debian's libinih has this as a variable; upstream has a macro, of 200 bytes. */
extern int ini_max_line __attribute__((weak));

/* What libinih does not tell: the line, and whether it was cut. */
struct ini {
	struct plan_reading *reading;
	FILE *file;
	unsigned int line, failed_line;
	bool too_long;
	bool failed;
	char section[50];
	bool in_section;
	uint64_t run_seen;
};

static int fail(struct ini *ini)
{
	if (!ini->failed)
		ini->failed_line = ini->line;
	ini->failed = true;
	return 0;
}

static char *read_line(char *text, int size, void *stream)
{
	struct ini *ini = stream;

	if (ini->failed || !fgets(text, size, ini->file))
		return NULL;
	ini->line++;
	if (strchr(text, '\n') || feof(ini->file))
		return text;
	plan_complain(ini->reading, "is too long; write at most %d characters in a line", size - 2);
	fail(ini);
	return NULL;
}

static bool is_devices(const char *section, const char **name)
{
	static const char start[] = "devices";

	if (strncmp(section, start, sizeof(start) - 1))
		return false;
	*name = section + sizeof(start) - 1;
	if (**name && **name != ' ')
		return false;
	*name += strspn(*name, " ");
	return true;
}

static int enter_section(struct ini *ini, const char *section)
{
	struct plan_reading *reading = ini->reading;
	const char *name, *why;
	char quote[QUOTE_MAX];

	snprintf(ini->section, sizeof(ini->section), "%s", section);
	ini->in_section = true;
	reading->group = NULL;
	if (!strcmp(section, "run")) {
		reading->scopes = SCOPE_RUN;
		reading->seen = ini->run_seen;
		return 1;
	}
	if (!is_devices(section, &name)) {
		plan_complain(reading, "unknown section '[%s]': write [run] or [devices NAME]",
			      text_quote(quote, sizeof(quote), section));
		return fail(ini);
	}
	if (text_parse_name(name, NAME_MAX_LEN, &why)) {
		plan_complain(reading, "bad name of devices '%s': %s",
			      text_quote(quote, sizeof(quote), name), why);
		return fail(ini);
	}
	for (uint32_t i = 0; i < reading->plan->groups_count; i++) {
		if (strcmp(reading->plan->groups[i].name, name))
			continue;
		plan_complain(reading, "section '[devices %s]' is there twice; choose another name",
			      name);
		return fail(ini);
	}
	reading->scopes = SCOPE_GROUP;
	reading->seen = 0;
	reading->group = plan_add_group(reading->plan, name);
	if (reading->group)
		return 1;
	plan_complain(reading, "too many sections of devices; at most %d", PLAN_GROUPS_MAX);
	return fail(ini);
}

/* The key, then the words of the value; "yes" stands for none. */
static int take_words(struct ini *ini, const char *key, char *value)
{
	const char *words[WORDS_MAX + 1] = { key };
	size_t count = 1;
	char *rest = NULL;

	for (char *word = strtok_r(value, " \t", &rest); word;
	     word = strtok_r(NULL, " \t", &rest)) {
		if (count == WORDS_MAX)
			return plan_complain(ini->reading, "'%s' has too many words", key);
		words[count++] = word;
	}
	if (count == 1)
		return plan_complain(ini->reading,
				     "'%s' has no value; write one, yes for a word alone", key);
	if (count == 2 && !strcmp(words[1], "yes"))
		words[1] = NULL;
	return plan_take_words(ini->reading, words);
}

static int take_key(void *user, const char *section, const char *key, const char *value)
{
	struct ini *ini = user;
	char *copy;
	int err;

	if (ini->failed)
		return 0;
	if (!*section) {
		plan_complain(ini->reading,
			      "'%s' stands in no section; begin with [run] or [devices NAME]", key);
		return fail(ini);
	}
	if ((!ini->in_section || strcmp(section, ini->section)) && !enter_section(ini, section))
		return 0;
	copy = strdup(value);
	err = copy ? take_words(ini, key, copy) : -ENOMEM;
	free(copy);
	if (ini->reading->scopes == SCOPE_RUN)
		ini->run_seen = ini->reading->seen;
	return err ? fail(ini) : 1;
}

int plan_read_ini(struct plan_reading *reading, FILE *file, unsigned int *line)
{
	struct ini ini = { .reading = reading, .file = file };
	int result;

	if (&ini_max_line)
		ini_max_line = LINE_MAX;
	result = ini_parse_stream(read_line, &ini, take_key, &ini);
	*line = ini.failed ? ini.failed_line : 0;
	if (ini.failed)
		return -EINVAL;
	if (result > 0) {
		*line = (unsigned int)result;
		return plan_complain(reading, "is neither [SECTION] nor KEY = VALUE");
	}
	if (result < 0 || ferror(file))
		return plan_complain(reading, "cannot be read");
	return 0;
}
