// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Values out of samples: gauges, rates, differences, quotients, quantiles, undone averages. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "signal_terms.h"

#define SECOND_NS 1000000000ULL
#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

static struct signal_terms terms;

static void take(void *arg, const struct prom_sample *sample)
{
	signal_terms_add(arg, sample);
}

static void init(const struct wanted_signal *wanted)
{
	const char *key, *why;

	if (signal_terms_init(&terms, wanted, &key, &why))
		fail_msg("%s %s", key, why);
}

/* What a page says at a time; *value is kept if it says nothing. */
static int read_at(const char *page, double seconds, double *value)
{
	static struct prom_reader reader;
	struct signal_terms_value worst;
	const char *missing;
	int result;

	signal_terms_begin(&terms);
	prom_begin(&reader, take, &terms);
	prom_feed(&reader, page, strlen(page));
	result = signal_terms_end(&terms, (uint64_t)(seconds * SECOND_NS), &worst, &missing);
	if (!result)
		*value = worst.value;
	return result;
}

static void expect_at(const char *page, double seconds, double wanted)
{
	double value = -1;
	int result = read_at(page, seconds, &value);

	if (result || fabs(value - wanted) > 1e-6 * (1 + fabs(wanted)))
		fail_msg("at %g s: result %d, value %g, not %g; of:\n%s", seconds, result, value,
			 wanted, page);
}

static void expect_none_at(const char *page, double seconds, int wanted)
{
	double value;

	assert_int_equal(read_at(page, seconds, &value), wanted);
}

static void test_gauge(void **state)
{
	(void)state;
	init(&(struct wanted_signal){ .type = SIGNAL_PROMETHEUS,
				      .kind = VALUE_GAUGE,
				      .target = 1,
				      .metric = "g",
				      .labels = "node!=\"c\"" });
	expect_at("g 3\n", 1, 3);
	/* all series that match are added up; names that only begin the same are others */
	expect_at("g{node=\"a\"} 3\ng{node=\"b\"} 4\ng{node=\"c\"} 5\ng_total 9\n", 2, 7);
	expect_at("g -2\n", 3, -2);
	expect_none_at("h 3\n", 4, -ENOENT);
	expect_none_at("", 5, -ENOENT);
	expect_none_at("g NaN\n", 6, -ERANGE);
	expect_none_at("g +Inf\n", 7, -ERANGE);
	expect_none_at("g +Inf\ng{node=\"a\"} -Inf\n", 8, -ERANGE);
	expect_at("g 0\n", 9, 0);
}

static void test_rate(void **state)
{
	(void)state;
	init(&(struct wanted_signal){
		.type = SIGNAL_PROMETHEUS, .kind = VALUE_RATE, .target = 1, .metric = "c" });
	expect_none_at("c 1000\n", 10, -EAGAIN);
	expect_at("c 1100\n", 12, 50);
	expect_at("c 1100\n", 14, 0);
	/* begun anew: that interval says nothing, the next one does */
	expect_none_at("c 30\n", 16, -EAGAIN);
	expect_at("c 40\n", 18, 5);
	/* what is missing once makes the interval longer, and no jump */
	expect_none_at("d 1\n", 20, -ENOENT);
	expect_at("c 80\n", 22, 10);
	expect_none_at("c NaN\n", 24, -ERANGE);
	expect_at("c 120\n", 26, 10);
	/* no time has passed */
	expect_none_at("c 121\n", 26, -EAGAIN);
	signal_terms_forget(&terms);
	expect_none_at("c 500\n", 28, -EAGAIN);
	expect_at("c 501\n", 30, 0.5);
}

static void test_minus(void **state)
{
	(void)state;
	init(&(struct wanted_signal){ .type = SIGNAL_PROMETHEUS,
				      .kind = VALUE_RATE,
				      .target = 1,
				      .metric = "asked",
				      .minus = "answered{code=\"0\"}" });
	expect_none_at("asked 100\nanswered{code=\"0\"} 90\n", 10, -EAGAIN);
	expect_at("asked 200\nanswered{code=\"0\"} 150\nanswered{code=\"5\"} 999\n", 12, 20);
	/* what was behind is made up for: not less than nothing */
	expect_at("asked 210\nanswered{code=\"0\"} 200\n", 14, 0);
	/* one falls: a gauge may, and it is not the one that counts */
	expect_at("asked 230\nanswered{code=\"0\"} 190\n", 16, 15);
	expect_none_at("asked 5\nanswered{code=\"0\"} 3\n", 18, -EAGAIN);
	expect_at("asked 25\nanswered{code=\"0\"} 3\n", 20, 10);
	expect_none_at("asked 25\n", 22, -ENOENT);

	init(&(struct wanted_signal){ .type = SIGNAL_PROMETHEUS,
				      .kind = VALUE_GAUGE,
				      .target = 1,
				      .metric = "a",
				      .minus = "b" });
	expect_at("a 5\nb 3\n", 1, 2);
	expect_at("a 3\nb 5\n", 2, 0);
}

