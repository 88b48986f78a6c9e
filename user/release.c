// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "release.h"

#include <stdbool.h>

#include "window.h"

#define TRIES_MAX 8

static uint64_t allowed_debt_ns(const struct limit *limit, uint32_t reserve)
{
	return limit->tolerance_ns - (limit->tolerance_ns >> RESERVE_SHIFT) * reserve;
}

/* When a bucket with this TAT has a token. */
static uint64_t due_at(uint64_t tat, const struct limit *limit, uint32_t reserve)
{
	uint64_t allowed_ns = allowed_debt_ns(limit, reserve);

	return tat > allowed_ns ? tat - allowed_ns : 0;
}

static enum release_answer charge(const struct release_terms *terms,
				  const struct release_level *level, uint64_t now_ns,
				  uint64_t *due_ns)
{
	const struct limit *limit = level->limit;

	*due_ns = limit->kind == LIMIT_UNLIMITED ? 0 : UINT64_MAX;
	if (limit->kind != LIMIT_BUCKET)
		return limit->kind == LIMIT_UNLIMITED ? RELEASE_NOW : RELEASE_LATER;
	for (int i = 0; i < TRIES_MAX; i++) {
		__u64 old = __atomic_load_n(level->word, __ATOMIC_ACQUIRE);
		uint64_t tat = gcra_tat(old, limit, now_ns);

		*due_ns = due_at(tat, limit, terms->reserve);
		if (*due_ns > now_ns)
			return RELEASE_LATER;
		/* as in bucket_charge() of bpf/judge.bpf.h */
		if (gcra_epoch(old) != limit->epoch &&
		    __atomic_load_n(terms->generation_in_force, __ATOMIC_SEQ_CST) !=
			    terms->generation)
			return RELEASE_STALE;
		if (__atomic_compare_exchange_n(level->word, &old, gcra_charged(tat, limit, now_ns),
						false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
			return RELEASE_NOW;
	}
	return RELEASE_STALE;
}

static void refund(const struct release_level *level)
{
	__u64 old = __atomic_load_n(level->word, __ATOMIC_RELAXED);

	if (level->limit->kind != LIMIT_BUCKET)
		return;
	while (gcra_epoch(old) == level->limit->epoch && old >= level->limit->period_ns)
		if (__atomic_compare_exchange_n(level->word, &old, old - level->limit->period_ns,
						false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
			return;
}

static enum release_answer take_levels(const struct release_terms *terms, uint64_t now_ns,
				       uint64_t *due_ns)
{
	uint64_t host_due_ns;
	enum release_answer answer = charge(terms, &terms->listener, now_ns, due_ns);

	if (answer != RELEASE_NOW)
		return answer;
	answer = charge(terms, &terms->host, now_ns, &host_due_ns);
	if (answer != RELEASE_NOW)
		refund(&terms->listener);
	if (host_due_ns > *due_ns)
		*due_ns = host_due_ns;
	return answer;
}

static bool has_room(const struct release_terms *terms, uint64_t now_ns)
{
	return window_ask(terms->window, terms->serial, terms->fallback_period_ns, terms->reserve,
			  now_ns) == WINDOW_YES;
}

/* The window is asked before and charged last, as in the packet path. */
enum release_answer release_take(const struct release_terms *terms, uint64_t now_ns,
				 uint64_t *due_ns)
{
	enum release_answer answer;

	if (!terms->window)
		return take_levels(terms, now_ns, due_ns);
	if (!has_room(terms, now_ns)) {
		*due_ns = window_pace_due(terms->window);
		if (*due_ns <= now_ns)
			*due_ns = UINT64_MAX;
		return RELEASE_LATER;
	}
	answer = take_levels(terms, now_ns, due_ns);
	if (answer == RELEASE_NOW) {
		window_charge_one(terms->window, terms->serial, terms->fallback_period_ns, now_ns);
		*due_ns = now_ns;
	}
	return answer;
}
