// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <inttypes.h>
#include <string.h>

#include "policy.h"
#include "render.h"

#define PORTS_TEXT_MAX 128
#define TEXT_MAX 64

#define CLOSED_NOTE "refuses every new connection"
#define RUNTIME_NOTE "set at runtime"

static void put_age(FILE *out, uint64_t age_ns)
{
	uint64_t minutes = age_ns / 1000000000 / 60;

	if (minutes >= 24 * 60)
		fprintf(out, "%" PRIu64 " d %" PRIu64 " h", minutes / 60 / 24, minutes / 60 % 24);
	else if (minutes >= 60)
		fprintf(out, "%" PRIu64 " h %" PRIu64 " min", minutes / 60, minutes % 60);
	else
		fprintf(out, "%" PRIu64 " min", minutes);
}

/* -- status ------------------------------------------------------------------------------------ */

static const char *device_text(const struct snapshot_device *device)
{
	switch (device->state) {
	case DEVICE_LOST:
		return "LINK LOST (not protected: attach again)";
	case DEVICE_MOVED:
		return "MOVED to another network namespace (not protected here)";
	default:
		return device->native ? "native" : "GENERIC (slow: every frame pays)";
	}
}

static void put_devices(FILE *out, const struct snapshot *snapshot)
{
	fprintf(out, "  devices      ");
	for (unsigned int i = 0; i < snapshot->devices_count; i++) {
		const struct snapshot_device *device = &snapshot->devices[i];

		fprintf(out, "%s%s %s", i ? ", " : "", device->name, device_text(device));
		if (strcmp(device->name, device->attached_as))
			fprintf(out, " (renamed from %s)", device->attached_as);
	}
	fprintf(out, snapshot->devices_count ? "\n" : "NONE (nothing is protected)\n");
}

static void put_limit(FILE *out, const struct limit *limit)
{
	char rate[TEXT_MAX];

	fputs(text_rate(rate, sizeof(rate), limit), out);
	if (limit->kind == LIMIT_BUCKET)
		fprintf(out, " burst %u", limit->burst);
	else if (limit->kind == LIMIT_CLOSED)
		fputs(" (" CLOSED_NOTE ")", out);
	if (limit->origin == ORIGIN_RUNTIME)
		fputs(" (" RUNTIME_NOTE ")", out);
}

static void put_destinations(FILE *out, const struct policy *policy, unsigned int id)
{
	struct wanted_address addresses[ADDRESSES_MAX];
	unsigned int count = policy_addresses(policy, id, addresses);
	char text[PORTS_TEXT_MAX];
	uint64_t ports[PORTS / 64];

	policy_ports(policy, id, ports);
	fprintf(out, "    ports      %s to ", text_ports(text, sizeof(text), ports));
	if (!count || !addresses[0].len)
		fprintf(out, "any address");
	else
		for (unsigned int i = 0; i < count; i++)
			fprintf(out, "%s%s", i ? ", " : "",
				text_prefix(text, sizeof(text), &addresses[i].prefix,
					    addresses[i].len));
	fputc('\n', out);
}

/* One line of what became of the SYNs, or of what would have; none if there is nothing to say. */
static void put_syns(FILE *out, const struct counters *counters, bool enforced, bool always)
{
	const struct syn_totals syns = snapshot_syns(counters, enforced);
	char label[LABEL_MAX];
	const char *separator = ": ";

	if (!always && !syns.admitted && !syns.held && !syns.refused)
		return;
	fprintf(out,
		enforced ? "    SYNs       %" PRIu64 " admitted, "
			 : "    observed   %" PRIu64 " SYNs would be admitted, ",
		syns.admitted);
	if (syns.held)
		fprintf(out, "%" PRIu64 " held, ", syns.held);
	fprintf(out, "%" PRIu64 " refused", syns.refused);
	if (syns.rejected)
		fprintf(out, " (%" PRIu64 " with a RST)", syns.rejected);
	for (unsigned int reason = 0; reason < REASON_MAX; reason++) {
		uint64_t count = 0;

		for (int verdict = VERDICT_PASS + 1; verdict < VERDICT_COUNT; verdict++)
			if (verdict != VERDICT_DELAY)
				count += counters->n[enforced][verdict][reason];
		if (!count)
			continue;
		fprintf(out, "%s%s %" PRIu64, separator, snapshot_reason_label(label, reason),
			count);
		separator = ", ";
	}
	fputc('\n', out);
}

