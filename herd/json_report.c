// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "herd/json_report.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "text.h"

#define NS_PER_SEC 1e9
#define NS_PER_MS 1e6

static json_t *text(const char *value)
{
	json_t *json = json_string(value);

	return json ? json : json_string("?"); /* a file name need not be UTF-8 */
}

static json_t *text_or_null(const char *value)
{
	return *value ? text(value) : json_null();
}

/* Nanoseconds as seconds; null for none. */
static json_t *seconds(uint64_t ns)
{
	return ns ? json_real((double)ns / NS_PER_SEC) : json_null();
}

/* To three places: more would be noise. */
static json_t *rounded(double value)
{
	return json_real(round(value * 1000) / 1000);
}

static json_t *quantile(const struct hist *hist, unsigned int permille, double unit_ns)
{
	if (!hist->count)
		return json_null();
	return json_real(round((double)hist_quantile(hist, permille) / unit_ns * 1e6) / 1e6);
}

json_t *json_ns_percentiles(const struct hist *hist, double unit_ns, bool with_p90)
{
	json_t *json = json_object();

	json_object_set_new(json, "p50", quantile(hist, 500, unit_ns));
	if (with_p90)
		json_object_set_new(json, "p90", quantile(hist, 900, unit_ns));
	json_object_set_new(json, "p99", quantile(hist, 990, unit_ns));
	json_object_set_new(json, "max", quantile(hist, 1000, unit_ns));
	return json;
}

json_t *json_attempts(const struct hist *hist)
{
	return json_pack("{s:I, s:I, s:I}", "p50", (json_int_t)hist_quantile(hist, 500), "p99",
			 (json_int_t)hist_quantile(hist, 990), "max", (json_int_t)hist->max);
}

json_t *json_hist(const struct hist *hist)
{
	json_t *json = json_array();

	for (unsigned int i = 0; i < HIST_BUCKETS; i++)
		if (hist->bucket[i])
			json_array_append_new(
				json, json_pack("[i, I]", (int)i, (json_int_t)hist->bucket[i]));
	return json;
}

int json_hist_read(const json_t *json, struct hist *hist)
{
	const json_t *pair;
	size_t i;

	if (json && !json_is_array(json))
		return -EINVAL;
	json_array_foreach(json, i, pair)
	{
		json_int_t bucket, count;

		if (json_unpack((json_t *)pair, "[I, I]", &bucket, &count) || bucket < 0 ||
		    bucket >= HIST_BUCKETS || count < 0 ||
		    count > UINT32_MAX - hist->bucket[bucket])
			return -EINVAL;
		hist_add_bucket(hist, (unsigned int)bucket, (uint32_t)count);
	}
	return 0;
}

/* -- parameters -------------------------------------------------------------------------------- */

static json_t *start_of(const struct plan_group *group)
{
	json_t *json = json_object();

	json_object_set_new(json, "kind", text(plan_start_names[group->start]));
	json_object_set_new(json, "seconds", seconds(group->start_ns));
	json_object_set_new(json, "file", text_or_null(group->schedule_file));
	return json;
}

static json_t *backoff_of(const struct plan_group *group)
{
	const struct backoff *backoff = &group->backoff;
	json_t *json = json_object();

	json_object_set_new(json, "said", text(group->backoff_name));
	json_object_set_new(json, "model", text(backoff_names[backoff->kind]));
	json_object_set_new(json, "min_seconds", seconds(backoff->min_ns));
	json_object_set_new(json, "max_seconds", seconds(backoff->max_ns));
	return json;
}

static void put_tls(json_t *json, const struct plan_group *group)
{
	json_object_set_new(json, "tls", text(plan_tls_names[group->tls]));
	json_object_set_new(json, "resume", json_boolean(group->tls_resume));
	json_object_set_new(json, "ca", text_or_null(group->ca_file));
	json_object_set_new(json, "cert", text_or_null(group->cert_file));
	json_object_set_new(json, "sni", text_or_null(group->sni));
}

