// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "promtext.h"

#include <math.h>
#include <string.h>

#include "promtext_put.h"
#include "promtext_queue.h"
#include "promtext_window.h"

/* What can happen to a SYN in this version; these exist from the start, so that rate() sees their
 * first increase. */
static bool is_expected(const struct listener *listener, unsigned int reason, unsigned int verdict)
{
	switch (reason) {
	case REASON_ADMITTED:
	case REASON_ALLOWED:
	case REASON_RETRANSMIT:
		return verdict == VERDICT_PASS;
	case REASON_BEHIND:
		return listener->excess == EXCESS_DELAY &&
		       (verdict == VERDICT_DROP || verdict == VERDICT_DELAY);
	case REASON_RELEASED:
		return listener->excess == EXCESS_DELAY && verdict == VERDICT_PASS;
	case REASON_WINDOW:
		if (listener->window.window == WINDOW_OFF)
			return false;
		/* fall through */
	case REASON_HOST_LIMIT:
	case REASON_LISTENER_LIMIT:
	case REASON_RESERVED:
		return verdict == VERDICT_DROP ||
		       (verdict == VERDICT_REJECT && listener->excess == EXCESS_REJECT) ||
		       (verdict == VERDICT_DELAY && listener->excess == EXCESS_DELAY);
	case REASON_SITE_LIMIT:
	case REASON_SOURCE_LIMIT:
	case REASON_CONTENDED:
	case REASON_BLOCKED:
		return verdict == VERDICT_DROP;
	default:
		return false;
	}
}

static void put_listener_syns(FILE *out, const struct snapshot *snapshot, unsigned int id)
{
	const struct listener *listener = &snapshot->policy->listeners[id];
	const struct counters *counters = &snapshot->counters[1 + id];
	char label[LABEL_MAX], name[LABEL_MAX];

	for (unsigned int i = 0; i < 2 * VERDICT_COUNT * REASON_MAX; i++) {
		unsigned int enforced = i % 2;
		unsigned int verdict = i / 2 % VERDICT_COUNT;
		unsigned int reason = i / 2 / VERDICT_COUNT;
		uint64_t count = counters->n[enforced][verdict][reason];

		if (!count && !(*listener->name && is_expected(listener, reason, verdict)))
			continue;
		promtext_count(out, count, "weir_syn_total", "shaper", snapshot->control.name,
			       "listener", snapshot_listener_label(name, snapshot->policy, id),
			       "verdict", verdict_names[verdict], "reason",
			       snapshot_reason_label(label, reason), "enforced",
			       enforced ? "true" : "false", NULL);
	}
}

static void put_syns(FILE *out, const struct snapshot *snapshot)
{
	for (unsigned int id = 0; id < LISTENERS_MAX; id++)
		put_listener_syns(out, snapshot, id);
}

static void put_retransmits(FILE *out, const struct snapshot *snapshot)
{
	for (unsigned int id = 0; id < LISTENERS_MAX; id++) {
		const char *listener = snapshot->policy->listeners[id].name;

		if (!*listener)
			continue;
		promtext_count(out, snapshot->echoes[id].n[ECHO_WAITED], "weir_retransmits_total",
			       "shaper", snapshot->control.name, "listener", listener, "of",
			       "refused", NULL);
		promtext_count(out, snapshot->echoes[id].n[ECHO_ADMITTED], "weir_retransmits_total",
			       "shaper", snapshot->control.name, "listener", listener, "of",
			       "admitted", NULL);
	}
}

static void put_unremembered(FILE *out, const struct snapshot *snapshot)
{
	for (unsigned int id = 0; id < LISTENERS_MAX; id++)
		if (*snapshot->policy->listeners[id].name)
			promtext_count(out, snapshot->echoes[id].n[ECHO_UNKNOWN],
				       "weir_syn_unremembered_total", "shaper",
				       snapshot->control.name, "listener",
				       snapshot->policy->listeners[id].name, NULL);
}

