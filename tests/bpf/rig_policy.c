// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The policy of a rig: from configuration text, and changed as commands do. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/libbpf.h>

#include "config.h"
#include "policy.h"
#include "tests/bpf/weir_clock.skel.h"

void rig_read_config(struct config *config, const char *ini)
{
	struct config_errors errors = { .out = stderr };
	FILE *in = fmemopen((void *)ini, strlen(ini), "r");

	assert_non_null(in);
	config_init(config);
	assert_int_equal(config_read(config, in, "rig", &errors), 0);
	fclose(in);
}

static void publish(struct rig *rig, struct policy *policy, const struct rules *rules)
{
	assert_int_equal(instance_switch_policy(&rig->instance, policy, rules), 0);
	free(policy);
}

void rig_publish_config(struct rig *rig, const struct config *config)
{
	struct policy *policy = malloc(sizeof(*policy));
	struct rules rules = {};

	assert_non_null(policy);
	policy_build(policy, config);
	assert_int_equal(rules_build(&rules, policy, config, rig->skel->bss->clock_ns), 0);
	publish(rig, policy, &rules);
	rules_free(&rules);
}

static struct policy *policy_copy(struct rig *rig)
{
	struct policy *policy = malloc(sizeof(*policy));

	assert_non_null(policy);
	assert_int_equal(instance_begin_change(&rig->instance, policy), 0);
	return policy;
}

void rig_limit(struct rig *rig, uint32_t listener, enum level level, const char *rate,
	       uint32_t burst)
{
	struct policy *policy = policy_copy(rig);
	struct wanted_limit wanted = { .burst = burst };
	const char *why;

	assert_int_equal(text_parse_rate(rate, &wanted.rate, &why), 0);
	policy_set_limit(level == LEVEL_HOST ? &policy->host
					     : &policy->listeners[listener].limits[level],
			 &wanted, rig->skel->bss->clock_ns);
	publish(rig, policy, NULL);
}

void rig_configure(struct rig *rig, const char *ini)
{
	struct config config;

	rig_read_config(&config, ini);
	rig_publish_config(rig, &config);
	config_free(&config);
}

void rig_mode(struct rig *rig, enum mode mode)
{
	struct policy *policy = policy_copy(rig);

	policy->mode = mode;
	publish(rig, policy, NULL);
}

static struct rule_entry rule_key(struct rig *rig, const char *source, const char *listener)
{
	struct policy *policy = policy_copy(rig);
	struct wanted_address address;
	struct rule_entry entry;
	const char *why;
	bool masked;

	assert_int_equal(text_parse_source(source, &address.prefix, &address.len, &masked, &why),
			 0);
	entry = rules_key(&address);
	if (listener)
		entry.listener = (uint32_t)policy_find_listener(policy, listener);
	free(policy);
	return entry;
}

/* As every change does, but for what is done to the rules that have expired. */
static struct policy *rules_copy(struct rig *rig, struct rules *rules)
{
	*rules = (struct rules){};
	assert_int_equal(instance_rules(&rig->instance, rules), 0);
	return policy_copy(rig);
}

void rig_rule(struct rig *rig, const char *source, const char *listener, enum rule_action action,
	      const char *rate, uint64_t expires_ns)
{
	struct rule_entry entry = rule_key(rig, source, listener);
	struct wanted_limit wanted = {};
	struct policy *policy;
	struct rules rules;
	const char *why;

	if (rate)
		assert_int_equal(text_parse_rate(rate, &wanted.rate, &why), 0);
	policy = rules_copy(rig, &rules);
	entry.rule.action = action;
	entry.rule.origin = ORIGIN_RUNTIME;
	entry.rule.expires_ns = expires_ns;
	assert_true(rules_put(&rules, &entry, &wanted, rig->skel->bss->clock_ns) >= 0);
	publish(rig, policy, &rules);
	rules_free(&rules);
}

bool rig_forget(struct rig *rig, const char *source, const char *listener)
{
	struct rule_entry key = rule_key(rig, source, listener);
	struct rules rules;
	struct policy *policy = rules_copy(rig, &rules);
	bool removed = rules_remove(&rules, &key);

	publish(rig, policy, &rules);
	rules_free(&rules);
	return removed;
}
