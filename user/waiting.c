// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "waiting.h"

#define TICK(now_ns) ((uint32_t)((now_ns) >> WAITING_TICK_NS_SHIFT & WAITING_TICK_MASK))

static uint32_t ticks_since(__u64 entry, uint32_t tick)
{
	return (tick - (uint32_t)(entry >> WAITING_TICK_SHIFT)) & WAITING_TICK_MASK;
}

/* Its way, or else the one to give it: a free one, or the oldest. */
static int find_way(const struct waiting_set *set, uint32_t tag, uint32_t tick)
{
	uint32_t most = 0;
	int oldest = 0;

	for (int way = 0; way < WAITING_WAYS; way++) {
		__u64 entry = __atomic_load_n(&set->entry[way], __ATOMIC_RELAXED);
		uint32_t age = entry ? ticks_since(entry, tick) : WAITING_TICK_MASK;

		if (entry >> WAITING_TAG_SHIFT == tag &&
		    age <= WAITING_MAX_NS >> WAITING_TICK_NS_SHIFT)
			return way;
		if (age > most) {
			most = age;
			oldest = way;
		}
	}
	return oldest;
}

/* It was counted among those who have to come again, and now need not: it says nothing of whether
 * its source is forged. */
static void take_back(struct returns *returns, uint64_t first_ns, uint64_t now_ns)
{
	uint64_t slice = first_ns >> RETURN_SLICE_NS_SHIFT;
	__u32 *refused = &returns->refused[slice % RETURN_SLICES], count;

	if ((now_ns >> RETURN_SLICE_NS_SHIFT) - slice >= RETURN_SLICES)
		return;
	count = __atomic_load_n(refused, __ATOMIC_RELAXED);
	while (count && !__atomic_compare_exchange_n(refused, &count, count - 1, false,
						     __ATOMIC_RELAXED, __ATOMIC_RELAXED))
		;
}

static __u64 *find_entry(const struct waiting_table *table, uint64_t key, uint32_t tick)
{
	struct waiting_set *set = &table->sets[(key & 0xffffffff) * table->count >> 32];

	return &set->entry[find_way(set, (uint32_t)(key >> 32), tick)];
}

uint64_t waiting_reset_ns(const struct waiting_table *table, uint64_t key, uint64_t now_ns)
{
	const __u64 *place = find_entry(table, key, TICK(now_ns));
	__u64 entry = __atomic_load_n(place, __ATOMIC_RELAXED);

	uint32_t ticks = ticks_since(entry, TICK(now_ns));

	if (entry >> WAITING_TAG_SHIFT != key >> 32 || !(entry & WAITING_WAS_RESET))
		return 0;
	/* since @now_ns was read */
	if (ticks > WAITING_TICK_MASK / 2)
		ticks = 0;
	return now_ns - ((uint64_t)ticks << WAITING_TICK_NS_SHIFT);
}

void waiting_admit(const struct waiting_table *table, uint64_t key, uint64_t now_ns,
		   struct returns *returns)
{
	uint32_t tag = (uint32_t)(key >> 32), tick = TICK(now_ns);
	__u64 admitted = (__u64)tag << WAITING_TAG_SHIFT | (__u64)tick << WAITING_TICK_SHIFT |
			 WAITING_WAS_ADMITTED | WAITING_IS_RELEASED;
	__u64 *entry, former;

	/* a retransmit may be judged just now, and write its own: the later one is right; or another
	 * connection has been given the way */
	do {
		entry = find_entry(table, key, tick);
		former = __atomic_load_n(entry, __ATOMIC_RELAXED);
	} while (!__atomic_compare_exchange_n(entry, &former, admitted, false, __ATOMIC_ACQ_REL,
					      __ATOMIC_RELAXED));
	if (former >> WAITING_TAG_SHIFT == tag && former & WAITING_IS_AWAITED)
		take_back(returns,
			  now_ns - ((uint64_t)ticks_since(former, tick) << WAITING_TICK_NS_SHIFT),
			  now_ns);
}