static void put_reserves(FILE *out, const struct snapshot *snapshot)
{
	for (unsigned int id = 0; id < LISTENERS_MAX; id++)
		if (*snapshot->policy->listeners[id].name)
			promtext_number(out, snapshot_reserve(snapshot, id), "weir_reserve_ratio",
					"shaper", snapshot->control.name, "listener",
					snapshot->policy->listeners[id].name, NULL);
}

static void put_waiting_evictions(FILE *out, const struct snapshot *snapshot)
{
	promtext_count(out, snapshot->table.evicted_waiting, "weir_waiting_evictions_total",
		       "shaper", snapshot->control.name, NULL);
}

static void put_packets(FILE *out, const struct snapshot *snapshot)
{
	char label[LABEL_MAX];

	for (unsigned int reason = 0; reason < REASON_MAX; reason++) {
		uint64_t count = snapshot_reason_total(&snapshot->counters[0], (enum reason)reason);

		if (count || (reason >= REASON_NOT_IP && reason <= REASON_INTERNAL))
			promtext_count(out, count, "weir_packets_total", "shaper",
				       snapshot->control.name, "reason",
				       snapshot_reason_label(label, reason), NULL);
	}
}

static void put_rate(FILE *out, const char *shaper, const char *listener, const char *level,
		     const struct limit *limit)
{
	double per_second = limit->rate_per_sec ? (double)limit->rate / limit->rate_per_sec : 0;

	promtext_number(out, limit->kind == LIMIT_UNLIMITED ? INFINITY : per_second,
			"weir_limit_per_second", "shaper", shaper, "listener", listener, "level",
			level, "kind", "configured", NULL);
}

static void put_burst(FILE *out, const char *shaper, const char *listener, const char *level,
		      const struct limit *limit)
{
	promtext_number(out, limit->kind == LIMIT_UNLIMITED ? INFINITY : limit->burst,
			"weir_limit_burst", "shaper", shaper, "listener", listener, "level", level,
			NULL);
}

static void put_limits(FILE *out, const struct snapshot *snapshot,
		       void (*put)(FILE *, const char *, const char *, const char *,
				   const struct limit *))
{
	const struct policy *policy = snapshot->policy;

	put(out, snapshot->control.name, "", level_names[LEVEL_HOST], &policy->host);
	for (unsigned int id = 0; id < LISTENERS_MAX; id++) {
		const struct listener *listener = &policy->listeners[id];

		for (int level = LEVEL_LISTENER; *listener->name && level < LEVEL_COUNT; level++)
			put(out, snapshot->control.name, listener->name, level_names[level],
			    &listener->limits[level]);
		if (*listener->name && listener->excess == EXCESS_REJECT)
			put(out, snapshot->control.name, listener->name,
			    excess_names[EXCESS_REJECT], &listener->reject);
	}
}

static void put_rates(FILE *out, const struct snapshot *snapshot)
{
	put_limits(out, snapshot, put_rate);
}

static void put_bursts(FILE *out, const struct snapshot *snapshot)
{
	put_limits(out, snapshot, put_burst);
}

static void put_fill(FILE *out, const struct snapshot *snapshot)
{
	promtext_number(out, snapshot->table_fill, "weir_source_table_fill_ratio", "shaper",
			snapshot->control.name, NULL);
}

static void put_slots(FILE *out, const struct snapshot *snapshot)
{
	promtext_count(out, snapshot->control.source_slots, "weir_source_table_slots", "shaper",
		       snapshot->control.name, NULL);
}

static void put_evictions(FILE *out, const struct snapshot *snapshot)
{
	promtext_count(out, snapshot->table.evicted_full, "weir_source_evictions_total", "shaper",
		       snapshot->control.name, "lossy", "false", NULL);
	promtext_count(out, snapshot->table.evicted_in_debt, "weir_source_evictions_total",
		       "shaper", snapshot->control.name, "lossy", "true", NULL);
}

static void put_lost_claims(FILE *out, const struct snapshot *snapshot)
{
	promtext_count(out, snapshot->table.lost_claims, "weir_source_claims_lost_total", "shaper",
		       snapshot->control.name, NULL);
}

