// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What must hold between the keys of a configuration. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"
#include "config_signals.h"
#include "queue.h"

#define PREFIX_TEXT_MAX 64

int config_check_limit(const struct wanted_limit *wanted, const char **why)
{
	const struct rate *rate = &wanted->rate;

	*why = "has no rate that refills it; give the rate, too";
	if (rate->unlimited)
		return wanted->burst ? -EINVAL : 0;
	if (!rate->count)
		return 0;
	*why = "takes more than 73 years to refill; lower the burst or raise the rate";
	return config_burst(wanted) > GCRA_REFILL_MAX_NS / config_period_ns(rate) ? -EINVAL : 0;
}

struct check {
	const struct config *config;
	const char *name;
	struct config_errors *errors;
};

static void check_bucket(struct check *check, const struct wanted_listener *listener,
			 const struct wanted_limit *wanted, unsigned int part,
			 const char *burst_key)
{
	const char *why;

	if ((listener ? listener->wrong : check->config->wrong) & part)
		return;
	if (!config_check_limit(wanted, &why))
		return;
	config_error(check->errors, check->name, listener ? listener->line : check->config->line,
		     "%s%s%s%s '%u': %s", listener ? "listener '" : "",
		     listener ? listener->name : "", listener ? "' " : "", burst_key, wanted->burst,
		     why);
}

static void check_limit(struct check *check, const struct wanted_listener *listener,
			enum level level)
{
	static const char *const burst_keys[] = { "host-burst", "burst", "site-burst",
						  "source-burst" };

	check_bucket(check, listener, listener ? &listener->limits[level] : &check->config->host,
		     PART_LIMIT(level), burst_keys[level]);
}

bool config_idle_reject(const struct wanted_listener *listener)
{
	return listener->says_reject && listener->excess != EXCESS_REJECT;
}

bool config_idle_queue(const struct wanted_listener *listener)
{
	return listener->says_queue && listener->excess != EXCESS_DELAY;
}

/* SYNs in @time_ns at @rate, rounded up; UINT64_MAX: no limit. */
static uint64_t syns_in(const struct rate *rate, uint64_t time_ns)
{
	uint64_t per_ns = rate->per_sec * 1000000000ULL;

	return rate->unlimited ? UINT64_MAX : (rate->count * time_ns + per_ns - 1) / per_ns;
}

enum queue_need config_queue_need(const struct config *config,
				  const struct wanted_listener *listener, uint32_t *entries)
{
	const struct rate *rates[] = { &config->host.rate, &listener->limits[LEVEL_LISTENER].rate };
	uint64_t waiting = UINT64_MAX, second = UINT64_MAX, most;

	/* both of the slower of the two */
	for (int i = 0; i < 2; i++) {
		uint64_t in_delay_max = syns_in(rates[i], listener->delay_max_ns);
		uint64_t in_second = syns_in(rates[i], 1000000000);

		waiting = in_delay_max < waiting ? in_delay_max : waiting;
		second = in_second < second ? in_second : second;
	}
	if (listener->excess != EXCESS_DELAY || second == UINT64_MAX)
		return QUEUE_NEED_NONE;
	most = waiting > 2 * second ? waiting : 2 * second;
	*entries = most < QUEUE_ENTRIES_MAX ? (uint32_t)most : QUEUE_ENTRIES_MAX;
	if (listener->queue_entries >= *entries)
		return QUEUE_NEED_NONE;
	return waiting > 2 * second ? QUEUE_NEED_DELAY_MAX : QUEUE_NEED_SECOND;
}

static void check_lengths(struct check *check)
{
	static const char *const sites[] = { "v4-site", "v6-site" };
	static const char *const sources[] = { "v4-prefix", "v6-prefix" };
	const struct config *config = check->config;

	for (int family = 0; family < FAMILY_COUNT; family++)
		if (!(config->wrong & PART_LENGTHS(family)) &&
		    config->site_len[family] > config->source_len[family])
			config_error(check->errors, check->name, config->line,
				     "%s '%u': is narrower than %s; write %u or less",
				     sites[family], config->site_len[family], sources[family],
				     config->source_len[family]);
}

/* An address list without an entry is the one entry "any". */
static unsigned int destinations(const struct wanted_listener *listener)
{
	return listener->addresses_count ? listener->addresses_count : 1;
}

static bool has_port(const struct wanted_listener *listener, unsigned int port)
{
	return listener->ports[port / 64] >> (port % 64) & 1;
}

static unsigned int count_ports(const struct wanted_listener *listener)
{
	unsigned int count = 0;

	for (unsigned int i = 0; i < PORTS / 64; i++)
		count += (unsigned int)__builtin_popcountll(listener->ports[i]);
	return count;
}

