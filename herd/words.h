/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The words of `herd relay` and `herd flood`: pairs of a name and a value. Pure. */
#ifndef HERD_WORDS_H
#define HERD_WORDS_H

#include <stddef.h>

#define WORDS_MESSAGE_MAX 512

struct word {
	const char *name;
	/* 0, or -EINVAL and *why as in user/text.h */
	int (*parse)(const char *text, void *field, const char **why);
	void *field;
};

/* The words of a table that ends with an empty name, each once at most. 0, or -EINVAL and a message. */
int words_take(const struct word *words, char **said, char message[WORDS_MESSAGE_MAX]);

int words_time_ns(const char *text, void *field, const char **why); /* uint64_t */
int words_seed(const char *text, void *field, const char **why);    /* uint64_t */
int words_count(const char *text, void *field, const char **why);   /* uint64_t, up to 2^32 - 1 */
int words_share(const char *text, void *field, const char **why);   /* uint32_t, ppm */
int words_bits(const char *text, void *field, const char **why);    /* uint64_t, a second */
int words_per_sec(const char *text, void *field, const char **why); /* double */
int words_text(const char *text, void *field, const char **why);    /* const char * */

#endif
