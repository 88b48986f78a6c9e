// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The Prometheus text format, and what is made of its samples. Whatever the bytes: a page fed whole
 * and one fed in pieces give the same, counts add up, and a value that is given is finite, and of no
 * term less than nothing where that cannot be.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "signal_terms.h"

/* What is asked of the page, so that bytes can hit it. */
static const struct wanted_signal asked[] = {
	{ .type = SIGNAL_PROMETHEUS,
	  .kind = VALUE_GAUGE,
	  .target = 1,
	  .metric = "a{b=\"c\"}",
	  .over = "d" },
	{ .type = SIGNAL_PROMETHEUS, .kind = VALUE_RATE, .target = 1, .metric = "a", .minus = "d" },
	{ .type = SIGNAL_PROMETHEUS,
	  .kind = VALUE_QUANTILE,
	  .target = 1,
	  .quantile = 0.9,
	  .metric = "t" },
};
/* Random bytes are hardly ever a sample: each byte stands for one of these, or for itself. */
static const char *const pieces[] = { "a",
				      "d",
				      "t_bucket",
				      "{b=\"c\"}",
				      "{le=\"1\"}",
				      "{le=\"+Inf\"}",
				      "{le=\"0.5\"}",
				      " 1",
				      " 2e3",
				      " NaN",
				      " +Inf",
				      "\n",
				      "\n",
				      "{",
				      "}",
				      "\"",
				      "\\",
				      ",",
				      "=",
				      " ",
				      "# HELP",
				      " -7",
				      " 1e308" };
#define PIECES (sizeof(pieces) / sizeof(pieces[0]))

static void expect(bool right, const char *what)
{
	if (right)
		return;
	fprintf(stderr, "fuzz_promparse: %s\n", what);
	abort();
}

struct count {
	struct signal_terms *terms;
	unsigned long samples;
	uint64_t sum; /* of what was in them */
};

static void take(void *arg, const struct prom_sample *sample)
{
	struct count *count = arg;
	uint64_t bits;

	count->samples++;
	expect(*sample->name && sample->labels_count <= PROM_LABELS_MAX, "no sample");
	for (const char *c = sample->name; *c; c++)
		count->sum = count->sum * 31 + (unsigned char)*c;
	for (unsigned int i = 0; i < sample->labels_count; i++)
		count->sum = count->sum * 31 + strlen(sample->labels[i].name) * 7 +
			     strlen(sample->labels[i].value);
	memcpy(&bits, &sample->value, sizeof(bits));
	count->sum += bits;
	if (count->terms)
		signal_terms_add(count->terms, sample);
}

static size_t write_page(const uint8_t *data, size_t size, char *page, size_t room)
{
	size_t used = 0;

	for (size_t i = 0; i < size && used + 16 < room; i++) {
		if (data[i] < 8 * PIECES) {
			const char *piece = pieces[data[i] % PIECES];

			memcpy(page + used, piece, strlen(piece));
			used += strlen(piece);
		} else {
			page[used++] = (char)data[i];
		}
	}
	return used;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct prom_reader whole, pieced;
	static struct signal_terms terms[sizeof(asked) / sizeof(asked[0])];
	static char page[1 << 16];
	struct count first = { NULL, 0, 0 }, second;
	const char *key, *why, *missing;
	struct prom_selector selector = { .count = 0 };
	size_t used, step, half;

	if (!size)
		return 0;
	step = data[0] + 1;
	used = write_page(data + 1, size - 1, page, sizeof(page) - 1);
	prom_begin(&whole, take, &first);
	prom_feed(&whole, page, used);
	expect(first.samples + whole.wrong <= whole.lines, "more than there are lines");
	expect(!whole.wrong == !whole.first_wrong, "the first wrong line is lost");
	for (size_t i = 0; i < sizeof(asked) / sizeof(asked[0]); i++) {
		struct signal_terms_value value;

		second = (struct count){ &terms[i], 0, 0 };
		expect(!signal_terms_init(&terms[i], &asked[i], &key, &why), why);
		/* the same bytes as two readings */
		half = used / 2;
		for (int reading = 0; reading < 2; reading++) {
			signal_terms_begin(&terms[i]);
			if (!reading) {
				prom_begin(&pieced, take, &second);
				prom_feed(&pieced, page, half);
			} else {
				for (size_t at = half; at < used; at += step)
					prom_feed(&pieced, page + at,
						  used - at < step ? used - at : step);
			}
			if (signal_terms_end(&terms[i], (uint64_t)(reading + 1) * 1000000000ULL,
					     &value, &missing))
				continue;
			expect(isfinite(value.value), "a value that is none");
			expect(asked[i].kind == VALUE_GAUGE || value.value >= 0,
			       "less than nothing");
			expect(asked[i].kind != VALUE_QUANTILE || value.value <= 1,
			       "beyond the last bound");
		}
		expect(first.samples == second.samples && first.sum == second.sum &&
			       whole.wrong == pieced.wrong && whole.lines == pieced.lines &&
			       prom_end(&whole) == prom_end(&pieced),
		       "in pieces it is another page");
	}
	page[used] = '\0';
	prom_parse_selector(page, &selector, &why);
	prom_parse_labels(page, &selector, &why);
	expect(selector.count <= PROM_MATCHERS_MAX, "more labels than fit");
	return 0;
}
