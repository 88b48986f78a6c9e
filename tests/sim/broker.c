// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Brokers: connections from the admitted SYN to the CONNACK, and what the tracker sees of them. */
#include <stdlib.h>
#include <string.h>

#include "tests/sim/world.h"

static void push(struct job_queue *queue, uint32_t id)
{
	if (queue->count == queue->size) {
		uint32_t size = queue->size ? 2 * queue->size : 1024;
		uint32_t *ids = calloc(size, sizeof(*ids));

		if (!ids)
			abort();
		for (uint32_t i = 0; i < queue->count; i++)
			ids[i] = queue->id[(queue->head + i) % queue->size];
		free(queue->id);
		*queue = (struct job_queue){ ids, 0, queue->count, size };
	}
	queue->id[(queue->head + queue->count++) % queue->size] = id;
}

static uint32_t pop(struct job_queue *queue)
{
	uint32_t id = queue->id[queue->head];

	queue->head = (queue->head + 1) % queue->size;
	queue->count--;
	return id;
}

static double finish_of(uint32_t id)
{
	return world.connection[id].finish;
}

static void heap_push(struct node *node, uint32_t id)
{
	uint32_t i = node->jobs++;

	for (; i && finish_of(node->heap[(i - 1) / 2]) > finish_of(id); i = (i - 1) / 2)
		node->heap[i] = node->heap[(i - 1) / 2];
	node->heap[i] = id;
}

static uint32_t heap_pop(struct node *node)
{
	uint32_t first = node->heap[0], last = node->heap[--node->jobs], i = 0;

	for (;;) {
		uint32_t child = 2 * i + 1;

		if (child >= node->jobs)
			break;
		if (child + 1 < node->jobs &&
		    finish_of(node->heap[child + 1]) < finish_of(node->heap[child]))
			child++;
		if (finish_of(node->heap[child]) >= finish_of(last))
			break;
		node->heap[i] = node->heap[child];
		i = child;
	}
	node->heap[i] = last;
	return first;
}

static void open_turn(uint32_t id)
{
	struct connection *connection = &world.connection[id];
	struct node *node = &world.node[connection->node];

	connection->turn_ms = world.now_ms;
	connection->younger = NONE;
	connection->older = node->newest;
	if (node->newest != NONE)
		world.connection[node->newest].younger = id;
	else
		node->oldest = id;
	node->newest = id;
}

static void close_turn(uint32_t id)
{
	struct connection *connection = &world.connection[id];
	struct node *node = &world.node[connection->node];

	if (connection->turn_ms == NONE)
		return;
	connection->waited_ms += world.now_ms - connection->turn_ms;
	connection->turn_ms = NONE;
	if (connection->older != NONE)
		world.connection[connection->older].younger = connection->younger;
	else
		node->oldest = connection->younger;
	if (connection->younger != NONE)
		world.connection[connection->younger].older = connection->older;
	else
		node->newest = connection->older;
}

static void uncount(struct connection *connection)
{
	if (connection->counted)
		world.node[connection->node].in_flight--;
	connection->counted = false;
}

static void finish(uint32_t id)
{
	struct connection *connection = &world.connection[id];
	struct device *device = &world.device[connection->device];

	close_turn(id);
	uncount(connection);
	if (device->connection == id)
		device->connection = NONE;
	connection->used = false;
	connection->older = world.free_connection;
	world.free_connection = id;
}

static uint32_t new_connection(void)
{
	uint32_t id = world.free_connection;

	if (id != NONE) {
		world.free_connection = world.connection[id].older;
		return id;
	}
	if (world.connections % 65536 == 0) {
		world.connection = realloc(world.connection,
					   (world.connections + 65536) * sizeof(*world.connection));
		if (!world.connection)
			abort();
	}
	return world.connections++;
}

bool broker_admit(uint32_t node_id, uint32_t device, uint64_t held_ns)
{
	struct node *node = &world.node[node_id];
	uint32_t backlog = world.scenario->broker.backlog, id;

	node->young++;
	world.admitted++;
	if (backlog && node->waiting.count >= backlog) {
		node->overflows++;
		world.result.overflows++;
		at(world.now_ms + 60, FORGED_IS_OLD, node_id, 0);
		return false;
	}
	id = new_connection();
	world.connection[id] = (struct connection){
		.device = device,
		.attempt = world.device[device].attempt,
		.admitted_ms = world.now_ms,
		.turn_ms = NONE,
		.older = NONE,
		.younger = NONE,
		.held_ns = held_ns,
		.age_ns = (uint64_t)(world.now_ms - world.device[device].began_ms) * 1000000,
		.node = (uint8_t)node_id,
		.used = true,
	};
	world.device[device].connection = id;
	at(world.now_ms + world.scenario->round_trip_ms, REQUEST_ARRIVES, id, 0);
	return true;
}

void broker_request(uint32_t id)
{
	struct connection *connection = &world.connection[id];
	const struct broker *broker = &world.scenario->broker;
	struct node *node = &world.node[connection->node];

	node->young--;
	if (connection->gone) {
		finish(id);
		return;
	}
	node->judged++;
	node->requested++;
	node->in_flight++;
	connection->counted = true;
	open_turn(id);
	if (broker->discipline == SHARED) {
		connection->finish = node->own_time +
				     (broker->fixed ? broker->work_ms
						    : chance_exponential(broker->work_ms));
		heap_push(node, id);
	} else {
		push(&node->waiting, id);
	}
}

