// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "herd/json_join.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "herd/json_report.h"
#include "herd/tally.h"

#define APART_SECONDS_MAX 86400 /* as long as a run may last; the series grows with it */

static double number(const json_t *run, const char *key)
{
	return json_number_value(json_object_get(run, key));
}

static double sum_of(json_t *const *runs, size_t count, const char *object, const char *key)
{
	double sum = 0;

	for (size_t i = 0; i < count; i++)
		sum += number(object ? json_object_get(runs[i], object) : runs[i], key);
	return sum;
}

static json_t *integer_sum(json_t *const *runs, size_t count, const char *object, const char *key)
{
	return json_integer((json_int_t)llround(sum_of(runs, count, object, key)));
}

static double earliest_start(json_t *const *runs, size_t count)
{
	double earliest = number(runs[0], "started");

	for (size_t i = 1; i < count; i++)
		earliest = fmin(earliest, number(runs[i], "started"));
	return earliest;
}

/* -- histograms -------------------------------------------------------------------------------- */

/* NULL: one of them is broken, or there is no memory. */
static struct hist *join_hists(json_t *const *runs, size_t count, const char *name)
{
	struct hist *hist = calloc(1, sizeof(*hist));

	for (size_t i = 0; hist && i < count; i++) {
		const json_t *json = json_object_get(json_object_get(runs[i], "histograms"), name);

		if (!json_hist_read(json, hist))
			continue;
		free(hist);
		hist = NULL;
	}
	return hist;
}

struct hists {
	struct hist *setup, *work, *late, *rtt, *attempts;
};

static bool hists_join(struct hists *hists, json_t *const *runs, size_t count)
{
	hists->setup = join_hists(runs, count, "setup_ns");
	hists->work = join_hists(runs, count, "work_ns");
	hists->late = join_hists(runs, count, "timer_late_ns");
	hists->rtt = join_hists(runs, count, "bystander_rtt_ns");
	hists->attempts = join_hists(runs, count, "attempts");
	return hists->setup && hists->work && hists->late && hists->rtt && hists->attempts;
}

static void hists_free(struct hists *hists)
{
	free(hists->setup);
	free(hists->work);
	free(hists->late);
	free(hists->rtt);
	free(hists->attempts);
}

static void put_hists(json_t *joined, const struct hists *hists)
{
	json_object_set_new(joined, "attempts_per_device", json_attempts(hists->attempts));
	json_object_set_new(joined, "timer_late_ms", json_ns_percentiles(hists->late, 1e6, false));
	json_object_set_new(joined, "setup_seconds", json_ns_percentiles(hists->setup, 1e9, true));
	json_object_set_new(joined, "work_seconds", json_ns_percentiles(hists->work, 1e9, true));
	json_object_set_new(joined, "histograms",
			    json_pack("{s:o, s:o, s:o, s:o, s:o}", "setup_ns",
				      json_hist(hists->setup), "work_ns", json_hist(hists->work),
				      "timer_late_ns", json_hist(hists->late), "bystander_rtt_ns",
				      json_hist(hists->rtt), "attempts",
				      json_hist(hists->attempts)));
}

/* -- when which share was connected ------------------------------------------------------------ */

struct gain {
	double seconds;
	double devices; /* more than before */
};

static int by_time(const void *a, const void *b)
{
	const struct gain *left = a, *right = b;

	return left->seconds < right->seconds ? -1 : left->seconds > right->seconds;
}

static size_t add_gains(struct gain *gains, const json_t *run, double offset)
{
	double devices = number(run, "devices"), steps = number(run, "curve_steps"), before = 0;
	const json_t *time;
	size_t i;

	json_array_foreach(json_object_get(run, "curve"), i, time)
	{
		double reached = ceil(devices * (double)(i + 1) / steps);

		gains[i] = (struct gain){ offset + json_number_value(time), reached - before };
		before = reached;
	}
	return json_array_size(json_object_get(run, "curve"));
}

/* The first time at which @needed are connected, or -1. */
static double reached_at(const struct gain *gains, size_t count, double needed)
{
	double sum = 0;

	for (size_t i = 0; i < count; i++) {
		sum += gains[i].devices;
		if (sum >= needed)
			return gains[i].seconds;
	}
	return -1;
}

static json_t *time_or_null(double seconds)
{
	return seconds < 0 ? json_null() : json_real(seconds);
}

