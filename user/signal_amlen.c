// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Eclipse Amlen's monitoring, or any JSON whose numbers have names. */
#include <errno.h>
#include <stdlib.h>

#include "fetch.h"
#include "json_answers.h"
#include "signal_kind.h"
#include "signal_terms.h"

#define ANSWER_MAX (1U << 20)

struct amlen {
	struct signal *signal;
	struct fetch *fetch;
	struct signal_terms terms;
};

static void take_number(void *arg, const char *key, double value)
{
	const struct prom_sample sample = { .name = key, .value = value };
	struct amlen *amlen = arg;

	signal_terms_add(&amlen->terms, &sample);
}

static void take_whole(void *arg, uint64_t now_ns)
{
	struct amlen *amlen = arg;
	struct signal *signal = amlen->signal;
	uint64_t began_ns = fetch_began_ns(amlen->fetch);
	struct signal_terms_value value;
	char words[JSON_WORDS_MAX];
	const char *body, *missing;
	size_t size;
	int err;

	(void)now_ns;
	body = fetch_body(amlen->fetch, &size);
	signal_terms_begin(&amlen->terms);
	if (json_each_number(body, size, take_number, amlen, words)) {
		signal_failed(signal, "%s", words);
		return;
	}
	err = signal_terms_end(&amlen->terms, began_ns, &value, &missing);
	if (!err)
		signal_took(signal, began_ns, value.value, value.target, value.metric);
	else if (err == -EAGAIN)
		signal_waits(signal, "nothing to compare with yet");
	else
		signal_failed(signal, "the answer has no finite '%s'", missing);
}

static void close_amlen(struct signal *signal)
{
	struct amlen *amlen = signal->own;

	fetch_destroy(amlen->fetch);
	free(amlen);
}

static int open_amlen(struct signal *signal)
{
	struct amlen *amlen = calloc(1, sizeof(*amlen));
	const struct fetch_ends ends = { .whole = take_whole, .arg = amlen };
	const char *key, *why;
	int err;

	if (!amlen)
		return -ENOMEM;
	signal->own = amlen;
	amlen->signal = signal;
	err = signal_terms_init(&amlen->terms, &signal->wanted, &key, &why);
	if (!err)
		amlen->fetch = fetch_create(signal, ANSWER_MAX, &ends);
	if (!amlen->fetch) {
		close_amlen(signal);
		return err ? err : -ENOMEM;
	}
	return 0;
}

static void begin(struct signal *signal, uint64_t now_ns)
{
	struct amlen *amlen = signal->own;

	fetch_begin(amlen->fetch, NULL, now_ns);
}

static void wake(struct signal *signal, uint64_t now_ns)
{
	struct amlen *amlen = signal->own;

	fetch_wake(amlen->fetch, now_ns);
}

const struct signal_kind signal_amlen = {
	.open = open_amlen,
	.begin = begin,
	.wake = wake,
	.close = close_amlen,
};