static void test_over(void **state)
{
	(void)state;
	init(&(struct wanted_signal){ .type = SIGNAL_PROMETHEUS,
				      .kind = VALUE_GAUGE,
				      .target = 1,
				      .metric = "used",
				      .over = "limit" });
	expect_at("used 5\nlimit 20\n", 1, 0.25);
	expect_at("used 0\nlimit 0\n", 2, 0);
	expect_none_at("used 1\nlimit 0\n", 3, -ERANGE);
	expect_none_at("used 1\n", 4, -ENOENT);

	init(&(struct wanted_signal){ .type = SIGNAL_PROMETHEUS,
				      .kind = VALUE_RATE,
				      .target = 1,
				      .metric = "failed",
				      .over = "all" });
	expect_none_at("failed 10\nall 100\n", 1, -EAGAIN);
	expect_at("failed 15\nall 120\n", 3, 0.25);
	/* nothing failed of nothing */
	expect_at("failed 15\nall 120\n", 5, 0);
	expect_none_at("failed 16\nall 7\n", 7, -EAGAIN);
}

#define BUCKETS(a, b, c, inf)                                                           \
	"t_bucket{le=\"0.1\"} " a "\nt_bucket{le=\"0.5\"} " b "\nt_bucket{le=\"1\"} " c \
	"\nt_bucket{le=\"+Inf\"} " inf "\nt_count 5\nt_sum 3\n"

static void test_quantile(void **state)
{
	(void)state;
	init(&(struct wanted_signal){ .type = SIGNAL_PROMETHEUS,
				      .kind = VALUE_QUANTILE,
				      .target = 1,
				      .quantile = 0.9,
				      .metric = "t" });
	/* what happened before the first look is old */
	expect_none_at(BUCKETS("1000", "1000", "1000", "1000"), 1, -EAGAIN);
	/* 90 of 100: 30 of the 40 in (0.5, 1] */
	expect_at(BUCKETS("1040", "1060", "1100", "1100"), 3, 0.5 + 0.5 * 30 / 40);
	/* all in the first: from 0 on */
	expect_at(BUCKETS("1140", "1160", "1200", "1200"), 5, 0.09);
	/* beyond the last bound nobody knows more */
	expect_at(BUCKETS("1140", "1160", "1200", "1300"), 7, 1);
	/* nothing happened: that is not a quantile of 0 */
	expect_none_at(BUCKETS("1140", "1160", "1200", "1300"), 9, -EAGAIN);
	/* begun anew */
	expect_none_at(BUCKETS("0", "0", "0", "10"), 11, -EAGAIN);
	expect_at(BUCKETS("10", "10", "10", "20"), 13, 0.09);
	/* no +Inf: not whole; NaN */
	init(&(struct wanted_signal){ .type = SIGNAL_PROMETHEUS,
				      .kind = VALUE_QUANTILE,
				      .target = 1,
				      .quantile = 0.9,
				      .metric = "t" });
	expect_none_at("t_bucket{le=\"1\"} 1\n", 1, -EAGAIN);
	expect_none_at("t_bucket{le=\"1\"} 5\n", 2, -ERANGE);
	expect_none_at("t_bucket{le=\"x\"} 5\nt_bucket 4\nt 1\n", 3, -ENOENT);
	expect_none_at("t_bucket{le=\"1\"} NaN\n", 4, -ERANGE);
}

/* Series of one histogram are added up, bucket by bucket, in any order. */
static void test_quantile_of_series(void **state)
{
	(void)state;
	init(&(struct wanted_signal){ .type = SIGNAL_PROMETHEUS,
				      .kind = VALUE_QUANTILE,
				      .target = 1,
				      .quantile = 0.5,
				      .metric = "t",
				      .labels = "id!=\"no\"" });
	expect_none_at("t_bucket{id=\"a\",le=\"+Inf\"} 0\nt_bucket{id=\"a\",le=\"1\"} 0\n"
		       "t_bucket{le=\"2\",id=\"b\"} 0\nt_bucket{le=\"1\",id=\"b\"} 0\n"
		       "t_bucket{le=\"+Inf\",id=\"b\"} 0\nt_bucket{le=\"2\",id=\"a\"} 0\n",
		       1, -EAGAIN);
	expect_at("t_bucket{id=\"a\",le=\"+Inf\"} 10\nt_bucket{id=\"a\",le=\"1\"} 2\n"
		  "t_bucket{le=\"2\",id=\"b\"} 10\nt_bucket{le=\"1\",id=\"b\"} 2\n"
		  "t_bucket{le=\"+Inf\",id=\"b\"} 10\nt_bucket{le=\"2\",id=\"a\"} 10\n"
		  "t_bucket{le=\"0.1\",id=\"no\"} 9999\n",
		  2, 1 + 6.0 / 16);
}

