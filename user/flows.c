// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "flows.h"

#include <stdlib.h>
#include <string.h>

#include "setup.h"
#include "setup_slices.h"

#define MARKS ((unsigned int)(FLOWS_SPAN_NS / FLOWS_STEP_NS) + 2)
/* Of what is known of requests: half of it is of the last 2.3 s. */
#define MEMORY_OF_REQUESTS 0.97
/* Fewer say nothing about a share or a quantile. */
#define SAMPLES_MIN 8
/* SYNs that nothing answers, and for how long, until they are hidden: a broker that is stopped
 * answers with RSTs, and one with a full accept queue does so now and then. */
#define HIDDEN_SYNS 16
#define HIDDEN_NS 2000000000ULL

/* The counters at one moment; differences are all that counts. */
struct mark {
	uint64_t at_ns;
	uint64_t done;
	uint64_t timed,
		took_sum_ns; /* of them, those the packet path saw, and how long they took */
	uint32_t latency[SETUP_BUCKETS];
};

struct watched {
	bool begun;
	struct setup_sample sample;
	/* let in by user space, which the packet path's counters do not hold */
	uint64_t own_noted, own_noted_in[SETUP_SLICES];
	struct mark marks[MARKS]; /* a ring */
	unsigned int last;
	double requests[SETUP_BUCKETS];
	uint64_t request[SETUP_BUCKETS]; /* as counted last */
	struct setup_slices slices;
	/* since when no SYN has been answered */
	uint64_t unanswered_ns, noted_then, answers;
};

struct flows {
	struct flows_memory memory;
	uint64_t seen_since_ns;
	struct watched watched[LISTENERS_MAX];
};

struct flows *flows_new(const struct flows_memory *memory)
{
	struct flows *flows = calloc(1, sizeof(*flows));

	if (!flows)
		return NULL;
	flows->memory = *memory;
	for (unsigned int id = 0; id < LISTENERS_MAX; id++)
		flows_begin(flows, id);
	return flows;
}

void flows_free(struct flows *flows)
{
	free(flows);
}

/* -- what is in flight --------------------------------------------------------------------------- */

static bool take_out(struct flow *flow, uint32_t tag)
{
	return __atomic_compare_exchange_n(&flow->tag, &tag, 0, false, __ATOMIC_ACQ_REL,
					   __ATOMIC_RELAXED);
}

static uint64_t since(uint64_t then_ns, uint64_t now_ns)
{
	return now_ns > then_ns ? now_ns - then_ns : 0;
}

static void visit_young(struct flow *flow, uint32_t tag, struct setup_sample *sample,
			struct setup_state *state, uint64_t now_ns)
{
	uint64_t age_ns = since(flow->admitted_ns, now_ns);

	if (age_ns <= sample->horizon_ns)
		sample->young++;
	else if (age_ns > FLOWS_YOUNG_MAX_NS && take_out(flow, tag))
		state->swept_young++;
}

/*
 * The broker goes on with others: it waits for the rest of this one's request, or for something that
 * is this one's own. Counted in, a few dozen that send half a CONNECT would close the window.
 */
static bool is_straggler(const struct setup_sample *sample, uint64_t turn_age_ns)
{
	return turn_age_ns > FLOWS_STRAGGLER_NS && sample->done &&
	       turn_age_ns > FLOWS_STRAGGLER_TIMES * sample->p90_ns;
}

void flows_forget(struct flows *flows, uint64_t now_ns)
{
	flows->seen_since_ns = now_ns;
}

static void visit(struct flows *flows, struct flow *flow, uint32_t tag, uint64_t now_ns)
{
	unsigned int id = flow->listener & (LISTENERS_MAX - 1);
	struct setup_sample *sample = &flows->watched[id].sample;
	struct setup_state *state = &flows->memory.setups[id];
	uint64_t turn_ns = __atomic_load_n(&flow->turn_ns, __ATOMIC_RELAXED);
	uint64_t still_ns = since(flow->moved_ns, now_ns);

	if (flow->admitted_ns < flows->seen_since_ns) {
		state->swept_stalled += take_out(flow, tag);
		return;
	}
	if (!flow->bursts) {
		visit_young(flow, tag, sample, state, now_ns);
		return;
	}
	if (!turn_ns && setup_held_is_connack(flow) && still_ns > SETUP_HELD_MAX_NS) {
		if (take_out(flow, tag)) {
			state->untold++;
			state->swept_done++;
		}
		return;
	}
	if (still_ns > FLOWS_STALLED_MAX_NS) {
		if (take_out(flow, tag))
			state->swept_stalled++;
		return;
	}
	if (turn_ns && is_straggler(sample, since(turn_ns, now_ns)))
		return;
	sample->in_flight++;
	if (turn_ns && since(turn_ns, now_ns) > sample->oldest_turn_ns)
		sample->oldest_turn_ns = since(turn_ns, now_ns);
}

/* The packet path writes a tag before it sets the bit: if the bit is cleared before the tag is read,
 * none is lost. */
