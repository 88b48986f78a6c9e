// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What must be true of the rounds and ranks after every operation. */
#include "queue_fair.h"

#include <stdbool.h>
#include <stddef.h>

/* Is @at an element, and does its next one lead back to it? */
static bool link_is_sound(const struct fair_link *links, uint32_t limit, uint32_t at)
{
	return at < limit && links[at].next < limit && links[links[at].next].prev == at;
}

static const char *check_source(const struct fair *fair, uint32_t source, uint32_t *entries)
{
	const struct fair_group *group = &fair->group[source];
	uint32_t at = group->first;

	for (uint32_t i = 0; i < group->length; i++, at = fair->turn[at].next) {
		if (!link_is_sound(fair->turn, fair->groups + fair->entries, at) ||
		    at < fair->groups)
			return "the list of a source is broken";
		if (fair->source_of[at - fair->groups] != source)
			return "an entry is in the list of another source than it believes";
		++*entries;
	}
	if (!group->length || at != group->first)
		return "a source has another length than entries";
	return group->members == group->length ? NULL : "members of a source are not its entries";
}

/* The ranks of @parent hold each of its members once, longest first. */
static const char *check_ranks(const struct fair *fair, uint32_t parent)
{
	uint32_t first = fair->group[parent].longest, rank = first, members = 0;
	uint32_t length = UINT32_MAX;

	if (first == FAIR_NONE)
		return fair->group[parent].members ? "members without a rank" : NULL;
	do {
		uint32_t at = fair->rank[rank].first;

		if (!link_is_sound(fair->rank_link, fair->groups, rank) ||
		    fair->rank[rank].length >= length)
			return "ranks are out of order";
		length = fair->rank[rank].length;
		do {
			if (!link_is_sound(fair->peer, fair->groups, at))
				return "the list of a rank is broken";
			if (fair->group[at].rank != rank || fair->group[at].parent != parent ||
			    fair->group[at].length != length)
				return "a group is in a rank that is not its own";
			if (++members > fair->group[parent].members)
				return "more groups in ranks than there are";
			at = fair->peer[at].next;
		} while (at != fair->rank[rank].first);
		rank = fair->rank_link[rank].next;
	} while (rank != first);
	return members == fair->group[parent].members ? NULL : "a group is in no rank";
}

static const char *check_group(const struct fair *fair, uint32_t id, uint32_t level,
			       uint32_t *entries, uint32_t *groups);

static const char *check_members(const struct fair *fair, uint32_t id, uint32_t level,
				 uint32_t *entries, uint32_t *groups)
{
	const struct fair_group *group = &fair->group[id];
	uint32_t at = group->first, length = 0;
	const char *wrong;

	for (uint32_t i = 0; i < group->members; i++, at = fair->turn[at].next) {
		if (!link_is_sound(fair->turn, fair->groups, at))
			return "a round is broken";
		if (fair->group[at].parent != id || fair_find(fair, id, fair->group[at].key) != at)
			return "a group cannot be found";
		length += fair->group[at].length;
		wrong = check_group(fair, at, level + 1, entries, groups);
		if (wrong)
			return wrong;
	}
	if (at != group->first)
		return "a round has another length than members";
	return length == group->length ? NULL : "lengths do not sum";
}

static const char *check_group(const struct fair *fair, uint32_t id, uint32_t level,
			       uint32_t *entries, uint32_t *groups)
{
	const char *wrong;

	++*groups;
	if (level == 2)
		return check_source(fair, id, entries);
	wrong = check_members(fair, id, level, entries, groups);
	return wrong ? wrong : check_ranks(fair, id);
}

const char *fair_check(const struct fair *fair)
{
	uint32_t entries = 0, listed = 0, groups = 0, unused = 0;
	const char *wrong = NULL;

	for (uint32_t class = 0; class < FAIR_CLASSES && !wrong; class ++)
		wrong = check_group(fair, class, 0, &entries, &groups);
	if (wrong)
		return wrong;
	for (uint32_t i = 0; i < fair->entries; i++)
		listed += fair->source_of[i] != FAIR_NONE;
	if (listed != entries)
		return "an entry believes it is listed, and is not";
	for (uint32_t id = fair->free_group; id != FAIR_NONE && unused <= fair->groups;
	     id = fair->group[id].hash_next)
		unused++;
	return groups + unused == fair->groups ? NULL : "a site or source is lost";
}