static void put_mode(FILE *out, const struct snapshot *snapshot)
{
	for (unsigned int mode = 0; mode_names[mode]; mode++)
		promtext_count(out, snapshot->policy->mode == mode, "weir_mode", "shaper",
			       snapshot->control.name, "mode", mode_names[mode], NULL);
}

static void put_rules(FILE *out, const struct snapshot *snapshot)
{
	static const char *const families[] = { [FAMILY_V4] = "ipv4", [FAMILY_V6] = "ipv6" };

	for (int family = 0; family < FAMILY_COUNT; family++)
		promtext_count(out, snapshot->rules.count_of[family], "weir_rules", "shaper",
			       snapshot->control.name, "family", families[family], NULL);
}

/* Has another device its name by now? Their series would be one: an attached one's, or the first's. */
static bool is_namesake(const struct snapshot *snapshot, unsigned int i)
{
	const struct snapshot_device *ours = &snapshot->devices[i], *other = snapshot->devices;

	for (unsigned int k = 0; k < snapshot->devices_count; k++, other++) {
		bool is_less = ours->state != DEVICE_ATTACHED && other->state == DEVICE_ATTACHED;
		bool is_more = ours->state == DEVICE_ATTACHED && other->state != DEVICE_ATTACHED;

		if (!strcmp(other->name, ours->name) && (is_less || (!is_more && k < i)))
			return true;
	}
	return false;
}

static void put_devices(FILE *out, const struct snapshot *snapshot)
{
	for (unsigned int i = 0; i < snapshot->devices_count; i++)
		if (!is_namesake(snapshot, i))
			promtext_count(out, snapshot->devices[i].state == DEVICE_ATTACHED,
				       "weir_device_attached", "shaper", snapshot->control.name,
				       "device", snapshot->devices[i].name, NULL);
}

/* Of its own, so that the series of weir_device_attached turns to 0 when a device is lost. */
static void put_device_modes(FILE *out, const struct snapshot *snapshot)
{
	for (unsigned int i = 0; i < snapshot->devices_count; i++) {
		const struct snapshot_device *device = &snapshot->devices[i];
		bool attached = device->state == DEVICE_ATTACHED;

		if (is_namesake(snapshot, i))
			continue;
		promtext_count(out, attached && device->native, "weir_device_xdp", "shaper",
			       snapshot->control.name, "device", device->name, "xdp",
			       xdp_names[XDP_NATIVE], NULL);
		promtext_count(out, attached && !device->native, "weir_device_xdp", "shaper",
			       snapshot->control.name, "device", device->name, "xdp",
			       xdp_names[XDP_GENERIC], NULL);
	}
}

static void put_leases(FILE *out, const struct snapshot *snapshot)
{
	promtext_lease_valid(out, snapshot);
	promtext_window_lease(out, snapshot);
}

static void put_all_rates(FILE *out, const struct snapshot *snapshot)
{
	put_rates(out, snapshot);
	promtext_window_rates(out, snapshot);
}

