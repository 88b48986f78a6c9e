// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"

#define MESSAGE_MAX 1024 /* every part of one is bounded, as by text_quote() */

void config_init(struct config *config)
{
	*config = (struct config){
		.mode = MODE_OBSERVE,
		.xdp = XDP_AUTO,
		.sources = SOURCES_DEFAULT,
		.source_len = { [FAMILY_V4] = 32, [FAMILY_V6] = 64 },
		.site_len = { [FAMILY_V4] = 24, [FAMILY_V6] = 48 },
		.host.rate.unlimited = true,
	};
}

void config_free(struct config *config)
{
	free(config->listeners);
	config->listeners = NULL;
	config->listeners_count = 0;
	free(config->rules);
	config->rules = NULL;
	config->rules_count = 0;
	free(config->signals);
	config->signals = NULL;
	config->signals_count = 0;
}

void config_init_listener(struct wanted_listener *listener, const char *name)
{
	memset(listener, 0, sizeof(*listener));
	strncpy(listener->name, name, sizeof(listener->name) - 1);
	listener->excess = EXCESS_DELAY;
	listener->reserve = RESERVE_AUTO;
	listener->delay_max_ns = DELAY_MAX_AUTO;
	listener->queue_entries = QUEUE_ENTRIES_DEFAULT;
	listener->connack_max = CONNACK_MAX_DEFAULT;
	listener->window = WINDOW_OFF;
	listener->window_min = WINDOW_MIN_DEFAULT;
	listener->window_max = WINDOW_MAX_DEFAULT;
	listener->target_ns = TARGET_DEFAULT_NS;
	listener->floor.unlimited = true;
	listener->fallback.unlimited = true;
	listener->reject.rate = (struct rate){ .count = REJECT_RATE_DEFAULT, .per_sec = 1 };
	for (int level = 0; level < LEVEL_COUNT; level++)
		listener->limits[level].rate.unlimited = true;
}

struct wanted_listener *config_add_listener(struct config *config, const char *name)
{
	struct wanted_listener *grown, *added;

	grown = reallocarray(config->listeners, config->listeners_count + 1, sizeof(*grown));
	if (!grown)
		return NULL;
	config->listeners = grown;
	added = &grown[config->listeners_count++];
	config_init_listener(added, name);
	return added;
}

struct wanted_rule *config_add_rule(struct config *config, const struct wanted_address *source)
{
	unsigned int count = config->rules_count;
	struct wanted_rule *grown = config->rules;

	/* the room is the next power of two */
	if (!(count & (count - 1)))
		grown = reallocarray(config->rules, count ? 2 * (size_t)count : 1, sizeof(*grown));
	if (!grown)
		return NULL;
	config->rules = grown;
	config->rules_count++;
	grown[count] = (struct wanted_rule){
		.source = *source,
		.action = RULE_LIMIT,
		.limit.rate.unlimited = true,
	};
	return &grown[count];
}

uint32_t config_burst(const struct wanted_limit *wanted)
{
	uint32_t second = wanted->rate.unlimited ? 0 : wanted->rate.count / wanted->rate.per_sec;

	if (wanted->burst)
		return wanted->burst;
	return second ? second : 1;
}

uint64_t config_period_ns(const struct rate *rate)
{
	uint64_t period_ns = (rate->per_sec * 1000000000ULL + rate->count - 1) / rate->count;

	return (period_ns + GCRA_GRAIN_NS - 1) / GCRA_GRAIN_NS * GCRA_GRAIN_NS;
}

uint32_t config_slots(uint32_t sources)
{
	return (sources + TABLE_WAYS - 1) / TABLE_WAYS * TABLE_WAYS;
}

uint64_t config_look_period_ns(uint32_t slots)
{
	return ((uint64_t)RETURN_WAIT << RETURN_SLICE_NS_SHIFT) / slots;
}

uint64_t config_look_chunk(uint32_t slots)
{
	uint32_t chunk = slots / 16384;

	return chunk < 1 ? 1 : chunk > 64 ? 64 : chunk;
}

uint32_t config_waiting_sets(uint32_t slots)
{
	return (slots + WAITING_WAYS - 1) / WAITING_WAYS;
}

bool config_same_address(const struct wanted_address *a, const struct wanted_address *b)
{
	return a->len == b->len && a->prefix.hi == b->prefix.hi && a->prefix.lo == b->prefix.lo;
}

static bool is_device_name(const char *name)
{
	/* as dev_valid_name() of the kernel has it, and printable */
	for (const char *c = name; *c; c++)
		if (*c <= ' ' || *c > '~' || *c == '/' || *c == ':')
			return false;
	return *name && strlen(name) < DEVICE_NAME_MAX && strcmp(name, ".") && strcmp(name, "..");
}

int config_parse_devices(struct config *config, const char *text, const char **why)
{
	char found[DEVICES_MAX][DEVICE_NAME_MAX] = { 0 };
	char element[DEVICE_NAME_MAX + 1]; /* one more, so that no cut name is taken for one */
	unsigned int count = 0;
	int more;

	while ((more = text_list_next(&text, element, sizeof(element))) > 0) {
		*why = "is not a list of device names; write them as in eth0, eth1";
		if (!is_device_name(element))
			return -EINVAL;
		*why = "names a device twice; remove one";
		for (unsigned int i = 0; i < count; i++)
			if (!strcmp(found[i], element))
				return -EINVAL;
		*why = "has too many devices; an instance has at most 16";
		_Static_assert(DEVICES_MAX == 16, "the number of the message");
		if (count == DEVICES_MAX)
			return -EINVAL;
		memcpy(found[count++], element, DEVICE_NAME_MAX);
	}
	*why = more < 0 ? "has a comma with nothing beside it; remove it"
			: "is empty; write device names, as in eth0, eth1";
	if (more < 0 || !count)
		return -EINVAL;
	memcpy(config->devices, found, sizeof(found));
	config->devices_count = count;
	return 0;
}

static void report(const struct config_errors *errors, const char *name, int line,
		   const char *message)
{
	if (errors->report)
		errors->report(name, line, message);
	else if (line)
		fprintf(errors->out, "%s:%d: %s\n", name, line, message);
	else
		fprintf(errors->out, "%s: %s\n", name, message);
}

void config_error(struct config_errors *errors, const char *name, int line, const char *format, ...)
{
	char message[MESSAGE_MAX];
	va_list args;

	if (errors->count++ >= ERRORS_SHOWN_MAX) {
		if (errors->count == ERRORS_SHOWN_MAX + 1)
			report(errors, name, 0, "more errors follow; correct these first");
		return;
	}
	va_start(args, format);
	vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	report(errors, name, line, message);
}
