// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Records of runs, as data of a picture; and the script that gnuplot is given. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "herd/json_plot.h"
#include "herd/plot.h"

#define RECORD(figures, series) "{\"schema\": 1, " figures ", \"series\": [" series "]}"
#define SECOND(second, connected) "{\"second\": " #second ", \"connected\": " #connected "}"

static int read_text(const char *text, struct plot_run *run, const char **why)
{
	json_error_t error;
	json_t *record = json_loads(text, 0, &error);
	int err;

	if (!record)
		fail_msg("%s", error.text);
	err = plot_run_read(record, run, why);
	json_decref(record);
	return err;
}

/* The script for @texts; to be freed. */
static char *script_of(const char *const *texts, size_t count, const char *title)
{
	struct plot_run runs[PLOT_RUNS_MAX];
	const char *why = NULL;
	char *script = NULL;
	size_t size;
	FILE *out = open_memstream(&script, &size);

	assert_non_null(out);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(read_text(texts[i], &runs[i], &why), 0);
	plot_write(out, runs, count, title);
	fclose(out);
	for (size_t i = 0; i < count; i++)
		plot_run_free(&runs[i]);
	return script;
}

static void assert_has(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("no '%s' in:\n%s", part, text);
}

static void assert_lacks(const char *text, const char *part)
{
	if (strstr(text, part))
		fail_msg("'%s' in:\n%s", part, text);
}

static const char finished[] = RECORD("\"label\": \"weir 200/s\", \"devices\": 500, "
				      "\"connected\": 500, \"capacity\": 250, \"t100\": 2.51, "
				      "\"duration_seconds\": 2.52",
				      SECOND(0, 200) "," SECOND(1, 400) "," SECOND(2, 500));
static const char stalled[] = RECORD("\"label\": \"no limit\", \"devices\": 500, "
				     "\"connected\": 30, \"capacity\": 250, \"t100\": null",
				     SECOND(0, 30) "," SECOND(1, 30));

static void reads_a_record(void **state)
{
	struct plot_run run;
	const char *why = NULL;

	(void)state;
	assert_int_equal(read_text(finished, &run, &why), 0);
	assert_string_equal(run.label, "weir 200/s");
	assert_int_equal(run.devices, 500);
	assert_true(run.capacity_per_sec == 250 && run.t100_seconds == 2.51);
	assert_int_equal(run.points_count, 3);
	assert_true(run.points[1].second == 2 && run.points[1].connected == 400);
	plot_run_free(&run);
	assert_int_equal(read_text(stalled, &run, &why), 0);
	assert_true(run.t100_seconds < 0);
	plot_run_free(&run);
}

static void refuses_what_is_no_record(void **state)
{
	static const struct {
		const char *text, *why;
	} rows[] = {
		{ "[]", "not the record of a run" },
		{ "{\"schema\": 2, \"series\": []}", "not the record of a run" },
		{ "{\"schema\": 1, \"devices\": 5}", "not the record of a run" },
		{ RECORD("\"label\": \"x\"", ""), "figures" },
		{ RECORD("\"devices\": \"many\"", ""), "figures" },
		{ RECORD("\"devices\": 5, \"capacity\": -1", ""), "figures" },
		{ RECORD("\"devices\": 5", "7"), "series" },
		{ RECORD("\"devices\": 5", SECOND(-1, 2)), "series" },
		{ RECORD("\"devices\": 5", SECOND(1, null)), "series" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct plot_run run;
		const char *why = NULL;

		assert_int_equal(read_text(rows[i].text, &run, &why), -EINVAL);
		assert_has(why, rows[i].why);
	}
}

static void draws_every_run_and_one_ideal(void **state)
{
	const char *texts[] = { stalled, finished };
	char *script = script_of(texts, 2, "Storm");

	(void)state;
	assert_has(script, "set terminal svg ");
	assert_has(script, "set title 'Storm' ");
	assert_has(script, "$run0 << EOD\n0 0\n1.000 30\n2.000 30\nEOD\n");
	assert_has(script, "$run1 << EOD\n0 0\n1.000 200\n2.000 400\n2.520 500\nEOD\n");
	assert_has(script, "title 'no limit: 30 of 500'");
	assert_has(script, "title 'weir 200/s: all after 2.5 s'");
	assert_has(script, "$all1 << EOD\n2.510 500\nEOD\n");
	assert_lacks(script, "$all0");
	assert_has(script, "$ideal0 << EOD\n0 0\n2.000 500\nEOD\n");
	assert_has(script, "title 'ideal: 500 at 250/s, 2.0 s'");
	assert_lacks(script, "$ideal1");
	free(script);
}

static void draws_no_ideal_where_none_is_known(void **state)
{
	const char *text = RECORD("\"devices\": 5, \"connected\": 1", SECOND(0, 1));
	char *script = script_of(&text, 1, NULL);

	(void)state;
	assert_lacks(script, "ideal");
	assert_lacks(script, "set title");
	assert_has(script, "title 'a run: 1 of 5'");
	free(script);
}

/* A label is not to be able to say anything to gnuplot, which can run commands. */
static void quotes_labels(void **state)
{
	const char *text = RECORD("\"devices\": 5, \"label\": \"a'\\nsystem('x')\\u0007`id`\"",
				  SECOND(0, 1));
	char *script = script_of(&text, 1, "it's\n!x");

	(void)state;
	assert_has(script, "title 'a'' system(''x'') `id`: 0 of 5'");
	assert_has(script, "set title 'it''s !x' ");
	free(script);
}

static void cuts_long_labels_between_characters(void **state)
{
	char text[400], label[201] = "";
	struct plot_run run;
	const char *why = NULL;

	(void)state;
	for (int i = 0; i < 100; i++)
		strcat(label, "\xc3\xa9");
	snprintf(text, sizeof(text), RECORD("\"devices\": 5, \"label\": \"%s\"", ""), label);
	assert_int_equal(read_text(text, &run, &why), 0);
	assert_int_equal(strlen(run.label), sizeof(run.label) - 2);
	plot_run_free(&run);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_a_record),
		cmocka_unit_test(refuses_what_is_no_record),
		cmocka_unit_test(draws_every_run_and_one_ideal),
		cmocka_unit_test(draws_no_ideal_where_none_is_known),
		cmocka_unit_test(quotes_labels),
		cmocka_unit_test(cuts_long_labels_between_characters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
