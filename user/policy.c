// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <stdlib.h>
#include <string.h>

#include "policy.h"

#define MAPPED_BITS 96 /* IPv4 lies in ::ffff:0:0/96 */

/* What the operator sees of a limit; the times follow from it. */
static struct limit said_limit(const struct wanted_limit *wanted)
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
	struct limit next = said_limit(wanted);

	if (says_the_same(limit, &next))
		return false;
	if (next.kind == LIMIT_BUCKET) {
		next.period_ns = config_period_ns(&wanted->rate);
		next.tolerance_ns = (next.burst - 1) * next.period_ns;
	} else {
		next.period_ns = limit->period_ns;
		next.tolerance_ns = limit->tolerance_ns;
	}
	next.changed_ns = now_ns;
	next.settled_ns = gcra_settled_ns(limit, now_ns);
	next.prev_period_ns = limit->kind == LIMIT_BUCKET ? limit->period_ns : 0;
	next.epoch = (limit->epoch + 1) & GCRA_EPOCH_MASK;
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
};

static int longest_first(const void *a, const void *b)
{
	const struct destination *x = a, *y = b;

	if (x->address.len != y->address.len)
		return y->address.len - x->address.len;
	return x->listener - y->listener;
}

/* Returns how many; room is for ADDRESSES_MAX a listener. */
static unsigned int collect_destinations(struct destination *found, const struct config *config)
{
	unsigned int count = 0;

	for (unsigned int id = 0; id < config->listeners_count && id < LISTENERS_MAX; id++) {
		const struct wanted_listener *listener = &config->listeners[id];

		if (!listener->addresses_count)
			found[count++] = (struct destination){ .listener = (uint8_t)id };
		for (unsigned int i = 0; i < listener->addresses_count; i++)
			found[count++] = (struct destination){ listener->addresses[i],
							       (uint8_t)id };
	}
	qsort(found, count, sizeof(*found), longest_first);
	return count;
}

