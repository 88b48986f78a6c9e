// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "herd/plan_values.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "herd/pattern.h"
#include "text.h"

#define QUOTE_MAX 128
#define HOUR_NS 3600000000000ULL

const char *const plan_start_names[] = { "impulse",  "uniform", "exponential",
					 "schedule", "closed",	NULL };
const char *const plan_tls_names[] = { "off", "any", "1.2", "1.3", NULL };

int plan_complain(struct plan_reading *reading, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(reading->message, sizeof(reading->message), format, args);
	va_end(args);
	return -EINVAL;
}

static int bad(struct plan_reading *reading, const struct plan_word *word, const char *value,
	       const char *why)
{
	char quote[QUOTE_MAX];

	return plan_complain(reading, "bad %s '%s': %s", word->name,
			     text_quote(quote, sizeof(quote), value), why);
}

int plan_value_number(struct plan_reading *reading, const struct plan_word *word, void *field,
		      const char *const *values)
{
	const char *why;

	if (text_parse_number(values[0], word->min, word->max, field, &why))
		return bad(reading, word, values[0], why);
	return 1;
}

int plan_value_seed(struct plan_reading *reading, const struct plan_word *word, void *field,
		    const char *const *values)
{
	uint32_t seed;
	const char *why;

	if (text_parse_number(values[0], 0, UINT32_MAX, &seed, &why))
		return bad(reading, word, values[0], why);
	*(uint64_t *)field = seed;
	return 1;
}

int plan_value_port(struct plan_reading *reading, const struct plan_word *word, void *field,
		    const char *const *values)
{
	uint32_t port;
	const char *why;

	if (text_parse_number(values[0], 1, UINT16_MAX, &port, &why))
		return bad(reading, word, values[0], why);
	*(uint16_t *)field = (uint16_t)port;
	return 1;
}

/* At most @max seconds if the word has a max. */
int plan_value_time(struct plan_reading *reading, const struct plan_word *word, void *field,
		    const char *const *values)
{
	uint64_t ns;
	const char *why;

	if (text_parse_duration(values[0], &ns, &why))
		return bad(reading, word, values[0], why);
	if (ns > 24 * HOUR_NS)
		return bad(reading, word, values[0], "is too long; write at most 24h");
	*(uint64_t *)field = ns;
	return 1;
}

int plan_value_text(struct plan_reading *reading, const struct plan_word *word, void *field,
		    const char *const *values)
{
	if (!*values[0])
		return bad(reading, word, values[0], "is empty; write something or leave it out");
	if (strlen(values[0]) >= PLAN_TEXT_MAX)
		return bad(reading, word, values[0], "is too long; use at most 255 characters");
	snprintf(field, PLAN_TEXT_MAX, "%s", values[0]);
	return 1;
}

int plan_value_pattern(struct plan_reading *reading, const struct plan_word *word, void *field,
		       const char *const *values)
{
	char expanded[PATTERN_EXPANDED_MAX];

	if (pattern_check(values[0]))
		return bad(reading, word, values[0],
			   "has a % that is not understood; write %d for the device's number, "
			   "%% for a percent sign");
	if (pattern_expand(expanded, sizeof(expanded), values[0], UINT32_MAX))
		return bad(reading, word, values[0],
			   "is too long with numbers in it; use at most 300 characters");
	return plan_value_text(reading, word, field, values);
}

int plan_value_flag(struct plan_reading *reading, const struct plan_word *word, void *field,
		    const char *const *values)
{
	(void)reading, (void)word, (void)values;
	*(bool *)field = true;
	return 0;
}

int plan_value_work(struct plan_reading *reading, const struct plan_word *word, void *field,
		    const char *const *values)
{
	static const char *const words[] = { "topics", "retained", "hello", "topic", NULL };
	const char *nearest;

	(void)word, (void)field;
	if (values[0] && text_parse_word(values[0], words) >= 0)
		return 0;
	nearest = values[0] ? text_nearest(values[0], words) : NULL;
	if (nearest)
		return plan_complain(reading, "bad work '%s': did you mean '%s'?", values[0],
				     nearest);
	return plan_complain(reading, "work needs to be told what; write work [topics N] "
				      "[retained N] [hello BYTES] [topic PATTERN]");
}

/* "N", "N.N", optionally with "/s" behind */
int plan_value_rate(struct plan_reading *reading, const struct plan_word *word, void *field,
		    const char *const *values)
{
	char *end;
	double rate = strtod(values[0], &end);

	if (strspn(values[0], "0123456789.") < strcspn(values[0], "/") ||
	    (*end && strcmp(end, "/s")) || end == values[0] || rate <= 0 || rate > 1e7)
		return bad(reading, word, values[0], "is not a rate; write N/s, as capacity says");
	*(double *)field = rate;
	return 1;
}

int plan_value_tls(struct plan_reading *reading, const struct plan_word *word, void *field,
		   const char *const *values)
{
	(void)reading, (void)word;
	*(enum plan_tls *)field = TLS_ANY;
	if (!values[0])
		return 0;
	if (!strcmp(values[0], "1.2"))
		*(enum plan_tls *)field = TLS_1_2;
	else if (!strcmp(values[0], "1.3"))
		*(enum plan_tls *)field = TLS_1_3;
	else if (values[0][0] >= '0' && values[0][0] <= '9')
		return bad(reading, word, values[0], "is no version herd speaks; write 1.2 or 1.3");
	else
		return 0;
	return 1;
}

