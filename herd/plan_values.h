/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* How the value of one word is read. Pure. Each returns how many of the words after it were taken, or
 * -EINVAL with a message. */
#ifndef HERD_PLAN_VALUES_H
#define HERD_PLAN_VALUES_H

#include <stddef.h>

#include "herd/plan_words.h"

struct plan_word {
	const char *name;
	enum plan_scope scope;
	int (*take)(struct plan_reading *reading, const struct plan_word *word, void *field,
		    const char *const *values);
	size_t offset; /* of the field in struct plan or plan_group */
	uint32_t min, max;
	bool is_flag; /* may stand alone */
};

int plan_complain(struct plan_reading *reading, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

int plan_value_number(struct plan_reading *reading, const struct plan_word *word, void *field,
		      const char *const *values);
int plan_value_seed(struct plan_reading *reading, const struct plan_word *word, void *field,
		    const char *const *values);
int plan_value_time(struct plan_reading *reading, const struct plan_word *word, void *field,
		    const char *const *values);
int plan_value_text(struct plan_reading *reading, const struct plan_word *word, void *field,
		    const char *const *values);
int plan_value_pattern(struct plan_reading *reading, const struct plan_word *word, void *field,
		       const char *const *values);
int plan_value_flag(struct plan_reading *reading, const struct plan_word *word, void *field,
		    const char *const *values);
int plan_value_rate(struct plan_reading *reading, const struct plan_word *word, void *field,
		    const char *const *values);
int plan_value_port(struct plan_reading *reading, const struct plan_word *word, void *field,
		    const char *const *values);
int plan_value_tls(struct plan_reading *reading, const struct plan_word *word, void *field,
		   const char *const *values);
int plan_value_mqtt(struct plan_reading *reading, const struct plan_word *word, void *field,
		    const char *const *values);
int plan_value_sources(struct plan_reading *reading, const struct plan_word *word, void *field,
		       const char *const *values);
int plan_value_start(struct plan_reading *reading, const struct plan_word *word, void *field,
		     const char *const *values);
int plan_value_backoff(struct plan_reading *reading, const struct plan_word *word, void *field,
		       const char *const *values);
/* `work`: what follows are words of their own. */
int plan_value_work(struct plan_reading *reading, const struct plan_word *word, void *field,
		    const char *const *values);
int plan_value_stack(struct plan_reading *reading, const struct plan_word *word, void *field,
		     const char *const *values);

#endif
