/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Reads the Prometheus text format (exposition format 0.0.4, and what OpenMetrics adds that a
 * server may send unasked) as it arrives, in pieces of any size. It keeps one line, never a page:
 * how long a page may be is for the caller to say. Pure.
 */
#ifndef WEIR_PROMPARSE_H
#define WEIR_PROMPARSE_H

#include <stdbool.h>
#include <stddef.h>

#define PROM_LINE_MAX 8192
#define PROM_LABELS_MAX 32
#define PROM_NAME_MAX 160
#define PROM_MATCHERS_MAX 8

struct prom_label {
	const char *name;
	const char *value; /* without its escapes */
};

/* One line; good until the callback returns. */
struct prom_sample {
	const char *name;
	struct prom_label labels[PROM_LABELS_MAX];
	unsigned int labels_count;
	double value; /* may be NaN or infinite */
};

struct prom_reader {
	void (*take)(void *arg, const struct prom_sample *sample);
	void *arg;
	unsigned long lines;	   /* seen so far */
	unsigned long wrong;	   /* of these, no line of the format */
	unsigned long first_wrong; /* its number, from 1; 0: none */
	bool too_long;
	size_t used;
	char line[PROM_LINE_MAX];
};

void prom_begin(struct prom_reader *reader,
		void (*take)(void *arg, const struct prom_sample *sample), void *arg);
/* Calls take() for every sample that is complete. Wrong lines are counted and passed over. */
void prom_feed(struct prom_reader *reader, const char *bytes, size_t size);
/* False: the page ends within a line, which is dropped: half a number is another number. */
bool prom_end(const struct prom_reader *reader);

struct prom_matcher {
	char label[64];
	char value[128];
	bool differs; /* != */
};

struct prom_selector {
	char name[PROM_NAME_MAX];
	struct prom_matcher matchers[PROM_MATCHERS_MAX];
	unsigned int count;
};

/* NAME or NAME{label="value", other!="value"}. Returns as text_parse_*. */
int prom_parse_selector(const char *text, struct prom_selector *selector, const char **why);
/* label="value", other!="value": added to those of @selector. Returns as text_parse_*. */
int prom_parse_labels(const char *text, struct prom_selector *selector, const char **why);

/* Do the labels fit? The name is not looked at. A label that is missing is an empty one. */
bool prom_labels_match(const struct prom_selector *selector, const struct prom_sample *sample);
/* The value of a label, or NULL. */
const char *prom_label_value(const struct prom_sample *sample, const char *name);

/* A number as the format writes it: decimal, NaN, +Inf, -Inf. False: it is none. */
bool prom_parse_value(const char *text, double *value);

#endif
