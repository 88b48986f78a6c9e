// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "shaper.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "inject.h"
#include "log.h"
#include "queue_report.h"
#include "release.h"
#include "shaper_line.h"
#include "syn_frame.h"

/* So many from the ring buffer, or so many put back, before the other gets its turn. */
#define TAKEN_AT_ONCE 256
#define TAKEN_BUSY 16
#define RELEASED_AT_ONCE 64

/* Between two looks at what tracks set-ups. */
#define WATCH_NS 1000000000ULL

static int follow_policy(struct shaper *shaper, uint64_t now_ns)
{
	const __u64 *in_force = &shaper->instance.control->generation;

	while (shaper->generation != __atomic_load_n(in_force, __ATOMIC_ACQUIRE)) {
		uint64_t generation = __atomic_load_n(in_force, __ATOMIC_ACQUIRE);
		int err = instance_policy(&shaper->instance, shaper->policy);

		if (err)
			return err;
		/* half of it may be of the next one */
		if (generation != __atomic_load_n(in_force, __ATOMIC_ACQUIRE))
			continue;
		shaper->generation = generation;
		shaper->policy_since_ns = now_ns;
		for (unsigned int id = 0; id < LISTENERS_MAX; id++)
			line_arrange(shaper, id, now_ns);
	}
	return 0;
}

/* -- in ---------------------------------------------------------------------------------------- */

/* Its time counts from when it came: it may have lain in the ring buffer while nobody took anything,
 * and its client may have given up. */
int shaper_take(void *arg, void *data, size_t size)
{
	const struct delay_record *record = data;
	struct shaper *shaper = arg;
	unsigned int id = record->listener % LISTENERS_MAX;
	struct line *line = &shaper->lines[id];

	if (size < sizeof(*record) || !line->queue || line->serial != record->serial)
		shaper->states[id].outdated++;
	else
		line_put(shaper, id,
			 &(struct queue_syn){
				 .key = record->key,
				 .site = record->site,
				 .source = record->source,
				 .first_seen_ns = record->first_seen_ns,
				 .frame = record->frame,
				 .len = record->len,
				 .ifindex = record->ifindex,
				 .retransmit = record->retransmit,
			 },
			 record->seen_ns);
	return ++shaper->taken < TAKEN_AT_ONCE ? 0 : -EAGAIN;
}

/* -- out --------------------------------------------------------------------------------------- */

/* The larger of the packet path's and the law's, unless the operator says it. */
static uint32_t reserve_of(const struct shaper *shaper, unsigned int id)
{
	const struct window_state *window = controller_window(shaper->controller, shaper->policy,
							      id);
	uint32_t reserve = shaper->policy->listeners[id].reserve;

	if (reserve > RESERVE_ALL) {
		reserve = __atomic_load_n(&shaper->returns[id].reserve, __ATOMIC_RELAXED);
		if (window && window->reserve > reserve)
			reserve = window->reserve;
	}
	return reserve > RESERVE_ALL ? RESERVE_ALL : reserve;
}

static enum release_answer take_token(struct shaper *shaper, unsigned int id,
				      const struct queue_entry *entry, uint64_t now_ns,
				      uint64_t *due_ns)
{
	const struct policy *policy = shaper->policy;
	const uint32_t reserve = reserve_of(shaper, id);
	const struct release_terms terms = {
		.host = { &shaper->levels[0].word, &policy->host },
		.listener = { &shaper->levels[LEVELS_LISTENER + id].word,
			      &policy->listeners[id].limits[LEVEL_LISTENER] },
		.window = controller_window(shaper->controller, policy, id),
		.serial = policy->listeners[id].serial,
		.fallback_period_ns = policy->listeners[id].window.fallback_period_ns,
		.reserve = entry->class == QUEUE_NEW ? reserve : 0,
		.generation_in_force = &shaper->instance.control->generation,
		.generation = shaper->generation,
	};

	if (reserve < shaper->lines[id].reserve)
		shaper->lines[id].eased_ns = now_ns;
	shaper->lines[id].reserve = reserve;
	*due_ns = 0;
	/* nothing is held back any more */
	if (policy->mode == MODE_OBSERVE)
		return RELEASE_NOW;
	return release_take(&terms, now_ns, due_ns);
}