static void test_many_buckets(void **state)
{
	char page[8192] = "";
	double value;

	(void)state;
	init(&(struct wanted_signal){ .type = SIGNAL_PROMETHEUS,
				      .kind = VALUE_QUANTILE,
				      .target = 1,
				      .quantile = 0.5,
				      .metric = "t" });
	for (int i = 0; i <= TERM_BUCKETS_MAX; i++)
		sprintf(page + strlen(page), "t_bucket{le=\"%d\"} 1\n", i);
	assert_int_equal(read_at(page, 1, &value), -EAGAIN);
	assert_int_equal(read_at(page, 2, &value), -ERANGE);
}

/* mosquitto's own formula with a known rate, forwards; then what the term makes of it. */
static void test_load(void **state)
{
	const double rates[] = { 0, 5, 5, 200, 0, 0, 30 }; /* a second */
	double average = 0, value;

	(void)state;
	init(&(struct wanted_signal){
		.type = SIGNAL_MOSQUITTO, .kind = VALUE_LOAD, .target = 1, .topic = "$SYS/load" });
	for (size_t i = 0; i < COUNT_OF(rates); i++) {
		double interval = i % 2 ? 11 : 2, e = exp(-interval / 60);
		static double now = 100;
		const struct prom_sample sample = {
			.name = "$SYS/load",
			.value = rates[i] * 60 + e * (average - rates[i] * 60),
		};
		struct signal_terms_value worst;
		const char *missing;
		int result;

		now += interval;
		average = sample.value;
		signal_terms_begin(&terms);
		signal_terms_add(&terms, &sample);
		result = signal_terms_end(&terms, (uint64_t)(now * SECOND_NS), &worst, &missing);
		assert_int_equal(result, i ? 0 : -EAGAIN);
		value = i ? worst.value : 0;
		if (i && fabs(value - rates[i]) > 1e-6)
			fail_msg("rate %g was read as %g", rates[i], value);
	}
}

/* The term that is furthest over its target speaks; those without a value are passed over. */
static void test_worst(void **state)
{
	struct signal_terms_value worst;
	const struct prom_sample samples[] = {
		{ .name = "system_run_queue", .value = 8 },    /* of 16 */
		{ .name = "system_utilization", .value = 81 }, /* of 90 */
	};
	const char *missing;

	(void)state;
	init(&(struct wanted_signal){ .type = SIGNAL_PROMETHEUS,
				      .preset = preset_find("vernemq") });
	assert_int_equal(terms.count, 4);
	signal_terms_begin(&terms);
	signal_terms_add(&terms, &samples[0]);
	assert_int_equal(signal_terms_end(&terms, SECOND_NS, &worst, &missing), 0);
	assert_string_equal(worst.metric, "system_run_queue");
	signal_terms_begin(&terms);
	signal_terms_add(&terms, &samples[1]);
	signal_terms_add(&terms, &samples[0]);
	assert_int_equal(signal_terms_end(&terms, 2 * SECOND_NS, &worst, &missing), 0);
	assert_string_equal(worst.metric, "system_utilization");
	assert_true(worst.value == 81 && worst.target == 90);
	signal_terms_begin(&terms);
	assert_int_equal(signal_terms_end(&terms, 3 * SECOND_NS, &worst, &missing), -ENOENT);
	assert_string_equal(missing, "system_run_queue");
}

static void test_one_of_preset(void **state)
{
	const char *key, *why;
	struct wanted_signal wanted = { .type = SIGNAL_PROMETHEUS,
					.target = 5,
					.preset = preset_find("vernemq"),
					.metric = "system_run_queue" };

	(void)state;
	init(&wanted);
	assert_int_equal(terms.count, 1);
	assert_true(terms.term[0].target == 5);
	wanted.metric[0] = '\0';
	assert_true(signal_terms_init(&terms, &wanted, &key, &why) < 0);
	assert_string_equal(key, "target");
	strcpy(wanted.metric, "nonsense");
	assert_true(signal_terms_init(&terms, &wanted, &key, &why) < 0);
	assert_string_equal(key, "metric");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_gauge),	     cmocka_unit_test(test_rate),
		cmocka_unit_test(test_minus),	     cmocka_unit_test(test_over),
		cmocka_unit_test(test_quantile),     cmocka_unit_test(test_quantile_of_series),
		cmocka_unit_test(test_many_buckets), cmocka_unit_test(test_load),
		cmocka_unit_test(test_worst),	     cmocka_unit_test(test_one_of_preset),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
