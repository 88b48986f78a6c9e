// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The clock: everything happens in its ms, in the order it was announced. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sim/world.h"

#define QUEUE_ENTRIES 16384
#define LATENCIES_MAX (1U << 20)

struct world world;

static struct point series[SIM_POINTS];

double chance(void)
{
	uint64_t z = world.random += 0x9e3779b97f4a7c15ULL; /* splitmix64 */

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
	return (double)((z ^ z >> 31) >> 11) * 0x1p-53;
}

double chance_exponential(double mean)
{
	return -log(1 - chance()) * mean;
}

static void *allocate(size_t count, size_t size)
{
	void *memory = calloc(count, size);

	if (!memory)
		abort();
	return memory;
}

void at(uint32_t ms, enum event_kind kind, uint32_t id, uint32_t attempt)
{
	uint32_t event = world.free_event;

	if (ms <= world.now_ms)
		ms = world.now_ms + 1;
	if (ms >= world.scenario->until_ms)
		return;
	if (event != NONE) {
		world.free_event = world.event[event].next;
	} else {
		event = world.events++;
		if (event % 65536 == 0) {
			world.event = realloc(world.event, (event + 65536) * sizeof(*world.event));
			if (!world.event)
				abort();
		}
	}
	world.event[event] = (struct event){ world.calendar[ms], id, attempt, kind };
	world.calendar[ms] = event;
}

static void happen(const struct event *event)
{
	struct node *node;

	switch (event->kind) {
	case DEVICE_STARTS:
	case DEVICE_SENDS_SYN:
	case DEVICE_GIVES_UP:
		if (world.device[event->id].attempt != event->attempt)
			return;
		if (event->kind == DEVICE_STARTS)
			device_start(event->id);
		else if (event->kind == DEVICE_SENDS_SYN)
			device_send_syn(event->id);
		else
			device_give_up(event->id);
		return;
	case REQUEST_ARRIVES:
		broker_request(event->id);
		return;
	case CONNECT_ARRIVES:
		broker_connect(event->id);
		return;
	case WAIT_ENDS:
		broker_wait_ends(event->id);
		return;
	case CONNACK_ARRIVES:
		broker_connack(event->id);
		return;
	case RESET_ARRIVES:
		world.node[event->id].young--;
		return;
	case FORGED_IS_OLD:
		node = &world.node[event->id];
		node->young--;
		node->judged++;
		return;
	}
}

static void change(const struct change *change)
{
	switch (change->what) {
	case NOTHING:
		break;
	case WORK_FACTOR:
		world.work_factor = change->value;
		break;
	case AUTH_FACTOR:
		world.auth_factor = change->value;
		break;
	case BROKER_RESTARTS:
		broker_restart(world.node);
		break;
	case CONTROLLER_DIES:
		world.node->dead = true;
		break;
	case CONTROLLER_LIVES: {
		struct law_goodput goodput = world.node->law.goodput;

		world.node->dead = false;
		law_init(&world.node->law, &world.scenario->law, 1, NS(world.now_ms));
		world.node->law.goodput = goodput;
		break;
	}
	case NODES:
		world.nodes = (uint32_t)change->value;
		break;
	case FLOOD:
		world.forged_per_ms = change->value / 1000;
		break;
	}
}

static void run_changes(void)
{
	for (int i = 0; i < SIM_CHANGES; i++)
		if (world.scenario->change[i].what &&
		    world.scenario->change[i].at_ms == world.now_ms)
			change(&world.scenario->change[i]);
}

static void run_events(void)
{
	uint32_t id = world.calendar[world.now_ms], first = NONE;

	/* the list is newest first */
	while (id != NONE) {
		uint32_t next = world.event[id].next;

		world.event[id].next = first;
		first = id;
		id = next;
	}
	for (id = first; id != NONE;) {
		struct event event = world.event[id];

		world.event[id].next = world.free_event;
		world.free_event = id;
		happen(&event);
		id = event.next;
	}
}

static void run_flood(void)
{
	double before = floor(world.now_ms * world.forged_per_ms);
	double after = floor((world.now_ms + 1) * world.forged_per_ms);

	for (world.forged = 0; world.forged < after - before; world.forged++)
		shaper_forged((uint32_t)(chance() * world.nodes));
}

static void take_point(void)
{
	struct node *node = world.node;
	struct point *point = &series[world.result.points++];
	static uint32_t finished;
	double worst = 0;

	if (world.result.points == 1)
		finished = 0;
	for (uint32_t i = 0; i < world.nodes; i++) {
		uint32_t count, p90_ms = node_p90_ms(&node[i], &count);
		double target_ms = (double)node[i].law.config.target_ns / 1000000;

		worst = fmax(worst, fmax(p90_ms, node_oldest_ms(&node[i])) / target_ms);
		if (i == 0)
			point->latency_ms = (float)p90_ms;
	}
	node->history[world.now_ms / SIM_STEP_MS] = worst;
	point->connected = world.result.connected;
	point->in_flight = node->in_flight;
	point->admitted = world.admitted;
	point->finished = world.result.finished - finished;
	point->window = node->limits.window == LAW_WINDOW_OFF ? 0 : (float)node->limits.window;
	finished = world.result.finished;
	world.admitted = 0;
}

