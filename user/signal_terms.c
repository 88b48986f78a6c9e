// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "signal_terms.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#define NS_PER_SECOND 1e9
#define LOAD_SECONDS 60.0 /* over which mosquitto averages its load/.../1min */

/* -- what is asked for ------------------------------------------------------------------------- */

/* Topics and JSON keys have no labels, and any character. */
static bool is_plain(const struct wanted_signal *wanted)
{
	return wanted->type == SIGNAL_MOSQUITTO || wanted->type == SIGNAL_AMLEN;
}

static int parse_part(struct prom_selector *part, const struct wanted_signal *wanted,
		      const char *text, const char **why)
{
	if (is_plain(wanted)) {
		*why = "is too long; write at most 159 characters";
		_Static_assert(PROM_NAME_MAX == 160, "the number of the message");
		if (strlen(text) >= sizeof(part->name))
			return -EINVAL;
		*why = "has a wildcard; name one topic";
		if (wanted->type == SIGNAL_MOSQUITTO && strpbrk(text, "+#"))
			return -EINVAL;
		strcpy(part->name, text);
		return 0;
	}
	return prom_parse_selector(text, part, why);
}

static int parse_parts(struct signal_term *term, const struct wanted_signal *wanted,
		       const char *const texts[TERM_PARTS], const char **key, const char **why)
{
	static const char *const keys[] = { "metric", "minus", "over" };

	for (int part = 0; part < TERM_PARTS; part++) {
		if (!texts[part] || !*texts[part])
			continue;
		*key = part == TERM_METRIC && wanted->type == SIGNAL_MOSQUITTO ? "topic"
									       : keys[part];
		if (parse_part(&term->parts[part], wanted, texts[part], why))
			return -EINVAL;
		*key = "labels";
		if (prom_parse_labels(wanted->labels, &term->parts[part], why))
			return -EINVAL;
	}
	return 0;
}

static int init_of_preset(struct signal_term *term, const struct wanted_signal *wanted,
			  const struct preset_term *preset, const char **key, const char **why)
{
	const char *const texts[] = { preset->metric, preset->minus, preset->over };

	*term = (struct signal_term){
		.kind = preset->kind,
		.quantile = wanted->quantile > 0 ? wanted->quantile : preset->quantile,
		.target = wanted->target > 0 ? wanted->target : preset->target,
	};
	return parse_parts(term, wanted, texts, key, why);
}

static int init_presets(struct signal_terms *terms, const struct wanted_signal *wanted,
			const char **key, const char **why)
{
	const struct preset *preset = wanted->preset;
	const char *one = *wanted->topic ? wanted->topic : wanted->metric;
	unsigned int count = preset_terms(preset);

	terms->count = 0;
	for (unsigned int i = 0; i < count; i++) {
		if (*one && strcmp(one, preset->terms[i].metric))
			continue;
		if (init_of_preset(&terms->term[terms->count++], wanted, &preset->terms[i], key,
				   why))
			return -EINVAL;
	}
	*key = *wanted->topic ? "topic" : "metric";
	*why = "is none of this preset's; leave it out, or write type instead of preset";
	if (!terms->count)
		return -EINVAL;
	*key = "target";
	*why = "is for which of the preset's metrics? Name one, as metric = NAME";
	return wanted->target > 0 && terms->count > 1 ? -EINVAL : 0;
}

int signal_terms_init(struct signal_terms *terms, const struct wanted_signal *wanted,
		      const char **key, const char **why)
{
	const char *const texts[] = { *wanted->topic ? wanted->topic : wanted->metric,
				      wanted->minus, wanted->over };

	if (wanted->preset)
		return init_presets(terms, wanted, key, why);
	terms->count = 1;
	terms->term[0] = (struct signal_term){
		.kind = wanted->kind,
		.quantile = wanted->quantile,
		.target = wanted->target,
	};
	return parse_parts(&terms->term[0], wanted, texts, key, why);
}

/* -- a reading --------------------------------------------------------------------------------- */

