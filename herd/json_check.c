// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "herd/json_check.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "herd/json_report.h"
#include "herd/tally.h"

/* More than any run, or any join of runs, comes to. */
#define FLEET_MAX 1e9
#define COUNT_MAX 1e15
#define SECONDS_MAX 1e7
#define STARTED_MAX 1e11
#define CURVE_STEPS_MAX 1e6
#define MS_MAX (SECONDS_MAX * 1e3)

#define WHERE_MAX 64
#define ADVICE "give what `json FILE` has written"

struct check {
	char *why; /* JSON_CHECK_WHY_MAX */
	double devices;
};

/* A key of an object, and what it may be. */
struct field {
	const char *key;
	double min, max;
	bool is_whole, is_needed;
};

/* -- numbers ----------------------------------------------------------------------------------- */

static int bad(const struct check *check, const char *where, const char *what)
{
	snprintf(check->why, JSON_CHECK_WHY_MAX, "is no record of a run: %s %s; " ADVICE, where,
		 what);
	return -EINVAL;
}

static int check_number(const struct check *check, const json_t *value, const struct field *field,
			const char *where)
{
	double number = json_number_value(value);

	if (field->is_whole ? !json_is_integer(value) : !json_is_number(value))
		return bad(check, where, field->is_whole ? "is no whole number" : "is no number");
	if (number >= field->min && number <= field->max)
		return 0;
	snprintf(check->why, JSON_CHECK_WHY_MAX,
		 "has %.15g in %s, which may be %.15g to %.15g; " ADVICE, number, where, field->min,
		 field->max);
	return -EINVAL;
}

/* @prefix: where @object is, with a dot behind it, or "". */
static int check_numbers(const struct check *check, const json_t *object, const char *prefix,
			 const struct field *fields, size_t count)
{
	int err = 0;

	for (size_t i = 0; i < count && !err; i++) {
		const json_t *value = json_object_get(object, fields[i].key);
		char where[WHERE_MAX];

		if (!fields[i].is_needed && (!value || json_is_null(value)))
			continue;
		snprintf(where, sizeof(where), "%s%s", prefix, fields[i].key);
		err = value ? check_number(check, value, &fields[i], where)
			    : bad(check, where, "is missing");
	}
	return err;
}

#define CHECK_NUMBERS(check, object, prefix, fields) \
	check_numbers(check, object, prefix, fields, sizeof(fields) / sizeof((fields)[0]))

/* -- parts ------------------------------------------------------------------------------------- */

static int check_kinds(const struct check *check, const json_t *record)
{
	static const char *const objects[] = { "parameters", "bystanders", "histograms",
					       "rejected" };
	static const char *const arrays[] = { "series", "curve" };

	if (!json_is_object(record))
		return bad(check, "it", "is no object");
	for (size_t i = 0; i < sizeof(objects) / sizeof(objects[0]); i++)
		if (!json_is_object(json_object_get(record, objects[i])))
			return bad(check, objects[i], "is no object");
	for (size_t i = 0; i < sizeof(arrays) / sizeof(arrays[0]); i++)
		if (!json_is_array(json_object_get(record, arrays[i])))
			return bad(check, arrays[i], "is no array");
	return 0;
}

static int check_counts(const struct check *check, const json_t *record)
{
	const struct field fields[] = {
		{ "connected", 0, check->devices, true, true },
		{ "ever_connected", 0, check->devices, true, false },
		{ "attempts", 0, COUNT_MAX, true, true },
		{ "timeouts", 0, COUNT_MAX, true, false },
		{ "syn_retransmits", 0, COUNT_MAX, true, false },
		{ "started", 0, STARTED_MAX, false, true },
		{ "duration_seconds", 0, SECONDS_MAX, false, true },
		{ "cpu_seconds", 0, COUNT_MAX, false, false },
		{ "capacity", 0, COUNT_MAX, false, false },
		{ "curve_steps", 0, CURVE_STEPS_MAX, true, true },
	};
	static const struct field bystanders[] = {
		{ "count", 0, FLEET_MAX, true, false },
		{ "sent", 0, COUNT_MAX, true, false },
		{ "lost", 0, COUNT_MAX, true, false },
		{ "unsent", 0, COUNT_MAX, true, false },
		{ "reconnects", 0, COUNT_MAX, true, false },
	};
	int err = CHECK_NUMBERS(check, record, "", fields);

	for (enum tally_event event = 0; !err && event < TALLY_COUNT; event++) {
		const struct field field = { tally_names[event], 0, COUNT_MAX, true, false };

		if (event != TALLY_REJECTED)
			err = check_numbers(check, record, "", &field, 1);
	}
	if (err)
		return err;
	return CHECK_NUMBERS(check, json_object_get(record, "bystanders"), "bystanders.",
			     bystanders);
}

static int check_rejected(const struct check *check, const json_t *record)
{
	json_t *codes = json_object_get(record, "rejected");
	int err = 0;

	for (void *at = json_object_iter(codes); at && !err;
	     at = json_object_iter_next(codes, at)) {
		const struct field field = { json_object_iter_key(at), 0, COUNT_MAX, true, true };

		err = check_numbers(check, codes, "rejected.", &field, 1);
	}
	return err;
}

