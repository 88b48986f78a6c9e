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
#include "syn_frame.h"

/* So many from the ring buffer, or so many put back, before the other gets its turn. */
#define TAKEN_AT_ONCE 256
#define RELEASED_AT_ONCE 64

/* -- queues ------------------------------------------------------------------------------------ */

static void publish_length(struct shaper *shaper, unsigned int id)
{
	struct queue *queue = shaper->lines[id].queue;
	uint32_t length =
		queue ? queue_length(queue, QUEUE_RETRANSMITS) + queue_length(queue, QUEUE_NEW) : 0;

	__atomic_store_n(&shaper->states[id].length, length, __ATOMIC_RELEASE);
}

/* What it holds is dropped, and counted as that. */
static void close_line(struct shaper *shaper, unsigned int id, uint64_t now_ns)
{
	struct line *line = &shaper->lines[id];
	struct queue_state *state = &shaper->states[id];
	const struct queue_entry *held;

	__atomic_store_n(&state->lease_until_ns, 0, __ATOMIC_RELEASE);
	while (line->queue && (held = queue_peek(line->queue, now_ns)))
		queue_forget(line->queue, held->key, now_ns);
	if (line->queue)
		queue_report(state, line->queue, &line->reported);
	memset(state->lengths, 0, sizeof(state->lengths));
	memset(state->sites, 0, sizeof(state->sites));
	queue_destroy(line->queue);
	free(line->trials);
	*line = (struct line){};
	publish_length(shaper, id);
}

/* To @to what @line holds, as far as that has room; as if it had been there all the time. */
static void move_held(struct line *line, struct queue *to, struct queue_state *state,
		      uint64_t now_ns)
{
	const struct queue_entry *held, *victim;

	queue_report(state, line->queue, &line->reported);
	while ((held = queue_take(line->queue, now_ns))) {
		const struct queue_syn syn = {
			.key = held->key,
			.site = held->site,
			.source = held->source,
			.first_seen_ns = held->first_seen_ns,
			.frame = held->frame,
			.len = held->len,
			.ifindex = held->ifindex,
			.retransmit = held->class == QUEUE_RETRANSMITS,
		};

		if (queue_put(to, &syn, held->last_seen_ns, &victim) != QUEUE_QUEUED)
			state->ends[held->class][QUEUE_EVICTED]++;
	}
	line->reported = *queue_stats(to);
	/* who had to go for another one has not been counted yet */
	memset(line->reported.ends, 0, sizeof(line->reported.ends));
	queue_destroy(line->queue);
	line->queue = to;
}

static int open_line(struct shaper *shaper, unsigned int id, uint64_t now_ns)
{
	const struct listener *listener = &shaper->policy->listeners[id];
	struct line *line = &shaper->lines[id];
	struct queue *queue = queue_create(listener->queue_entries,
					   line->queue ? line->set_max_ns : DELAY_MAX_START_NS);
	struct trials *trials = line->queue ? line->trials : calloc(1, sizeof(*trials));

	if (!queue || !trials) {
		queue_destroy(queue);
		if (!line->queue)
			free(trials);
		log_error("cannot hold SYNs of listener '%s': no memory for %u of them; set fewer "
			  "`queue-entries`",
			  listener->name, listener->queue_entries);
		return -ENOMEM;
	}
	if (line->queue) {
		move_held(line, queue, &shaper->states[id], now_ns);
		return 0;
	}
	/* a former one may have been killed in the middle of it */
	shaper->states[id].releasing = 0;
	line->queue = queue;
	line->trials = trials;
	line->serial = listener->serial;
	delay_max_init(&line->delay_max, now_ns);
	return 0;
}

static void set_delay_max(struct shaper *shaper, unsigned int id, uint64_t now_ns)
{
	const struct listener *listener = &shaper->policy->listeners[id];
	const struct limit *limit = &listener->limits[LEVEL_LISTENER];
	struct line *line = &shaper->lines[id];
	uint64_t rate = limit->kind == LIMIT_BUCKET ? limit->rate / limit->rate_per_sec : 0;
	uint64_t wanted_ns = listener->delay_max_ns;

	if (wanted_ns == DELAY_MAX_AUTO)
		wanted_ns = delay_max_update(&line->delay_max, queue_entries(line->queue), rate,
					     now_ns);
	if (wanted_ns != line->set_max_ns)
		queue_set_delay_max(line->queue, wanted_ns);
	line->set_max_ns = wanted_ns;
	shaper->states[id].delay_max_ns = wanted_ns;
}

/*
 * What has become of those that were released. The RST of one that has sent a single SYN may come
 * from whoever has the address that a flood has forged: it says nothing.
 */
static void judge_releases(const struct shaper *shaper, struct line *line, uint64_t now_ns)
{
	struct trial *trial;

	while ((trial = trials_first(line->trials, now_ns))) {
		trial->failed = waiting_was_reset(&shaper->waiting, trial->key, now_ns);
		if (trial->waited || !trial->failed)
			delay_max_note(&line->delay_max, trial->held_ns, 1, trial->failed);
	}
	while ((trial = trials_last(line->trials, now_ns)))
		if (trial->waited && !trial->failed &&
		    waiting_was_reset(&shaper->waiting, trial->key, now_ns))
			delay_max_note(&line->delay_max, trial->held_ns, 1, true);
}

