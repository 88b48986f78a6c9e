// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "herd/json_plot.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* -1 and *why unless the member is a number of at least 0; null and absent are @absent. */
static double member_number(const json_t *object, const char *key, double absent, const char **why)
{
	const json_t *value = json_object_get(object, key);

	if (!value || json_is_null(value))
		return absent;
	if (!json_is_number(value) || !(json_number_value(value) >= 0)) {
		*why = key;
		return -1;
	}
	return json_number_value(value);
}

/* An entry of the series is what was at the end of its second, or of the run. */
static int read_series(const json_t *series, double end, struct plot_run *run, const char **why)
{
	size_t count = json_array_size(series);

	run->points = calloc(count ? count : 1, sizeof(*run->points));
	if (!run->points)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		const json_t *entry = json_array_get(series, i);
		struct plot_point *point = &run->points[i];

		point->second = member_number(entry, "second", -1, why);
		point->connected = member_number(entry, "connected", -1, why);
		if (point->second < 0 || point->connected < 0) {
			*why = "its series is damaged; run herd again";
			free(run->points);
			return -EINVAL;
		}
		point->second = end > 0 && point->second + 1 > end ? end : point->second + 1;
	}
	run->points_count = count;
	return 0;
}

/* One line of text: what cannot be seen becomes a blank, and a cut is made between characters. */
static void copy_line(char *to, size_t size, const char *from)
{
	size_t used = strlen(from) < size ? strlen(from) : size - 1;

	while (used && from[used] && ((unsigned char)from[used] & 0xc0) == 0x80)
		used--;
	for (size_t i = 0; i < used; i++)
		to[i] = (unsigned char)from[i] < 0x20 || from[i] == 0x7f ? ' ' : from[i];
	to[used] = '\0';
}

int plot_run_read(const json_t *record, struct plot_run *run, const char **why)
{
	const json_t *series = json_object_get(record, "series");
	const char *label = json_string_value(json_object_get(record, "label"));
	const char *bad = NULL;
	double end;

	memset(run, 0, sizeof(*run));
	if (json_integer_value(json_object_get(record, "schema")) != 1 || !json_is_array(series)) {
		*why = "not the record of a run; give a file written by `herd ... json FILE`";
		return -EINVAL;
	}
	run->devices = member_number(record, "devices", 0, &bad);
	run->connected = member_number(record, "connected", 0, &bad);
	run->capacity_per_sec = member_number(record, "capacity", 0, &bad);
	run->t100_seconds = member_number(record, "t100", -1, &bad);
	end = member_number(record, "duration_seconds", 0, &bad);
	if (bad || !run->devices) {
		*why = "its figures are damaged; run herd again";
		return -EINVAL;
	}
	copy_line(run->label, sizeof(run->label), label && *label ? label : "a run");
	return read_series(series, end, run, why);
}