void signal_terms_begin(struct signal_terms *terms)
{
	for (unsigned int i = 0; i < terms->count; i++) {
		struct signal_term *term = &terms->term[i];

		memset(term->sum, 0, sizeof(term->sum));
		memset(term->seen, 0, sizeof(term->seen));
		for (unsigned int b = 0; b < term->buckets_count; b++)
			term->buckets[b].count = 0;
	}
}

/* Sorted by bound. */
static struct signal_term_bucket *find_bucket(struct signal_term *term, double bound)
{
	unsigned int at = 0;

	while (at < term->buckets_count && term->buckets[at].bound < bound)
		at++;
	if (at < term->buckets_count && term->buckets[at].bound == bound)
		return &term->buckets[at];
	term->too_many |= term->buckets_count == TERM_BUCKETS_MAX;
	if (term->too_many)
		return NULL;
	memmove(&term->buckets[at + 1], &term->buckets[at],
		(term->buckets_count - at) * sizeof(term->buckets[0]));
	term->buckets[at] = (struct signal_term_bucket){ .bound = bound };
	term->buckets_count++;
	return &term->buckets[at];
}

static void add_bucket(struct signal_term *term, const struct prom_sample *sample)
{
	const struct prom_selector *part = &term->parts[TERM_METRIC];
	const char *le = prom_label_value(sample, "le");
	size_t len = strlen(part->name);
	struct signal_term_bucket *bucket;
	double bound;

	if (!le || strncmp(sample->name, part->name, len) || strcmp(sample->name + len, "_bucket"))
		return;
	if (!prom_labels_match(part, sample) || !prom_parse_value(le, &bound) || isnan(bound))
		return;
	bucket = find_bucket(term, bound);
	if (!bucket)
		return;
	bucket->count += sample->value;
	term->seen[TERM_METRIC]++;
}

void signal_terms_add(struct signal_terms *terms, const struct prom_sample *sample)
{
	for (unsigned int i = 0; i < terms->count; i++) {
		struct signal_term *term = &terms->term[i];

		if (term->kind == VALUE_QUANTILE) {
			add_bucket(term, sample);
			continue;
		}
		for (int part = 0; part < TERM_PARTS; part++) {
			if (strcmp(term->parts[part].name, sample->name) ||
			    !prom_labels_match(&term->parts[part], sample))
				continue;
			term->sum[part] += sample->value;
			term->seen[part]++;
		}
	}
}

/* -- values ------------------------------------------------------------------------------------ */

static double combine(const struct signal_term *term, const double values[TERM_PARTS])
{
	double value = values[TERM_METRIC];

	/* fewer than nothing is nothing: what was behind has been made up for */
	if (*term->parts[TERM_MINUS].name)
		value = fmax(0, value - values[TERM_MINUS]);
	/* nothing of nothing is nothing */
	if (*term->parts[TERM_OVER].name && value != 0)
		value /= values[TERM_OVER];
	return value;
}

/* Growth a second. A counter that fell has begun anew, with whatever it is of; what is subtracted
 * may be a gauge. */
static int rate(const struct signal_term *term, double seconds, double *value)
{
	double values[TERM_PARTS];

	if (term->sum[TERM_METRIC] < term->before[TERM_METRIC] ||
	    term->sum[TERM_OVER] < term->before[TERM_OVER])
		return -EAGAIN;
	for (int part = 0; part < TERM_PARTS; part++)
		values[part] = (term->sum[part] - term->before[part]) / seconds;
	*value = combine(term, values);
	return 0;
}

/* mosquitto has new = now + e * (old - now), e = exp(-seconds / 60), a minute (sys_tree.c). */
static int load(const struct signal_term *term, double seconds, double *value)
{
	double e = exp(-seconds / LOAD_SECONDS), values[TERM_PARTS];

	for (int part = 0; part < TERM_PARTS; part++)
		values[part] = fmax(0, (term->sum[part] - e * term->before[part]) / (1 - e)) /
			       LOAD_SECONDS;
	*value = combine(term, values);
	return 0;
}

/* As histogram_quantile() of Prometheus: linear within a bucket, and what is above the last bound
 * is taken for it. */
