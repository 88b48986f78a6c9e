// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Who is refused most: what the packet path counts, and what is read from it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <math.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <linux/bpf.h>

#include "rig.h"
#include "text.h"
#include "top_read.h"

#define FIRST_SOURCE 0x0a000000 /* 10.0.0.0 */
#define HEAD "[weir]\nmode = enforce\n[listener m]\nports = 1883\n"
#define SOURCE_LIMIT HEAD "source-rate = 1/h\nsource-burst = 1\n"

static struct rig rig;
static struct frame frame;

/* @times SYNs of source @n; returns how many were dropped. One after the other: for each run of
 * several the kernel waits until all CPUs have seen the program. */
static uint32_t syn(uint32_t n, uint32_t times)
{
	uint32_t src = htonl(FIRST_SOURCE + n), dropped = 0;

	memcpy(frame.bytes + frame.l3 + 12, &src, sizeof(src));
	for (uint32_t i = 0; i < times; i++)
		dropped += rig_run_many(&rig, &frame, 1) == XDP_DROP;
	return dropped;
}

static void open_rig(const char *ini)
{
	rig_open(&rig, ini);
	frame_build(&frame, &(struct frame_spec){});
}

static struct top read_at(uint64_t now_ns)
{
	struct top top;

	assert_int_equal(top_read(&top, rig.instance.map_fd[MAP_TOP], now_ns), 0);
	return top;
}

static void expect_row(const struct top_row *row, const char *prefix, enum level level,
		       uint64_t refused)
{
	char text[64];

	assert_string_equal(text_prefix(text, sizeof(text), &row->prefix, row->prefix_len), prefix);
	assert_int_equal(row->level, level);
	assert_int_equal(row->listener, 0);
	assert_int_equal(row->refused, refused);
	assert_int_equal(row->at_least, refused);
	assert_int_equal(row->at_most, refused);
}

/* Fewer than there are counters: nothing is lost, and nothing is guessed. */
static void test_few_are_exact(void **state)
{
	struct top top;

	(void)state;
	open_rig(HEAD "source-rate = 1/h\nsource-burst = 1\nsite-rate = 1/h\nsite-burst = 30\n");
	for (uint32_t n = 0; n < 25; n++)
		syn(n << 8, 1 + n);
	/* its site has no token left after that */
	syn(99 << 8, 1);
	for (uint32_t n = 0; n < 40; n++)
		syn((99 << 8) + n, 1);
	top = read_at(HOUR);
	assert_int_equal(top.sources.count, TOP_SHOWN);
	expect_row(&top.sources.rows[0], "10.0.24.0", LEVEL_SOURCE, 24);
	expect_row(&top.sources.rows[1], "10.0.23.0", LEVEL_SOURCE, 23);
	expect_row(&top.sources.rows[19], "10.0.5.0", LEVEL_SOURCE, 5);
	assert_int_equal(top.sites.count, 1);
	expect_row(&top.sites.rows[0], "10.0.99.0/24", LEVEL_SITE, 10);
	assert_int_equal(top.others_at_most, 4);
	rig_close(&rig);
}

/* Those whom a level without a source refuses are nobody's. */
static void test_other_levels_name_nobody(void **state)
{
	(void)state;
	open_rig(HEAD "rate = 1/h\nburst = 1\n");
	syn(1, 10);
	assert_int_equal(rig_count(&rig, 1, REASON_LISTENER_LIMIT), 9);
	assert_int_equal(read_at(HOUR).sources.count, 0);
	rig_close(&rig);
}

static void test_slices_roll_over(void **state)
{
	(void)state;
	open_rig(SOURCE_LIMIT);
	for (int slice = 0; slice < TOP_SLICES; slice++) {
		rig_at(&rig, HOUR + slice * TOP_SLICE_NS);
		syn(1, 10);
	}
	assert_int_equal(read_at(HOUR + 7 * TOP_SLICE_NS - 1).sources.rows[0].refused, 69);
	/* nothing new is counted: what is old is passed over */
	assert_int_equal(read_at(HOUR + 7 * TOP_SLICE_NS).sources.rows[0].refused, 60);
	assert_int_equal(read_at(HOUR + 12 * TOP_SLICE_NS).sources.rows[0].refused, 10);
	assert_int_equal(read_at(HOUR + 13 * TOP_SLICE_NS).sources.count, 0);
	/* the eighth takes the place of the first */
	rig_at(&rig, HOUR + 7 * TOP_SLICE_NS);
	syn(1, 5);
	assert_int_equal(read_at(HOUR + 7 * TOP_SLICE_NS).sources.rows[0].refused, 65);
	/* and a long silence leaves nothing of any */
	rig_at(&rig, HOUR + 70 * TOP_SLICE_NS);
	syn(1, 3);
	assert_int_equal(read_at(HOUR + 70 * TOP_SLICE_NS).sources.rows[0].refused, 3);
	rig_close(&rig);
}