static void put_excess(FILE *out, const struct snapshot *snapshot, unsigned int id)
{
	const struct listener *listener = &snapshot->policy->listeners[id];

	fprintf(out, "    excess     %s", text_word(excess_names, listener->excess));
	if (listener->excess == EXCESS_DELAY) {
		render_delay(out, snapshot, id);
	} else if (listener->excess == EXCESS_REJECT && snapshot->control.vlan_hidden) {
		fputs(" (" RENDER_HIDDEN_NOTE ")", out);
	} else if (listener->excess == EXCESS_REJECT) {
		fputs(", RSTs ", out);
		if (listener->reject.kind == LIMIT_CLOSED)
			fputs("0/s (acts as drop)", out);
		else
			put_limit(out, &listener->reject);
	}
	fputc('\n', out);
}

static void put_again(FILE *out, const struct snapshot *snapshot, unsigned int id)
{
	uint64_t waited = snapshot->echoes[id].n[ECHO_WAITED];
	uint64_t admitted = snapshot->echoes[id].n[ECHO_ADMITTED];
	uint16_t wanted = snapshot->policy->listeners[id].reserve;

	fprintf(out, "    again      %" PRIu64 " after a refusal, %" PRIu64 " after admission; ",
		waited, admitted);
	fprintf(out, "reserve %.3g%s\n", snapshot_reserve(snapshot, id),
		wanted == RESERVE_AUTO ? " (auto)" : "");
}

static void put_listener(FILE *out, const struct snapshot *snapshot, unsigned int id)
{
	const struct listener *listener = &snapshot->policy->listeners[id];
	bool enforcing = snapshot->policy->mode == MODE_ENFORCE;

	fprintf(out, "  listener %s\n", listener->name);
	put_destinations(out, snapshot->policy, id);
	fprintf(out, "    limits     ");
	put_limit(out, &listener->limits[LEVEL_LISTENER]);
	for (int level = LEVEL_SITE; level < LEVEL_COUNT; level++) {
		fprintf(out, "; each %s ", level_names[level]);
		put_limit(out, &listener->limits[level]);
	}
	fputc('\n', out);
	put_excess(out, snapshot, id);
	render_queue_line(out, snapshot, id);
	render_window_line(out, snapshot, id);
	put_syns(out, &snapshot->counters[1 + id], true, enforcing);
	put_syns(out, &snapshot->counters[1 + id], false, !enforcing);
	put_again(out, snapshot, id);
}

static void put_rule_counts(FILE *out, const struct snapshot *snapshot)
{
	const struct rules *rules = &snapshot->rules;
	unsigned int runtime = snapshot_runtime_rules(snapshot);

	fprintf(out, "  rules        ");
	if (!rules->count)
		fprintf(out, "none");
	else
		fprintf(out, "%u IPv4, %u IPv6", rules->count_of[FAMILY_V4],
			rules->count_of[FAMILY_V6]);
	if (runtime)
		fprintf(out, "; %u set at runtime", runtime);
	fputc('\n', out);
}

static void put_traffic(FILE *out, const struct snapshot *snapshot)
{
	const struct counters *unjudged = &snapshot->counters[0];
	uint64_t established = snapshot_reason_total(unjudged, REASON_NOT_SYN);
	uint64_t internal = snapshot_reason_total(unjudged, REASON_INTERNAL), all = 0;

	for (unsigned int reason = 0; reason < REASON_MAX; reason++)
		all += snapshot_reason_total(unjudged, (enum reason)reason);
	fprintf(out,
		"  established  %" PRIu64 " TCP frames passed untouched; %" PRIu64
		" other frames not judged\n",
		established, all - established);
	if (internal)
		fprintf(out,
			"  INTERNAL     %" PRIu64 " frames passed because state was missing: "
			"detach and attach again\n",
			internal);
}

