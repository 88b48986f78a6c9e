// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Devices: the SYNs of their TCP, their patience, and how they come back. */
#include "tests/sim/world.h"

const struct stack linux_old = { "linux-old",
				 { 0, 1000, 3000, 7000, 15000, 31000, 63000 },
				 127000 };
const struct stack linux_new = {
	"linux-new", { 0, 1000, 2000, 3000, 4000, 5000, 7000, 11000, 19000, 35000, 67000 }, 131000
};
const struct stack lwip = { "lwip", { 0, 3000, 6000, 9000, 12000, 15000, 18000 }, 18500 };
const struct stack esp_idf = { "esp-idf", { 0, 3000, 6000, 9000 }, 10000 };
const struct stack freertos = { "freertos", { 0, 3000, 9000 }, 20000 };
const struct stack zephyr = { "zephyr", { 0, 200, 600, 1400, 3000, 6200, 12600 }, 25000 };

static const struct fleet *fleet_of(const struct device *device)
{
	return &world.scenario->fleet[device->fleet];
}

void device_start(uint32_t id)
{
	struct device *device = &world.device[id];
	const struct fleet *fleet = fleet_of(device);

	world.result.attempts++;
	device->began_ms = world.now_ms;
	device->syns = 0;
	device->node = (uint8_t)(chance() * world.nodes);
	if (fleet->timeout_ms)
		at(world.now_ms + fleet->timeout_ms, DEVICE_GIVES_UP, id, device->attempt);
	at(world.now_ms + fleet->stack->gives_up_ms, DEVICE_GIVES_UP, id, device->attempt);
	device_send_syn(id);
}

void device_send_syn(uint32_t id)
{
	struct device *device = &world.device[id];
	const struct stack *stack = fleet_of(device)->stack;

	if (device->connected || device->connection != NONE)
		return;
	world.result.syns++;
	device->syns++;
	if (stack->syn_ms[device->syns])
		at(device->began_ms + stack->syn_ms[device->syns], DEVICE_SENDS_SYN, id,
		   device->attempt);
	/* may refuse it: then that is of the past */
	shaper_judge(id, device->syns > 1);
}

static uint32_t back_off_ms(struct device *device)
{
	const struct fleet *fleet = fleet_of(device);
	double most_ms = fleet->least_ms;

	for (int i = 0; i < device->tries && most_ms < fleet->most_ms; i++)
		most_ms *= 2;
	if (most_ms > fleet->most_ms)
		most_ms = fleet->most_ms;
	device->tries += device->tries < 32;
	switch (fleet->backoff) {
	case BACKOFF_UNIFORM:
		return fleet->least_ms + (uint32_t)(chance() * (fleet->most_ms - fleet->least_ms));
	case BACKOFF_FULL_JITTER:
		return (uint32_t)(chance() * most_ms);
	default:
		return (uint32_t)most_ms;
	}
}

/* Its patience has ended, or its TCP's, which minds only as long as nobody has answered. */
void device_give_up(uint32_t id)
{
	struct device *device = &world.device[id];
	uint32_t elapsed_ms = world.now_ms - device->began_ms;

	if (device->connected)
		return;
	if (device->connection != NONE) {
		if (!world.connection[device->connection].counted &&
		    elapsed_ms < fleet_of(device)->timeout_ms)
			return;
		broker_client_gone(device->connection);
		device->connection = NONE;
	}
	device->attempt++;
	at(world.now_ms + 1 + back_off_ms(device), DEVICE_STARTS, id, device->attempt);
}

/* By a RST, to its SYN. */
void device_refused(uint32_t id)
{
	struct device *device = &world.device[id];

	device->attempt++;
	at(world.now_ms + world.scenario->round_trip_ms / 2 + 1 + back_off_ms(device),
	   DEVICE_STARTS, id, device->attempt);
}

void device_connected(uint32_t id)
{
	struct device *device = &world.device[id];
	struct result *result = &world.result;
	uint64_t connected = ++result->connected;

	device->connected = true;
	device->tries = 0;
	if (connected * 2 <= result->devices)
		result->t50_ms = world.now_ms;
	if (connected * 10 <= result->devices * 9ULL)
		result->t90_ms = world.now_ms;
	if (connected * 100 <= result->devices * 99ULL)
		result->t99_ms = world.now_ms;
	if (connected == result->devices)
		result->all_ms = world.now_ms;
}
