// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "herd/json_raw.h"

#include "json_value.h"

#define NS_PER_MS 1e6
#define NS_PER_SEC 1e9
#define SCHEMA 1

static json_t *milliseconds(uint64_t ns)
{
	return json_real((double)ns / NS_PER_MS);
}

static json_t *way(const struct relay_plan *plan, const struct relay_report *report, int i)
{
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o}", "from", json_text(plan->ends[i].said),
			 "to", json_text(plan->ends[!i].said), "packets",
			 json_count(report->ways[i].taken), "lost",
			 json_count(report->ways[i].lost), "full", json_count(report->ways[i].full),
			 "refused", json_count(report->ways[i].refused));
}

json_t *json_raw_relay(const struct relay_plan *plan, const struct relay_report *report)
{
	const struct hist *late = &report->late_ns;
	return json_pack(
		"{s:i, s:o, s:o, s:f, s:o, s:[o, o], s:{s:o, s:o, s:o}, s:f}", "schema", SCHEMA,
		"delay_ms", milliseconds(plan->rule.delay_ns), "jitter_ms",
		milliseconds(plan->rule.jitter_ns), "loss_percent", plan->rule.loss_ppm / 1e4,
		"bit_per_sec", json_count(plan->rule.bit_per_sec), "ways", way(plan, report, 0),
		way(plan, report, 1), "late_ms", "p50", milliseconds(hist_quantile(late, 500)),
		"p99", milliseconds(hist_quantile(late, 990)), "max", milliseconds(late->max),
		"duration_seconds", report->seconds);
}

json_t *json_raw_flood(const struct flood_plan *plan, const struct flood_report *report)
{
	double achieved = report->seconds > 0 ? (double)report->sent / report->seconds : 0;
	return json_pack("{s:i, s:o, s:f, s:f, s:o, s:o, s:f, s:f}", "schema", SCHEMA, "device",
			 json_text(report->dev), "asked_per_sec", plan->per_sec, "achieved_per_sec",
			 achieved, "sent", json_count(report->sent), "failed",
			 json_count(report->failed), "duration_seconds", report->seconds,
			 "cpu_seconds", report->cpu_seconds);
}