bool shaper_has_device(const struct shaper *shaper, uint32_t ifindex)
{
	for (int i = 0; i < DEVICES_MAX; i++)
		if (ifindex && shaper->instance.control->ifindex[i] == ifindex)
			return true;
	return false;
}

static void put_back(struct shaper *shaper, unsigned int id, const struct queue_entry *entry,
		     uint64_t due_ns)
{
	struct queue_state *state = &shaper->states[id];
	struct line *line = &shaper->lines[id];
	uint8_t frame[QUEUE_FRAME_MAX];
	uint64_t now_ns = instance_now_ns();
	int err;

	memcpy(frame, entry->frame, entry->len);
	syn_frame_complete(frame, entry->len);
	controller_note(shaper->controller, shaper->policy, id, frame, entry->len,
			entry->class == QUEUE_RETRANSMITS, now_ns);
	waiting_admit(&shaper->waiting, entry->key, now_ns, &shaper->returns[id]);
	/* in generic mode it meets the packet path again before this returns */
	__atomic_store_n(&state->releasing, 1, __ATOMIC_RELEASE);
	err = shaper_has_device(shaper, entry->ifindex)
		      ? inject_frame(shaper->inject_fd, entry->ifindex, frame, entry->len)
		      : -ENODEV;
	__atomic_store_n(&state->releasing, 0, __ATOMIC_RELEASE);
	if (err) {
		state->failed++;
		return;
	}
	line->spread.now.let_in++;
	/* a source that may be forged proves nothing */
	if (entry->class == QUEUE_RETRANSMITS || !reserve_of(shaper, id))
		trials_add(line->trials, &(struct trial){
						 .key = entry->key,
						 .released_ns = now_ns,
						 .held_ns = now_ns - entry->term_ns,
						 .age_ns = now_ns - entry->first_seen_ns,
						 .setup_ns = line->delay_max.setup_ns,
						 .waited = entry->class == QUEUE_RETRANSMITS,
					 });
	if (due_ns < entry->queued_ns)
		due_ns = entry->queued_ns;
	/* nor before the tokens that are kept were for it, too */
	if (entry->class == QUEUE_RETRANSMITS && due_ns < entry->last_seen_ns)
		due_ns = entry->last_seen_ns;
	if (entry->class == QUEUE_NEW && due_ns < shaper->lines[id].eased_ns)
		due_ns = shaper->lines[id].eased_ns;
	/* it was not due before there was a limit that lets it in */
	if (due_ns < shaper->policy_since_ns)
		due_ns = shaper->policy_since_ns;
	queue_report_release(state, now_ns > due_ns ? now_ns - due_ns : 0);
}

/* Lets in those of listener @id whose time it is; returns when the next one's is. */
static uint64_t release(struct shaper *shaper, unsigned int id)
{
	struct queue *queue = shaper->lines[id].queue;

	for (int i = 0; i < RELEASED_AT_ONCE; i++) {
		uint64_t now_ns = instance_now_ns(), due_ns;
		const struct queue_entry *entry = queue_peek(queue, now_ns);

		if (!entry)
			return UINT64_MAX;
		switch (take_token(shaper, id, entry, now_ns, &due_ns)) {
		case RELEASE_NOW:
			put_back(shaper, id, queue_take(queue, now_ns), due_ns);
			shaper->next_line = (id + 1) % LISTENERS_MAX;
			break;
		case RELEASE_LATER:
			return due_ns;
		case RELEASE_STALE:
			return follow_policy(shaper, now_ns) ? now_ns + SHAPER_TICK_NS : 0;
		}
	}
	return 0;
}

uint64_t shaper_serve(struct shaper *shaper)
{
	uint64_t next_ns = UINT64_MAX;
	unsigned int first;

	shaper->taken = 0;
	ring_buffer__consume(shaper->ring);
	if (follow_policy(shaper, instance_now_ns()))
		return instance_now_ns() + SHAPER_TICK_NS;
	/* or the first would have all of the host's tokens for as long as it holds any */
	first = shaper->next_line;
	for (unsigned int i = 0; i < LISTENERS_MAX; i++) {
		unsigned int id = (first + i) % LISTENERS_MAX;
		uint64_t due_ns;

		if (!shaper->lines[id].queue)
			continue;
		due_ns = release(shaper, id);
		line_publish_length(shaper, id);
		if (due_ns < next_ns)
			next_ns = due_ns;
	}
	return shaper->taken >= TAKEN_AT_ONCE ? 0 : next_ns;
}

