// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The answer of a Prometheus server to a query: a whole fleet's word, or a shared back end's. */
#include <curl/curl.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fetch.h"
#include "json_answers.h"
#include "signal_kind.h"

/* One number and its labels. */
#define ANSWER_MAX (256U << 10)
#define PATH "/api/v1/query?query="

struct promql {
	struct signal *signal;
	struct fetch *fetch;
	char *url;
};

static void take_whole(void *arg, uint64_t now_ns)
{
	struct promql *promql = arg;
	struct signal *signal = promql->signal;
	char words[JSON_WORDS_MAX];
	const char *body;
	double value;
	size_t size;

	(void)now_ns;
	body = fetch_body(promql->fetch, &size);
	if (json_promql_value(body, size, &value, words))
		signal_failed(signal, "%s", words);
	else if (!isfinite(value))
		signal_failed(signal, "the query gives no finite value");
	else
		signal_took(signal, fetch_began_ns(promql->fetch), value, signal->wanted.target,
			    signal->wanted.query);
}

/* The server's url, which may have a path of its own and end in '/', and the query behind it. */
static char *make_url(const struct wanted_signal *wanted)
{
	char *query = curl_easy_escape(NULL, wanted->query, 0), *url = NULL;
	size_t len = strlen(wanted->url);

	while (len && wanted->url[len - 1] == '/')
		len--;
	if (query && asprintf(&url, "%.*s" PATH "%s", (int)len, wanted->url, query) < 0)
		url = NULL;
	curl_free(query);
	return url;
}

static void close_promql(struct signal *signal)
{
	struct promql *promql = signal->own;

	fetch_destroy(promql->fetch);
	free(promql->url);
	free(promql);
}

static int open_promql(struct signal *signal)
{
	struct promql *promql = calloc(1, sizeof(*promql));
	const struct fetch_ends ends = { .whole = take_whole, .arg = promql };

	if (!promql)
		return -ENOMEM;
	signal->own = promql;
	promql->signal = signal;
	promql->url = make_url(&signal->wanted);
	promql->fetch = fetch_create(signal, ANSWER_MAX, &ends);
	if (!promql->url || !promql->fetch) {
		close_promql(signal);
		return -ENOMEM;
	}
	return 0;
}

static void begin(struct signal *signal, uint64_t now_ns)
{
	struct promql *promql = signal->own;

	fetch_begin(promql->fetch, promql->url, now_ns);
}

static void wake(struct signal *signal, uint64_t now_ns)
{
	struct promql *promql = signal->own;

	fetch_wake(promql->fetch, now_ns);
}

const struct signal_kind signal_promql = {
	.open = open_promql,
	.begin = begin,
	.wake = wake,
	.close = close_promql,
};
