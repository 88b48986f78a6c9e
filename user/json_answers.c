// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "json_answers.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "promparse.h"
#include "text.h"

#define DEPTH_MAX 16

static int refuse(char words[JSON_WORDS_MAX], const char *what, const char *detail)
{
	char quote[96];

	if (detail)
		snprintf(words, JSON_WORDS_MAX, "%s: %s", what,
			 text_quote(quote, sizeof(quote), detail));
	else
		snprintf(words, JSON_WORDS_MAX, "%s", what);
	return -EINVAL;
}

/* [time, "value"] */
static int read_pair(json_t *pair, double *value, char words[JSON_WORDS_MAX])
{
	const char *text = json_string_value(json_array_get(pair, 1));

	if (!text || !prom_parse_value(text, value))
		return refuse(words, "the answer has no value", text);
	return 0;
}

static int read_promql(json_t *answer, double *value, char words[JSON_WORDS_MAX])
{
	const char *status = json_string_value(json_object_get(answer, "status"));
	json_t *data = json_object_get(answer, "data"), *result = json_object_get(data, "result");
	const char *type = json_string_value(json_object_get(data, "resultType"));

	if (!status)
		return refuse(words, "the answer is none of Prometheus", NULL);
	if (strcmp(status, "success")) {
		const char *error = json_string_value(json_object_get(answer, "error"));

		return refuse(words, "Prometheus refuses the query", error ? error : status);
	}
	if (!type)
		return refuse(words, "the answer is none of Prometheus", NULL);
	if (!strcmp(type, "scalar"))
		return read_pair(result, value, words);
	if (strcmp(type, "vector"))
		return refuse(words, "the query gives no instant vector or scalar, but a", type);
	if (!json_array_size(result))
		return refuse(words, "the query gives nothing; does the series exist?", NULL);
	if (json_array_size(result) > 1)
		return refuse(words, "the query gives several series; join them, as max(...)",
			      NULL);
	return read_pair(json_object_get(json_array_get(result, 0), "value"), value, words);
}

int json_promql_value(const char *text, size_t size, double *value, char words[JSON_WORDS_MAX])
{
	json_error_t error;
	json_t *answer = json_loadb(text, size, JSON_REJECT_DUPLICATES, &error);
	int result;

	if (!answer)
		return refuse(words, "the answer is not JSON", error.text);
	result = read_promql(answer, value, words);
	json_decref(answer);
	return result;
}

struct walk {
	void (*take)(void *arg, const char *key, double value);
	void *arg;
};

static void walk(const struct walk *with, const char *key, json_t *value, int depth)
{
	double number;

	if (depth > DEPTH_MAX)
		return;
	for (void *member = json_object_iter(value); member;
	     member = json_object_iter_next(value, member))
		walk(with, json_object_iter_key(member), json_object_iter_value(member), depth + 1);
	for (size_t i = 0; i < json_array_size(value); i++)
		walk(with, key, json_array_get(value, i), depth + 1);
	if (!key)
		return;
	if (json_is_number(value))
		with->take(with->arg, key, json_number_value(value));
	else if (json_is_string(value) && prom_parse_value(json_string_value(value), &number))
		with->take(with->arg, key, number);
}

int json_each_number(const char *text, size_t size,
		     void (*take)(void *arg, const char *key, double value), void *arg,
		     char words[JSON_WORDS_MAX])
{
	const struct walk with = { take, arg };
	json_error_t error;
	json_t *answer = json_loadb(text, size, 0, &error);

	if (!answer)
		return refuse(words, "the answer is not JSON", error.text);
	walk(&with, NULL, answer, 0);
	json_decref(answer);
	return 0;
}