/* A port that both have, or 0. */
static unsigned int shared_port(const struct wanted_listener *a, const struct wanted_listener *b)
{
	for (unsigned int i = 0; i < PORTS / 64; i++)
		if (a->ports[i] & b->ports[i])
			return i * 64 + (unsigned int)__builtin_ctzll(a->ports[i] & b->ports[i]);
	return 0;
}

/* Ports and addresses are what they were meant to be. */
static bool is_placed(const struct wanted_listener *listener)
{
	return !(listener->wrong & PART_DESTINATIONS);
}

static const struct wanted_address *shared_address(const struct wanted_listener *a,
						   const struct wanted_listener *b)
{
	static const struct wanted_address any;

	for (unsigned int i = 0; i < destinations(a); i++) {
		const struct wanted_address *one = a->addresses_count ? &a->addresses[i] : &any;

		for (unsigned int j = 0; j < destinations(b); j++)
			if (config_same_address(one, b->addresses_count ? &b->addresses[j] : &any))
				return one;
	}
	return NULL;
}

static void check_shared(struct check *check, const struct wanted_listener *first,
			 const struct wanted_listener *second)
{
	unsigned int port = is_placed(first) ? shared_port(first, second) : 0;
	const struct wanted_address *address = port ? shared_address(first, second) : NULL;
	char prefix[PREFIX_TEXT_MAX], line[32] = "";

	if (!address)
		return;
	if (first->line)
		snprintf(line, sizeof(line), " (line %d)", first->line);
	config_error(check->errors, check->name, second->line,
		     "listener '%s': port %u to %s belongs to listener '%s'%s already; remove it "
		     "from one",
		     second->name, port,
		     address->len
			     ? text_prefix(prefix, sizeof(prefix), &address->prefix, address->len)
			     : "any address",
		     first->name, line);
}

/* The walk of the packet path is bounded; the first port that is over says it all. */
static void check_walk(struct check *check)
{
	const struct config *config = check->config;

	for (unsigned int port = 1; port < PORTS; port++) {
		unsigned int count = 0;

		for (unsigned int i = 0; i < config->listeners_count; i++) {
			const struct wanted_listener *listener = &config->listeners[i];

			if (!is_placed(listener) || !has_port(listener, port))
				continue;
			count += destinations(listener);
			if (count <= MATCHES_PER_PORT_MAX)
				continue;
			config_error(check->errors, check->name, listener->line,
				     "listener '%s': port %u has more than %d addresses over all "
				     "listeners; join some into wider prefixes",
				     listener->name, port, MATCHES_PER_PORT_MAX);
			return;
		}
	}
}

static void check_room(struct check *check)
{
	const struct config *config = check->config;
	unsigned int count = 0;

	for (unsigned int i = 0; i < config->listeners_count; i++) {
		const struct wanted_listener *listener = &config->listeners[i];

		if (is_placed(listener))
			count += destinations(listener) * count_ports(listener);
		if (count < MATCHES_MAX)
			continue;
		config_error(check->errors, check->name, listener->line,
			     "listener '%s': there are more than %d pairs of port and address over "
			     "all listeners; name fewer",
			     listener->name, MATCHES_MAX - 1);
		return;
	}
}

/* -- rules ------------------------------------------------------------------------------------- */

static bool has_listener(const struct config *config, const char *name)
{
	for (unsigned int i = 0; i < config->listeners_count; i++)
		if (!strcmp(config->listeners[i].name, name))
			return true;
	return false;
}

static void check_rule(struct check *check, const struct wanted_rule *rule)
{
	const char *why = NULL;
	char prefix[PREFIX_TEXT_MAX];

	text_source(prefix, sizeof(prefix), &rule->source.prefix, rule->source.len);
	if (!(rule->wrong & PART_RULE)) {
		if (rule->has_action && rule->has_limit)
			why = "has both an action and a source-rate; remove one";
		else if (!rule->has_action && !rule->has_limit)
			why = "does nothing; write action = allow, action = block or a source-rate";
		else if (rule->has_action && rule->limit.burst)
			why = "has both an action and a source-burst; remove one";
		if (why)
			config_error(check->errors, check->name, rule->line, "prefix '%s': %s",
				     prefix, why);
		if (*rule->listener && !has_listener(check->config, rule->listener))
			config_error(check->errors, check->name, rule->line,
				     "prefix '%s': there is no listener '%s'; write its section, "
				     "or name another",
				     prefix, rule->listener);
	}
	if (!why && !(rule->wrong & (PART_RULE | PART_LIMIT(LEVEL_SOURCE))) &&
	    config_check_limit(&rule->limit, &why))
		config_error(check->errors, check->name, rule->line,
			     "prefix '%s' source-burst '%u': %s", prefix, rule->limit.burst, why);
}

