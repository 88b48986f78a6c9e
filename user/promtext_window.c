// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "promtext_window.h"

#include <math.h>

#include "promtext_put.h"
#include "setup.h"
#include "window_figures.h"

#define NS_PER_SEC 1e9
#define MILLION 1e6
/* Bounds of the histogram are octaves, from 1 ms to 34 s. */
#define OCTAVE (1U << SETUP_BUCKETS_PER_OCTAVE_SHIFT)
#define OCTAVE_FIRST 3
#define OCTAVE_LAST 18

static void each(FILE *out, const struct snapshot *snapshot,
		 void (*put)(FILE *out, const struct snapshot *snapshot, unsigned int id))
{
	for (unsigned int id = 0; id < LISTENERS_MAX; id++)
		if (window_is_there(snapshot, id))
			put(out, snapshot, id);
}

#define LISTENER(snapshot, id) \
	"shaper", (snapshot)->control.name, "listener", (snapshot)->policy->listeners[id].name

static void put_window(FILE *out, const struct snapshot *snapshot, unsigned int id)
{
	if (window_is_in_force(snapshot, id))
		promtext_count(out, snapshot->windows[id].window, "weir_window",
			       LISTENER(snapshot, id), NULL);
}

void promtext_window(FILE *out, const struct snapshot *snapshot)
{
	each(out, snapshot, put_window);
}

static void put_in_flight(FILE *out, const struct snapshot *snapshot, unsigned int id)
{
	if (window_is_leased_now(snapshot, id))
		promtext_count(out, snapshot->windows[id].in_flight, "weir_in_flight",
			       LISTENER(snapshot, id), NULL);
}

void promtext_in_flight(FILE *out, const struct snapshot *snapshot)
{
	each(out, snapshot, put_in_flight);
}

static void put_latency(FILE *out, const struct snapshot *snapshot, unsigned int id)
{
	const struct setup_counters *counters = &snapshot->setups[id];
	uint64_t count = 0;
	char bound[32];

	for (unsigned int i = 0; i < SETUP_BUCKETS; i++) {
		unsigned int octave = i / OCTAVE;

		if (!(i % OCTAVE) && octave >= OCTAVE_FIRST && octave <= OCTAVE_LAST) {
			snprintf(bound, sizeof(bound), "%.6g",
				 (double)setup_bucket_ns(i) / NS_PER_SEC);
			promtext_count(out, count, "weir_setup_latency_seconds_bucket",
				       LISTENER(snapshot, id), "le", bound, NULL);
		}
		count += counters->latency[i];
	}
	promtext_count(out, count, "weir_setup_latency_seconds_bucket", LISTENER(snapshot, id),
		       "le", "+Inf", NULL);
	promtext_number(out, (double)counters->latency_sum_ns / NS_PER_SEC,
			"weir_setup_latency_seconds_sum", LISTENER(snapshot, id), NULL);
	promtext_count(out, count, "weir_setup_latency_seconds_count", LISTENER(snapshot, id),
		       NULL);
}

void promtext_setup_latency(FILE *out, const struct snapshot *snapshot)
{
	each(out, snapshot, put_latency);
}

static void put_ends(FILE *out, const struct snapshot *snapshot, unsigned int id)
{
	static const struct {
		enum setup_event event;
		const char *result;
	} ends[] = {
		{ SETUP_DONE, "done" },		{ SETUP_REFUSED, "refused" },
		{ SETUP_GIVEN_UP, "given_up" }, { SETUP_WITHDRAWN, "withdrawn" },
		{ SETUP_REPLACED, "replaced" }, { SETUP_EVICTED, "evicted" },
	};

	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
		promtext_count(out, snapshot->setups[id].n[ends[i].event], "weir_setups_total",
			       LISTENER(snapshot, id), "result", ends[i].result, NULL);
}

void promtext_setups(FILE *out, const struct snapshot *snapshot)
{
	each(out, snapshot, put_ends);
}

static void put_signals(FILE *out, const struct snapshot *snapshot, unsigned int id, bool age)
{
	const struct window_signal *signal = snapshot->windows[id].signals;
	char name[WINDOW_NAME_MAX + 1];

	if (!window_is_leased_now(snapshot, id))
		return;
	for (int i = 0; i < WINDOW_SIGNALS_MAX && *signal->name; i++, signal++) {
		double value = age ? (double)window_signal_age_ns(snapshot, signal) / NS_PER_SEC
				   : (double)signal->ratio_millionths / MILLION;

		snprintf(name, sizeof(name), "%.*s", WINDOW_NAME_MAX, signal->name);
		if (signal->read_ns)
			promtext_number(out, value,
					age ? "weir_signal_age_seconds" : "weir_signal_ratio",
					LISTENER(snapshot, id), "signal", name, NULL);
	}
}

static void put_ratio(FILE *out, const struct snapshot *snapshot, unsigned int id)
{
	put_signals(out, snapshot, id, false);
}

void promtext_signal_ratio(FILE *out, const struct snapshot *snapshot)
{
	each(out, snapshot, put_ratio);
}

static void put_age(FILE *out, const struct snapshot *snapshot, unsigned int id)
{
	put_signals(out, snapshot, id, true);
}

void promtext_signal_age(FILE *out, const struct snapshot *snapshot)
{
	each(out, snapshot, put_age);
}

static void put_lease(FILE *out, const struct snapshot *snapshot, unsigned int id)
{
	promtext_count(out, window_is_leased_now(snapshot, id), "weir_lease_valid",
		       LISTENER(snapshot, id), "lease", "window", NULL);
}

void promtext_window_lease(FILE *out, const struct snapshot *snapshot)
{
	each(out, snapshot, put_lease);
}

static void put_rate(FILE *out, const struct snapshot *snapshot, unsigned int id, const char *kind,
		     double per_sec)
{
	promtext_number(out, per_sec > 0 ? per_sec : INFINITY, "weir_limit_per_second",
			LISTENER(snapshot, id), "level", "listener", "kind", kind, NULL);
}

static void put_rates(FILE *out, const struct snapshot *snapshot, unsigned int id)
{
	if (window_is_leased_now(snapshot, id))
		put_rate(out, snapshot, id, "adaptive", window_adaptive_per_sec(snapshot, id));
	put_rate(out, snapshot, id, "fallback", window_fallback_per_sec(snapshot, id));
}

void promtext_window_rates(FILE *out, const struct snapshot *snapshot)
{
	each(out, snapshot, put_rates);
}