static void worked(struct node *node, uint32_t id)
{
	struct connection *connection = &world.connection[id];

	node->finished++;
	world.result.finished++;
	connection->worked = true;
	if (connection->gone) {
		world.result.wasted++;
		finish(id);
		return;
	}
	node->answered++;
	close_turn(id);
	at(world.now_ms + world.scenario->round_trip_ms, CONNECT_ARRIVES, id, 0);
}

static void done(uint32_t id)
{
	struct connection *connection = &world.connection[id];
	struct node *node = &world.node[connection->node];
	uint32_t slot = node->dones++ % 65536;

	close_turn(id);
	if (connection->gone) {
		finish(id);
		return;
	}
	node->completed++;
	shaper_note(connection, false);
	node->done[slot].at_ms = world.now_ms;
	node->done[slot].latency_ms = connection->waited_ms;
	node->done[slot].took_ms = world.now_ms - connection->admitted_ms;
	if (world.latencies < world.latencies_max)
		world.latency_ms[world.latencies++] = connection->waited_ms;
	uncount(connection);
	at(world.now_ms + world.scenario->round_trip_ms / 2, CONNACK_ARRIVES, id, 0);
}

void broker_connect(uint32_t id)
{
	struct connection *connection = &world.connection[id];
	const struct broker *broker = &world.scenario->broker;

	if (connection->gone) {
		finish(id);
		return;
	}
	open_turn(id);
	if (broker->answer_ms > 0)
		push(&world.node[connection->node].answers, id);
	else if (broker->auth_servers)
		push(&world.auth_waiting, id);
	else if (broker->wait_ms)
		at(world.now_ms + broker->wait_ms, WAIT_ENDS, id, 0);
	else
		done(id);
}

void broker_wait_ends(uint32_t id)
{
	done(id);
}

void broker_connack(uint32_t id)
{
	if (!world.connection[id].gone)
		device_connected(world.connection[id].device);
	finish(id);
}

/* Its RST is seen at once; work that was begun is paid for. */
void broker_client_gone(uint32_t id)
{
	struct connection *connection = &world.connection[id];

	connection->gone = true;
	shaper_note(connection, true);
	uncount(connection);
	close_turn(id);
	if (connection->worked)
		world.result.wasted++;
}

static void run_shared(struct node *node)
{
	const struct broker *broker = &world.scenario->broker;
	double jobs = node->jobs, speed = broker->cores * world.work_factor;

	if (!node->jobs)
		return;
	speed = jobs < speed ? 1 : speed / jobs;
	node->own_time += speed / (1 + broker->inflation * jobs / 1000);
	while (node->jobs && finish_of(node->heap[0]) <= node->own_time)
		worked(node, heap_pop(node));
}

/* What is next, NONE if nobody waits: those that have just come, then those that are nearly done. */
static uint32_t take_next(struct node *node)
{
	if (node->waiting.count)
		return pop(&node->waiting);
	return node->answers.count ? pop(&node->answers) : NONE;
}

static double work_of(const struct node *node, uint32_t id)
{
	const struct broker *broker = &world.scenario->broker;
	double work = world.connection[id].worked ? broker->answer_ms : broker->work_ms;

	if (!broker->fixed)
		work = chance_exponential(work);
	return work * (1 + broker->inflation * (node->waiting.count + 1) / 1000) /
	       world.work_factor;
}

static void served(struct node *node, uint32_t id)
{
	if (world.connection[id].worked)
		done(id);
	else
		worked(node, id);
}

static void run_in_turn(struct node *node)
{
	double now = world.now_ms;

	for (uint32_t core = 0; core < (uint32_t)world.scenario->broker.cores && core < 16;
	     core++) {
		double from = node->serving_until[core];

		for (;;) {
			uint32_t id = node->serving[core];

			if (id != NONE) {
				if (node->serving_until[core] > now)
					break;
				from = node->serving_until[core];
				served(node, id);
			} else if (from < now - 1) {
				from = now - 1;
			}
			id = take_next(node);
			node->serving[core] = id;
			if (id == NONE)
				break;
			node->serving_until[core] = from + work_of(node, id);
		}
	}
}

void broker_run(struct node *node)
{
	if (world.scenario->broker.discipline == SHARED)
		run_shared(node);
	else
		run_in_turn(node);
}

void broker_auth_run(void)
{
	const struct broker *broker = &world.scenario->broker;
	double now = world.now_ms;

	for (uint32_t i = 0; i < broker->auth_servers && i < 64; i++) {
		double from = world.auth_until[i];

		while (world.auth_serving[i] != NONE ? world.auth_until[i] <= now
						     : world.auth_waiting.count > 0) {
			if (world.auth_serving[i] != NONE) {
				from = world.auth_until[i];
				done(world.auth_serving[i]);
				world.auth_serving[i] = NONE;
				if (!world.auth_waiting.count)
					break;
			} else if (from < now - 1) {
				from = now - 1;
			}
			world.auth_serving[i] = pop(&world.auth_waiting);
			world.auth_until[i] = from + chance_exponential(broker->auth_ms) /
							     world.auth_factor;
		}
	}
}

/* Whoever is in set-up has to come again; those that are connected stay, for simplicity. */
void broker_restart(struct node *node)
{
	for (uint32_t id = 0; id < world.connections; id++) {
		struct connection *connection = &world.connection[id];

		if (!connection->used || !connection->counted ||
		    &world.node[connection->node] != node)
			continue;
		device_give_up(connection->device);
	}
	node->restarted = true;
}