/* Those for the same source and listener stand together, in the order of the file. */
static int by_source(const void *a, const void *b)
{
	const struct wanted_rule *x = *(const struct wanted_rule *const *)a;
	const struct wanted_rule *y = *(const struct wanted_rule *const *)b;
	int order = memcmp(&x->source.prefix, &y->source.prefix, sizeof(x->source.prefix));

	if (!order)
		order = x->source.len - y->source.len;
	if (!order)
		order = strcmp(x->listener, y->listener);
	return order ? order : x->line - y->line;
}

static void check_repeated(struct check *check, const struct wanted_rule **sorted)
{
	for (unsigned int i = 1; i < check->config->rules_count; i++) {
		const struct wanted_rule *first = sorted[i - 1], *rule = sorted[i];
		char prefix[PREFIX_TEXT_MAX];

		if (!config_same_address(&first->source, &rule->source) ||
		    strcmp(first->listener, rule->listener) ||
		    (first->wrong | rule->wrong) & PART_RULE)
			continue;
		text_source(prefix, sizeof(prefix), &rule->source.prefix, rule->source.len);
		config_error(check->errors, check->name, rule->line,
			     "prefix '%s': has a section in line %d already; join the two or "
			     "remove one",
			     prefix, first->line);
	}
}

/* Room in memory for the sort was lacking: -ENOMEM. */
static int check_rules(struct check *check)
{
	const struct config *config = check->config;
	const struct wanted_rule **sorted;

	if (!config->rules_count)
		return 0;
	sorted = calloc(config->rules_count, sizeof(const struct wanted_rule *));
	if (!sorted)
		return -ENOMEM;
	for (unsigned int i = 0; i < config->rules_count; i++) {
		sorted[i] = &config->rules[i];
		check_rule(check, sorted[i]);
	}
	qsort(sorted, config->rules_count, sizeof(*sorted), by_source);
	check_repeated(check, sorted);
	free(sorted);
	return 0;
}

static void check_window(const struct check *check, const struct wanted_listener *listener)
{
	if (listener->wrong & PART_WINDOW || listener->window_min <= listener->window_max)
		return;
	config_error(check->errors, check->name, listener->line,
		     "listener '%s': window-min %u is more than window-max %u; lower it",
		     listener->name, listener->window_min, listener->window_max);
}

static bool is_faster(const struct rate *rate, const struct rate *limit)
{
	return !rate->unlimited && !limit->unlimited &&
	       (uint64_t)rate->count * limit->per_sec > (uint64_t)limit->count * rate->per_sec;
}

/* The rate is the ceiling of all that the window lets through, or what takes its place. */
static void check_under_rate(const struct check *check, const struct wanted_listener *listener,
			     const char *key, const struct rate *bound)
{
	const struct rate *rate = &listener->limits[LEVEL_LISTENER].rate;

	/* what is closed may keep them for better times */
	if (listener->wrong & PART_LIMIT(LEVEL_LISTENER) || !rate->count || !is_faster(bound, rate))
		return;
	config_error(check->errors, check->name, listener->line,
		     "listener '%s': %s is more than rate; lower it, write auto, or raise rate",
		     listener->name, key);
}

int config_check(const struct config *config, const char *name, struct config_errors *errors)
{
	struct check check = { config, name, errors };
	unsigned int errors_before = errors->count;

	check_lengths(&check);
	check_limit(&check, NULL, LEVEL_HOST);
	if (config->listeners_count > LISTENERS_MAX)
		config_error(errors, name, 0,
			     "%u listeners: are too many; an instance has at most %d",
			     config->listeners_count, LISTENERS_MAX);
	for (unsigned int i = 0; i < config->listeners_count; i++) {
		const struct wanted_listener *listener = &config->listeners[i];

		for (int level = LEVEL_LISTENER; level < LEVEL_COUNT; level++)
			check_limit(&check, listener, (enum level)level);
		check_bucket(&check, listener, &listener->reject, PART_REJECT, "reject-burst");
		check_window(&check, listener);
		check_under_rate(&check, listener, "floor", &listener->floor);
		check_under_rate(&check, listener, "fallback-rate", &listener->fallback);
		if (!is_placed(listener))
			continue;
		if (!count_ports(listener))
			config_error(errors, name, listener->line,
				     "listener '%s': has no ports; write ports = 1883, 8883",
				     listener->name);
		for (unsigned int j = 0; j < i; j++)
			check_shared(&check, &config->listeners[j], listener);
	}
	check_walk(&check);
	check_room(&check);
	config_check_signals(config, name, errors);
	if (check_rules(&check))
		return -ENOMEM;
	return errors->count == errors_before ? 0 : -EINVAL;
}