static int check_curve(const struct check *check, const json_t *record)
{
	static const struct field field = { NULL, 0, SECONDS_MAX, false, true };
	const json_t *curve = json_object_get(record, "curve"), *time;
	double steps = json_number_value(json_object_get(record, "curve_steps"));
	size_t i;

	if (steps < (double)json_array_size(curve))
		return bad(check, "curve", "has more times than curve_steps");
	json_array_foreach(curve, i, time)
	{
		char where[WHERE_MAX];

		snprintf(where, sizeof(where), "curve[%zu]", i);
		if (check_number(check, time, &field, where))
			return -EINVAL;
	}
	return 0;
}

static int check_series(const struct check *check, const json_t *record)
{
	const struct field fields[] = {
		{ "second", 0, SECONDS_MAX, true, false },
		{ "connected", 0, check->devices, true, true },
		{ "attempts", 0, COUNT_MAX, true, true },
		{ "connects", 0, COUNT_MAX, true, true },
		{ "failures", 0, COUNT_MAX, true, true },
		{ "wasted", 0, COUNT_MAX, true, true },
		{ "accepted_p99_ms", 0, MS_MAX, false, false },
		{ "bystander_p99_ms", 0, MS_MAX, false, false },
	};
	const json_t *second;
	size_t i;

	json_array_foreach(json_object_get(record, "series"), i, second)
	{
		char prefix[WHERE_MAX / 2];

		snprintf(prefix, sizeof(prefix), "series[%zu].", i);
		if (CHECK_NUMBERS(check, second, prefix, fields))
			return -EINVAL;
	}
	return 0;
}

static int check_histograms(const struct check *check, const json_t *record)
{
	json_t *hists = json_object_get(record, "histograms");
	struct hist *hist = calloc(1, sizeof(*hist));
	char where[WHERE_MAX];
	int err = hist ? 0 : bad(check, "histograms", "cannot be read: no memory");

	for (void *at = json_object_iter(hists); at && !err;
	     at = json_object_iter_next(hists, at)) {
		snprintf(where, sizeof(where), "histograms.%s", json_object_iter_key(at));
		*hist = (struct hist){ 0 };
		if (json_hist_read(json_object_iter_value(at), hist))
			err = bad(check, where, "is no list of [bucket, count]");
	}
	free(hist);
	return err;
}

/* -- the whole --------------------------------------------------------------------------------- */

int json_check_storm(const json_t *record, char why[JSON_CHECK_WHY_MAX])
{
	static const struct field devices = { "devices", 1, FLEET_MAX, true, true };
	struct check check = { .why = why };
	const char *command;
	int err = check_kinds(&check, record);

	if (err)
		return err;
	if (json_integer_value(json_object_get(record, "schema")) != HERD_SCHEMA) {
		snprintf(why, JSON_CHECK_WHY_MAX,
			 "is of another schema; join records of one version of herd");
		return -EINVAL;
	}
	command = json_string_value(
		json_object_get(json_object_get(record, "parameters"), "command"));
	if (command && !strcmp(command, "capacity")) {
		snprintf(why, JSON_CHECK_WHY_MAX, "is a measurement of capacity; join storms only");
		return -EINVAL;
	}
	err = check_numbers(&check, record, "", &devices, 1);
	if (err)
		return err;
	check.devices = json_number_value(json_object_get(record, "devices"));
	err = check_counts(&check, record);
	if (!err)
		err = check_rejected(&check, record);
	if (!err)
		err = check_curve(&check, record);
	if (!err)
		err = check_series(&check, record);
	return err ? err : check_histograms(&check, record);
}

/* -- each run once ----------------------------------------------------------------------------- */

json_t *json_check_runs(const json_t *record)
{
	json_t *runs = json_object_get(record, "joined_runs");
	const json_t *parameters = json_object_get(record, "parameters");

	if (json_is_array(runs))
		return json_incref(runs);
	/* older records have neither name nor pid */
	return json_pack("[{s:O?, s:O?, s:O?, s:O?, s:O?}]", "host",
			 json_object_get(json_object_get(record, "host"), "name"), "pid",
			 json_object_get(record, "pid"), "started",
			 json_object_get(record, "started"), "seed",
			 json_object_get(parameters, "seed"), "first",
			 json_object_get(parameters, "first"));
}

int json_check_once(json_t *seen, const json_t *record, size_t place, size_t *other)
{
	json_t *runs = json_check_runs(record);
	const json_t *run, *before;
	size_t i;
	int err = runs ? 0 : -ENOMEM;

	json_array_foreach(runs, i, run)
	{
		char *key = json_dumps(run, JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY |
						    JSON_REAL_PRECISION(15));

		before = key ? json_object_get(seen, key) : NULL;
		if (!key)
			err = -ENOMEM;
		else if (before)
			err = -EEXIST;
		else if (json_object_set_new(seen, key, json_integer((json_int_t)place)))
			err = -ENOMEM;
		if (before)
			*other = (size_t)json_integer_value(before);
		free(key);
		if (err)
			break;
	}
	json_decref(runs);
	return err;
}
