// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "herd/plan_words.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "herd/plan_values.h"
#include "text.h"

#define S 1000000000ULL
#define QUOTE_MAX 128

#define IN_RUN(field) offsetof(struct plan, field)
#define IN_GROUP(field) offsetof(struct plan_group, field)

/* In the order of the manual page. */
static const struct plan_word words[] = {
	{ "host", SCOPE_RUN, plan_value_text, IN_RUN(host), 0, 0, false },
	{ "port", SCOPE_RUN, plan_value_port, IN_RUN(port), 0, 0, false },
	{ "capacity", SCOPE_RUN, plan_value_flag, IN_RUN(capacity), 0, 0, true },
	{ "devices", SCOPE_GROUP, plan_value_number, IN_GROUP(devices), 1, PLAN_DEVICES_MAX,
	  false },
	{ "first", SCOPE_RUN, plan_value_number, IN_RUN(first), 0, 1000000000, false },
	{ "tls", SCOPE_GROUP, plan_value_tls, IN_GROUP(tls), 0, 0, true },
	{ "resume", SCOPE_GROUP, plan_value_flag, IN_GROUP(tls_resume), 0, 0, true },
	{ "ca", SCOPE_GROUP, plan_value_text, IN_GROUP(ca_file), 0, 0, false },
	{ "cert", SCOPE_GROUP, plan_value_text, IN_GROUP(cert_file), 0, 0, false },
	{ "key", SCOPE_GROUP, plan_value_text, IN_GROUP(key_file), 0, 0, false },
	{ "sni", SCOPE_GROUP, plan_value_text, IN_GROUP(sni), 0, 0, false },
	{ "mqtt", SCOPE_GROUP, plan_value_mqtt, IN_GROUP(mqtt), 0, 0, false },
	{ "user", SCOPE_GROUP, plan_value_pattern, IN_GROUP(user), 0, 0, false },
	{ "password-file", SCOPE_GROUP, plan_value_text, IN_GROUP(password_file), 0, 0, false },
	{ "client-id", SCOPE_GROUP, plan_value_pattern, IN_GROUP(client_id), 0, 0, false },
	{ "keepalive", SCOPE_GROUP, plan_value_time, IN_GROUP(keepalive_ns), 0, 0, false },
	{ "sources", SCOPE_GROUP, plan_value_sources, 0, 0, 0, false },
	{ "start", SCOPE_GROUP, plan_value_start, 0, 0, 0, false },
	{ "timeout", SCOPE_GROUP, plan_value_time, IN_GROUP(timeout_ns), 0, 0, false },
	{ "connect-timeout", SCOPE_GROUP, plan_value_time, IN_GROUP(connect_timeout_ns), 0, 0,
	  false },
	{ "tls-timeout", SCOPE_GROUP, plan_value_time, IN_GROUP(tls_timeout_ns), 0, 0, false },
	{ "connack-timeout", SCOPE_GROUP, plan_value_time, IN_GROUP(connack_timeout_ns), 0, 0,
	  false },
	{ "backoff", SCOPE_GROUP, plan_value_backoff, 0, 0, 0, false },
	{ "attempts", SCOPE_GROUP, plan_value_number, IN_GROUP(attempts), 1, 1000000, false },
	{ "work", SCOPE_GROUP, plan_value_work, 0, 0, 0, true },
	{ "topics", SCOPE_GROUP, plan_value_number, IN_GROUP(work_topics), 1, PLAN_TOPICS_MAX,
	  false },
	{ "retained", SCOPE_GROUP, plan_value_number, IN_GROUP(work_retained), 1, 1000000, false },
	{ "hello", SCOPE_GROUP, plan_value_number, IN_GROUP(work_hello), 1, PLAN_HELLO_MAX, false },
	{ "topic", SCOPE_GROUP, plan_value_pattern, IN_GROUP(work_topic), 0, 0, false },
	{ "duration", SCOPE_RUN, plan_value_time, IN_RUN(duration_ns), 0, 0, false },
	{ "hold", SCOPE_RUN, plan_value_time, IN_RUN(hold_ns), 0, 0, false },
	{ "bystanders", SCOPE_RUN, plan_value_number, IN_RUN(bystanders), 1, 1000, false },
	{ "every", SCOPE_RUN, plan_value_time, IN_RUN(every_ns), 0, 0, false },
	{ "ideal", SCOPE_RUN, plan_value_rate, IN_RUN(ideal_per_sec), 0, 0, false },
	{ "seed", SCOPE_RUN, plan_value_seed, IN_RUN(seed), 0, 0, false },
	{ "json", SCOPE_RUN, plan_value_text, IN_RUN(json_file), 0, 0, false },
	{ "label", SCOPE_RUN, plan_value_text, IN_RUN(label), 0, 0, false },
	{ "quiet", SCOPE_RUN, plan_value_flag, IN_RUN(quiet), 0, 0, true },
	{ "stack", SCOPE_RUN, plan_value_stack, 0, 0, 0, false },
	{ "anywhere", SCOPE_RUN, plan_value_flag, IN_RUN(anywhere), 0, 0, true },
};

