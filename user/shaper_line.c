// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "shaper_line.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "objects.h"
#include "queue_report.h"
#include "send_away.h"

/* RSTs that answer SYNs of who has been sent away already, in a tick: as many as reject-rate allows unless the
 * operator says otherwise, since whoever forges a SYN may send it often, and three for each that may have
 * been sent away. */
static uint32_t told_again_most(const struct spread *spread)
{
	return 100 + (uint32_t)(3 * SPREAD_FLOW * spread->most_per_sec / 10);
}

void line_publish_length(struct shaper *shaper, unsigned int id)
{
	struct queue *queue = shaper->lines[id].queue;
	uint32_t length =
		queue ? queue_length(queue, QUEUE_RETRANSMITS) + queue_length(queue, QUEUE_NEW) : 0;

	__atomic_store_n(&shaper->states[id].length, length, __ATOMIC_RELEASE);
}

/* What it holds is dropped, and counted as that. */
void line_close(struct shaper *shaper, unsigned int id, uint64_t now_ns)
{
	struct line *line = &shaper->lines[id];
	struct queue_state *state = &shaper->states[id];
	const struct queue_entry *held;

	__atomic_store_n(&state->lease_until_ns, 0, __ATOMIC_RELEASE);
	state->age_max_ns = 0;
	while (line->queue && (held = queue_peek(line->queue, now_ns)))
		queue_forget(line->queue, held->key, now_ns);
	if (line->queue)
		queue_report(state, line->queue, &line->reported);
	memset(state->lengths, 0, sizeof(state->lengths));
	memset(state->sites, 0, sizeof(state->sites));
	queue_destroy(line->queue);
	free(line->trials);
	*line = (struct line){};
	line_publish_length(shaper, id);
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

static int line_open(struct shaper *shaper, unsigned int id, uint64_t now_ns)
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

void line_set_delay_max(struct shaper *shaper, unsigned int id, uint64_t now_ns)
{
	const struct listener *listener = &shaper->policy->listeners[id];
	const struct limit *limit = &listener->limits[LEVEL_LISTENER];
	struct line *line = &shaper->lines[id];
	uint64_t rate = limit->kind == LIMIT_BUCKET ? limit->rate / limit->rate_per_sec : 0;
	uint64_t wanted_ns = listener->delay_max_ns, age_ns = UINT64_MAX;

	if (wanted_ns == DELAY_MAX_AUTO) {
		line->round_trip_ns = controller_round_trip_ns(shaper->controller, id);
		delay_max_note_setup(&line->delay_max, controller_setup_ns(shaper->controller, id),
				     now_ns);
		wanted_ns = delay_max_update(&line->delay_max, queue_entries(line->queue), rate,
					     now_ns);
		age_ns = delay_max_age_ns(&line->delay_max, now_ns);
	}
	queue_set_delay_max(line->queue, wanted_ns, age_ns);
	line->age_max_ns = age_ns;
	line->set_max_ns = wanted_ns;
	shaper->states[id].delay_max_ns = wanted_ns;
	__atomic_store_n(&shaper->states[id].age_max_ns, age_ns == UINT64_MAX ? 0 : age_ns,
			 __ATOMIC_RELAXED);
}

/* After the SYN+ACK: who has given up before that comes answers it at once. */
#define GIVEN_UP_AFTER_NS 50000000ULL

/* In the middle of its set-up, and not before the SYN+ACK had come: then it is not known when. */
static void note_give_up(struct line *line, const struct trial *trial, uint64_t reset_ns,
			 uint64_t now_ns)
{
	uint64_t answered_ns = trial->released_ns + line->round_trip_ns + line->round_trip_ns / 4;

	if (reset_ns && line->round_trip_ns && trial->waited && !trial->failed &&
	    reset_ns > answered_ns + GIVEN_UP_AFTER_NS)
		delay_max_note_give_up(&line->delay_max,
				       trial->age_ns + reset_ns - trial->released_ns, now_ns);
}

/*
 * What has become of those that were released. The RST of one that has sent a single SYN may come
 * from whoever has the address that a flood has forged: it says nothing.
 */
void line_judge_releases(const struct shaper *shaper, struct line *line, uint64_t now_ns)
{
	struct trial *trial;

	for (unsigned int look = 0; look < TRIAL_LOOKS; look++) {
		while ((trial = trials_look(line->trials, look, now_ns))) {
			uint64_t reset_ns = waiting_reset_ns(&shaper->waiting, trial->key, now_ns);
			bool reset = reset_ns;

			note_give_up(line, trial, reset_ns, now_ns);
			trial_judge(trial, look, reset, &line->delay_max);
		}
	}
}

static bool tell_refused(const struct shaper *shaper, uint32_t ifindex, const void *frame,
			 uint32_t len)
{
	return shaper->away_fd >= 0 && shaper_has_device(shaper, ifindex) &&
	       !send_away(shaper->away_fd, ifindex, frame, len);
}

/* May the sources of new ones be forged? As the packet path has it: the reserve of the law is also for
 * clients that have given up, and the operator's for whatever he thinks of. */
static bool may_be_forged(const struct shaper *shaper, unsigned int id)
{
	return __atomic_load_n(&shaper->returns[id].reserve, __ATOMIC_RELAXED) > 0;
}

/* Who cannot be told goes on waiting. */
static void tell_away(const struct shaper *shaper, struct line *line,
		      const struct queue_entry *entry)
{
	if (entry && tell_refused(shaper, entry->ifindex, entry->frame, entry->len))
		queue_send_away(line->queue, entry->key);
}

void line_put(struct shaper *shaper, unsigned int id, const struct queue_syn *syn, uint64_t seen_ns)
{
	struct line *line = &shaper->lines[id];
	const struct queue_entry *victim;
	enum queue_result result = queue_put(line->queue, syn, seen_ns, &victim);
	uint64_t age_ns = seen_ns > syn->first_seen_ns ? seen_ns - syn->first_seen_ns : 0;

	spread_note(&line->spread, result, syn->retransmit, age_ns, may_be_forged(shaper, id));
	if (result == QUEUE_REFUSED_AWAY && line->told_again < told_again_most(&line->spread)) {
		line->told_again++;
		tell_refused(shaper, syn->ifindex, syn->frame, syn->len);
	}
	if (!syn->retransmit || age_ns < line->age_max_ns || result == QUEUE_REFUSED_AWAY)
		return;
	line->spread.now.too_late++;
	if (!line->to_send_away || !tell_refused(shaper, syn->ifindex, syn->frame, syn->len))
		return;
	line->to_send_away--;
	queue_send_away(line->queue, syn->key);
}

/* New SYNs that the packet path has not handed over, since the queue was half full. */
static void count_not_held(struct shaper *shaper, unsigned int id)
{
	struct line *line = &shaper->lines[id];
	struct unheld_counters unheld;
	uint64_t before = line->not_held;

	if (object_sum_cpus(shaper->instance.map_fd[MAP_UNHELD], id, &unheld, sizeof(unheld)))
		return;
	line->not_held = unheld.n[UNHELD_QUEUE_FULL];
	if (!may_be_forged(shaper, id) && line->not_held > before)
		line->spread.now.came += line->not_held - before;
}

void line_spread(struct shaper *shaper, unsigned int id, uint64_t now_ns)
{
	const bool learned = shaper->policy->listeners[id].delay_max_ns == DELAY_MAX_AUTO;
	struct line *line = &shaper->lines[id];
	uint32_t held = spread_held(line->queue, may_be_forged(shaper, id));
	uint64_t patience_ns = UINT64_MAX;

	line->told_again = 0;
	if (held)
		count_not_held(shaper, id);
	if (learned && shaper->away_fd >= 0)
		patience_ns = delay_max_patience_ns(&line->delay_max);
	/* those of the turn before that no one too old has come for */
	if (spread_is_excess(&line->spread, held, patience_ns))
		for (; line->to_send_away; line->to_send_away--)
			tell_away(shaper, line, queue_draw(line->queue, arc4random()));
	line->to_send_away = spread_take_turn(&line->spread, held, patience_ns, now_ns);
}

/* The queue that listener @id has to have under the policy. */
void line_arrange(struct shaper *shaper, unsigned int id, uint64_t now_ns)
{
	const struct listener *listener = &shaper->policy->listeners[id];
	struct line *line = &shaper->lines[id];
	bool wanted = *listener->name && listener->excess == EXCESS_DELAY;

	if (line->queue && (!*listener->name || line->serial != listener->serial))
		line_close(shaper, id, now_ns);
	/* once: where there is no memory now there is none 100 ms later */
	if (wanted && line->arranged != shaper->generation &&
	    (!line->queue || queue_entries(line->queue) != listener->queue_entries))
		wanted = !line_open(shaper, id, now_ns) || line->queue;
	/* what was let in under another limit says nothing of this one */
	if (line->arranged != shaper->generation)
		line->spread = (struct spread){};
	line->arranged = shaper->generation;
	line->leased = wanted;
	/* what is held still goes its way; of one that was killed nothing is */
	if (!wanted && (line->queue ? !shaper->states[id].length : shaper->states[id].length))
		line_close(shaper, id, now_ns);
	if (!line->queue)
		return;
	line_set_delay_max(shaper, id, now_ns);
	shaper->states[id].entries = queue_entries(line->queue);
	__atomic_store_n(&shaper->states[id].lease_until_ns,
			 line->leased ? now_ns + SHAPER_LEASE_NS : 0, __ATOMIC_RELEASE);
}
