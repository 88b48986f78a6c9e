// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "json_instance.h"

#include "json_queue.h"
#include "json_value.h"
#include "json_window.h"
#include "policy.h"
#include "queue_figures.h"
#include "window_figures.h"

#define PREFIX_TEXT_MAX 64

static json_t *word(const char *const *list, unsigned int place)
{
	return json_string(text_word(list, place));
}

/* -- parts of a listener ----------------------------------------------------------------------- */

json_t *json_limit(const struct limit *limit)
{
	json_t *object = json_object();

	json_object_set_new(object, "kind", word(limit_kind_names, limit->kind));
	json_object_set_new(object, "origin", word(origin_names, limit->origin));
	if (limit->kind == LIMIT_UNLIMITED)
		return object;
	json_object_set_new(object, "rate", json_count(limit->rate));
	json_object_set_new(object, "per_seconds", json_count(limit->rate_per_sec));
	if (limit->kind == LIMIT_BUCKET)
		json_object_set_new(object, "burst", json_count(limit->burst));
	return object;
}

/* A limit of one bucket, levels[@place]: of the host or of a listener. */
static json_t *limit_with_tokens(const struct snapshot *snapshot, const struct limit *limit,
				 unsigned int place)
{
	json_t *object = json_limit(limit);

	if (limit->kind == LIMIT_BUCKET)
		json_object_set_new(object, "tokens",
				    json_count(snapshot_tokens(snapshot, limit, place)));
	return object;
}

static json_t *listener_limits(const struct snapshot *snapshot, unsigned int id)
{
	const struct listener *listener = &snapshot->policy->listeners[id];
	const struct limit *limits = listener->limits;
	json_t *object = json_object();

	json_object_set_new(
		object, level_names[LEVEL_LISTENER],
		limit_with_tokens(snapshot, &limits[LEVEL_LISTENER], LEVELS_LISTENER + id));
	for (int level = LEVEL_SITE; level < LEVEL_COUNT; level++)
		json_object_set_new(object, level_names[level], json_limit(&limits[level]));
	if (listener->excess == EXCESS_REJECT)
		json_object_set_new(
			object, excess_names[EXCESS_REJECT],
			limit_with_tokens(snapshot, &listener->reject, LEVELS_REJECT + id));
	return object;
}

static json_t *listener_ports(const struct policy *policy, unsigned int id)
{
	json_t *array = json_array();
	uint64_t ports[PORTS / 64];

	policy_ports(policy, id, ports);
	for (unsigned int port = 0; port < PORTS; port++)
		if (ports[port / 64] & 1ULL << (port % 64))
			json_array_append_new(array, json_count(port));
	return array;
}

/* None: any address. */
static json_t *listener_addresses(const struct policy *policy, unsigned int id)
{
	struct wanted_address addresses[ADDRESSES_MAX];
	unsigned int count = policy_addresses(policy, id, addresses);
	json_t *array = json_array();
	char text[PREFIX_TEXT_MAX];

	for (unsigned int i = 0; i < count; i++)
		if (addresses[i].len)
			json_array_append_new(array, json_text(text_prefix(text, sizeof(text),
									   &addresses[i].prefix,
									   addresses[i].len)));
		else if (i)
			json_array_append_new(array, json_string("::/0"));
	return array;
}

/* -- counters ---------------------------------------------------------------------------------- */

/* A row for every cell that is not zero, in the order of `weir show counters`. */
static json_t *rows(const struct counters *counters)
{
	json_t *array = json_array();
	char label[LABEL_MAX];

	for (unsigned int i = 0; i < 2 * VERDICT_COUNT * REASON_MAX; i++) {
		unsigned int enforced = i % 2;
		unsigned int verdict = i / 2 % VERDICT_COUNT;
		unsigned int reason = i / 2 / VERDICT_COUNT;
		uint64_t count = counters->n[enforced][verdict][reason];
		json_t *row;

		if (!count)
			continue;
		row = json_object();
		json_object_set_new(row, "reason", json_text(snapshot_reason_label(label, reason)));
		json_object_set_new(row, "verdict", word(verdict_names, verdict));
		json_object_set_new(row, "enforced", json_boolean(enforced));
		json_object_set_new(row, "count", json_count(count));
		json_array_append_new(array, row);
	}
	return array;
}

/* What became of the SYNs, or of what would have. */
static json_t *syns(const struct counters *counters, bool enforced)
{
	const struct syn_totals totals = snapshot_syns(counters, enforced);
	json_t *object = json_object();

	json_object_set_new(object, "admitted", json_count(totals.admitted));
	json_object_set_new(object, "held", json_count(totals.held));
	json_object_set_new(object, "refused", json_count(totals.refused));
	return object;
}

