// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "survey.h"

#include <errno.h>
#include <stdlib.h>

#include "attach_links.h"
#include "instance.h"
#include "log.h"
#include "pins.h"
#include "reattach.h"

struct walk {
	struct survey *survey;
	const struct pins *pins;
	int err; /* the first; the others are still read */
};

static void note_error(struct walk *walk, int err)
{
	walk->survey->unreadable++;
	if (!walk->err)
		walk->err = err;
}

static int add_mine(struct instance *instance, void *arg)
{
	struct walk *walk = arg;
	struct survey *survey = walk->survey;
	struct snapshot *more = realloc(survey->snapshots,
					(survey->count + 1) * sizeof(*survey->snapshots));
	int err = -ENOMEM;

	/* also with the lock of a reader: another one would write the same */
	attach_links_forget(instance->control);
	if (more) {
		survey->snapshots = more;
		err = instance_snapshot(instance, walk->pins, &more[survey->count]);
	}
	if (!err) {
		survey->count++;
		return 0;
	}
	log_error("cannot read instance '%s': %s", instance->name, log_reason(err));
	note_error(walk, err);
	return 0;
}

static void pass_other(const struct instance *instance, int err, void *arg)
{
	struct walk *walk = arg;
	char text[FAULT_TEXT_MAX];

	instance_fault(text, instance, walk->pins, err);
	if (err == -EXDEV) {
		walk->survey->elsewhere++;
		log_detail("%s", text);
	} else if (err == -ENOTDIR) {
		log_warning("%s", text);
	} else {
		log_error("%s", text);
		note_error(walk, err);
	}
}

static int take_one(struct walk *walk, const char *name)
{
	struct instance instance;
	int err = instance_open(&instance, walk->pins, name);

	if (err)
		return err;
	add_mine(&instance, walk);
	instance_close(&instance);
	return 0;
}

static int look(struct survey *survey, const char *name)
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
		err = take_one(&walk, name);
	} else {
		err = instance_each(&pins, add_mine, pass_other, &walk);
		if (err)
			log_error("cannot read '%s': %s", pins.root, log_reason(err));
	}
	pins_unlock(&pins);
	return err ? err : walk.err;
}

/* Between the two looks at them anything may have happened: no matter. */
static bool reattach_due(const struct survey *survey)
{
	struct instance instance;
	struct pins pins;
	bool due = false;

	for (unsigned int i = 0; i < survey->count; i++)
		due |= reattach_is_due(&survey->snapshots[i]);
	if (!due || pins_lock(&pins, false, true))
		return false;
	for (unsigned int i = 0; i < survey->count; i++) {
		if (!reattach_is_due(&survey->snapshots[i]))
			continue;
		if (!instance_find(&instance, &pins, survey->snapshots[i].control.name))
			reattach(&pins, &instance);
		instance_close(&instance);
	}
	pins_unlock(&pins);
	return true;
}

int survey_take(struct survey *survey, const char *name)
{
	int err = look(survey, name);

	if (!err && reattach_due(survey)) {
		survey_free(survey);
		err = look(survey, name);
	}
	return err;
}

void survey_free(struct survey *survey)
{
	for (unsigned int i = 0; i < survey->count; i++)
		instance_free_snapshot(&survey->snapshots[i]);
	free(survey->snapshots);
	*survey = (struct survey){};
}
