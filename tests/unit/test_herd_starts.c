// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* When devices begin, where they come from, what they are called. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <math.h>
#include <string.h>

#include "herd/pattern.h"
#include "herd/schedule.h"
#include "herd/sources.h"
#include "text.h"

#define S 1000000000ULL
#define DRAWS 20000

static double mean_of(const struct plan_group *group, uint64_t *max)
{
	double sum = 0;

	*max = 0;
	for (uint64_t i = 0; i < DRAWS; i++) {
		struct chance chance = chance_seed(7, i);
		uint64_t at = schedule_draw(group, &chance);

		sum += (double)at;
		*max = at > *max ? at : *max;
	}
	return sum / DRAWS;
}

static void test_draw(void **state)
{
	struct plan_group group = { .start = START_IMPULSE };
	uint64_t max;

	(void)state;
	assert_true(mean_of(&group, &max) == 0);
	group = (struct plan_group){ .start = START_UNIFORM, .start_ns = 4 * S };
	assert_true(fabs(mean_of(&group, &max) - 2e9) < 4e7);
	assert_true(max < 4 * S && max > 3.99 * S);
	group.start = START_EXPONENTIAL;
	assert_true(fabs(mean_of(&group, &max) - 4e9) < 1e8);
	assert_true(max <= 40 * S && max > 30 * S);
}

static void test_sort(void **state)
{
	struct schedule_start starts[] = { { 5, 0 }, { 1, 3 }, { 1, 2 }, { 0, 9 } };

	(void)state;
	schedule_sort(starts, 4);
	assert_int_equal(starts[0].device, 9);
	assert_int_equal(starts[1].device, 2);
	assert_int_equal(starts[2].device, 3);
	assert_int_equal(starts[3].device, 0);
}

static int read_times(const char *text, uint64_t *at_ns, uint32_t count, unsigned int *line,
		      const char **why)
{
	FILE *file = fmemopen((void *)text, strlen(text), "r");
	int err = schedule_read(file, at_ns, count, line, why);

	fclose(file);
	return err;
}

static void test_file(void **state)
{
	static const struct {
		const char *text;
		unsigned int line;
		const char *why;
	} rows[] = {
		{ "# none\n", 1, "has no times in it" }, { "1\nx\n", 2, "is not a number" },
		{ "-1\n", 1, "is not a number" },	 { "nan\n", 1, "is not a number" },
		{ "1 2\n", 1, "is not a number" },	 { "1e3\n", 1, "is not a number" },
		{ "86401\n", 1, "is out of range" },	 { "1.2.3\n", 1, "is not a number" },
	};
	uint64_t at_ns[5];
	unsigned int line;
	const char *why;

	(void)state;
	assert_int_equal(read_times("# start\n0.25\n\n 3 # late\n0", at_ns, 5, &line, &why), 0);
	assert_int_equal(at_ns[0], S / 4);
	assert_int_equal(at_ns[1], 3 * S);
	assert_int_equal(at_ns[2], 0);
	assert_int_equal(at_ns[3], S / 4);
	assert_int_equal(at_ns[4], 3 * S);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(read_times(rows[i].text, at_ns, 5, &line, &why), -EINVAL);
		assert_int_equal(line, rows[i].line);
		if (!strstr(why, rows[i].why))
			fail_msg("row %zu: '%s', wanted '%s'", i, why, rows[i].why);
	}
}

static void source_is(const char *prefix, uint32_t number, const char *wanted)
{
	struct addr addr;
	uint8_t len, bytes[16];
	char got[INET6_ADDRSTRLEN];
	const char *why;

	assert_int_equal(text_parse_prefix(prefix, &addr, &len, &why), 0);
	addr = sources_address(&addr, len, number);
	memcpy(bytes, &addr, 16);
	if (strchr(wanted, ':'))
		inet_ntop(AF_INET6, bytes, got, sizeof(got));
	else
		inet_ntop(AF_INET, bytes + 12, got, sizeof(got));
	assert_string_equal(got, wanted);
}

static void test_sources(void **state)
{
	(void)state;
	source_is("10.9.128.0/17", 0, "10.9.128.1");
	source_is("10.9.128.0/17", 254, "10.9.128.255");
	source_is("10.9.128.0/17", 255, "10.9.129.0");
	source_is("10.9.128.0/17", 32765, "10.9.255.254");
	source_is("10.9.128.0/17", 32766, "10.9.128.1");
	source_is("10.0.0.6/31", 0, "10.0.0.6");
	source_is("10.0.0.6/31", 3, "10.0.0.7");
	source_is("10.0.0.6", 99, "10.0.0.6");
	source_is("fd00::/64", 0, "fd00::1");
	source_is("fd00::/64", 65535, "fd00::1:0");
	source_is("fd00::/64", UINT32_MAX, "fd00::2");
}

static void test_pattern(void **state)
{
	char buf[16];

	(void)state;
	assert_int_equal(pattern_check("a%d%%"), 0);
	assert_int_equal(pattern_check("%"), -EINVAL);
	assert_int_equal(pattern_check("%5d"), -EINVAL);
	assert_int_equal(pattern_expand(buf, sizeof(buf), "a%d/%%%d", 12), 0);
	assert_string_equal(buf, "a12/%12");
	assert_int_equal(pattern_expand(buf, 8, "a%d/%%%d", 12), 0);
	assert_int_equal(pattern_expand(buf, 7, "a%d/%%%d", 12), -ENAMETOOLONG);
	assert_int_equal(pattern_expand(buf, 4, "abcd", 0), -ENAMETOOLONG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_draw),	cmocka_unit_test(test_sort),
		cmocka_unit_test(test_file),	cmocka_unit_test(test_sources),
		cmocka_unit_test(test_pattern),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
