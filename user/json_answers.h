/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Numbers out of the JSON that others answer with. Pure. */
#ifndef WEIR_JSON_ANSWERS_H
#define WEIR_JSON_ANSWERS_H

#include <stddef.h>

#define JSON_WORDS_MAX 160

/*
 * The one number of a Prometheus server's answer to an instant query: a scalar, or a vector with
 * one series. 0; or -EINVAL, and @words says what is there instead, as printable ASCII.
 */
int json_promql_value(const char *text, size_t size, double *value, char words[JSON_WORDS_MAX]);

/*
 * Calls take() for every number that has a key, at any depth, and for text that is a number. 0; or
 * -EINVAL, with @words as above.
 */
int json_each_number(const char *text, size_t size,
		     void (*take)(void *arg, const char *key, double value), void *arg,
		     char words[JSON_WORDS_MAX]);

#endif