static void clear_used(uint64_t *word, uint64_t bit, const struct flow *flow)
{
	__atomic_fetch_and(word, ~bit, __ATOMIC_SEQ_CST);
	if (__atomic_load_n(&flow->tag, __ATOMIC_SEQ_CST))
		__atomic_fetch_or(word, bit, __ATOMIC_SEQ_CST);
}

void flows_scan(struct flows *flows, uint64_t now_ns)
{
	const struct flows_memory *memory = &flows->memory;

	for (int id = 0; id < LISTENERS_MAX; id++) {
		struct setup_sample *sample = &flows->watched[id].sample;

		sample->in_flight = 0;
		sample->young = 0;
		sample->oldest_turn_ns = 0;
	}
	for (uint32_t i = 0; i < memory->slots / FLOWS_PER_WORD; i++) {
		uint64_t bits = __atomic_load_n(&memory->used[i], __ATOMIC_ACQUIRE);

		for (; bits; bits &= bits - 1) {
			unsigned int bit = (unsigned int)__builtin_ctzll(bits);
			struct flow *flow = &memory->flows[i * FLOWS_PER_WORD + bit];
			uint32_t tag = __atomic_load_n(&flow->tag, __ATOMIC_ACQUIRE);

			if (tag)
				visit(flows, flow, tag, now_ns);
			else
				clear_used(&memory->used[i], 1ULL << bit, flow);
		}
	}
}

/* -- what has become of them --------------------------------------------------------------------- */

uint64_t flows_quantile_ns(const double buckets[SETUP_BUCKETS], unsigned int permille)
{
	double total = 0, below = 0, wanted;

	for (uint32_t i = 0; i < SETUP_BUCKETS; i++)
		total += buckets[i];
	wanted = total * permille / 1000;
	for (uint32_t i = 0; i < SETUP_BUCKETS; i++) {
		uint64_t from_ns = i ? setup_bucket_ns(i) : 0;
		uint64_t width_ns = setup_bucket_ns(i + 1) - from_ns;

		if (buckets[i] > 0 && below + buckets[i] >= wanted)
			return from_ns + (uint64_t)((wanted - below) / buckets[i] * width_ns);
		below += buckets[i];
	}
	return 0;
}

static void take_mark(struct watched *watched, const struct setup_counters *sum, uint64_t done,
		      uint64_t now_ns)
{
	struct mark *mark;

	if (watched->begun &&
	    since(watched->marks[watched->last].at_ns, now_ns) < FLOWS_STEP_NS * 9 / 10)
		return;
	watched->last = (watched->last + 1) % MARKS;
	mark = &watched->marks[watched->last];
	mark->at_ns = now_ns;
	mark->done = done;
	mark->timed = sum->n[SETUP_DONE];
	mark->took_sum_ns = sum->took_sum_ns;
	for (int i = 0; i < SETUP_BUCKETS; i++)
		mark->latency[i] = (uint32_t)sum->latency[i];
}

/* The last mark that is a span old, else the oldest there is. */
static const struct mark *mark_before(const struct watched *watched, uint64_t now_ns)
{
	const struct mark *mark = &watched->marks[watched->last];

	for (unsigned int i = 1; i < MARKS && since(mark->at_ns, now_ns) < FLOWS_SPAN_NS; i++) {
		const struct mark *older = &watched->marks[(watched->last + MARKS - i) % MARKS];

		if (!older->at_ns || older->at_ns > mark->at_ns)
			break;
		mark = older;
	}
	return mark;
}

static void look_at_done(struct watched *watched, const struct setup_counters *sum, uint64_t done,
			 uint64_t now_ns)
{
	const struct mark *then = mark_before(watched, now_ns);
	struct setup_sample *sample = &watched->sample;
	double buckets[SETUP_BUCKETS];

	for (int i = 0; i < SETUP_BUCKETS; i++)
		buckets[i] = (uint32_t)sum->latency[i] - then->latency[i];
	sample->done = (uint32_t)(done - then->done);
	sample->p90_ns = flows_quantile_ns(buckets, 900);
	if (now_ns > then->at_ns)
		sample->goodput_per_sec = sample->done * 1e9 / (double)(now_ns - then->at_ns);
	if (sum->n[SETUP_DONE] > then->timed)
		sample->took_ns = (sum->took_sum_ns - then->took_sum_ns) /
				  (sum->n[SETUP_DONE] - then->timed);
	sample->latency_sum_ns = sum->latency_sum_ns;
}

static void look_at_requests(struct watched *watched, const struct setup_counters *sum)
{
	double weight = 0;
	uint64_t p90_ns;

	for (int i = 0; i < SETUP_BUCKETS; i++) {
		watched->requests[i] = watched->requests[i] * MEMORY_OF_REQUESTS +
				       (double)(sum->request[i] - watched->request[i]);
		watched->request[i] = sum->request[i];
		weight += watched->requests[i];
	}
	if (weight < SAMPLES_MIN)
		return;
	p90_ns = flows_quantile_ns(watched->requests, 900);
	watched->sample.round_trip_ns = p90_ns;
	if (p90_ns < FLOWS_HORIZON_MIN_NS)
		p90_ns = FLOWS_HORIZON_MIN_NS;
	watched->sample.horizon_ns = p90_ns > FLOWS_HORIZON_MAX_NS ? FLOWS_HORIZON_MAX_NS : p90_ns;
}

