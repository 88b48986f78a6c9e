// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "absent.h"

#include <stdio.h>

#include "text.h"

struct search {
	const struct pins *pins;
	const char *name;
	char nearest[INSTANCE_NAME_MAX]; /* so far; empty: none */
};

static int consider(const char *name, void *arg)
{
	struct search *search = arg;
	const char *const pair[] = { *search->nearest ? search->nearest : name, name, NULL };

	const char *nearest = text_nearest(search->name, pair);

	/* files that lie beside the instances are none */
	if (nearest && nearest != search->nearest && !pins_find(search->pins, name))
		snprintf(search->nearest, sizeof(search->nearest), "%s", name);
	return 0;
}

char *absent_text(char buf[ABSENT_TEXT_MAX], const struct pins *pins, const char *name)
{
	struct search search = { .pins = pins, .name = name };

	pins_each(pins, consider, &search);
	if (*search.nearest)
		snprintf(buf, ABSENT_TEXT_MAX, "no instance '%s' is attached; did you mean '%s'?",
			 name, search.nearest);
	else
		snprintf(buf, ABSENT_TEXT_MAX, "no instance '%s' is attached; see `weir show`",
			 name);
	return buf;
}
