/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* HTTP GET, again and again, that never blocks: by libcurl on the epoll of the signals. */
#ifndef WEIR_FETCH_H
#define WEIR_FETCH_H

#include <stddef.h>

#include "signal_kind.h"

struct fetch;

struct fetch_ends {
	/* A piece of the body. NULL: it is kept, for fetch_body(). */
	void (*piece)(void *arg, const char *bytes, size_t size);
	/* The body has ended; if it has not, signal_failed() has been told already. */
	void (*whole)(void *arg, uint64_t now_ns);
	void *arg;
};

/* For the url, the files and the timeout that @signal wants; bodies of at most @size_max. NULL: no
 * memory. */
struct fetch *fetch_create(struct signal *signal, size_t size_max, const struct fetch_ends *ends);
void fetch_destroy(struct fetch *fetch);

/* Begins, unless one is under way. @url: another one than the signal's, or NULL. Returns whether
 * it has begun. */
bool fetch_begin(struct fetch *fetch, const char *url, uint64_t now_ns);
/* What has come, where there is no piece(); good until the next one begins. */
const char *fetch_body(const struct fetch *fetch, size_t *size);
/* When the fetch that has just ended began. */
uint64_t fetch_began_ns(const struct fetch *fetch);
/* Of the signal. */
void fetch_wake(struct fetch *fetch, uint64_t now_ns);

#endif
