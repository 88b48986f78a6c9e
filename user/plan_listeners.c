// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "plan_listeners.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "policy.h"

#define PORTS_TEXT_MAX (MATCHES_MAX * sizeof("65535, "))
#define ADDRESSES_TEXT_MAX 1024
#define WHERE_MAX (sizeof("listener ") + LISTENER_NAME_MAX)

#define BIT(id) (1ULL << (id))

/* -- ids --------------------------------------------------------------------------------------- */

/* Which id each listener of the file has. */
struct placing {
	const struct policy *policy;
	const struct config *wanted;
	uint8_t ids[LISTENERS_MAX];
	uint64_t placed;  /* a bit each listener of the file that has one */
	uint64_t held;	  /* ids of listeners in force */
	uint64_t claimed; /* ids that listeners of the file have */
	uint64_t counted; /* ids that frames have been counted under, by whichever listener */
};

static void place(struct placing *placing, unsigned int i, unsigned int id)
{
	placing->ids[i] = (uint8_t)id;
	placing->placed |= BIT(i);
	placing->claimed |= BIT(id);
}

static void place_same_names(struct placing *placing)
{
	for (unsigned int i = 0; i < placing->wanted->listeners_count; i++) {
		int id = policy_find_listener(placing->policy, placing->wanted->listeners[i].name);

		if (id >= 0)
			place(placing, i, (unsigned int)id);
	}
}

static unsigned int count_shared_addresses(const struct wanted_address *addresses,
					   unsigned int count, const struct wanted_listener *wanted)
{
	static const struct wanted_address any;
	unsigned int shared = 0;

	for (unsigned int i = 0; i < count; i++) {
		if (!wanted->addresses_count)
			shared += config_same_address(&addresses[i], &any);
		for (unsigned int j = 0; j < wanted->addresses_count; j++)
			shared += config_same_address(&addresses[i], &wanted->addresses[j]);
	}
	return shared;
}

static unsigned int count_shared_ports(const uint64_t a[PORTS / 64], const uint64_t b[PORTS / 64])
{
	unsigned int shared = 0;

	for (unsigned int i = 0; i < PORTS / 64; i++)
		shared += (unsigned int)__builtin_popcountll(a[i] & b[i]);
	return shared;
}

/* Of listener @id in force: how many pairs of port and destination each of the file has of it. */
static void count_shared(const struct placing *placing, unsigned int id,
			 unsigned int shared[LISTENERS_MAX])
{
	struct wanted_address addresses[ADDRESSES_MAX];
	unsigned int count = policy_addresses(placing->policy, id, addresses);
	uint64_t ports[PORTS / 64];

	policy_ports(placing->policy, id, ports);
	for (unsigned int i = 0; i < placing->wanted->listeners_count; i++)
		shared[i] = count_shared_addresses(addresses, count,
						   &placing->wanted->listeners[i]) *
			    count_shared_ports(ports, placing->wanted->listeners[i].ports);
}

/*
 * A listener of a new name that has most of one whose name is gone is that one renamed. Of equal
 * claims the lower id is served first, then the name that sorts first, so that the order of the
 * file does not count.
 */
static void place_renamed(struct placing *placing)
{
	const struct wanted_listener *listeners = placing->wanted->listeners;
	unsigned int shared[LISTENERS_MAX][LISTENERS_MAX] = { 0 };

	for (unsigned int id = 0; id < LISTENERS_MAX; id++)
		if (placing->held & ~placing->claimed & BIT(id))
			count_shared(placing, id, shared[id]);
	for (;;) {
		unsigned int most = 0, best = 0, best_id = 0;

		for (unsigned int id = 0; id < LISTENERS_MAX; id++) {
			if (placing->claimed & BIT(id))
				continue;
			for (unsigned int i = 0; i < placing->wanted->listeners_count; i++) {
				if (placing->placed & BIT(i) || shared[id][i] < most ||
				    !shared[id][i])
					continue;
				if (shared[id][i] == most &&
				    (id != best_id ||
				     strcmp(listeners[i].name, listeners[best].name) > 0))
					continue;
				most = shared[id][i];
				best = i;
				best_id = id;
			}
		}
		if (!most)
			return;
		place(placing, best, best_id);
	}
}

