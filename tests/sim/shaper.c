// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What the packet path and `weir run` make of the law's limits. */
#include <math.h>
#include <string.h>

#include "tests/sim/world.h"

#define FORGED (1ULL << 63)
#define QUEUED_FORGED_PER_MS 10
#define LEASE_MS 2000

/* The packet path finds that out by how many of those that it refuses come again. */
static bool some_are_forged(void)
{
	return world.forged_per_ms > 0;
}

static bool is_forged(uint64_t key)
{
	return key & FORGED;
}

/* Does whoever has sent this SYN still wait for an answer to it? */
static bool is_there(uint64_t key)
{
	const struct device *device = &world.device[(uint32_t)key];

	return !device->connected && device->connection == NONE && key >> 32 == device->attempt;
}

static bool is_law(void)
{
	return world.scenario->shaper == SHAPER_DROP || world.scenario->shaper == SHAPER_DELAY;
}

static double ceiling_per_sec(const struct node *node)
{
	if (world.scenario->shaper == SHAPER_STATIC)
		return world.scenario->rate_per_sec;
	if (NS(world.now_ms) > node->limits.lease_until_ns)
		return law_fallback_per_sec(&node->law, NS(world.now_ms));
	return node->limits.ceiling_per_sec;
}

static uint32_t window(const struct node *node)
{
	if (!is_law() || NS(world.now_ms) > node->limits.lease_until_ns)
		return LAW_WINDOW_OFF;
	return node->limits.window;
}

static void refill(struct node *node)
{
	double per_sec = ceiling_per_sec(node), burst = per_sec;

	if (world.scenario->shaper == SHAPER_STATIC)
		burst = world.scenario->burst;
	node->tokens = fmin(node->tokens + per_sec / 1000, fmax(burst, 1));
	node->pace_tokens = fmin(node->pace_tokens + node->limits.pace_per_sec / 1000,
				 fmax(node->limits.pace_per_sec / 100, 4));
	node->floor_tokens = fmin(node->floor_tokens + node->limits.floor_per_sec / 1000, 1);
}

static bool has_credit(const struct node *node, bool retransmit)
{
	uint32_t most = window(node);
	double used = node->in_flight + node->young * node->limits.young_share;
	double mine = retransmit ? most : fmax(1, (1 - node->limits.reserve) * most);

	if (world.scenario->shaper == SHAPER_NONE)
		return true;
	if (node->tokens < 1)
		return false;
	if (world.scenario->shaper == SHAPER_DELAY && !node->dead && node->pace_tokens < 1 &&
	    used * 4 >= most)
		return false;
	return most == LAW_WINDOW_OFF || used + 1 <= mine || node->floor_tokens >= 1;
}

static void take_credit(struct node *node)
{
	node->tokens -= 1;
	node->pace_tokens = fmax(node->pace_tokens - 1, 0);
	node->floor_tokens = fmax(node->floor_tokens - 1, 0);
}

static void admit_forged(struct node *node)
{
	node->young++;
	world.result.forged_admitted++;
	at(world.now_ms + 60 + 2 * world.scenario->round_trip_ms, FORGED_IS_OLD,
	   (uint32_t)(node - world.node), 0);
}

static void refuse(struct node *node)
{
	node->refused++;
	world.result.refused++;
}

static uint32_t queued(const struct node *node)
{
	return queue_length(node->queue, QUEUE_RETRANSMITS) + queue_length(node->queue, QUEUE_NEW);
}

/* The RST takes half a round trip, as whatever a device sends. */
static void tell_away(struct node *node, uint64_t key)
{
	queue_send_away(node->queue, key);
	if (!is_forged(key) && is_there(key))
		device_refused((uint32_t)key);
}

static void put(struct node *node, uint64_t key, uint64_t site, uint64_t first_ns, bool retransmit)
{
	struct queue_syn syn = {
		.key = key,
		.site = site,
		.source = key & 0xffffffff,
		.first_seen_ns = first_ns,
		.frame = "SYN",
		.len = 3,
		.retransmit = retransmit,
	};
	const struct queue_entry *victim;
	enum queue_result result = queue_put(node->queue, &syn, NS(world.now_ms), &victim);

	spread_note(&node->spread, result, retransmit, NS(world.now_ms) - first_ns,
		    some_are_forged());
	if (!retransmit || result == QUEUE_REFUSED_AWAY ||
	    NS(world.now_ms) - first_ns < delay_max_age_ns(&node->delay_max, NS(world.now_ms)))
		return;
	node->spread.now.too_late++;
	if (node->to_send_away) {
		node->to_send_away--;
		tell_away(node, key);
	}
}

