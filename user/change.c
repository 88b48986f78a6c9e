// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "change.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "instance.h"
#include "locate.h"
#include "log.h"
#include "pins.h"
#include "policy.h"
#include "reattach.h"
#include "upgrade.h"

/* One of the two. */
struct change {
	int (*alter_policy)(struct policy *policy, uint64_t now_ns, void *arg);
	int (*alter_rules)(struct rules *rules, const struct policy *policy, uint64_t now_ns,
			   void *arg);
	void *arg;
};

/* Returns as the functions of struct change; an error in @err has not been reported. */
static int alter(const struct instance *instance, struct policy *policy, struct rules *rules,
		 const struct change *change, int *err)
{
	uint64_t now_ns;

	*err = instance_begin_change(instance, policy);
	if (!*err && change->alter_rules)
		*err = instance_rules(instance, rules);
	if (*err)
		return 0;
	/* the clock is read as late as can be: limits count from the moment they are in force */
	now_ns = instance_now_ns();
	if (!change->alter_rules)
		return change->alter_policy(policy, now_ns, change->arg);
	rules_expire(rules, now_ns);
	return change->alter_rules(rules, policy, now_ns, change->arg);
}

static int change_opened(struct instance *instance, const struct change *change)
{
	struct policy *policy = malloc(sizeof(*policy));
	struct rules rules = {};
	int err, altered;

	if (!policy) {
		log_error("cannot change '%s': no memory", instance->name);
		return -ENOMEM;
	}
	altered = alter(instance, policy, &rules, change, &err);
	if (altered > 0)
		err = instance_publish(instance, policy, change->alter_rules ? &rules : NULL);
	rules_free(&rules);
	free(policy);
	if (err)
		log_error("cannot change '%s': %s; what was in force still is", instance->name,
			  log_reason(err));
	return altered < 0 ? altered : err;
}

static int change_locked(const struct pins *pins, char *name, const struct change *change)
{
	struct instance instance;
	int err = *name ? 0 : locate_instance(pins, NULL, name);

	if (!err)
		err = upgrade_check_done(pins, name);
	if (!err)
		err = instance_open(&instance, pins, name);
	if (err)
		return err;
	reattach(pins, &instance);
	err = change_opened(&instance, change);
	instance_close(&instance);
	return err;
}

static int change_instance(char *name, const struct change *change)
{
	struct pins pins;
	int err = pins_lock(&pins, false, true);

	if (err == -ENOENT)
		locate_none(*name ? name : NULL);
	if (err)
		return err;
	err = change_locked(&pins, name, change);
	pins_unlock(&pins);
	return err;
}

int change_policy(const char *name,
		  int (*alter_policy)(struct policy *policy, uint64_t now_ns, void *arg), void *arg)
{
	const struct change change = { .alter_policy = alter_policy, .arg = arg };
	char copy[INSTANCE_NAME_MAX];

	snprintf(copy, sizeof(copy), "%s", name);
	return change_instance(copy, &change);
}

int change_rules(char name[INSTANCE_NAME_MAX],
		 int (*alter_rules)(struct rules *rules, const struct policy *policy,
				    uint64_t now_ns, void *arg),
		 void *arg)
{
	const struct change change = { .alter_rules = alter_rules, .arg = arg };

	return change_instance(name, &change);
}

int change_find_listener(const struct policy *policy, const char *instance, const char *name)
{
	const char *names[LISTENERS_MAX + 1], *nearest;
	int id = policy_find_listener(policy, name);
	unsigned int count = 0;

	if (id >= 0)
		return id;
	for (id = 0; id < LISTENERS_MAX; id++)
		if (policy->listeners[id].name[0])
			names[count++] = policy->listeners[id].name;
	names[count] = NULL;
	nearest = text_nearest(name, names);
	if (nearest)
		log_error("'%s' has no listener '%s'; did you mean '%s'?", instance, name, nearest);
	else
		log_error("'%s' has no listener '%s'; see `weir show limits %s`", instance, name,
			  instance);
	return -EINVAL;
}
