// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "survey.h"

#include <errno.h>
#include <stdlib.h>

#include "instance.h"
#include "log.h"
#include "pins.h"

struct walk {
	struct survey *survey;
	const struct pins *pins;
	int err; /* the first; the others are still read */
};

static int add_instance(const char *name, void *arg)
{
	struct walk *walk = arg;
	struct survey *survey = walk->survey;
	struct snapshot *more;
	struct instance instance;
	int err;

	err = instance_open(&instance, walk->pins, name);
	if (err)
		goto out;
	more = realloc(survey->snapshots, (survey->count + 1) * sizeof(*more));
	err = more ? 0 : -ENOMEM;
	if (more) {
		survey->snapshots = more;
		err = instance_snapshot(&instance, walk->pins, &more[survey->count]);
	}
	if (err)
		log_error("cannot read instance '%s': %s", name, log_reason(err));
	else
		survey->count++;
	instance_close(&instance);
out:
	if (err && !walk->err)
		walk->err = err;
	return 0;
}

int survey_take(struct survey *survey, const char *name)
{
	struct pins pins;
	struct walk walk = { survey, &pins, 0 };
	int err;

	*survey = (struct survey){};
	err = pins_lock(&pins, false, false);
	if (err == -ENOENT && !name)
		return 0;
	if (err == -ENOENT)
		log_error("no instance '%s' is attached; nothing is", name);
	if (err)
		return err;
	if (name) {
		add_instance(name, &walk);
	} else {
		err = pins_each_instance(&pins, add_instance, &walk);
	}
	pins_unlock(&pins);
	return err ? err : walk.err;
}

void survey_free(struct survey *survey)
{
	for (unsigned int i = 0; i < survey->count; i++)
		instance_free_snapshot(&survey->snapshots[i]);
	free(survey->snapshots);
	*survey = (struct survey){};
}
