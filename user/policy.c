// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <stdlib.h>
#include <string.h>

#include "policy.h"

#define MAPPED_BITS 96 /* IPv4 lies in ::ffff:0:0/96 */

struct limit policy_said_limit(const struct wanted_limit *wanted)
{
	if (wanted->rate.unlimited)
		return (struct limit){ .kind = LIMIT_UNLIMITED };
	if (!wanted->rate.count)
		return (struct limit){ .kind = LIMIT_CLOSED, .rate_per_sec = 1 };
	return (struct limit){
		.kind = LIMIT_BUCKET,
		.rate = wanted->rate.count,
		.rate_per_sec = wanted->rate.per_sec,
		.burst = config_burst(wanted),
	};
}

static bool says_the_same(const struct limit *a, const struct limit *b)
{
	return a->kind == b->kind && a->rate == b->rate && a->rate_per_sec == b->rate_per_sec &&
	       a->burst == b->burst;
}

bool policy_set_limit(struct limit *limit, const struct wanted_limit *wanted, uint64_t now_ns)
{
	struct limit next = policy_said_limit(wanted);

	if (says_the_same(limit, &next))
		return false;
	if (next.kind == LIMIT_BUCKET) {
		next.period_ns = config_period_ns(&wanted->rate);
		next.tolerance_ns = (next.burst - 1) * next.period_ns;
		next.changed_ns = now_ns;
		next.settled_ns = gcra_settled_ns(limit, now_ns);
		next.prev_period_ns = limit->period_ns;
		next.epoch = (limit->epoch + 1) & GCRA_EPOCH_MASK;
	} else {
		/* charges nothing, so the words still are those of the last bucket */
		next.period_ns = limit->period_ns;
		next.tolerance_ns = limit->tolerance_ns;
		next.changed_ns = limit->changed_ns;
		next.settled_ns = limit->settled_ns;
		next.prev_period_ns = limit->prev_period_ns;
		next.epoch = limit->epoch;
	}
	next.origin = limit->origin;
	*limit = next;
	return true;
}

static void build_limit(struct limit *limit, const struct wanted_limit *wanted)
{
	policy_set_limit(limit, wanted, 0);
	limit->epoch = 0;
	limit->settled_ns = 0;
}

/* One destination of one listener, for all ports of it. */
struct destination {
	struct wanted_address address;
	uint8_t listener;
	const uint64_t *ports;
};

static int longest_first(const void *a, const void *b)
{
	const struct destination *x = a, *y = b;

	if (x->address.len != y->address.len)
		return y->address.len - x->address.len;
	return x->listener - y->listener;
}

/* Returns how many; room is for ADDRESSES_MAX a listener. */
static unsigned int collect_destinations(struct destination *found, const struct config *config,
					 const uint8_t ids[LISTENERS_MAX])
{
	unsigned int count = 0;

	for (unsigned int i = 0; i < config->listeners_count && i < LISTENERS_MAX; i++) {
		const struct wanted_listener *listener = &config->listeners[i];

		if (!listener->addresses_count)
			found[count++] = (struct destination){ .listener = ids[i],
							       .ports = listener->ports };
		for (unsigned int j = 0; j < listener->addresses_count; j++)
			found[count++] = (struct destination){ listener->addresses[j], ids[i],
							       listener->ports };
	}
	qsort(found, count, sizeof(*found), longest_first);
	return count;
}

void policy_place(struct policy *policy, const struct config *config,
		  const uint8_t ids[LISTENERS_MAX])
{
	struct destination found[LISTENERS_MAX * ADDRESSES_MAX];
	unsigned int count = collect_destinations(found, config, ids), used = 1;

	memset(policy->matches, 0, sizeof(policy->matches));
	memset(policy->port_head, 0, sizeof(policy->port_head));
	for (unsigned int port = 1; port < PORTS; port++) {
		uint16_t *link = &policy->port_head[port];

		for (unsigned int i = 0; i < count && used < MATCHES_MAX; i++) {
			const struct wanted_address *address = &found[i].address;

			if (!(found[i].ports[port / 64] >> (port % 64) & 1))
				continue;
			policy->matches[used] = (struct match){
				.prefix = address->prefix,
				.mask = text_mask(address->len),
				.listener = found[i].listener,
				.prefix_len = address->len,
			};
			*link = (uint16_t)used;
			link = &policy->matches[used++].next;
		}
	}
}

void policy_set_lengths(struct policy *policy, int family, const struct config *config)
{
	uint8_t before = family == FAMILY_V4 ? MAPPED_BITS : 0;

	policy->source_len[family] = config->source_len[family];
	policy->site_len[family] = config->site_len[family];
	policy->source_mask[family] = text_mask(before + config->source_len[family]);
	policy->site_mask[family] = text_mask(before + config->site_len[family]);
}

uint16_t policy_connack_max(const struct wanted_listener *wanted)
{
	return wanted->setup == SETUP_FIRST_BYTE ? 0 : wanted->connack_max;
}