static void test_cpus_merge(void **state)
{
	struct top top;
	cpu_set_t before;

	(void)state;
	if (sysconf(_SC_NPROCESSORS_ONLN) < 2) {
		print_message("SKIP: one CPU\n");
		skip();
	}
	sched_getaffinity(0, sizeof(before), &before);
	open_rig(SOURCE_LIMIT);
	for (int cpu = 0; cpu < 2; cpu++) {
		cpu_set_t set;

		CPU_ZERO(&set);
		CPU_SET(cpu, &set);
		assert_int_equal(sched_setaffinity(0, sizeof(set), &set), 0);
		syn(1, 100 + cpu);
		syn(2 + cpu, 50);
	}
	sched_setaffinity(0, sizeof(before), &before);
	top = read_at(HOUR);
	assert_int_equal(top.sources.count, 3);
	expect_row(&top.sources.rows[0], "10.0.0.1", LEVEL_SOURCE, 200);
	expect_row(&top.sources.rows[1], "10.0.0.2", LEVEL_SOURCE, 49);
	expect_row(&top.sources.rows[2], "10.0.0.3", LEVEL_SOURCE, 49);
	rig_close(&rig);
}

static void test_observe_counts(void **state)
{
	(void)state;
	open_rig(SOURCE_LIMIT);
	rig_mode(&rig, MODE_OBSERVE);
	assert_int_equal(syn(1, 10), 0);
	assert_int_equal(read_at(HOUR).sources.rows[0].refused, 9);
	rig_close(&rig);
}

/* Two listeners, and IPv6, whose source is a /64: each is counted by itself. */
static void test_keys_are_apart(void **state)
{
	static const struct frame_spec specs[] = {
		{ .dport = 1883 },
		{ .dport = 8883 },
		{ .dport = 1883, .version = 6, .src = "2001:db8:0:1::1" },
		{ .dport = 1883, .version = 6, .src = "2001:db8:0:1::2" },
	};
	struct top top;
	char text[64];

	(void)state;
	open_rig("[weir]\nmode = enforce\nv4-prefix = 28\n"
		 "[listener a]\nports = 1883\nsource-rate = 1/h\nsource-burst = 1\n"
		 "[listener b]\nports = 8883\nsource-rate = 1/h\nsource-burst = 1\n");
	for (size_t i = 0; i < sizeof(specs) / sizeof(specs[0]); i++) {
		frame_build(&frame, &specs[i]);
		rig_run_many(&rig, &frame, 10 * (i + 1));
	}
	top = read_at(HOUR);
	assert_int_equal(top.sources.count, 3);
	expect_row(&top.sources.rows[0], "2001:db8:0:1::/64", LEVEL_SOURCE, 69);
	text_prefix(text, sizeof(text), &top.sources.rows[1].prefix,
		    top.sources.rows[1].prefix_len);
	assert_string_equal(text, "10.0.0.0/28");
	assert_int_equal(top.sources.rows[1].listener, 1);
	assert_int_equal(top.sources.rows[1].refused, 19);
	expect_row(&top.sources.rows[2], "10.0.0.0/28", LEVEL_SOURCE, 9);
	assert_true(top.sources.rows[1].serial != top.sources.rows[2].serial);
	rig_close(&rig);
}

/* One source on as many listeners as there can be. Some of them fall into one set, where they share
 * neither entry nor count. */
static void test_listeners_are_apart(void **state)
{
	static char ini[LISTENERS_MAX * 100];
	struct top top;
	int len = sprintf(ini, "[weir]\nmode = enforce\n");

	(void)state;
	for (int id = 0; id < LISTENERS_MAX; id++)
		len += sprintf(ini + len,
			       "[listener m%d]\nports = %d\nsource-rate = 1/h\n"
			       "source-burst = 1\n",
			       id, 1000 + id);
	open_rig(ini);
	for (int id = 0; id < LISTENERS_MAX; id++) {
		frame_build(&frame, &(struct frame_spec){ .dport = 1000 + id });
		syn(1, id + 2);
	}
	top = read_at(HOUR);
	assert_int_equal(top.sources.count, TOP_SHOWN);
	for (int i = 0; i < TOP_SHOWN; i++) {
		assert_int_equal(top.sources.rows[i].listener, LISTENERS_MAX - 1 - i);
		assert_int_equal(top.sources.rows[i].refused, LISTENERS_MAX - i);
	}
	assert_int_equal(top.others_at_most, LISTENERS_MAX - TOP_SHOWN);
	rig_close(&rig);
}

