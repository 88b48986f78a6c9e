// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "change.h"

#include <errno.h>
#include <stdlib.h>

#include "instance.h"
#include "log.h"
#include "pins.h"

static int change_opened(struct instance *instance,
			 int (*alter)(struct policy *policy, uint64_t now_ns, void *arg), void *arg)
{
	struct policy *policy = malloc(sizeof(*policy));
	int err, altered;

	if (!policy) {
		log_error("cannot change '%s': no memory", instance->name);
		return -ENOMEM;
	}
	err = instance_begin_change(instance, policy);
	/* the clock is read as late as can be: limits count from the moment they are in force */
	altered = err ? 0 : alter(policy, instance_now_ns(), arg);
	if (altered > 0)
		err = instance_publish(instance, policy);
	free(policy);
	if (err)
		log_error("cannot change '%s': %s; what was in force still is", instance->name,
			  log_reason(err));
	return altered < 0 ? altered : err;
}

int change_policy(const char *name, int (*alter)(struct policy *policy, uint64_t now_ns, void *arg),
		  void *arg)
{
	struct instance instance;
	struct pins pins;
	int err = pins_lock(&pins, false, true);

	if (err == -ENOENT)
		log_error("no instance '%s' is attached; nothing is", name);
	if (err)
		return err;
	err = instance_open(&instance, &pins, name);
	if (!err) {
		err = change_opened(&instance, alter, arg);
		instance_close(&instance);
	}
	pins_unlock(&pins);
	return err;
}
