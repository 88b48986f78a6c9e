// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The page of those that were refused most. */
#include "sample.h"

#include "render.h"

static void expect_page(const struct snapshot *snapshot, const char *expected)
{
	char *text = sample_written(render_sources, snapshot);

	assert_string_equal(text, expected);
	free(text);
}

static void add_row(struct top_list *list, const char *prefix, uint16_t listener, uint8_t level,
		    uint64_t at_least, uint64_t at_most)
{
	struct top_row *row = &list->rows[list->count++];
	const char *why;

	assert_int_equal(text_parse_prefix(prefix, &row->prefix, &row->prefix_len, &why), 0);
	row->listener = listener;
	row->serial = listener + 1;
	row->level = level;
	row->at_least = at_least;
	row->at_most = at_most;
	row->refused = (at_least + at_most) / 2;
}

static void test_page(void **state)
{
	struct snapshot *snapshot = sample_make();
	struct top *top = &snapshot->top;

	(void)state;
	for (uint16_t id = 0; id < 3; id++)
		assert_int_equal(snapshot->policy->listeners[id].serial, id + 1);
	add_row(&top->sources, "192.0.2.10", 0, LEVEL_SOURCE, 50000, 50000);
	add_row(&top->sources, "2001:db8:1234:5678::/64", 1, LEVEL_RULE, 400, 421);
	/* its listener is gone; another one has that id */
	add_row(&top->sources, "192.0.2.11", 2, LEVEL_SOURCE, 3, 3);
	top->sources.rows[2].serial = 77;
	add_row(&top->sites, "198.51.100.0/24", 0, LEVEL_SITE, 900, 910);
	top->others_at_most = 12;
	expect_page(snapshot,
		    "LEVEL   PREFIX                   LISTENER     REFUSED       +/-\n"
		    "source  192.0.2.10               mqtt           50000         0\n"
		    "source  2001:db8:1234:5678::/64  lab              410        11"
		    "  by a limit of its own\n"
		    "source  192.0.2.11               id:2               3         0\n"
		    "site    198.51.100.0/24          mqtt             905         5\n"
		    "other                                              12  at most, each\n");
	sample_free(snapshot);
}

static void test_nobody(void **state)
{
	struct snapshot *snapshot = sample_make();

	(void)state;
	expect_page(snapshot, "LEVEL   PREFIX  LISTENER     REFUSED       +/-\n");
	sample_free(snapshot);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_page),
		cmocka_unit_test(test_nobody),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