static bool is_too_old(const struct node *node, const struct device *device)
{
	return NS(world.now_ms) - NS(device->began_ms) >=
	       delay_max_age_ns(&node->delay_max, NS(world.now_ms));
}

void shaper_judge(uint32_t id, bool retransmit)
{
	const struct device *device = &world.device[id];
	struct node *node = &world.node[device->node];
	bool delay = world.scenario->shaper == SHAPER_DELAY && !node->dead;
	bool held = delay && (queued(node) || is_too_old(node, device));

	if (!held && has_credit(node, retransmit)) {
		take_credit(node);
		broker_admit(device->node, id, UINT64_MAX);
		return;
	}
	refuse(node);
	if (delay)
		put(node, (uint64_t)device->attempt << 32 | id, id / 256, NS(device->began_ms),
		    retransmit);
}

void shaper_forged(uint32_t id)
{
	struct node *node = &world.node[id];
	bool delay = world.scenario->shaper == SHAPER_DELAY && !node->dead;

	if ((!delay || !queued(node)) && has_credit(node, false)) {
		take_credit(node);
		admit_forged(node);
		return;
	}
	refuse(node);
	if (delay && world.forged < QUEUED_FORGED_PER_MS)
		put(node, FORGED | (uint64_t)(chance() * 0x1p62), (uint64_t)(chance() * 0x1p32),
		    NS(world.now_ms), false);
}

static void note(struct node *node, uint64_t held_ns, uint64_t age_ns, bool failed)
{
	delay_max_note(&node->delay_max, held_ns, age_ns, 1, failed ? DELAY_FAILED : DELAY_WELL);
	if (age_ns > held_ns)
		delay_max_note_late(&node->delay_max, age_ns, failed);
}

void shaper_release(struct node *node)
{
	refill(node);
	if (world.scenario->shaper != SHAPER_DELAY || node->dead)
		return;
	for (;;) {
		const struct queue_entry *entry = queue_peek(node->queue, NS(world.now_ms));
		uint64_t key;
		uint32_t id;

		if (!entry || !has_credit(node, entry->class == QUEUE_RETRANSMITS))
			return;
		key = entry->key;
		id = (uint32_t)key;
		take_credit(node);
		entry = queue_take(node->queue, NS(world.now_ms));
		node->spread.now.let_in++;
		if (is_forged(key)) {
			admit_forged(node);
		} else if (!is_there(key)) {
			node->young++;
			at(world.now_ms + world.scenario->round_trip_ms, RESET_ARRIVES,
			   (uint32_t)(node - world.node), 0);
			note(node, NS(world.now_ms) - entry->term_ns,
			     NS(world.now_ms) - entry->first_seen_ns, true);
		} else {
			broker_admit((uint32_t)(node - world.node), id,
				     NS(world.now_ms) - entry->term_ns);
		}
	}
}

void shaper_note(struct connection *connection, bool failed)
{
	struct node *node = &world.node[connection->node];

	if (connection->held_ns == UINT64_MAX || world.scenario->shaper != SHAPER_DELAY)
		return;
	note(node, connection->held_ns, connection->age_ns, failed);
	if (failed && connection->counted)
		delay_max_note_give_up(&node->delay_max,
				       (world.now_ms - world.device[connection->device].began_ms) *
					       1000000ULL,
				       NS(world.now_ms));
}

/* What the scraper has: the back end's latency over its target, in the way that was asked for. */
static double distort(const struct distorted *signal, double honest)
{
	switch (signal->kind) {
	case CONSTANT:
		return signal->value;
	case RANDOM:
		return chance() * signal->value;
	case NOT_A_NUMBER:
		return NAN;
	default:
		return honest * (1 + signal->noise * (2 * chance() - 1));
	}
}