/* The queue that listener @id has to have under the policy. */
static void arrange_line(struct shaper *shaper, unsigned int id, uint64_t now_ns)
{
	const struct listener *listener = &shaper->policy->listeners[id];
	struct line *line = &shaper->lines[id];
	bool wanted = *listener->name && listener->excess == EXCESS_DELAY;

	if (line->queue && (!*listener->name || line->serial != listener->serial))
		close_line(shaper, id, now_ns);
	/* once: where there is no memory now there is none 100 ms later */
	if (wanted && line->arranged != shaper->generation &&
	    (!line->queue || queue_entries(line->queue) != listener->queue_entries))
		wanted = !open_line(shaper, id, now_ns) || line->queue;
	line->arranged = shaper->generation;
	line->leased = wanted;
	/* what is held still goes its way; of one that was killed nothing is */
	if (!wanted && (line->queue ? !shaper->states[id].length : shaper->states[id].length))
		close_line(shaper, id, now_ns);
	if (!line->queue)
		return;
	set_delay_max(shaper, id, now_ns);
	shaper->states[id].entries = queue_entries(line->queue);
	__atomic_store_n(&shaper->states[id].lease_until_ns,
			 line->leased ? now_ns + SHAPER_LEASE_NS : 0, __ATOMIC_RELEASE);
}

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
			arrange_line(shaper, id, now_ns);
	}
	return 0;
}

/* -- in ---------------------------------------------------------------------------------------- */

/* Its time counts from when it came: it may have lain in the ring buffer while nobody took anything,
 * and its client may have given up. */
int shaper_take(void *arg, void *data, size_t size)
{
	const struct delay_record *record = data;
	const struct queue_entry *victim;
	struct shaper *shaper = arg;
	unsigned int id = record->listener % LISTENERS_MAX;
	struct line *line = &shaper->lines[id];

	if (size < sizeof(*record) || !line->queue || line->serial != record->serial)
		shaper->states[id].outdated++;
	else
		queue_put(line->queue,
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
			  record->seen_ns, &victim);
	return ++shaper->taken < TAKEN_AT_ONCE ? 0 : -EAGAIN;
}

/* -- out --------------------------------------------------------------------------------------- */

static uint32_t reserve_of(const struct shaper *shaper, unsigned int id)
{
	uint16_t reserve = shaper->policy->listeners[id].reserve;

	if (reserve > RESERVE_ALL)
		reserve = (uint16_t)__atomic_load_n(&shaper->returns[id].reserve, __ATOMIC_RELAXED);
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

static bool is_device(const struct shaper *shaper, uint32_t ifindex)
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
	uint8_t frame[QUEUE_FRAME_MAX];
	uint64_t now_ns = instance_now_ns();
	int err;

	memcpy(frame, entry->frame, entry->len);
	syn_frame_complete(frame, entry->len);
	waiting_admit(&shaper->waiting, entry->key, now_ns, &shaper->returns[id]);
	/* in generic mode it meets the packet path again before this returns */
	__atomic_store_n(&state->releasing, 1, __ATOMIC_RELEASE);
	err = is_device(shaper, entry->ifindex)
		      ? inject_frame(shaper->inject_fd, entry->ifindex, frame, entry->len)
		      : -ENODEV;
	__atomic_store_n(&state->releasing, 0, __ATOMIC_RELEASE);
	if (err) {
		state->failed++;
		return;
	}
	/* a source that may be forged proves nothing */
	if (entry->class == QUEUE_RETRANSMITS || !reserve_of(shaper, id))
		trials_add(shaper->lines[id].trials, entry->key, now_ns - entry->term_ns,
			   entry->class == QUEUE_RETRANSMITS, now_ns);
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
		publish_length(shaper, id);
		if (due_ns < next_ns)
			next_ns = due_ns;
	}
	return shaper->taken >= TAKEN_AT_ONCE ? 0 : next_ns;
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
	for (unsigned int id = 0; id < LISTENERS_MAX; id++) {
		struct line *line = &shaper->lines[id];
		struct queue_state *state = &shaper->states[id];

		if (!line->queue)
			continue;
		judge_releases(shaper, line, now_ns);
		set_delay_max(shaper, id, now_ns);
		queue_expire(line->queue, now_ns);
		publish_length(shaper, id);
		queue_report(state, line->queue, &line->reported);
		/* renews the lease; and it may be the last one of what is held */
		arrange_line(shaper, id, now_ns);
	}
	return 0;
}

void shaper_close(struct shaper *shaper)
{
	if (!shaper)
		return;
	for (unsigned int id = 0; shaper->states && id < LISTENERS_MAX; id++)
		if (shaper->lines[id].queue)
			close_line(shaper, id, instance_now_ns());
	for (unsigned int id = 0; id < LISTENERS_MAX; id++)
		queue_destroy(shaper->lines[id].queue);
	shaper_unmap(shaper);
	if (shaper->lock_fd >= 0)
		close(shaper->lock_fd);
	if (shaper->inject_fd >= 0)
		close(shaper->inject_fd);
	free(shaper->policy);
	free(shaper);
}