static json_t *reserve(const struct snapshot *snapshot, unsigned int id)
{
	json_t *object = json_object();

	json_object_set_new(object, "auto",
			    json_boolean(snapshot->policy->listeners[id].reserve == RESERVE_AUTO));
	json_object_set_new(object, "permille",
			    json_count((uint64_t)(snapshot_reserve(snapshot, id) * 1000 + 0.5)));
	return object;
}

static json_t *again(const struct echoes *echoes)
{
	json_t *object = json_object();

	json_object_set_new(object, "refused", json_count(echoes->n[ECHO_WAITED]));
	json_object_set_new(object, "admitted", json_count(echoes->n[ECHO_ADMITTED]));
	json_object_set_new(object, "doubled", json_count(echoes->n[ECHO_DOUBLE]));
	json_object_set_new(object, "new", json_count(echoes->n[ECHO_NEW]));
	json_object_set_new(object, "unremembered", json_count(echoes->n[ECHO_UNKNOWN]));
	return object;
}

static json_t *listener(const struct snapshot *snapshot, unsigned int id)
{
	const struct listener *listener = &snapshot->policy->listeners[id];
	const struct counters *counters = &snapshot->counters[1 + id];
	json_t *object = json_object();

	json_object_set_new(object, "id", json_count(id));
	json_object_set_new(object, "name", json_text(listener->name));
	json_object_set_new(object, "ports", listener_ports(snapshot->policy, id));
	json_object_set_new(object, "addresses", listener_addresses(snapshot->policy, id));
	json_object_set_new(object, "excess", word(excess_names, listener->excess));
	if (queue_is_there(snapshot, id))
		json_object_set_new(object, "queue", json_queue(snapshot, id));
	if (window_is_there(snapshot, id))
		json_object_set_new(object, "window", json_window(snapshot, id));
	json_object_set_new(object, "reserve", reserve(snapshot, id));
	json_object_set_new(object, "again", again(&snapshot->echoes[id]));
	json_object_set_new(object, "limits", listener_limits(snapshot, id));
	json_object_set_new(object, "syns", syns(counters, true));
	json_object_set_new(object, "observed", syns(counters, false));
	json_object_set_new(object, "counters", rows(counters));
	return object;
}

/* What listeners that are no longer in use have counted. */
static json_t *former_listeners(const struct snapshot *snapshot)
{
	json_t *array = json_array();

	for (unsigned int id = 0; id < LISTENERS_MAX; id++) {
		json_t *object, *counted;

		if (*snapshot->policy->listeners[id].name)
			continue;
		counted = rows(&snapshot->counters[1 + id]);
		if (!json_array_size(counted)) {
			json_decref(counted);
			continue;
		}
		object = json_object();
		json_object_set_new(object, "id", json_count(id));
		json_object_set_new(object, "counters", counted);
		json_array_append_new(array, object);
	}
	return array;
}

/* -- instance ---------------------------------------------------------------------------------- */

static json_t *devices(const struct snapshot *snapshot)
{
	static const char *const states[] = {
		[DEVICE_ATTACHED] = "attached",
		[DEVICE_LOST] = "link_lost",
		[DEVICE_MOVED] = "moved",
		NULL,
	};
	json_t *array = json_array();

	for (unsigned int i = 0; i < snapshot->devices_count; i++) {
		const struct snapshot_device *device = &snapshot->devices[i];
		json_t *object = json_object();

		json_object_set_new(object, "name", json_text(device->name));
		json_object_set_new(object, "attached_as", json_text(device->attached_as));
		json_object_set_new(object, "state", word(states, device->state));
		if (device->state == DEVICE_ATTACHED) {
			json_object_set_new(object, "ifindex", json_count(device->ifindex));
			json_object_set_new(
				object, "xdp",
				word(xdp_names, device->native ? XDP_NATIVE : XDP_GENERIC));
		}
		json_array_append_new(array, object);
	}
	return array;
}

static json_t *prefix_lengths(const __u8 len[FAMILY_COUNT])
{
	json_t *object = json_object();

	json_object_set_new(object, "v4", json_count(len[FAMILY_V4]));
	json_object_set_new(object, "v6", json_count(len[FAMILY_V6]));
	return object;
}

static json_t *table(const struct snapshot *snapshot)
{
	uint32_t slots = snapshot->control.source_slots;
	json_t *object = json_object();

	json_object_set_new(object, "slots", json_count(slots));
	json_object_set_new(object, "slots_in_debt",
			    json_count((uint64_t)(snapshot->table_fill * slots + 0.5)));
	json_object_set_new(object, "evicted_full", json_count(snapshot->table.evicted_full));
	json_object_set_new(object, "evicted_in_debt", json_count(snapshot->table.evicted_in_debt));
	json_object_set_new(object, "lost_claims", json_count(snapshot->table.lost_claims));
	json_object_set_new(object, "evicted_waiting", json_count(snapshot->table.evicted_waiting));
	return object;
}