static json_t *group_of(const struct plan_group *group)
{
	json_t *json = json_object();
	char sources[64] = "";

	if (group->sources_said)
		text_prefix(sources, sizeof(sources), &group->sources, group->sources_len);
	json_object_set_new(json, "name", text(group->name));
	json_object_set_new(json, "devices", json_integer(group->devices));
	put_tls(json, group);
	json_object_set_new(json, "mqtt", text(group->mqtt == MQTT_5 ? "5" : "3.1.1"));
	json_object_set_new(json, "user", text_or_null(group->user));
	json_object_set_new(json, "client_id", text(group->client_id));
	json_object_set_new(json, "keepalive_seconds", seconds(group->keepalive_ns));
	json_object_set_new(json, "sources", text_or_null(sources));
	json_object_set_new(json, "start", start_of(group));
	json_object_set_new(json, "timeout_seconds", seconds(group->timeout_ns));
	json_object_set_new(json, "connect_timeout_seconds", seconds(group->connect_timeout_ns));
	json_object_set_new(json, "tls_timeout_seconds", seconds(group->tls_timeout_ns));
	json_object_set_new(json, "connack_timeout_seconds", seconds(group->connack_timeout_ns));
	json_object_set_new(json, "backoff", backoff_of(group));
	json_object_set_new(json, "attempts",
			    group->attempts ? json_integer(group->attempts) : json_null());
	json_object_set_new(json, "topics", json_integer(group->work_topics));
	json_object_set_new(json, "retained", json_integer(group->work_retained));
	json_object_set_new(json, "hello_bytes", json_integer(group->work_hello));
	return json;
}

static json_t *parameters_of(const struct plan *plan)
{
	json_t *json = json_object(), *groups = json_array();

	for (uint32_t i = 0; i < plan->groups_count; i++)
		json_array_append_new(groups, group_of(&plan->groups[i]));
	json_object_set_new(json, "command", text(plan->capacity ? "capacity" : "storm"));
	json_object_set_new(json, "target", text(plan->host));
	json_object_set_new(json, "port", json_integer(plan->port));
	json_object_set_new(json, "stack", text(plan->stack));
	json_object_set_new(json, "duration_seconds", seconds(plan->duration_ns));
	json_object_set_new(json, "hold_seconds", seconds(plan->hold_ns));
	json_object_set_new(json, "seed", json_integer((json_int_t)plan->seed));
	json_object_set_new(json, "first", json_integer(plan->first));
	json_object_set_new(json, "bystanders", json_integer(plan->bystanders));
	json_object_set_new(json, "every_seconds", seconds(plan->every_ns));
	json_object_set_new(json, "groups", groups);
	return json;
}

/* -- what happened ----------------------------------------------------------------------------- */

static json_t *rejected_of(const struct tally *tally)
{
	json_t *json = json_object();
	char code[8];

	for (unsigned int i = 0; i < 256; i++) {
		if (!tally->rejected[i])
			continue;
		snprintf(code, sizeof(code), "%u", i);
		json_object_set_new(json, code, json_integer((json_int_t)tally->rejected[i]));
	}
	return json;
}

static void put_counts(json_t *json, const struct tally *tally)
{
	json_object_set_new(json, "devices", json_integer(tally->devices));
	json_object_set_new(json, "connected", json_integer(tally->connected));
	json_object_set_new(json, "ever_connected", json_integer(tally->ever_connected));
	for (enum tally_event event = 0; event < TALLY_COUNT; event++)
		if (event != TALLY_REJECTED)
			json_object_set_new(json, tally_names[event],
					    json_integer((json_int_t)tally->count[event]));
	json_object_set_new(json, "timeouts", json_integer((json_int_t)tally_timeouts(tally)));
	json_object_set_new(json, "rejected", rejected_of(tally));
	json_object_set_new(json, "syn_retransmits",
			    json_integer((json_int_t)tally->syn_retransmits));
}

static void put_times(json_t *json, const struct report *report)
{
	static const struct {
		const char *name;
		unsigned int permille;
	} shares[] = { { "t50", 500 }, { "t90", 900 }, { "t99", 990 }, { "t100", 1000 } };
	const struct tally *tally = report->tally;
	double capacity = report_capacity(report);
	json_t *curve = json_array();
	uint64_t ns;
	bool all = false;

	for (size_t i = 0; i < sizeof(shares) / sizeof(shares[0]); i++) {
		all = !report->knee && tally_reached(tally, shares[i].permille, &ns);
		json_object_set_new(json, shares[i].name,
				    all ? json_real((double)ns / NS_PER_SEC) : json_null());
	}
	json_object_set_new(json, "capacity", capacity > 0 ? rounded(capacity) : json_null());
	json_object_set_new(json, "ideal_seconds",
			    capacity > 0 && !report->knee ? json_real(tally->devices / capacity)
							  : json_null());
	json_object_set_new(json, "drain_efficiency",
			    capacity > 0 && all && ns
				    ? rounded(tally->devices / capacity / ((double)ns / NS_PER_SEC))
				    : json_null());
	for (uint32_t i = 0; !report->knee && i < tally->curve_reached; i++)
		json_array_append_new(curve, json_real((double)tally->curve_ns[i] / NS_PER_SEC));
	json_object_set_new(json, "curve", curve);
	json_object_set_new(json, "curve_steps", json_integer(tally->curve_count));
}