bool shaper_is_busy(const struct shaper *shaper)
{
	return shaper->taken >= TAKEN_BUSY;
}

bool shaper_holds(const struct shaper *shaper)
{
	for (unsigned int id = 0; id < LISTENERS_MAX; id++)
		if (shaper->lines[id].queue && shaper->states[id].length)
			return true;
	return false;
}

/* -- the rest ---------------------------------------------------------------------------------- */

/* The maps were exchanged for others: what is held stays held. */
static int follow_maps(struct shaper *shaper)
{
	struct pins pins;
	int err = pins_lock(&pins, false, false);

	if (err)
		return err;
	shaper_unmap(shaper);
	err = shaper_map(shaper, &pins);
	pins_unlock(&pins);
	return err;
}

/* The lock keeps a `weir detach` from taking off what is put on. */
static void watch_tracking(struct shaper *shaper, uint64_t now_ns)
{
	bool same = false;
	struct pins pins;

	if (!shaper_is_controlled(shaper) ||
	    (shaper->watched_ns && now_ns - shaper->watched_ns < WATCH_NS))
		return;
	shaper->watched_ns = now_ns;
	/* somebody changes something: the next time, then, for nothing here may wait */
	if (pins_try_lock(&pins, false)) {
		shaper->watched_ns = 0;
		return;
	}
	if (!shaper_check_pins(shaper, &same) && same)
		controller_watch(shaper->controller, shaper->policy);
	pins_unlock(&pins);
}

bool shaper_is_controlled(const struct shaper *shaper)
{
	return controller_is_needed(shaper->policy);
}

void shaper_set_signals(struct shaper *shaper, const struct signals *signals)
{
	controller_set_signals(shaper->controller, signals);
}

void shaper_control(struct shaper *shaper, uint64_t now_ns)
{
	if (!follow_policy(shaper, now_ns))
		controller_turn(shaper->controller, shaper->policy, now_ns);
}

int shaper_tick(struct shaper *shaper, uint64_t now_ns, bool *moved)
{
	bool same = true;
	int err = shaper_check_pins(shaper, &same);

	if (!err && !same)
		err = follow_maps(shaper);
	if (!err)
		err = follow_policy(shaper, now_ns);
	if (err)
		return err;
	*moved = !same;
	if (!same)
		shaper->watched_ns = 0;
	watch_tracking(shaper, now_ns);
	for (unsigned int id = 0; id < LISTENERS_MAX; id++) {
		struct line *line = &shaper->lines[id];
		struct queue_state *state = &shaper->states[id];

		if (!line->queue)
			continue;
		line_judge_releases(shaper, line, now_ns);
		line_set_delay_max(shaper, id, now_ns);
		queue_expire(line->queue, now_ns);
		line_spread(shaper, id, now_ns);
		line_publish_length(shaper, id);
		queue_report(state, line->queue, &line->reported);
		/* renews the lease; and it may be the last one of what is held */
		line_arrange(shaper, id, now_ns);
	}
	return 0;
}

void shaper_close(struct shaper *shaper)
{
	if (!shaper)
		return;
	for (unsigned int id = 0; shaper->states && id < LISTENERS_MAX; id++)
		if (shaper->lines[id].queue)
			line_close(shaper, id, instance_now_ns());
	for (unsigned int id = 0; id < LISTENERS_MAX; id++)
		queue_destroy(shaper->lines[id].queue);
	shaper_unmap(shaper);
	if (shaper->lock_fd >= 0)
		close(shaper->lock_fd);
	if (shaper->inject_fd >= 0)
		close(shaper->inject_fd);
	if (shaper->away_fd >= 0)
		close(shaper->away_fd);
	controller_destroy(shaper->controller);
	free(shaper->policy);
	free(shaper);
}