static json_t *rule(const struct snapshot *snapshot, const struct rule_entry *entry)
{
	const struct rule *rule = &entry->rule;
	char prefix[PREFIX_TEXT_MAX], label[LABEL_MAX];
	json_t *object = json_object();

	json_object_set_new(object, "prefix", json_text(rules_text(prefix, sizeof(prefix), entry)));
	json_object_set_new(object, "action", word(action_names, rule->action));
	if (entry->listener < LISTENERS_MAX)
		json_object_set_new(object, "listener",
				    json_text(snapshot_listener_label(label, snapshot->policy,
								      entry->listener)));
	json_object_set_new(object, "origin", word(origin_names, rule->origin));
	if (rule->expires_ns)
		json_object_set_new(
			object, "expires_in_ms",
			json_count(rule->expires_ns > snapshot->now_ns
					   ? (rule->expires_ns - snapshot->now_ns) / 1000000
					   : 0));
	if (rule->action == RULE_LIMIT)
		json_object_set_new(object, "limit", json_limit(&rule->source));
	return object;
}

static json_t *rules(const struct snapshot *snapshot)
{
	json_t *array = json_array();

	for (unsigned int i = 0; i < snapshot->rules.count; i++)
		json_array_append_new(array, rule(snapshot, &snapshot->rules.entries[i]));
	return array;
}

/* As render_sources() prints it. */
static json_t *refused_most(const struct snapshot *snapshot, const struct top_list *list)
{
	json_t *array = json_array();

	for (unsigned int i = 0; i < list->count; i++) {
		const struct top_row *row = &list->rows[i];
		char prefix[PREFIX_TEXT_MAX], label[LABEL_MAX];
		json_t *object = json_object();

		json_object_set_new(object, "prefix",
				    json_text(text_prefix(prefix, sizeof(prefix), &row->prefix,
							  row->prefix_len)));
		json_object_set_new(object, "listener",
				    json_text(snapshot_top_label(label, snapshot->policy, row)));
		json_object_set_new(object, "own_limit", json_boolean(row->level == LEVEL_RULE));
		json_object_set_new(object, "refused", json_count(row->refused));
		json_object_set_new(object, "at_least", json_count(row->at_least));
		json_object_set_new(object, "at_most", json_count(row->at_most));
		json_array_append_new(array, object);
	}
	return array;
}

static json_t *listeners(const struct snapshot *snapshot)
{
	json_t *array = json_array();

	for (unsigned int id = 0; id < LISTENERS_MAX; id++)
		if (*snapshot->policy->listeners[id].name)
			json_array_append_new(array, listener(snapshot, id));
	return array;
}

json_t *json_instance(const struct snapshot *snapshot)
{
	const struct control *control = &snapshot->control;
	const struct policy *policy = snapshot->policy;
	uint64_t age_ns = snapshot->now_ns > control->created_ns
				  ? snapshot->now_ns - control->created_ns
				  : 0;
	json_t *object = json_object(), *limits = json_object();

	json_object_set_new(object, "name", json_text(control->name));
	json_object_set_new(object, "mode", word(mode_names, policy->mode));
	json_object_set_new(object, "mode_origin", word(origin_names, policy->mode_origin));
	json_object_set_new(object, "version", json_text(control->version));
	json_object_set_new(object, "created_ns", json_count(control->created_ns));
	json_object_set_new(object, "age_seconds", json_count(age_ns / 1000000000));
	json_object_set_new(object, "devices", devices(snapshot));
	json_object_set_new(object, "vlan_hidden", json_boolean(control->vlan_hidden));
	json_object_set_new(object, "source_prefix", prefix_lengths(policy->source_len));
	json_object_set_new(object, "site_prefix", prefix_lengths(policy->site_len));
	json_object_set_new(limits, level_names[LEVEL_HOST],
			    limit_with_tokens(snapshot, &policy->host, 0));
	json_object_set_new(object, "limits", limits);
	json_object_set_new(object, "listeners", listeners(snapshot));
	json_object_set_new(object, "rules", rules(snapshot));
	json_object_set_new(object, "sources_refused_most",
			    refused_most(snapshot, &snapshot->top.sources));
	json_object_set_new(object, "sites_refused_most",
			    refused_most(snapshot, &snapshot->top.sites));
	json_object_set_new(object, "others_refused_at_most",
			    json_count(snapshot->top.others_at_most));
	json_object_set_new(object, "former_listeners", former_listeners(snapshot));
	json_object_set_new(object, "not_judged", rows(&snapshot->counters[0]));
	json_object_set_new(object, "frames", json_count(snapshot_frames(snapshot)));
	json_object_set_new(object, "table", table(snapshot));
	return object;
}

json_t *json_instances(const struct snapshot *snapshots, unsigned int count)
{
	json_t *array = json_array();

	for (unsigned int i = 0; i < count; i++)
		json_array_append_new(array, json_instance(&snapshots[i]));
	return array;
}