static const struct metric {
	const char *name;
	const char *type;
	const char *help;
	void (*put)(FILE *out, const struct snapshot *snapshot);
} metrics[] = {
	{ "weir_syn_total", "counter",
	  "SYNs to a listener by verdict and reason; not enforced: what it would have been.",
	  put_syns },
	{ "weir_retransmits_total", "counter",
	  "SYNs that came again, by what became of them before.", put_retransmits },
	{ "weir_syn_unremembered_total", "counter",
	  "SYNs of which nobody looked whether they came again.", put_unremembered },
	{ "weir_syn_unheld_total", "counter",
	  "SYNs that were to be held and were dropped at once, by cause.", promtext_unheld },
	{ "weir_queue_length", "gauge", "SYNs that are held now.", promtext_queue_length },
	{ "weir_queue_delay_seconds", "histogram", "How long SYNs were held that were let in.",
	  promtext_queue_delay },
	{ "weir_queue_release_lateness_seconds", "histogram",
	  "How long after their time SYNs were let in.", promtext_queue_lateness },
	{ "weir_queue_released_total", "counter",
	  "SYNs let in after they were held; class: served first are those that came again.",
	  promtext_queue_released },
	{ "weir_queue_dropped_total", "counter", "SYNs that were dropped by `weir run`, by cause.",
	  promtext_queue_dropped },
	{ "weir_queue_delay_max_seconds", "gauge", "How long a SYN may be held.",
	  promtext_queue_delay_max },
	{ "weir_release_failures_total", "counter",
	  "SYNs to be let in that the kernel did not take.", promtext_release_failures },
	{ "weir_lease_valid", "gauge",
	  "1 while `weir run` serves the listener; queue 0: its excess is dropped; window 0: the "
	  "fallback rate is in force.",
	  put_leases },
	{ "weir_window", "gauge", "How many connections may be in set-up at once.",
	  promtext_window },
	{ "weir_in_flight", "gauge", "Connections in set-up: request seen, not done.",
	  promtext_in_flight },
	{ "weir_setup_latency_seconds", "histogram",
	  "What the broker took for set-ups; the clients' round trips are not in it.",
	  promtext_setup_latency },
	{ "weir_setups_total", "counter", "Connections whose set-up has ended, by how.",
	  promtext_setups },
	{ "weir_signal_ratio", "gauge", "Value of an external signal, of its target.",
	  promtext_signal_ratio },
	{ "weir_signal_age_seconds", "gauge", "Age of that value.", promtext_signal_age },
	{ "weir_reserve_ratio", "gauge",
	  "Share of the burst that is kept for SYNs that come again.", put_reserves },
	{ "weir_waiting_evictions_total", "counter",
	  "SYNs that were forgotten before they could come again.", put_waiting_evictions },
	{ "weir_packets_total", "counter", "Frames passed without being judged, by reason.",
	  put_packets },
	{ "weir_limit_per_second", "gauge",
	  "Rate of new connections that a limit allows; the host's has an empty listener; level "
	  "reject: of RSTs.",
	  put_all_rates },
	{ "weir_limit_burst", "gauge", "New connections that a limit allows at once.", put_bursts },
	{ "weir_source_table_fill_ratio", "gauge",
	  "Share of the slots of the source table that are in debt, estimated from a sample.",
	  put_fill },
	{ "weir_source_table_slots", "gauge", "Slots of the source table.", put_slots },
	{ "weir_source_evictions_total", "counter",
	  "Slots of the source table reused; lossy: a debt was forgotten.", put_evictions },
	{ "weir_source_claims_lost_total", "counter",
	  "Slots of the source table that another CPU took first.", put_lost_claims },
	{ "weir_mode", "gauge", "1 for the mode in force: observe counts, enforce also refuses.",
	  put_mode },
	{ "weir_rules", "gauge", "Prefix rules in force.", put_rules },
	{ "weir_device_attached", "gauge",
	  "1 if the device has the program, 0 if the device or the link is gone.", put_devices },
	{ "weir_device_xdp", "gauge", "1 for the mode in which the device runs the program.",
	  put_device_modes },
	{ NULL, NULL, NULL, NULL },
};

void promtext_write(FILE *out, const struct snapshot *snapshots, unsigned int count,
		    unsigned int unreadable)
{
	for (const struct metric *metric = metrics; count && metric->name; metric++) {
		promtext_head(out, metric->name, metric->type, metric->help);
		for (unsigned int i = 0; i < count; i++)
			metric->put(out, &snapshots[i]);
	}
	promtext_head(out, "weir_instances_unreadable", "gauge",
		      "Instances that are left out of this page because they could not be read.");
	promtext_count(out, unreadable, "weir_instances_unreadable", NULL);
	promtext_head(out, "weir_build_info", "gauge", "The version of this program, as a label.");
	promtext_count(out, 1, "weir_build_info", "version", WEIR_VERSION, NULL);
}