/*
 * Only ids that nothing in force has: frames may be counted under those until the change is made.
 * Rather one without counts, since those of another listener go when it gets the id.
 */
static int place_new(struct placing *placing)
{
	for (unsigned int i = 0; i < placing->wanted->listeners_count; i++) {
		uint64_t free_ids = ~(placing->held | placing->claimed);

		if (placing->placed & BIT(i))
			continue;
		if (!free_ids)
			return -ENOSPC;
		if (free_ids & ~placing->counted)
			free_ids &= ~placing->counted;
		place(placing, i, (unsigned int)__builtin_ctzll(free_ids));
	}
	return 0;
}

/* -- changes ----------------------------------------------------------------------------------- */

static int compare_addresses(const void *a, const void *b)
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
	qsort(addresses, count, sizeof(*addresses), compare_addresses);
	for (unsigned int i = 0; i < count && used < size; i++)
		used += (size_t)snprintf(buf + used, size - used, "%s%s", i ? ", " : "",
					 text_prefix(prefix, sizeof(prefix), &addresses[i].prefix,
						     addresses[i].len));
	return buf;
}

static void compare_destinations(struct plan *plan, unsigned int id,
				 const struct wanted_listener *wanted, const char *where)
{
	struct wanted_address addresses[ADDRESSES_MAX];
	char in_force[PORTS_TEXT_MAX], text[PORTS_TEXT_MAX];
	struct change change = { CHANGE_LIVE, where, "ports", in_force, text, NULL };
	uint64_t ports[PORTS / 64];

	policy_ports(plan->policy, id, ports);
	text_ports(in_force, sizeof(in_force), ports);
	text_ports(text, sizeof(text), wanted->ports);
	plan_compare(plan, &change);
	change.what = "addresses";
	addresses_text(in_force, ADDRESSES_TEXT_MAX, addresses,
		       policy_addresses(plan->policy, id, addresses));
	memcpy(addresses, wanted->addresses, sizeof(addresses));
	addresses_text(text, ADDRESSES_TEXT_MAX, addresses, wanted->addresses_count);
	plan_compare(plan, &change);
}

static void compare_queue(struct plan *plan, struct listener *listener,
			  const struct wanted_listener *wanted, const char *where)
{
	char in_force[24], text[24];

	plan_compare(plan,
		     &(struct change){
			     CHANGE_LIVE, where, "delay-max",
			     text_delay_max(in_force, sizeof(in_force), listener->delay_max_ns),
			     text_delay_max(text, sizeof(text), wanted->delay_max_ns), NULL });
	listener->delay_max_ns = wanted->delay_max_ns;
	snprintf(in_force, sizeof(in_force), "%u", listener->queue_entries);
	snprintf(text, sizeof(text), "%u", wanted->queue_entries);
	plan_compare(plan,
		     &(struct change){ CHANGE_LIVE, where, "queue-entries", in_force, text, NULL });
	listener->queue_entries = wanted->queue_entries;
}

static void compare_reserve(struct plan *plan, struct listener *listener,
			    const struct wanted_listener *wanted, const char *where)
{
	char in_force[16], text[16];

	plan_compare(plan,
		     &(struct change){ CHANGE_LIVE, where, "reserve",
				       text_reserve(in_force, sizeof(in_force), listener->reserve),
				       text_reserve(text, sizeof(text), wanted->reserve), NULL });
	listener->reserve = wanted->reserve;
}

static void compare_setup(struct plan *plan, struct listener *listener,
			  const struct wanted_listener *wanted, const char *where)
{
	uint16_t connack_max = policy_connack_max(wanted);
	char in_force[16], text[16];

	plan_compare(plan,
		     &(struct change){
			     CHANGE_LIVE, where, "setup",
			     setup_names[listener->connack_max ? SETUP_MQTT : SETUP_FIRST_BYTE],
			     setup_names[wanted->setup], NULL });
	snprintf(in_force, sizeof(in_force), "%u", listener->connack_max);
	snprintf(text, sizeof(text), "%u", connack_max);
	if (listener->connack_max && connack_max)
		plan_compare(plan, &(struct change){ CHANGE_LIVE, where, "connack-max", in_force,
						     text, NULL });
	listener->connack_max = connack_max;
}