#define WORDS_COUNT (sizeof(words) / sizeof(words[0]))
_Static_assert(WORDS_COUNT <= 64, "plan_reading.seen has a bit for each");

void plan_init(struct plan *plan)
{
	*plan = (struct plan){ .seed = 1, .every_ns = S / 10, .stack = "linux" };
}

struct plan_group *plan_add_group(struct plan *plan, const char *name)
{
	struct plan_group *group;

	if (plan->groups_count == PLAN_GROUPS_MAX)
		return NULL;
	group = &plan->groups[plan->groups_count++];
	*group = (struct plan_group){
		.mqtt = MQTT_3_1_1,
		.client_id = "herd-%d",
		.keepalive_ns = 60 * S,
		.backoff = { .kind = BACKOFF_UNIFORM, .min_ns = S, .max_ns = 3 * S },
		.backoff_name = "uniform",
		.work_topic = "herd/%d",
	};
	snprintf(group->name, sizeof(group->name), "%s", name);
	return group;
}

static int unknown_word(struct plan_reading *reading, const char *name)
{
	const char *names[WORDS_COUNT + 1], *nearest;
	char quote[QUOTE_MAX];
	size_t count = 0;

	for (size_t i = 0; i < WORDS_COUNT; i++)
		if (words[i].scope & reading->scopes)
			names[count++] = words[i].name;
	names[count] = NULL;
	text_quote(quote, sizeof(quote), name);
	nearest = text_nearest(name, names);
	if (nearest)
		return plan_complain(reading, "unknown word '%s': did you mean '%s'?", quote,
				     nearest);
	return plan_complain(reading, "unknown word '%s': see `herd help run` for those there are",
			     quote);
}

static const struct plan_word *find_word(const char *name)
{
	for (size_t i = 0; i < WORDS_COUNT; i++)
		if (!strcmp(words[i].name, name))
			return &words[i];
	return NULL;
}

/* How many words were taken with the first of @said, or -EINVAL. */
static int take_word(struct plan_reading *reading, const char *const *said)
{
	const struct plan_word *word = find_word(said[0]);
	uint64_t bit;
	void *base;
	int taken;

	if (!word)
		return unknown_word(reading, said[0]);
	if (!(word->scope & reading->scopes))
		return plan_complain(reading, "'%s' does not belong here: it is said of %s",
				     word->name,
				     word->scope == SCOPE_RUN ? "the whole run, in [run]"
							      : "devices, in [devices NAME]");
	bit = 1ULL << (word - words);
	if (reading->seen & bit)
		return plan_complain(reading, "'%s' is said twice; remove one", word->name);
	reading->seen |= bit;
	reading->said |= bit;
	if (!word->is_flag && !said[1])
		return plan_complain(reading, "'%s' needs a value after it", word->name);
	base = word->scope == SCOPE_RUN ? (void *)reading->plan : (void *)reading->group;
	taken = word->take(reading, word, (char *)base + word->offset, said + 1);
	return taken < 0 ? taken : taken + 1;
}

int plan_take_words(struct plan_reading *reading, const char *const *said)
{
	while (*said) {
		int taken = take_word(reading, said);

		if (taken < 0)
			return taken;
		said += taken;
	}
	return 0;
}