struct window_terms policy_window(const struct wanted_listener *wanted)
{
	struct window_terms terms = {
		.window = wanted->window,
		.window_min = wanted->window_min,
		.window_max = wanted->window_max,
		.target_ns = wanted->target_ns,
	};

	if (!wanted->floor.unlimited) {
		terms.floor_rate = wanted->floor.count;
		terms.floor_per_sec = wanted->floor.per_sec;
	}
	if (!wanted->fallback.unlimited) {
		terms.fallback_rate = wanted->fallback.count;
		terms.fallback_per_sec = wanted->fallback.per_sec;
		terms.fallback_period_ns = config_period_ns(&wanted->fallback);
	}
	return terms;
}

void policy_add_listener(struct policy *policy, uint8_t id, const struct wanted_listener *wanted)
{
	struct listener *listener = &policy->listeners[id];

	memset(listener, 0, sizeof(*listener));
	memcpy(listener->name, wanted->name, sizeof(listener->name));
	listener->serial = ++policy->last_serial;
	listener->excess = (uint8_t)wanted->excess;
	listener->reserve = wanted->reserve;
	listener->delay_max_ns = wanted->delay_max_ns;
	listener->queue_entries = wanted->queue_entries;
	listener->connack_max = policy_connack_max(wanted);
	listener->window = policy_window(wanted);
	for (int level = LEVEL_LISTENER; level < LEVEL_COUNT; level++)
		build_limit(&listener->limits[level], &wanted->limits[level]);
	build_limit(&listener->reject, &wanted->reject);
}

void policy_build(struct policy *policy, const struct config *config)
{
	uint8_t ids[LISTENERS_MAX];

	memset(policy, 0, sizeof(*policy));
	policy->mode = (uint8_t)config->mode;
	build_limit(&policy->host, &config->host);
	for (int family = 0; family < FAMILY_COUNT; family++)
		policy_set_lengths(policy, family, config);
	for (uint8_t id = 0; id < config->listeners_count && id < LISTENERS_MAX; id++) {
		ids[id] = id;
		policy_add_listener(policy, id, &config->listeners[id]);
	}
	policy_place(policy, config, ids);
}

int policy_find_listener(const struct policy *policy, const char *name)
{
	for (int id = 0; id < LISTENERS_MAX; id++)
		if (*name && !strncmp(policy->listeners[id].name, name, LISTENER_NAME_MAX))
			return id;
	return -1;
}

unsigned int policy_count_listeners(const struct policy *policy)
{
	unsigned int count = 0;

	for (int id = 0; id < LISTENERS_MAX; id++)
		count += policy->listeners[id].name[0] != '\0';
	return count;
}

bool policy_sends(const struct policy *policy)
{
	bool sends = false;

	for (int id = 0; id < LISTENERS_MAX; id++)
		sends |= *policy->listeners[id].name && policy->listeners[id].excess != EXCESS_DROP;
	return sends;
}

/* The next match of listener @id in the chain that goes on at @at; 0: none. The walk is as long as
 * that of the packet path. */
static unsigned int next_match(const struct policy *policy, unsigned int at, unsigned int id,
			       unsigned int *steps)
{
	while (at && at < MATCHES_MAX && (*steps)++ < MATCHES_PER_PORT_MAX) {
		if (policy->matches[at].listener == id)
			return at;
		at = policy->matches[at].next;
	}
	return 0;
}

void policy_ports(const struct policy *policy, unsigned int id, uint64_t ports[PORTS / 64])
{
	memset(ports, 0, PORTS / 8);
	for (unsigned int port = 1; port < PORTS; port++) {
		unsigned int steps = 0;

		if (next_match(policy, policy->port_head[port], id, &steps))
			ports[port / 64] |= 1ULL << (port % 64);
	}
}

unsigned int policy_addresses(const struct policy *policy, unsigned int id,
			      struct wanted_address addresses[ADDRESSES_MAX])
{
	unsigned int count = 0;

	/* the same for every port of a listener */
	for (unsigned int port = 1; port < PORTS && !count; port++) {
		unsigned int at = policy->port_head[port], steps = 0;

		while (count < ADDRESSES_MAX && (at = next_match(policy, at, id, &steps))) {
			addresses[count++] = (struct wanted_address){
				policy->matches[at].prefix,
				policy->matches[at].prefix_len,
			};
			at = policy->matches[at].next;
		}
	}
	return count;
}

void policy_seal(struct policy *policy)
{
	uint64_t longest = policy->rules_refill_ns;

	for (int id = 0; id < LISTENERS_MAX; id++) {
		const struct limit *limits = policy->listeners[id].limits;

		for (int level = LEVEL_SITE; level <= LEVEL_SOURCE; level++)
			if (gcra_refill_ns(&limits[level]) > longest)
				longest = gcra_refill_ns(&limits[level]);
	}
	policy->refill_max_ns = longest + GCRA_CLOCK_SLACK_NS;
}

bool policy_has_window(const struct listener *listener)
{
	return *listener->name && listener->window.window != WINDOW_OFF;
}
