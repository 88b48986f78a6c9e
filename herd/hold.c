// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "herd/hold.h"

#include <string.h>

#define NS_PER_SEC 1000000000ULL
#define PPM 1000000

/* Before each packet in the ring; a packet is never split over its end. */
struct entry {
	uint64_t due_ns;
	uint32_t len; /* of the packet; SKIP: nothing more before the end of the ring */
	uint32_t reserved;
};

#define SKIP UINT32_MAX

static size_t entry_size(size_t len)
{
	return sizeof(struct entry) + (len + 7) / 8 * 8;
}

static struct entry *entry_at(const struct hold *hold, size_t place)
{
	return (struct entry *)(void *)(hold->bytes + place);
}

void hold_init(struct hold *hold, const struct hold_rule *rule, uint8_t *bytes, size_t size,
	       uint64_t seed)
{
	*hold = (struct hold){
		.rule = *rule, .chance = { .state = seed }, .bytes = bytes, .size = size
	};
}

/* Where @need bytes fit behind the tail, or SIZE_MAX. The head is never caught up with: a full
 * ring would look empty. */
static size_t make_room(struct hold *hold, size_t need)
{
	if (hold->tail < hold->head)
		return hold->tail + need < hold->head ? hold->tail : SIZE_MAX;
	if (hold->tail + need <= hold->size && (hold->tail + need < hold->size || hold->head))
		return hold->tail;
	if (need >= hold->head)
		return SIZE_MAX;
	if (hold->size - hold->tail >= sizeof(struct entry))
		entry_at(hold, hold->tail)->len = SKIP;
	return 0;
}

/* When a packet that comes now leaves: after its turn on the wire, the delay, and the one before
 * it. */
static uint64_t leaves_ns(struct hold *hold, size_t len, uint64_t now_ns)
{
	const struct hold_rule *rule = &hold->rule;
	uint64_t at_ns = now_ns;

	if (rule->bit_per_sec) {
		if (hold->wire_ns > at_ns)
			at_ns = hold->wire_ns;
		at_ns += len * 8 * NS_PER_SEC / rule->bit_per_sec;
		hold->wire_ns = at_ns;
	}
	at_ns += rule->delay_ns;
	if (rule->jitter_ns)
		at_ns += chance_between(&hold->chance, 0, rule->jitter_ns);
	if (at_ns < hold->last_ns)
		at_ns = hold->last_ns;
	hold->last_ns = at_ns;
	return at_ns;
}

bool hold_put(struct hold *hold, const uint8_t *packet, size_t len, uint64_t now_ns)
{
	size_t need = entry_size(len), place;

	if (hold->rule.loss_ppm && chance_next(&hold->chance) % PPM < hold->rule.loss_ppm) {
		hold->lost++;
		return false;
	}
	if (hold->head == hold->tail)
		hold->head = hold->tail = 0;
	place = make_room(hold, need);
	if (place == SIZE_MAX) {
		hold->full++;
		return false;
	}
	*entry_at(hold, place) = (struct entry){
		.due_ns = leaves_ns(hold, len, now_ns),
		.len = (uint32_t)len,
	};
	memcpy(hold->bytes + place + sizeof(struct entry), packet, len);
	hold->tail = place + need;
	if (hold->tail == hold->size)
		hold->tail = 0;
	hold->taken++;
	return true;
}

/* Where the next packet lies. */
static size_t first(const struct hold *hold)
{
	if (hold->size - hold->head < sizeof(struct entry) ||
	    entry_at(hold, hold->head)->len == SKIP)
		return 0;
	return hold->head;
}

uint64_t hold_due_ns(const struct hold *hold)
{
	return hold->head == hold->tail ? UINT64_MAX : entry_at(hold, first(hold))->due_ns;
}

const uint8_t *hold_peek(const struct hold *hold, uint64_t now_ns, size_t *len)
{
	size_t place;

	if (hold_due_ns(hold) > now_ns)
		return NULL;
	place = first(hold);
	*len = entry_at(hold, place)->len;
	return hold->bytes + place + sizeof(struct entry);
}

void hold_pop(struct hold *hold)
{
	size_t place = first(hold);

	hold->head = place + entry_size(entry_at(hold, place)->len);
	if (hold->head == hold->size)
		hold->head = 0;
}