int plan_take_target(struct plan_reading *reading, const char *host, const char *port)
{
	const char *said[] = { "host", host, "port", port, NULL };

	return plan_take_words(reading, said);
}

/* -- what depends on several words ------------------------------------------------------------- */

/* A preset has its library's timeouts, unless one is said. */
static void finish_timeouts(struct plan_group *group)
{
	const struct backoff_preset *preset = backoff_preset_find(group->backoff_name);

	if (group->timeout_ns || group->connect_timeout_ns || group->tls_timeout_ns ||
	    group->connack_timeout_ns)
		return;
	if (!preset) {
		group->timeout_ns = 10 * S;
		return;
	}
	group->timeout_ns = preset->timeout_ns;
	group->connect_timeout_ns = preset->connect_timeout_ns;
	group->tls_timeout_ns = preset->tls_timeout_ns;
	group->connack_timeout_ns = preset->connack_timeout_ns;
}

static int finish_group(struct plan_reading *reading, struct plan_group *group)
{
	if (!group->devices)
		return plan_complain(reading, "no number of devices; write devices N");
	if (group->tls == TLS_OFF && (group->tls_resume || *group->ca_file || *group->cert_file ||
				      *group->key_file || *group->sni))
		return plan_complain(reading, "resume, ca, cert, key and sni need TLS; write tls");
	if (!*group->cert_file != !*group->key_file)
		return plan_complain(reading, "cert and key go together; write both");
	if (*group->password_file && !*group->user)
		return plan_complain(reading, "password-file needs a user; write user NAME");
	if (group->work_retained && !group->work_topics)
		return plan_complain(reading, "retained messages come for subscriptions; write "
					      "topics N too");
	if (group->keepalive_ns < S || group->keepalive_ns > 65535 * S)
		return plan_complain(reading, "bad keepalive: is out of range; write 1s to 65535s");
	if (group->start == START_CLOSED && reading->plan->groups_count > 1)
		return plan_complain(reading, "'start closed' counts the attempts of all devices; "
					      "write one section of devices");
	finish_timeouts(group);
	return 0;
}

/* A closed loop has its own idea of when and how often devices come, and they do nothing else. */
static int check_capacity(struct plan_reading *reading)
{
	static const char *const of_storms[] = { "start",  "backoff",	 "attempts", "work",
						 "topics", "retained",	 "hello",    "topic",
						 "hold",   "bystanders", "every",    "ideal" };

	if (reading->plan->groups_count > 1)
		return plan_complain(reading, "capacity is measured with devices that are alike; "
					      "write one section of devices");
	for (size_t i = 0; i < sizeof(of_storms) / sizeof(of_storms[0]); i++)
		if (reading->said >> (find_word(of_storms[i]) - words) & 1)
			return plan_complain(
				reading, "'%s' means nothing to capacity; remove one of the two",
				of_storms[i]);
	return 0;
}

static void finish_defaults(struct plan *plan)
{
	if (plan->capacity) {
		struct plan_group *group = &plan->groups[0];

		if (!group->devices)
			group->devices = 512;
		group->backoff = (struct backoff){ BACKOFF_FIXED, S / 10, S / 10, 0, 0, 0 };
		snprintf(group->backoff_name, sizeof(group->backoff_name), "fixed");
	}
	if (!plan->duration_ns)
		plan->duration_ns = (plan->capacity ? 40 : 120) * S;
}

int plan_finish(struct plan_reading *reading)
{
	struct plan *plan = reading->plan;
	uint64_t devices = 0;

	if (!*plan->host || !plan->port)
		return plan_complain(reading,
				     "no broker; write HOST PORT, in a file host and port");
	if (!plan->groups_count)
		return plan_complain(reading, "no devices; write a section [devices NAME]");
	if (plan->capacity && check_capacity(reading))
		return -EINVAL;
	finish_defaults(plan);
	for (uint32_t i = 0; i < plan->groups_count; i++) {
		int err = finish_group(reading, &plan->groups[i]);

		if (err)
			return err;
		devices += plan->groups[i].devices;
	}
	if (devices > PLAN_DEVICES_MAX)
		return plan_complain(reading, "too many devices; at most %u in one run",
				     PLAN_DEVICES_MAX);
	plan->devices = (uint32_t)devices;
	return 0;
}