/* Those that have had a horizon's time: how many have turned into requests? */
static void look_at_share(struct watched *watched, const struct setup_counters *sum,
			  uint64_t now_ns)
{
	uint64_t end_ns = since(watched->sample.horizon_ns, now_ns);
	struct slice_count recent = slices_recent(&watched->slices, sum, end_ns);
	struct slice_count judged = slices_judge(&watched->slices, sum, end_ns);

	if (recent.noted >= SAMPLES_MIN)
		watched->sample.share = recent.requested < recent.noted
						? (double)recent.requested / (double)recent.noted
						: 1;
	watched->sample.judged += judged.noted;
	watched->sample.requested += judged.requested;
}

static void look_for_answers(struct watched *watched, const struct setup_counters *sum,
			     uint64_t now_ns)
{
	uint64_t answers = sum->n[SETUP_ANSWERED] + sum->n[SETUP_REFUSED];

	if (!watched->begun || answers != watched->answers ||
	    sum->n[SETUP_NOTED] == watched->noted_then) {
		watched->answers = answers;
		watched->noted_then = sum->n[SETUP_NOTED];
		watched->unanswered_ns = now_ns;
	}
	watched->sample.hidden = sum->n[SETUP_NOTED] - watched->noted_then >= HIDDEN_SYNS &&
				 since(watched->unanswered_ns, now_ns) >= HIDDEN_NS;
}

static void add_own(struct setup_counters *sum, const struct watched *watched)
{
	sum->n[SETUP_NOTED] += watched->own_noted;
	for (int i = 0; i < SETUP_SLICES; i++)
		sum->noted[i] += watched->own_noted_in[i];
}

void flows_begin(struct flows *flows, unsigned int listener)
{
	const struct setup_sample *former = &flows->watched[listener].sample;

	flows->watched[listener] = (struct watched){
		.sample = { .in_flight = former->in_flight,
			    .young = former->young,
			    .oldest_turn_ns = former->oldest_turn_ns,
			    .horizon_ns = FLOWS_HORIZON_FIRST_NS,
			    .share = 1 },
	};
}

void flows_count(struct flows *flows, unsigned int listener, struct setup_counters *sum,
		 uint64_t now_ns)
{
	struct watched *watched = &flows->watched[listener];
	const struct setup_state *state = &flows->memory.setups[listener];
	uint64_t done = sum->n[SETUP_DONE] + state->swept_done;

	add_own(sum, watched);
	slices_begin(&watched->slices, sum, now_ns);
	if (!watched->begun)
		memcpy(watched->request, sum->request, sizeof(watched->request));
	look_for_answers(watched, sum, now_ns);
	take_mark(watched, sum, done, now_ns);
	look_at_done(watched, sum, done, now_ns);
	look_at_requests(watched, sum);
	look_at_share(watched, sum, now_ns);
	memcpy(watched->sample.total, sum->n, sizeof(watched->sample.total));
	watched->sample.total[SETUP_DONE] = done;
	watched->sample.swept = state->swept_young + state->swept_stalled;
	watched->begun = true;
}

void flows_sample(const struct flows *flows, unsigned int listener, struct setup_sample *sample)
{
	*sample = flows->watched[listener].sample;
	sample->expected = sample->young * sample->share;
}

/* -- let in by user space ------------------------------------------------------------------------ */

bool flows_note(struct flows *flows, const struct flow_key *key, const struct waiting_seed *seed,
		uint32_t isn, unsigned int listener, uint16_t connack_max, bool waited,
		uint64_t now_ns)
{
	const struct flows_memory *memory = &flows->memory;
	uint32_t tag = flow_tag(key, seed, false);
	uint32_t set = flow_set(key, seed, false, memory->slots);
	struct flow *ways = &memory->flows[set * FLOW_WAYS];
	unsigned int way = ways[1].tag == tag ||
			   (ways[0].tag != tag && flow_goes_before(&ways[1], &ways[0]));
	struct flow *flow = &ways[way];
	uint32_t former = __atomic_load_n(&flow->tag, __ATOMIC_ACQUIRE);
	struct watched *watched = &flows->watched[listener];

	if (former == tag && flow->isn == isn)
		return false;
	flow_begin(flow, isn, (uint8_t)listener, connack_max, now_ns);
	flow->waited = waited;
	__atomic_compare_exchange_n(&flow->tag, &former, tag, false, __ATOMIC_ACQ_REL,
				    __ATOMIC_RELAXED);
	__atomic_fetch_or(&memory->used[flow_word(set)], 1ULL << (flow_shift(set) + way),
			  __ATOMIC_SEQ_CST);
	watched->own_noted++;
	watched->own_noted_in[now_ns >> SETUP_SLICE_NS_SHIFT & (SETUP_SLICES - 1)]++;
	return true;
}