static uint32_t read_signals(struct node *node, struct law_signal *signals)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < SIM_SIGNALS && world.scenario->signal[i].kind; i++) {
		const struct distorted *signal = &world.scenario->signal[i];
		uint32_t now_ms = world.now_ms, seen_ms = now_ms;

		if (!node->read_ms[i] || now_ms - node->read_ms[i] >= signal->period_ms) {
			if (signal->kind == FROZEN && seen_ms > signal->value)
				seen_ms = (uint32_t)signal->value;
			seen_ms = seen_ms > signal->lag_ms ? seen_ms - signal->lag_ms : 0;
			if (now_ms >= signal->dead_from_ms && now_ms < signal->dead_to_ms) {
				node->timeouts[i] += now_ms % 1000 < SIM_STEP_MS;
			} else {
				node->timeouts[i] = 0;
				node->read_ms[i] = now_ms ? now_ms : 1;
				node->read_value[i] =
					distort(signal, world.node->history[seen_ms / SIM_STEP_MS]);
			}
		}
		signals[count++] = (struct law_signal){
			.ratio = node->read_ms[i] ? node->read_value[i] : NAN,
			.age_ns = (now_ms - node->read_ms[i]) * 1000000ULL,
			.period_ns = signal->period_ms * 1000000ULL,
			.lag_ns = signal->lag_ms * 1000000ULL,
			.timeouts = node->timeouts[i],
			.kind = signal->veto ? LAW_KIND_VETO : LAW_KIND_CUT,
		};
	}
	return count;
}

static void send_away(struct node *node)
{
	uint32_t held = spread_held(node->queue, some_are_forged());
	uint64_t patience_ns = delay_max_patience_ns(&node->delay_max);

	if (spread_is_excess(&node->spread, held, patience_ns))
		for (; node->to_send_away; node->to_send_away--) {
			const struct queue_entry *entry = queue_draw(node->queue,
								     node->drawn += 0x9e3779b9);

			if (entry)
				tell_away(node, entry->key);
		}
	node->to_send_away = spread_take_turn(&node->spread, held, patience_ns, NS(world.now_ms));
}

static void watch(struct node *node)
{
	struct result *result = &world.result;

	if (law_why_is_cut(node->limits.why)) {
		if (node->last_cut_ns && NS(world.now_ms) - node->last_cut_ns < 900000000)
			result->cuts_too_soon++;
		node->last_cut_ns = NS(world.now_ms);
	}
	result->whys[node->limits.why]++;
	result->window_least = fmin(result->window_least, node->law.window);
	result->window_most = fmax(result->window_most, node->law.window);
	result->window_last = world.node->law.window;
}

void shaper_step(struct node *node)
{
	struct law_signal signals[SIM_SIGNALS];
	struct law_sample sample = {
		.tracked = !world.scenario->untracked,
		.tracked_at_ns = NS(world.now_ms),
		.in_flight = node->in_flight,
		.young = node->young,
		.oldest_ns = node_oldest_ms(node) * 1000000ULL,
		.round_trip_ns = world.scenario->round_trip_ms * 1000000ULL,
		.answered = node->answered,
		.completed = node->completed,
		.judged = node->judged,
		.requested = node->requested,
		.refused = node->refused,
		.waiting = queued(node),
		.overflows = node->overflows,
		.backlog_max = world.scenario->broker.backlog,
		.backlog = world.scenario->broker.backlog ? node->waiting.count : 0,
		.restarted = node->restarted,
		.signal = signals,
	};
	uint64_t setup_ns;

	if (!is_law() || node->dead)
		return;
	sample.latency_p90_ns = node_p90_ms(node, &sample.latency_count) * 1000000ULL;
	sample.took_ns = node_took_ms(node) * 1000000ULL;
	sample.signals = read_signals(node, signals);
	node->limits = law_step(&node->law, &sample, NS(world.now_ms));
	node->restarted = false;
	/* two turns of the client's, and the answer's way */
	setup_ns = world.scenario->round_trip_ms * 2500000ULL + sample.latency_p90_ns / 2;
	if (sample.oldest_ns > sample.latency_p90_ns)
		setup_ns += sample.oldest_ns - sample.latency_p90_ns;
	delay_max_note_setup(&node->delay_max, setup_ns, NS(world.now_ms));
	queue_set_delay_max(node->queue,
			    delay_max_update(&node->delay_max, queue_entries(node->queue),
					     (uint64_t)(node->law.goodput_1s + 1),
					     NS(world.now_ms)),
			    delay_max_age_ns(&node->delay_max, NS(world.now_ms)));
	if (world.scenario->shaper == SHAPER_DELAY)
		send_away(node);
	watch(node);
}
