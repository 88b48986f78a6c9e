// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* A page in the Prometheus text format, as every broker has one. */
#include <errno.h>
#include <stdlib.h>

#include "fetch.h"
#include "signal_kind.h"
#include "signal_terms.h"

/* Pages of brokers with a series for each queue or topic have several MiB. */
#define PAGE_MAX (16U << 20)

struct prometheus {
	struct signal *signal;
	struct fetch *fetch;
	struct signal_terms terms;
	struct prom_reader reader;
};

static void take_sample(void *arg, const struct prom_sample *sample)
{
	struct prometheus *prometheus = arg;

	signal_terms_add(&prometheus->terms, sample);
}

static void take_piece(void *arg, const char *bytes, size_t size)
{
	struct prometheus *prometheus = arg;

	prom_feed(&prometheus->reader, bytes, size);
}

static void say_missing(struct prometheus *prometheus, int err, const char *metric)
{
	const struct prom_reader *reader = &prometheus->reader;
	struct signal *signal = prometheus->signal;

	if (err == -EAGAIN)
		signal_waits(signal, "nothing to compare with yet, or nothing has happened");
	else if (err == -ERANGE)
		signal_failed(signal, "'%s' has no finite value, or is no histogram", metric);
	else if (reader->wrong)
		signal_failed(signal,
			      "no '%s' in %lu lines, of which %lu are no metrics, line %lu first",
			      metric, reader->lines, reader->wrong, reader->first_wrong);
	else
		signal_failed(signal, "no '%s' in %lu lines", metric, reader->lines);
}

static void take_whole(void *arg, uint64_t now_ns)
{
	struct prometheus *prometheus = arg;
	uint64_t began_ns = fetch_began_ns(prometheus->fetch);
	struct signal_terms_value value;
	const char *missing;
	int err;

	(void)now_ns;
	if (!prom_end(&prometheus->reader)) {
		signal_failed(prometheus->signal, "the page ends within a line");
		return;
	}
	err = signal_terms_end(&prometheus->terms, began_ns, &value, &missing);
	if (err)
		say_missing(prometheus, err, missing);
	else
		signal_took(prometheus->signal, began_ns, value.value, value.target, value.metric);
}

static void close_prometheus(struct signal *signal)
{
	struct prometheus *prometheus = signal->own;

	fetch_destroy(prometheus->fetch);
	free(prometheus);
}

static int open_prometheus(struct signal *signal)
{
	struct prometheus *prometheus = calloc(1, sizeof(*prometheus));
	const struct fetch_ends ends = { take_piece, take_whole, prometheus };
	const char *key, *why;
	int err;

	if (!prometheus)
		return -ENOMEM;
	signal->own = prometheus;
	prometheus->signal = signal;
	err = signal_terms_init(&prometheus->terms, &signal->wanted, &key, &why);
	if (!err)
		prometheus->fetch = fetch_create(signal, PAGE_MAX, &ends);
	if (!prometheus->fetch) {
		close_prometheus(signal);
		return err ? err : -ENOMEM;
	}
	return 0;
}

static void begin(struct signal *signal, uint64_t now_ns)
{
	struct prometheus *prometheus = signal->own;

	if (!fetch_begin(prometheus->fetch, NULL, now_ns))
		return;
	signal_terms_begin(&prometheus->terms);
	prom_begin(&prometheus->reader, take_sample, prometheus);
}

static void wake(struct signal *signal, uint64_t now_ns)
{
	struct prometheus *prometheus = signal->own;

	fetch_wake(prometheus->fetch, now_ns);
}

const struct signal_kind signal_prometheus = {
	.open = open_prometheus,
	.begin = begin,
	.wake = wake,
	.close = close_prometheus,
};