static void put_curve(json_t *joined, const struct gain *gains, size_t count, double devices)
{
	double steps = fmin(devices, TALLY_CURVE_MAX), capacity = number(joined, "capacity");
	double all = reached_at(gains, count, devices);
	json_t *curve = json_array();

	for (double step = 1; step <= steps; step++) {
		double seconds = reached_at(gains, count, ceil(devices * step / steps));

		if (seconds < 0)
			break;
		json_array_append_new(curve, json_real(seconds));
	}
	json_object_set_new(joined, "curve", curve);
	json_object_set_new(joined, "curve_steps", json_integer((json_int_t)steps));
	json_object_set_new(joined, "t50", time_or_null(reached_at(gains, count, devices * .5)));
	json_object_set_new(joined, "t90", time_or_null(reached_at(gains, count, devices * .9)));
	json_object_set_new(joined, "t99", time_or_null(reached_at(gains, count, devices * .99)));
	json_object_set_new(joined, "t100", time_or_null(all));
	json_object_set_new(joined, "ideal_seconds",
			    capacity > 0 ? json_real(devices / capacity) : json_null());
	json_object_set_new(joined, "drain_efficiency",
			    capacity > 0 && all > 0 ? json_real(devices / capacity / all)
						    : json_null());
}

static bool join_curves(json_t *joined, json_t *const *runs, size_t count)
{
	double start = earliest_start(runs, count);
	size_t most = 1, used = 0;
	struct gain *gains;

	for (size_t i = 0; i < count; i++)
		most += json_array_size(json_object_get(runs[i], "curve"));
	gains = calloc(most, sizeof(*gains));
	if (!gains)
		return false;
	for (size_t i = 0; i < count; i++)
		used += add_gains(gains + used, runs[i], number(runs[i], "started") - start);
	qsort(gains, used, sizeof(*gains), by_time);
	put_curve(joined, gains, used, number(joined, "devices"));
	free(gains);
	return true;
}

/* -- second by second -------------------------------------------------------------------------- */

static json_t *new_second(size_t second)
{
	return json_pack("{s:I, s:i, s:i, s:i, s:i, s:i, s:n, s:n}", "second", (json_int_t)second,
			 "connected", 0, "attempts", 0, "connects", 0, "failures", 0, "wasted", 0,
			 "accepted_p99_ms", "bystander_p99_ms");
}

static void add_to(json_t *into, const json_t *from, const char *key)
{
	json_object_set_new(into, key,
			    json_integer((json_int_t)(number(into, key) + number(from, key))));
}

static void take_larger(json_t *into, const json_t *from, const char *key)
{
	json_t *value = json_object_get(from, key);

	if (json_is_number(value) && json_number_value(value) > number(into, key))
		json_object_set(into, key, value);
}

/* After its last second a run stays as connected as it was. */
static void add_series(json_t *series, const json_t *run, size_t offset)
{
	static const char *const sums[] = { "attempts", "connects", "failures", "wasted" };
	const json_t *own = json_object_get(run, "series"), *second = NULL;

	for (size_t i = offset; i < json_array_size(series); i++) {
		json_t *into = json_array_get(series, i);
		const json_t *latest = json_array_get(own, i - offset);

		if (latest)
			second = latest;
		add_to(into, second, "connected");
		for (size_t k = 0; latest && k < sizeof(sums) / sizeof(sums[0]); k++)
			add_to(into, latest, sums[k]);
		take_larger(into, latest, "accepted_p99_ms");
		take_larger(into, latest, "bystander_p99_ms");
	}
}

static size_t offset_of(const json_t *run, double start)
{
	return (size_t)llround(number(run, "started") - start);
}

static json_t *join_series(json_t *const *runs, size_t count)
{
	double start = earliest_start(runs, count);
	json_t *series = json_array();
	size_t length = 0;

	for (size_t i = 0; i < count; i++) {
		size_t end = offset_of(runs[i], start) +
			     json_array_size(json_object_get(runs[i], "series"));

		length = end > length ? end : length;
	}
	for (size_t i = 0; i < length; i++)
		json_array_append_new(series, new_second(i));
	for (size_t i = 0; i < count; i++)
		add_series(series, runs[i], offset_of(runs[i], start));
	return series;
}

/* -- the rest ---------------------------------------------------------------------------------- */

static json_t *join_rejected(json_t *const *runs, size_t count)
{
	json_t *rejected = json_object();

	for (size_t i = 0; i < count; i++) {
		json_t *codes = json_object_get(runs[i], "rejected");

		for (void *at = json_object_iter(codes); at;
		     at = json_object_iter_next(codes, at)) {
			const char *code = json_object_iter_key(at);
			json_int_t more = json_integer_value(json_object_iter_value(at));

			json_object_set_new(
				rejected, code,
				json_integer((json_int_t)number(rejected, code) + more));
		}
	}
	return rejected;
}