static int quantile(const struct signal_term *term, double *value)
{
	double total, wanted, below = 0, from = 0;
	const struct signal_term_bucket *last;

	if (!term->buckets_count || term->too_many)
		return -ERANGE;
	last = &term->buckets[term->buckets_count - 1];
	if (!isinf(last->bound))
		return -ERANGE;
	total = last->count - last->before;
	/* begun anew, or nothing happened */
	if (!(total > 0))
		return -EAGAIN;
	wanted = term->quantile * total;
	for (unsigned int i = 0; i < term->buckets_count; i++) {
		const struct signal_term_bucket *bucket = &term->buckets[i];
		double upto = bucket->count - bucket->before;

		if (upto >= wanted && upto > below && !isinf(bucket->bound)) {
			*value = bucket->bound <= 0
					 ? bucket->bound
					 : from + (bucket->bound - from) * (wanted - below) /
							   (upto - below);
			return 0;
		}
		if (!isinf(bucket->bound)) {
			below = fmax(below, upto);
			from = fmax(0, bucket->bound);
		}
	}
	*value = from;
	return 0;
}

static const char *missing_part(const struct signal_term *term)
{
	for (int part = 0; part < TERM_PARTS; part++)
		if (*term->parts[part].name && !term->seen[part])
			return term->parts[part].name;
	return NULL;
}

static bool is_finite(const struct signal_term *term)
{
	for (int part = 0; part < TERM_PARTS; part++)
		if (!isfinite(term->sum[part]))
			return false;
	for (unsigned int i = 0; i < term->buckets_count; i++)
		if (!isfinite(term->buckets[i].count))
			return false;
	return true;
}

/* Something to measure the next reading from. */
static void remember(struct signal_term *term, uint64_t now_ns)
{
	memcpy(term->before, term->sum, sizeof(term->before));
	for (unsigned int i = 0; i < term->buckets_count; i++)
		term->buckets[i].before = term->buckets[i].count;
	term->has_before = true;
	term->before_ns = now_ns;
}

static int evaluate(struct signal_term *term, uint64_t now_ns, double *value, const char **missing)
{
	double seconds = (double)(now_ns - term->before_ns) / NS_PER_SECOND;
	int result;

	*missing = missing_part(term);
	if (*missing)
		return -ENOENT;
	*missing = term->parts[TERM_METRIC].name;
	if (!is_finite(term))
		return -ERANGE;
	if (term->kind == VALUE_GAUGE) {
		*value = combine(term, term->sum);
		return isfinite(*value) ? 0 : -ERANGE;
	}
	if (!term->has_before || now_ns <= term->before_ns)
		result = -EAGAIN;
	else if (term->kind == VALUE_QUANTILE)
		result = quantile(term, value);
	else if (term->kind == VALUE_LOAD)
		result = load(term, seconds, value);
	else
		result = rate(term, seconds, value);
	remember(term, now_ns);
	if (!result && !isfinite(*value))
		result = -ERANGE;
	return result;
}

int signal_terms_end(struct signal_terms *terms, uint64_t now_ns, struct signal_terms_value *worst,
		     const char **missing)
{
	/* what to say if none has a value: the first that is missing, or else absurd, or else waits */
	int result = -EAGAIN;
	bool found = false;

	*missing = NULL;
	for (unsigned int i = 0; i < terms->count; i++) {
		struct signal_term *term = &terms->term[i];
		const char *name;
		double value = 0;
		int err = evaluate(term, now_ns, &value, &name);

		if (err == -ERANGE && result == -EAGAIN) {
			result = err;
			*missing = name;
		}
		if (err == -ENOENT && result != -ENOENT) {
			result = err;
			*missing = name;
		}
		if (err || (found && value / term->target <= worst->value / worst->target))
			continue;
		*worst = (struct signal_terms_value){
			.value = value,
			.target = term->target,
			.metric = term->parts[TERM_METRIC].name,
		};
		found = true;
	}
	return found ? 0 : result;
}

void signal_terms_forget(struct signal_terms *terms)
{
	for (unsigned int i = 0; i < terms->count; i++)
		terms->term[i].has_before = false;
}