static void build_matches(struct policy *policy, const struct config *config)
{
	struct destination found[LISTENERS_MAX * ADDRESSES_MAX];
	unsigned int count = collect_destinations(found, config), used = 1;

	for (unsigned int port = 1; port < PORTS; port++) {
		uint16_t *link = &policy->port_head[port];

		for (unsigned int i = 0; i < count && used < MATCHES_MAX; i++) {
			const struct wanted_address *address = &found[i].address;

			if (!(config->listeners[found[i].listener].ports[port / 64] >> (port % 64) &
			      1))
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

void policy_build(struct policy *policy, const struct config *config)
{
	memset(policy, 0, sizeof(*policy));
	policy->mode = (uint8_t)config->mode;
	build_limit(&policy->host, &config->host);
	for (int family = 0; family < FAMILY_COUNT; family++) {
		uint8_t before = family == FAMILY_V4 ? MAPPED_BITS : 0;

		policy->source_len[family] = config->source_len[family];
		policy->site_len[family] = config->site_len[family];
		policy->source_mask[family] = text_mask(before + config->source_len[family]);
		policy->site_mask[family] = text_mask(before + config->site_len[family]);
	}
	for (unsigned int id = 0; id < config->listeners_count && id < LISTENERS_MAX; id++) {
		const struct wanted_listener *wanted = &config->listeners[id];
		struct listener *listener = &policy->listeners[id];

		memcpy(listener->name, wanted->name, sizeof(listener->name));
		listener->serial = ++policy->last_serial;
		listener->excess = (uint8_t)wanted->excess;
		for (int level = LEVEL_LISTENER; level < LEVEL_COUNT; level++)
			build_limit(&listener->limits[level], &wanted->limits[level]);
		build_limit(&listener->reject, &wanted->reject);
	}
	build_matches(policy, config);
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

bool policy_rejects(const struct policy *policy)
{
	bool rejects = false;

	for (int id = 0; id < LISTENERS_MAX; id++)
		rejects |= *policy->listeners[id].name &&
			   policy->listeners[id].excess == EXCESS_REJECT;
	return rejects;
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

/* -- differences ------------------------------------------------------------------------------- */

#define PORTS_TEXT_MAX (MATCHES_MAX * sizeof("65535, "))
#define ADDRESSES_TEXT_MAX 1024

struct differences {
	FILE *out;
	unsigned int count;
};

static void compare(struct differences *differences, const char *where, const char *what,
		    const char *in_force, const char *wanted)
{
	if (!strcmp(in_force, wanted))
		return;
	fprintf(differences->out, "%s%s%s: %s in force, %s wanted\n", where, *where ? " " : "",
		what, in_force, wanted);
	differences->count++;
}

static void compare_numbers(struct differences *differences, const char *where, const char *what,
			    unsigned int in_force, unsigned int wanted)
{
	char a[16], b[16];

	snprintf(a, sizeof(a), "%u", in_force);
	snprintf(b, sizeof(b), "%u", wanted);
	compare(differences, where, what, a, b);
}

static void compare_limits(struct differences *differences, const char *where,
			   const struct limit *limit, const struct wanted_limit *wanted)
{
	struct limit next = said_limit(wanted);
	char a[32], b[32];

	compare(differences, where, "rate", text_rate(a, sizeof(a), limit),
		text_rate(b, sizeof(b), &next));
	if (limit->kind == LIMIT_BUCKET && next.kind == LIMIT_BUCKET)
		compare_numbers(differences, where, "burst", limit->burst, next.burst);
}

static int address_order(const void *a, const void *b)
{
	const struct wanted_address *x = a, *y = b;
	int order = memcmp(&x->prefix, &y->prefix, sizeof(x->prefix));

	return order ? order : x->len - y->len;
}

/* Sorts @addresses, so that equal sets give equal texts. */
static char *addresses_text(char *buf, size_t size, struct wanted_address *addresses,
			    unsigned int count)
{
	char prefix[64];
	size_t used = 0;

	snprintf(buf, size, "any");
	qsort(addresses, count, sizeof(*addresses), address_order);
	for (unsigned int i = 0; i < count && used < size; i++)
		used += (size_t)snprintf(buf + used, size - used, "%s%s", i ? ", " : "",
					 text_prefix(prefix, sizeof(prefix), &addresses[i].prefix,
						     addresses[i].len));
	return buf;
}

static void compare_ports(struct differences *differences, const struct policy *policy,
			  unsigned int id, const struct wanted_listener *wanted)
{
	char a[PORTS_TEXT_MAX], b[PORTS_TEXT_MAX];
	uint64_t ports[PORTS / 64];

	policy_ports(policy, id, ports);
	compare(differences, wanted->name, "ports", text_ports(a, sizeof(a), ports),
		text_ports(b, sizeof(b), wanted->ports));
}

static void compare_addresses(struct differences *differences, const struct policy *policy,
			      unsigned int id, const struct wanted_listener *wanted)
{
	struct wanted_address addresses[ADDRESSES_MAX];
	char a[ADDRESSES_TEXT_MAX], b[ADDRESSES_TEXT_MAX];

	addresses_text(a, sizeof(a), addresses, policy_addresses(policy, id, addresses));
	memcpy(addresses, wanted->addresses, sizeof(addresses));
	addresses_text(b, sizeof(b), addresses, wanted->addresses_count);
	compare(differences, wanted->name, "addresses", a, b);
}

static void compare_reject(struct differences *differences, const struct listener *listener,
			   const struct wanted_listener *wanted)
{
	char where[LISTENER_NAME_MAX + 16];

	snprintf(where, sizeof(where), "%s %s", wanted->name, excess_names[EXCESS_REJECT]);
	compare_limits(differences, where, &listener->reject, &wanted->reject);
}

static void compare_listener(struct differences *differences, const struct policy *policy,
			     unsigned int id, const struct wanted_listener *wanted,
			     unsigned int said)
{
	const struct listener *listener = &policy->listeners[id];
	char where[LISTENER_NAME_MAX + 16];

	if (said & POLICY_SAYS_PORTS)
		compare_ports(differences, policy, id, wanted);
	if (said & POLICY_SAYS_REST) {
		compare_addresses(differences, policy, id, wanted);
		compare(differences, wanted->name, "excess",
			text_word(excess_names, listener->excess),
			text_word(excess_names, wanted->excess));
		compare_reject(differences, listener, wanted);
	}
	for (int level = LEVEL_LISTENER; level < LEVEL_COUNT; level++) {
		if (!(said & (level == LEVEL_LISTENER ? POLICY_SAYS_RATE : POLICY_SAYS_REST)))
			continue;
		snprintf(where, sizeof(where), "%s %s", wanted->name, level_names[level]);
		compare_limits(differences, where, &listener->limits[level],
			       &wanted->limits[level]);
	}
}

static const struct wanted_listener *find_wanted(const struct config *config, const char *name)
{
	for (unsigned int i = 0; i < config->listeners_count; i++)
		if (!strcmp(config->listeners[i].name, name))
			return &config->listeners[i];
	return NULL;
}

/* What belongs to no one listener, and which listeners there are. */
static void compare_rest(struct differences *differences, const struct policy *policy,
			 const struct config *config)
{
	static const char *const sources[] = { "v4-prefix", "v6-prefix" };
	static const char *const sites[] = { "v4-site", "v6-site" };

	for (int family = 0; family < FAMILY_COUNT; family++) {
		compare_numbers(differences, "", sources[family], policy->source_len[family],
				config->source_len[family]);
		compare_numbers(differences, "", sites[family], policy->site_len[family],
				config->site_len[family]);
	}
	compare_limits(differences, "host", &policy->host, &config->host);
	for (unsigned int id = 0; id < LISTENERS_MAX; id++) {
		const char *name = policy->listeners[id].name;

		if (*name && !find_wanted(config, name))
			compare(differences, "listener", name, "is", "not");
	}
}

unsigned int policy_differences(const struct policy *policy, const struct config *config,
				unsigned int said, FILE *out)
{
	struct differences differences = { .out = out };

	if (said & POLICY_SAYS_MODE)
		compare(&differences, "", "mode", text_word(mode_names, policy->mode),
			text_word(mode_names, config->mode));
	if (said & POLICY_SAYS_REST)
		compare_rest(&differences, policy, config);
	for (unsigned int i = 0; i < config->listeners_count; i++) {
		const struct wanted_listener *wanted = &config->listeners[i];
		int id = policy_find_listener(policy, wanted->name);

		if (id >= 0)
			compare_listener(&differences, policy, (unsigned int)id, wanted, said);
		else if (said & ~POLICY_SAYS_MODE)
			compare(&differences, "listener", wanted->name, "not", "is");
	}
	return differences.count;
}

void policy_seal(struct policy *policy)
{
	uint64_t longest = 0;

	for (int id = 0; id < LISTENERS_MAX; id++) {
		const struct limit *limits = policy->listeners[id].limits;

		for (int level = LEVEL_SITE; level <= LEVEL_SOURCE; level++)
			if (gcra_refill_ns(&limits[level]) > longest)
				longest = gcra_refill_ns(&limits[level]);
	}
	policy->refill_max_ns = longest + GCRA_CLOCK_SLACK_NS;
}