static json_t *bystanders_of(const struct report *report)
{
	const struct tally *tally = report->tally;

	return json_pack(
		"{s:I, s:I, s:I, s:I, s:I, s:o}", "count", (json_int_t)report->plan->bystanders,
		"sent", (json_int_t)tally->bystanders_sent, "lost",
		(json_int_t)tally->bystanders_lost, "unsent", (json_int_t)report->bystanders_unsent,
		"reconnects", (json_int_t)tally->bystanders_reconnects, "rtt_ms",
		json_ns_percentiles(&tally->rtt_ns, NS_PER_MS, true));
}

static json_t *series_of(const struct tally *tally)
{
	json_t *json = json_array();

	for (uint32_t i = 0; i < tally->seconds_count; i++) {
		const struct tally_second *second = &tally->seconds[i];

		json_array_append_new(
			json,
			json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:o, s:o}", "second",
				  (json_int_t)i, "connected", (json_int_t)second->connected,
				  "attempts", (json_int_t)second->attempts, "connects",
				  (json_int_t)second->connects, "failures",
				  (json_int_t)second->failures, "wasted",
				  (json_int_t)second->wasted, "accepted_p99_ms",
				  second->accepted ? quantile(second->accepted, 990, NS_PER_MS)
						   : json_null(),
				  "bystander_p99_ms",
				  second->rtt ? quantile(second->rtt, 990, NS_PER_MS)
					      : json_null()));
	}
	return json;
}

static json_t *steps_of(const struct knee *knee)
{
	json_t *json = json_array();

	for (unsigned int i = 0; i < knee->steps_count; i++)
		json_array_append_new(json, json_pack("{s:I, s:o}", "width",
						      (json_int_t)knee->steps[i].width, "per_sec",
						      rounded(knee->steps[i].per_sec)));
	return json;
}

static json_t *host_of(const struct report *report)
{
	return json_pack("{s:o, s:o, s:o, s:I, s:s}", "name", text(report->node), "kernel",
			 text(report->kernel), "machine", text(report->machine), "cpus",
			 (json_int_t)report->cpus, "herd", WEIR_VERSION);
}

json_t *json_report(const struct report *report)
{
	const struct tally *tally = report->tally;
	json_t *json = json_object();

	json_object_set_new(json, "schema", json_integer(HERD_SCHEMA));
	json_object_set_new(json, "label", text(report->plan->label));
	json_object_set_new(json, "parameters", parameters_of(report->plan));
	json_object_set_new(json, "host", host_of(report));
	json_object_set_new(json, "pid", json_integer(report->pid));
	put_counts(json, tally);
	json_object_set_new(json, "attempts_per_device", json_attempts(&report->attempts));
	put_times(json, report);
	json_object_set_new(json, "duration_seconds", rounded(report->duration_seconds));
	json_object_set_new(json, "started", rounded(report->started));
	json_object_set_new(json, "cpu_seconds", rounded(report->cpu_seconds));
	json_object_set_new(json, "interrupted", json_boolean(report->interrupted));
	json_object_set_new(json, "wasted_is_lower_bound", json_boolean(report->gone_evicted > 0));
	json_object_set_new(json, "timer_late_ms",
			    json_ns_percentiles(&tally->late_ns, NS_PER_MS, false));
	json_object_set_new(json, "setup_seconds",
			    json_ns_percentiles(&tally->setup_ns, NS_PER_SEC, true));
	json_object_set_new(json, "work_seconds",
			    json_ns_percentiles(&tally->work_ns, NS_PER_SEC, true));
	json_object_set_new(json, "bystanders", bystanders_of(report));
	if (report->knee) {
		json_object_set_new(json, "capacity_steps", steps_of(report->knee));
		json_object_set_new(json, "capacity_unsteady",
				    json_boolean(report->knee->unsteady));
		json_object_set_new(json, "knee_width",
				    json_integer((json_int_t)report->knee->knee_width));
		json_object_set_new(json, "knee_found", json_boolean(report->knee->found));
	}
	json_object_set_new(json, "series", series_of(tally));
	json_object_set_new(
		json, "histograms",
		json_pack("{s:o, s:o, s:o, s:o, s:o}", "setup_ns", json_hist(&tally->setup_ns),
			  "work_ns", json_hist(&tally->work_ns), "timer_late_ns",
			  json_hist(&tally->late_ns), "bystander_rtt_ns", json_hist(&tally->rtt_ns),
			  "attempts", json_hist(&report->attempts)));
	return json;
}