static json_t *join_bystanders(json_t *const *runs, size_t count, const struct hist *rtt)
{
	static const char *const sums[] = { "count", "sent", "lost", "unsent", "reconnects" };
	json_t *json = json_object();

	for (size_t i = 0; i < sizeof(sums) / sizeof(sums[0]); i++)
		json_object_set_new(json, sums[i], integer_sum(runs, count, "bystanders", sums[i]));
	json_object_set_new(json, "rtt_ms", json_ns_percentiles(rtt, 1e6, true));
	return json;
}

static void put_sums(json_t *joined, json_t *const *runs, size_t count)
{
	static const char *const others[] = { "devices", "connected", "ever_connected", "timeouts",
					      "syn_retransmits" };

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		json_object_set_new(joined, others[i], integer_sum(runs, count, NULL, others[i]));
	for (enum tally_event event = 0; event < TALLY_COUNT; event++)
		if (event != TALLY_REJECTED)
			json_object_set_new(joined, tally_names[event],
					    integer_sum(runs, count, NULL, tally_names[event]));
	json_object_set_new(joined, "rejected", join_rejected(runs, count));
	json_object_set_new(joined, "cpu_seconds",
			    json_real(sum_of(runs, count, NULL, "cpu_seconds")));
}

static void put_span(json_t *joined, json_t *const *runs, size_t count)
{
	double start = earliest_start(runs, count), end = start;
	bool interrupted = false, lower_bound = false;

	for (size_t i = 0; i < count; i++) {
		end = fmax(end, number(runs[i], "started") + number(runs[i], "duration_seconds"));
		interrupted |= json_is_true(json_object_get(runs[i], "interrupted"));
		lower_bound |= json_is_true(json_object_get(runs[i], "wasted_is_lower_bound"));
	}
	json_object_set_new(joined, "started", json_real(start));
	json_object_set_new(joined, "duration_seconds", json_real(end - start));
	json_object_set_new(joined, "interrupted", json_boolean(interrupted));
	json_object_set_new(joined, "wasted_is_lower_bound", json_boolean(lower_bound));
}

static int complain(struct json_join_error *error, size_t wrong, const char *why)
{
	error->wrong = wrong;
	snprintf(error->why, sizeof(error->why), "%s", why);
	return -EINVAL;
}

/* Are they records, of one storm, each given once? */
static int check(json_t *const *runs, size_t count, struct json_join_error *error)
{
	json_t *seen = json_object();
	int err = 0;

	for (size_t i = 0; i < count && !err; i++) {
		error->wrong = i;
		err = json_check_storm(runs[i], error->why);
	}
	for (size_t i = 1; i < count && !err; i++)
		if (fabs(number(runs[i], "started") - number(runs[0], "started")) >
		    APART_SECONDS_MAX)
			err = complain(error, i, "is of another time; join processes of one storm");
	for (size_t i = 0; i < count && !err; i++) {
		err = json_check_once(seen, runs[i], i, &error->other);
		if (err == -EEXIST)
			complain(error, i, "the second has a run of the first; give each once");
		else if (err)
			complain(error, i, "is too much: no memory");
	}
	json_decref(seen);
	return err;
}

static json_t *all_runs(json_t *const *runs, size_t count)
{
	json_t *all = json_array();

	for (size_t i = 0; i < count; i++) {
		json_t *own = json_check_runs(runs[i]);

		json_array_extend(all, own);
		json_decref(own);
	}
	return all;
}

json_t *json_join(json_t *const *runs, size_t count, struct json_join_error *error)
{
	struct hists hists = { 0 };
	json_t *joined;
	bool good;

	*error = (struct json_join_error){ .other = JSON_JOIN_NONE };
	if (check(runs, count, error))
		return NULL;
	complain(error, 0,
		 "has histograms that are too large with the others, or memory has run out");
	/* what cannot be summed is that of the first */
	joined = json_deep_copy(runs[0]);
	put_sums(joined, runs, count);
	put_span(joined, runs, count);
	json_object_set_new(joined, "joined", json_integer((json_int_t)count));
	json_object_set_new(joined, "joined_runs", all_runs(runs, count));
	json_object_set_new(joined, "series", join_series(runs, count));
	good = hists_join(&hists, runs, count) && join_curves(joined, runs, count);
	if (good) {
		put_hists(joined, &hists);
		json_object_set_new(joined, "bystanders", join_bystanders(runs, count, hists.rtt));
	} else {
		json_decref(joined);
		joined = NULL;
	}
	hists_free(&hists);
	return joined;
}
