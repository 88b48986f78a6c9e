// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "herd/schedule.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define NS_PER_SEC 1000000000ULL
#define MEANS_MAX 10.0
#define SECONDS_MAX 86400.0

uint64_t schedule_draw(const struct plan_group *group, struct chance *chance)
{
	double means;

	switch (group->start) {
	case START_UNIFORM:
		return chance_between(chance, 0, group->start_ns - 1);
	case START_EXPONENTIAL:
		means = -log(1 - chance_unit(chance));
		return (uint64_t)(fmin(means, MEANS_MAX) * (double)group->start_ns);
	case START_IMPULSE:
	case START_SCHEDULE:
	case START_CLOSED:
		break;
	}
	return 0;
}

static int by_time(const void *a, const void *b)
{
	const struct schedule_start *left = a, *right = b;

	if (left->at_ns != right->at_ns)
		return left->at_ns < right->at_ns ? -1 : 1;
	return left->device < right->device ? -1 : left->device > right->device;
}

void schedule_sort(struct schedule_start *starts, uint32_t count)
{
	qsort(starts, count, sizeof(*starts), by_time);
}

/* 1: a time; 0: nothing on this line; -EINVAL */
static int parse_line(char *line, uint64_t *at_ns, const char **why)
{
	char *end;
	double seconds;

	line[strcspn(line, "#\r\n")] = '\0';
	line += strspn(line, " \t");
	if (!*line)
		return 0;
	*why = "is not a number of seconds; write one a line, as in 0.25";
	if (!isdigit((unsigned char)*line) || strspn(line, "0123456789.") < strcspn(line, " \t"))
		return -EINVAL;
	seconds = strtod(line, &end);
	if (end[strspn(end, " \t")])
		return -EINVAL;
	*why = "is out of range; write at most 86400";
	if (seconds > SECONDS_MAX)
		return -EINVAL;
	*at_ns = (uint64_t)llround(seconds * NS_PER_SEC);
	return 1;
}

int schedule_read(FILE *file, uint64_t *at_ns, uint32_t count, unsigned int *line, const char **why)
{
	uint32_t known = 0;
	char text[256];

	*line = 0;
	while (known < count && fgets(text, sizeof(text), file)) {
		int found;

		++*line;
		*why = "is too long; write one number of seconds a line";
		if (!strchr(text, '\n') && !feof(file))
			return -EINVAL;
		found = parse_line(text, &at_ns[known], why);
		if (found < 0)
			return found;
		known += (uint32_t)found;
	}
	*why = "cannot be read";
	if (ferror(file))
		return -EINVAL;
	*why = "has no times in it; write seconds, one device a line";
	if (!known)
		return -EINVAL;
	for (uint32_t i = known; i < count; i++)
		at_ns[i] = at_ns[i - known];
	return 0;
}