static void compare_listener(struct plan *plan, unsigned int id,
			     const struct wanted_listener *wanted, const char *where)
{
	struct listener *listener = &plan->policy->listeners[id];

	plan_compare(plan, &(struct change){ CHANGE_LIVE, where, "renamed", listener->name,
					     wanted->name, NULL });
	memcpy(listener->name, wanted->name, sizeof(listener->name));
	compare_destinations(plan, id, wanted, where);
	plan_compare(plan, &(struct change){ CHANGE_LIVE, where, "excess",
					     text_word(excess_names, listener->excess),
					     text_word(excess_names, wanted->excess), NULL });
	listener->excess = (uint8_t)wanted->excess;
	compare_queue(plan, listener, wanted, where);
	compare_reserve(plan, listener, wanted, where);
	compare_setup(plan, listener, wanted, where);
	plan_window(plan, listener, wanted, where);
	for (int level = LEVEL_LISTENER; level < LEVEL_COUNT; level++)
		plan_limit(plan, where, (unsigned int)level, &listener->limits[level],
			   &wanted->limits[level]);
	plan_limit(plan, where, PLAN_REJECT, &listener->reject, &wanted->reject);
}

static void add_listener(struct plan *plan, unsigned int id, const struct wanted_listener *wanted,
			 const char *where)
{
	char list[PORTS_TEXT_MAX], text[PORTS_TEXT_MAX + sizeof("ports ")];

	snprintf(text, sizeof(text), "ports %s", text_ports(list, sizeof(list), wanted->ports));
	plan_note(plan, &(struct change){ CHANGE_LIVE, where, "added", "nothing", text, NULL });
	policy_add_listener(plan->policy, (uint8_t)id, wanted);
	plan->fresh |= BIT(id);
}

static void remove_listener(struct plan *plan, unsigned int id)
{
	struct policy *policy = plan->policy;
	char list[PORTS_TEXT_MAX], text[PORTS_TEXT_MAX + sizeof("ports ")], where[WHERE_MAX];
	uint64_t ports[PORTS / 64];

	policy_ports(policy, id, ports);
	snprintf(text, sizeof(text), "ports %s", text_ports(list, sizeof(list), ports));
	snprintf(where, sizeof(where), "listener %s", policy->listeners[id].name);
	plan_note(plan, &(struct change){ CHANGE_LIVE, where, "removed", text, "nothing", NULL });
	memset(&policy->listeners[id], 0, sizeof(policy->listeners[id]));
	for (int family = 0; family < FAMILY_COUNT; family++)
		policy->has_listener_rules[family] &= ~BIT(id);
	plan->gone |= BIT(id);
}

static bool has_counted(const struct snapshot *snapshot, unsigned int id)
{
	static const struct counters none;

	return memcmp(&snapshot->counters[1 + id], &none, sizeof(none)) != 0;
}

int plan_listeners(struct plan *plan, const struct snapshot *in_force, const struct config *wanted)
{
	struct placing placing = { .policy = plan->policy, .wanted = wanted };

	for (unsigned int id = 0; id < LISTENERS_MAX; id++) {
		if (*plan->policy->listeners[id].name)
			placing.held |= BIT(id);
		if (has_counted(in_force, id))
			placing.counted |= BIT(id);
	}
	place_same_names(&placing);
	place_renamed(&placing);
	if (place_new(&placing))
		return -ENOSPC;
	for (unsigned int id = 0; id < LISTENERS_MAX; id++)
		if (placing.held & ~placing.claimed & BIT(id))
			remove_listener(plan, id);
	for (unsigned int i = 0; i < wanted->listeners_count; i++) {
		const struct wanted_listener *listener = &wanted->listeners[i];
		unsigned int id = placing.ids[i];
		char where[WHERE_MAX];

		snprintf(where, sizeof(where), "listener %s", listener->name);
		if (placing.held & BIT(id))
			compare_listener(plan, id, listener, where);
		else
			add_listener(plan, id, listener, where);
	}
	policy_place(plan->policy, wanted, placing.ids);
	return 0;
}