void render_status(FILE *out, const struct snapshot *snapshot)
{
	const struct policy *policy = snapshot->policy;
	uint64_t lossy = snapshot->table.evicted_in_debt;

	fprintf(out, "%s: %s%s\n", snapshot->control.name,
		policy->mode == MODE_ENFORCE ? "enforcing" : "OBSERVE: nothing is dropped",
		policy->mode_origin == ORIGIN_RUNTIME ? " (" RUNTIME_NOTE ")" : "");
	put_devices(out, snapshot);
	fprintf(out, "  attached     ");
	put_age(out, snapshot->now_ns > snapshot->control.created_ns
			     ? snapshot->now_ns - snapshot->control.created_ns
			     : 0);
	fprintf(out, " ago by version %s\n", snapshot->control.version);
	fprintf(out, "  host limit   ");
	put_limit(out, &policy->host);
	fputc('\n', out);
	for (unsigned int id = 0; id < LISTENERS_MAX; id++)
		if (*policy->listeners[id].name)
			put_listener(out, snapshot, id);
	if (!policy_count_listeners(policy))
		fprintf(out, "  NO LISTENERS: nothing is judged\n");
	put_rule_counts(out, snapshot);
	put_traffic(out, snapshot);
	fprintf(out, "  sources      %.1f %% of %u slots in debt; %" PRIu64 " lossy evictions%s\n",
		100 * snapshot->table_fill, snapshot->control.source_slots, lossy,
		lossy ? " (TABLE TOO SMALL: raise sources)" : "");
}

/* -- tables ------------------------------------------------------------------------------------ */

/* Width of the column of listeners. */
static int listener_width(const struct policy *policy)
{
	size_t width = sizeof("LISTENER") - 1;

	for (unsigned int id = 0; id < LISTENERS_MAX; id++)
		if (strlen(policy->listeners[id].name) > width)
			width = strlen(policy->listeners[id].name);
	return (int)width;
}

static void put_limit_row(FILE *out, const struct snapshot *snapshot, int width, int id,
			  enum level level)
{
	const struct policy *policy = snapshot->policy;
	const struct listener *listener = id < 0 ? NULL : &policy->listeners[id];
	const struct limit *limit = listener ? &listener->limits[level] : &policy->host;
	char rate[TEXT_MAX], burst[TEXT_MAX] = "-", available[TEXT_MAX] = "-";
	char note[2 * TEXT_MAX] = "";
	bool is_runtime = limit->origin == ORIGIN_RUNTIME;

	if (limit->kind == LIMIT_BUCKET) {
		snprintf(burst, sizeof(burst), "%u", limit->burst);
		if (level == LEVEL_HOST || level == LEVEL_LISTENER)
			snprintf(available, sizeof(available), "%" PRIu64,
				 snapshot_tokens(snapshot, limit, (unsigned int)(id + 1)));
	}
	if (limit->kind == LIMIT_CLOSED)
		snprintf(note, sizeof(note), CLOSED_NOTE);
	else if (level == LEVEL_SITE)
		snprintf(note, sizeof(note), "each /%u, /%u", policy->site_len[FAMILY_V4],
			 policy->site_len[FAMILY_V6]);
	else if (level == LEVEL_SOURCE)
		snprintf(note, sizeof(note), "each /%u, /%u", policy->source_len[FAMILY_V4],
			 policy->source_len[FAMILY_V6]);
	else if (listener && listener->excess == EXCESS_DELAY)
		snprintf(note, sizeof(note), "%s", render_delay_note(snapshot, (unsigned int)id));
	fprintf(out, "%-8s  %-*s  %12s  %8s  %9s%s%s%s%s\n", level_names[level], width,
		listener ? listener->name : "-", text_rate(rate, sizeof(rate), limit), burst,
		available, is_runtime || *note ? "  " : "", is_runtime ? RUNTIME_NOTE : "",
		is_runtime && *note ? "; " : "", note);
}

/* Of the RSTs of a listener that sends them. */
static void put_reject_row(FILE *out, const struct snapshot *snapshot, int width, int id)
{
	const struct listener *listener = &snapshot->policy->listeners[id];
	const struct limit *limit = &listener->reject;
	char rate[TEXT_MAX], burst[TEXT_MAX] = "-", available[TEXT_MAX] = "-";

	if (listener->excess != EXCESS_REJECT)
		return;
	if (limit->kind == LIMIT_BUCKET) {
		snprintf(burst, sizeof(burst), "%u", limit->burst);
		snprintf(available, sizeof(available), "%" PRIu64,
			 snapshot_tokens(snapshot, limit, LEVELS_REJECT + (unsigned int)id));
	}
	fprintf(out, "%-8s  %-*s  %12s  %8s  %9s  %s\n", excess_names[EXCESS_REJECT], width,
		listener->name, text_rate(rate, sizeof(rate), limit), burst, available,
		snapshot->control.vlan_hidden ? RENDER_HIDDEN_NOTE : "RSTs; beyond it dropped");
}

