// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "snapshot.h"

uint64_t snapshot_reason_total(const struct counters *counters, enum reason reason)
{
	uint64_t sum = 0;

	for (int enforced = 0; enforced < 2; enforced++)
		for (int verdict = 0; verdict < VERDICT_COUNT; verdict++)
			sum += counters->n[enforced][verdict][reason];
	return sum;
}

uint64_t snapshot_frames(const struct snapshot *snapshot)
{
	uint64_t sum = 0;

	for (int i = 0; i <= LISTENERS_MAX; i++)
		for (int reason = 0; reason < REASON_MAX; reason++)
			sum += snapshot_reason_total(&snapshot->counters[i], (enum reason)reason);
	return sum;
}

uint64_t snapshot_verdict_total(const struct counters *counters, bool enforced,
				enum verdict verdict)
{
	uint64_t sum = 0;

	for (int reason = 0; reason < REASON_MAX; reason++)
		sum += counters->n[enforced][verdict][reason];
	return sum;
}

struct syn_totals snapshot_syns(const struct counters *counters, bool enforced)
{
	struct syn_totals totals = {
		.admitted = snapshot_verdict_total(counters, enforced, VERDICT_PASS),
		.held = snapshot_verdict_total(counters, enforced, VERDICT_DELAY),
		.rejected = snapshot_verdict_total(counters, enforced, VERDICT_REJECT),
	};

	/* in generic mode it is met a second time */
	totals.admitted -= counters->n[enforced][VERDICT_PASS][REASON_RELEASED];
	totals.refused = totals.rejected + snapshot_verdict_total(counters, enforced, VERDICT_DROP);
	return totals;
}

uint64_t snapshot_tokens(const struct snapshot *snapshot, const struct limit *limit,
			 unsigned int place)
{
	uint64_t tat = gcra_tat(snapshot->levels[place].word, limit, snapshot->now_ns);
	uint64_t debt_ns = gcra_debt_ns(tat, snapshot->now_ns);
	uint64_t refill_ns = gcra_refill_ns(limit);

	if (limit->kind != LIMIT_BUCKET || !limit->period_ns || debt_ns >= refill_ns)
		return 0;
	return (refill_ns - debt_ns) / limit->period_ns;
}

unsigned int snapshot_runtime_rules(const struct snapshot *snapshot)
{
	unsigned int count = 0;

	for (unsigned int i = 0; i < snapshot->rules.count; i++)
		count += snapshot->rules.entries[i].rule.origin == ORIGIN_RUNTIME;
	return count;
}

const char *snapshot_listener_label(char buf[LABEL_MAX], const struct policy *policy,
				    unsigned int id)
{
	if (*policy->listeners[id].name)
		return policy->listeners[id].name;
	/* ':' is in no name */
	snprintf(buf, LABEL_MAX, "id:%u", id);
	return buf;
}

const char *snapshot_top_label(char buf[LABEL_MAX], const struct policy *policy,
			       const struct top_row *row)
{
	if (policy->listeners[row->listener % LISTENERS_MAX].serial == row->serial)
		return snapshot_listener_label(buf, policy, row->listener % LISTENERS_MAX);
	snprintf(buf, LABEL_MAX, "id:%u", row->listener);
	return buf;
}

const char *snapshot_reason_label(char buf[LABEL_MAX], unsigned int reason)
{
	if (reason < REASON_COUNT)
		return reason_names[reason];
	snprintf(buf, LABEL_MAX, "reason_%u", reason);
	return buf;
}

double snapshot_reserve(const struct snapshot *snapshot, unsigned int id)
{
	const struct listener *listener = &snapshot->policy->listeners[id];

	return (double)(listener->reserve <= RESERVE_ALL ? listener->reserve
							 : snapshot->returns[id].reserve) /
	       RESERVE_ALL;
}
