/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * From numbers with names to the one value of a signal. A signal has one term, or those of its
 * preset; the one furthest over its target speaks for it. Pure.
 */
#ifndef WEIR_SIGNAL_TERMS_H
#define WEIR_SIGNAL_TERMS_H

#include <stdbool.h>
#include <stdint.h>

#include "config_signals.h"
#include "presets.h"
#include "promparse.h"

#define TERM_BUCKETS_MAX 64

enum term_part {
	TERM_METRIC,
	TERM_MINUS,
	TERM_OVER,
	TERM_PARTS,
};

struct signal_term_bucket {
	double bound; /* le */
	double count, before;
};

struct signal_term {
	enum value_kind kind;
	double quantile;
	double target;
	struct prom_selector parts[TERM_PARTS]; /* without a name: not asked for */
	/* of this reading, and of the one before */
	double sum[TERM_PARTS], before[TERM_PARTS];
	unsigned int seen[TERM_PARTS];
	struct signal_term_bucket buckets[TERM_BUCKETS_MAX];
	unsigned int buckets_count;
	bool too_many; /* buckets */
	bool has_before;
	uint64_t before_ns;
};

struct signal_terms {
	struct signal_term term[PRESET_TERMS_MAX];
	unsigned int count;
};

/* Of a signal that is complete. 0; or -EINVAL, *key is the one that is wrong and *why as of
 * text_parse_*. */
int signal_terms_init(struct signal_terms *terms, const struct wanted_signal *wanted,
		      const char **key, const char **why);

/* A reading: begin, add every sample, end. */
void signal_terms_begin(struct signal_terms *terms);
void signal_terms_add(struct signal_terms *terms, const struct prom_sample *sample);

struct signal_terms_value {
	double value, target;
	const char *metric; /* of the term, in @terms */
};

/*
 * The value at @now_ns, in *value; 0. Or -EAGAIN: a rate needs another reading, or nothing has
 * happened that a quantile could be of; -ENOENT: the metric *missing is not there; -ERANGE: it is
 * no finite number. Terms that have no value are passed over while another has one.
 */
int signal_terms_end(struct signal_terms *terms, uint64_t now_ns, struct signal_terms_value *value,
		     const char **missing);

/* What was counted is no basis for the next reading, as when the broker has begun anew. */
void signal_terms_forget(struct signal_terms *terms);

#endif