static void tick(void)
{
	run_changes();
	run_events();
	if (world.forged_per_ms > 0)
		run_flood();
	for (uint32_t i = 0; i < world.nodes_most; i++)
		broker_run(&world.node[i]);
	broker_auth_run();
	for (uint32_t i = 0; i < world.nodes; i++)
		shaper_release(&world.node[i]);
	if (world.now_ms % SIM_STEP_MS)
		return;
	take_point();
	for (uint32_t i = 0; i < world.nodes; i++)
		shaper_step(&world.node[i]);
}

static void init_node(uint32_t i)
{
	struct node *node = &world.node[i];

	node->oldest = node->newest = NONE;
	for (int core = 0; core < 16; core++)
		node->serving[core] = NONE;
	node->heap = allocate(262144, sizeof(*node->heap));
	law_init(&node->law, &world.scenario->law, world.scenario->seed + i, NS(0));
	if (world.scenario->windows[i] > 0)
		node->law.window = world.scenario->windows[i];
	node->limits.window = (uint32_t)node->law.window;
	node->limits.young_share = 1;
	node->limits.ceiling_per_sec = node->law.config.rate_per_sec;
	node->limits.lease_until_ns = NS(2000);
	node->queue = queue_create(QUEUE_ENTRIES, DELAY_MAX_START_NS);
	if (!node->queue)
		abort();
	delay_max_init(&node->delay_max, NS(0));
}

static void init(const struct scenario *scenario)
{
	world = (struct world){
		.scenario = scenario,
		.random = scenario->seed,
		.free_connection = NONE,
		.free_event = NONE,
		.work_factor = 1,
		.auth_factor = 1,
		.nodes = scenario->nodes ? scenario->nodes : 1,
		.latencies_max = LATENCIES_MAX,
	};
	for (int i = 0; i < SIM_FLEETS; i++)
		world.devices += scenario->fleet[i].devices;
	world.node = allocate(SIM_NODES, sizeof(*world.node));
	world.device = allocate(world.devices, sizeof(*world.device));
	world.calendar = allocate(scenario->until_ms, sizeof(*world.calendar));
	world.latency_ms = allocate(LATENCIES_MAX, sizeof(*world.latency_ms));
	memset(world.calendar, 0xff, scenario->until_ms * sizeof(*world.calendar));
	for (int i = 0; i < 64; i++)
		world.auth_serving[i] = NONE;
	world.nodes_most = world.nodes;
	for (int i = 0; i < SIM_CHANGES; i++)
		if (scenario->change[i].what == NODES &&
		    scenario->change[i].value > world.nodes_most)
			world.nodes_most = (uint32_t)scenario->change[i].value;
	for (uint32_t i = 0; i < world.nodes_most; i++)
		init_node(i);
	for (uint32_t i = 0, fleet = 0, left = scenario->fleet[0].devices; i < world.devices; i++) {
		while (!left)
			left = scenario->fleet[++fleet].devices;
		left--;
		world.device[i].fleet = (uint16_t)fleet;
		world.device[i].connection = NONE;
		at(1 + (uint32_t)(chance() * scenario->fleet[fleet].spread_ms), DEVICE_STARTS, i,
		   0);
	}
	world.result.devices = world.devices;
	world.result.t50_ms = world.result.t90_ms = SIM_NEVER;
	world.result.t99_ms = world.result.all_ms = SIM_NEVER;
	world.result.window_least = LAW_WINDOW_MAX;
}

static int by_size(const void *a, const void *b)
{
	uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;

	return (left > right) - (left < right);
}

/* Of the percentiles those that were reached count. */
static void conclude(const uint64_t *finished_before)
{
	struct result *result = &world.result;
	uint64_t connected = result->connected;
	double sum = 0, squares = 0;

	if (connected * 2 < result->devices)
		result->t50_ms = SIM_NEVER;
	if (connected * 10 < result->devices * 9ULL)
		result->t90_ms = SIM_NEVER;
	if (connected * 100 < result->devices * 99ULL)
		result->t99_ms = SIM_NEVER;
	if (world.latencies) {
		qsort(world.latency_ms, world.latencies, sizeof(*world.latency_ms), by_size);
		result->p99_ms = world.latency_ms[world.latencies * 99 / 100];
	}
	for (uint32_t i = 0; i < world.nodes; i++) {
		double share = (double)(world.node[i].finished - finished_before[i]);

		sum += share;
		squares += share * share;
	}
	result->jain = squares > 0 ? sum * sum / (world.nodes * squares) : 1;
	result->series = series;
}

static void drop(void)
{
	for (uint32_t i = 0; i < world.nodes_most; i++) {
		queue_destroy(world.node[i].queue);
		free(world.node[i].heap);
		free(world.node[i].waiting.id);
		free(world.node[i].answers.id);
	}
	free(world.auth_waiting.id);
	free(world.node);
	free(world.device);
	free(world.connection);
	free(world.event);
	free(world.calendar);
	free(world.latency_ms);
}

struct result sim_run(const struct scenario *scenario)
{
	uint64_t finished[SIM_NODES] = { 0 };
	struct result result;

	init(scenario);
	for (; world.now_ms < scenario->until_ms; world.now_ms++) {
		tick();
		if (world.now_ms == 25000)
			for (uint32_t i = 0; i < SIM_NODES; i++)
				finished[i] = world.node[i].finished;
		if (world.result.connected == world.devices)
			break;
	}
	conclude(finished);
	result = world.result;
	drop();
	return result;
}