int plan_value_mqtt(struct plan_reading *reading, const struct plan_word *word, void *field,
		    const char *const *values)
{
	if (!strcmp(values[0], "3.1.1"))
		*(enum plan_mqtt *)field = MQTT_3_1_1;
	else if (!strcmp(values[0], "5"))
		*(enum plan_mqtt *)field = MQTT_5;
	else
		return bad(reading, word, values[0], "is no version herd speaks; write 3.1.1 or 5");
	return 1;
}

int plan_value_sources(struct plan_reading *reading, const struct plan_word *word, void *field,
		       const char *const *values)
{
	struct plan_group *group = field;
	const char *why;

	if (text_parse_prefix(values[0], &group->sources, &group->sources_len, &why))
		return bad(reading, word, values[0], why);
	if (!group->sources_len)
		return bad(reading, word, values[0], "is every address; write a longer prefix");
	group->sources_said = true;
	return 1;
}

static int bad_choice(struct plan_reading *reading, const struct plan_word *word, const char *value,
		      const char *const *list)
{
	const char *nearest = text_nearest(value, list);
	char all[256] = "", quote[QUOTE_MAX];

	text_quote(quote, sizeof(quote), value);
	if (nearest)
		return plan_complain(reading, "bad %s '%s': did you mean '%s'?", word->name, quote,
				     nearest);
	for (int i = 0; list[i]; i++) {
		size_t used = strlen(all);

		snprintf(all + used, sizeof(all) - used, "%s%s", i ? ", " : "", list[i]);
	}
	return plan_complain(reading, "bad %s '%s': write one of %s", word->name, quote, all);
}

int plan_value_start(struct plan_reading *reading, const struct plan_word *word, void *field,
		     const char *const *values)
{
	struct plan_group *group = field;
	int start = text_parse_word(values[0], plan_start_names);
	const char *needs = "time", *why;

	if (start < 0)
		return bad_choice(reading, word, values[0], plan_start_names);
	group->start = (enum plan_start)start;
	if (start == START_IMPULSE)
		return 1;
	if (start == START_SCHEDULE)
		needs = "file";
	if (start == START_CLOSED)
		needs = "number";
	if (!values[1])
		return plan_complain(reading, "start %s needs a %s after it", values[0], needs);
	if (start == START_SCHEDULE)
		return plan_value_text(reading, word, group->schedule_file, values + 1) < 0
			       ? -EINVAL
			       : 2;
	if (start == START_CLOSED)
		return text_parse_number(values[1], 1, PLAN_DEVICES_MAX, &group->start_width, &why)
			       ? bad(reading, word, values[1], why)
			       : 2;
	return plan_value_time(reading, word, &group->start_ns, values + 1) < 0 ? -EINVAL : 2;
}

/* "T..T" */
static int parse_range(const char *text, uint64_t *min_ns, uint64_t *max_ns, const char **why)
{
	const char *dots = strstr(text, "..");
	char first[32];

	*why = "is not a range of times; write TIME..TIME, as in 1s..3s";
	if (!dots || (size_t)(dots - text) >= sizeof(first))
		return -EINVAL;
	memcpy(first, text, (size_t)(dots - text));
	first[dots - text] = '\0';
	if (text_parse_duration(first, min_ns, why) || text_parse_duration(dots + 2, max_ns, why))
		return -EINVAL;
	*why = "ends before it begins; write the shorter time first";
	if (*min_ns > *max_ns)
		return -EINVAL;
	*why = "is too long; write at most 24h";
	return *max_ns > 24 * HOUR_NS ? -EINVAL : 0;
}

static int bad_model(struct plan_reading *reading, const struct plan_word *word, const char *value)
{
	const char *list[32];
	size_t count = 0;

	for (size_t i = 0; backoff_names[i]; i++)
		list[count++] = backoff_names[i];
	for (size_t i = 0; backoff_presets[i].name; i++)
		list[count++] = backoff_presets[i].name;
	list[count] = NULL;
	return bad_choice(reading, word, value, list);
}

int plan_value_backoff(struct plan_reading *reading, const struct plan_word *word, void *field,
		       const char *const *values)
{
	struct plan_group *group = field;
	const struct backoff_preset *preset = backoff_preset_find(values[0]);
	struct backoff backoff = { 0 };
	int kind = text_parse_word(values[0], backoff_names);
	const char *why;

	if (kind < 0 && !preset)
		return bad_model(reading, word, values[0]);
	snprintf(group->backoff_name, sizeof(group->backoff_name), "%s", values[0]);
	if (preset) {
		group->backoff = preset->backoff;
		return 1;
	}
	backoff.kind = (enum backoff_kind)kind;
	if (!values[1])
		return plan_complain(reading, "backoff %s needs %s after it", values[0],
				     kind == BACKOFF_FIXED ? "a time, as 1s"
							   : "two times, as 1s..3s");
	if (kind == BACKOFF_FIXED) {
		if (plan_value_time(reading, word, &backoff.min_ns, values + 1) < 0)
			return -EINVAL;
		backoff.max_ns = backoff.min_ns;
	} else if (parse_range(values[1], &backoff.min_ns, &backoff.max_ns, &why)) {
		return bad(reading, word, values[1], why);
	}
	group->backoff = backoff;
	return 2;
}

int plan_value_stack(struct plan_reading *reading, const struct plan_word *word, void *field,
		     const char *const *values)
{
	struct plan *plan = field;
	const char *why;

	if (text_parse_name(values[0], sizeof(plan->stack), &why))
		return bad(reading, word, values[0], why);
	snprintf(plan->stack, sizeof(plan->stack), "%s", values[0]);
	return 1;
}