void render_limits(FILE *out, const struct snapshot *snapshot)
{
	int width = listener_width(snapshot->policy);

	fprintf(out, "%-8s  %-*s  %12s  %8s  %9s\n", "LEVEL", width, "LISTENER", "RATE", "BURST",
		"AVAILABLE");
	put_limit_row(out, snapshot, width, -1, LEVEL_HOST);
	for (int id = 0; id < LISTENERS_MAX; id++) {
		if (!*snapshot->policy->listeners[id].name)
			continue;
		for (int level = LEVEL_LISTENER; level < LEVEL_COUNT; level++)
			put_limit_row(out, snapshot, width, id, (enum level)level);
		put_reject_row(out, snapshot, width, id);
	}
}

static void put_counters(FILE *out, const struct counters *counters, int width, const char *name)
{
	char label[LABEL_MAX];

	for (unsigned int i = 0; i < 2 * VERDICT_COUNT * REASON_MAX; i++) {
		unsigned int enforced = i % 2;
		unsigned int verdict = i / 2 % VERDICT_COUNT;
		unsigned int reason = i / 2 / VERDICT_COUNT;

		uint64_t count = counters->n[enforced][verdict][reason];

		if (count)
			fprintf(out, "%-*s  %-14s  %-7s  %-8s  %20" PRIu64 "\n", width, name,
				snapshot_reason_label(label, reason), verdict_names[verdict],
				enforced ? "yes" : "no", count);
	}
}

void render_counters(FILE *out, const struct snapshot *snapshot)
{
	int width = listener_width(snapshot->policy);
	char label[LABEL_MAX];

	fprintf(out, "%-*s  %-14s  %-7s  %-8s  %20s\n", width, "LISTENER", "REASON", "VERDICT",
		"ENFORCED", "FRAMES");
	put_counters(out, &snapshot->counters[0], width, "-");
	for (unsigned int id = 0; id < LISTENERS_MAX; id++)
		put_counters(out, &snapshot->counters[1 + id], width,
			     snapshot_listener_label(label, snapshot->policy, id));
	fprintf(out, "%-*s  %-14s  %-7s  %-8s  %20" PRIu64 "\n", width, "total", "", "", "",
		snapshot_frames(snapshot));
}

/* Column widths of render_rules(): a limit has two numbers, and few have one. */
#define PREFIX_WIDTH 18
#define ACTION_WIDTH 6

static void put_rule(FILE *out, const struct snapshot *snapshot, int width,
		     const struct rule_entry *entry)
{
	char prefix[TEXT_MAX], label[LABEL_MAX], left[TEXT_MAX] = "never";
	const struct rule *rule = &entry->rule;
	const char *listener = "any";

	if (entry->listener < LISTENERS_MAX)
		listener = snapshot_listener_label(label, snapshot->policy, entry->listener);
	if (rule->expires_ns)
		text_duration(left, sizeof(left), rule->expires_ns - snapshot->now_ns);
	fprintf(out, "%-*s  %-*s  %-*s  %-10s  %s", PREFIX_WIDTH,
		rules_text(prefix, sizeof(prefix), entry), ACTION_WIDTH,
		text_word(action_names, rule->action), width, listener, left,
		rule->origin == ORIGIN_RUNTIME ? "runtime, not in the file" : "file");
	if (rule->action == RULE_LIMIT) {
		fprintf(out, "  each source ");
		put_limit(out, &rule->source);
	}
	fputc('\n', out);
}

void render_rules(FILE *out, const struct snapshot *snapshot)
{
	int width = listener_width(snapshot->policy);

	fprintf(out, "%-*s  %-*s  %-*s  %-10s  %s\n", PREFIX_WIDTH, "PREFIX", ACTION_WIDTH,
		"ACTION", width, "LISTENER", "EXPIRES IN", "SET BY");
	for (unsigned int i = 0; i < snapshot->rules.count; i++)
		put_rule(out, snapshot, width, &snapshot->rules.entries[i]);
}