/* -- accuracy ---------------------------------------------------------------------------------- */

#define RANKS 100000

/* Refusals of each source; its number is its rank: the first has the largest share. */
static uint64_t truth[RANKS];

static uint32_t draw(const double *sums, uint32_t sources)
{
	double at = drand48() * sums[sources - 1];
	uint32_t low = 0, high = sources - 1;

	while (low < high) {
		uint32_t middle = (low + high) / 2;

		if (sums[middle] > at)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

/* @syns in a minute, each of a source by itself. */
static void offer_skewed(uint32_t sources, uint32_t syns, double exponent)
{
	double *sums = malloc(sources * sizeof(*sums)), sum = 0;

	assert_non_null(sums);
	srand48(20);
	memset(truth, 0, sizeof(truth));
	for (uint32_t i = 0; i < sources; i++)
		sums[i] = sum += pow(i + 1, -exponent);
	for (uint32_t i = 0; i < syns; i++) {
		uint32_t source = draw(sums, sources);

		rig_at(&rig, HOUR + 60 * SECOND / syns * i);
		truth[source] += syn(source, 1);
	}
	free(sums);
}

static uint32_t source_of(const struct top_row *row)
{
	return ntohl(((const uint32_t *)&row->prefix)[3]) - FIRST_SOURCE;
}

static uint64_t distance(uint64_t a, uint64_t b)
{
	return a > b ? a - b : b - a;
}

static int by_count(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x < *y) - (*x > *y);
}

/* What the last of the TOP_SHOWN most refused had. */
static uint64_t least_of_the_most(void)
{
	static uint64_t sorted[RANKS];

	memcpy(sorted, truth, sizeof(truth));
	qsort(sorted, RANKS, sizeof(*sorted), by_count);
	return sorted[TOP_SHOWN - 1];
}

struct accuracy {
	unsigned int found; /* of the TOP_SHOWN most refused */
	uint64_t off;	    /* of the worst count */
	uint64_t width;	    /* of the widest bounds */
};

/* Every bound holds, also that of the sources that are not listed. */
static struct accuracy check_bounds(uint64_t now_ns)
{
	struct top top = read_at(now_ns);
	uint64_t least = least_of_the_most();
	struct accuracy accuracy = {};

	assert_int_equal(top.sources.count, TOP_SHOWN);
	for (unsigned int i = 0; i < TOP_SHOWN; i++) {
		const struct top_row *row = &top.sources.rows[i];
		uint64_t *was = &truth[source_of(row)];

		assert_in_range(*was, row->at_least, row->at_most);
		accuracy.found += *was >= least;
		if (distance(*was, row->refused) > accuracy.off)
			accuracy.off = distance(*was, row->refused);
		if (row->at_most - row->at_least > accuracy.width)
			accuracy.width = row->at_most - row->at_least;
		*was = 0;
	}
	/* now of the others */
	for (uint32_t i = 0; i < RANKS; i++)
		assert_true(truth[i] <= top.others_at_most);
	print_message("%u of the %u most refused; counts off by %llu, bounds %llu wide at most\n",
		      accuracy.found, TOP_SHOWN, (unsigned long long)accuracy.off,
		      (unsigned long long)accuracy.width);
	return accuracy;
}

static void test_skewed_load(void **state)
{
	(void)state;
	open_rig(SOURCE_LIMIT);
	offer_skewed(100000, 1000000, 1.1);
	assert_true(check_bounds(HOUR + 60 * SECOND).found >= 18);
	rig_close(&rig);
}

/* All alike, and ten times as many as there are counters: who is first cannot be known, and the
 * bounds say so. */
static void test_even_load(void **state)
{
	struct accuracy accuracy;

	(void)state;
	open_rig(SOURCE_LIMIT);
	offer_skewed(5000, 200000, 0);
	accuracy = check_bounds(HOUR + 60 * SECOND);
	assert_true(accuracy.width > accuracy.off);
	assert_true(accuracy.off > 0);
	rig_close(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_few_are_exact),
		cmocka_unit_test(test_other_levels_name_nobody),
		cmocka_unit_test(test_slices_roll_over),
		cmocka_unit_test(test_cpus_merge),
		cmocka_unit_test(test_observe_counts),
		cmocka_unit_test(test_keys_are_apart),
		cmocka_unit_test(test_listeners_are_apart),
		cmocka_unit_test(test_skewed_load),
		cmocka_unit_test(test_even_load),
	};

	return cmocka_run_group_tests_name("top", tests, NULL, NULL);
}
