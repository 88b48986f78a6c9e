// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The queue and delay-max = auto among simulated clients: a herd comes back at once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

#include "delay_max.h"
#include "queueing.h"

#define TICK (5 * MS)
#define ROUND_TRIP (50 * MS)
#define SECONDS_MAX 120
#define NEVER UINT64_MAX

/* How long after SYN number n (from 0) the next one comes: the last one repeats. */
struct stack {
	uint32_t gaps_ms[8];
};

static const struct stack linux_stack = { { 1000, 2000, 4000, 8000, 16000, 32000, 64000, 64000 } };
static const struct stack lwip_stack = { { 3000, 3000, 3000, 3000, 3000, 3000, 3000, 3000 } };

struct herd {
	const struct stack *stack;
	uint32_t devices;
	uint64_t timeout_ns; /* of one attempt */
	uint32_t rate_per_sec;
	uint64_t delay_max_ns; /* 0: auto */
};

struct device {
	uint64_t due_ns; /* next SYN, or next attempt */
	uint64_t began_ns;
	uint32_t attempt;
	uint32_t syns;
	bool connected;
};

struct verdict {
	uint64_t due_ns;
	uint64_t held_ns, age_ns;
	bool failed;
};

static struct {
	const struct herd *herd;
	struct device *device;
	struct verdict *verdict; /* in the order they are due */
	size_t verdicts, verdicts_read;
	struct delay_max law;
	uint64_t now_ns;
	double tokens;
	uint32_t seed;
	/* results */
	uint32_t connected, wasted, attempts_failed;
	uint32_t in_second[SECONDS_MAX]; /* connections */
	uint64_t delay_max_ns, delay_max_least_ns, delay_max_most_ns;
	uint64_t done_ns; /* all but one in a hundred are connected */
	uint64_t all_ns;
} sim;

static uint64_t draw(uint64_t below)
{
	sim.seed = sim.seed * 1664525 + 1013904223;
	return (uint64_t)sim.seed * below >> 32;
}

static uint64_t key_of(uint32_t device)
{
	return (uint64_t)sim.device[device].attempt << 32 | device;
}

static bool has_timed_out(const struct device *device, uint64_t at_ns)
{
	return at_ns - device->began_ns >= sim.herd->timeout_ns;
}

/* Was @key admitted to somebody who still wants it? */
static bool admit(uint64_t key)
{
	struct device *device = &sim.device[(uint32_t)key];

	if (device->connected || key_of((uint32_t)key) != key ||
	    has_timed_out(device, sim.now_ns + ROUND_TRIP / 2)) {
		sim.wasted++;
		return false;
	}
	device->connected = true;
	device->due_ns = NEVER;
	sim.in_second[(sim.now_ns - START) / SEC]++;
	sim.all_ns = sim.now_ns - START;
	if (++sim.connected * 100ULL <= sim.herd->devices * 99ULL)
		sim.done_ns = sim.all_ns;
	return true;
}

static void send_syn(uint32_t id)
{
	struct device *device = &sim.device[id];
	struct queue_syn syn = syn_of(key_of(id), id / 256, id, device->began_ns);

	if (device->syns && has_timed_out(device, sim.now_ns)) {
		sim.attempts_failed++;
		device->syns = 0;
		device->attempt++;
		device->began_ns = device->due_ns = sim.now_ns + SEC + draw(2 * SEC);
		return;
	}
	syn.retransmit = device->syns > 0;
	device->due_ns = sim.now_ns +
			 sim.herd->stack->gaps_ms[device->syns < 7 ? device->syns : 7] * MS;
	if (device->due_ns - device->began_ns > sim.herd->timeout_ns)
		device->due_ns = device->began_ns + sim.herd->timeout_ns;
	device->syns++;
	if (!total_length() && sim.tokens >= 1) {
		sim.tokens--;
		admit(syn.key);
		return;
	}
	queue_put(queue, &syn, sim.now_ns, &victim);
}

static void release(void)
{
	const struct queue_entry *entry;

	while (sim.tokens >= 1 && (entry = queue_take(queue, sim.now_ns))) {
		sim.tokens--;
		sim.verdict[sim.verdicts++] = (struct verdict){
			.due_ns = sim.now_ns + ROUND_TRIP,
			.held_ns = sim.now_ns - entry->term_ns,
			.age_ns = sim.now_ns - entry->first_seen_ns,
			.failed = !admit(entry->key),
		};
	}
}

static void learn(void)
{
	if (sim.herd->delay_max_ns)
		return;
	for (; sim.verdicts_read < sim.verdicts; sim.verdicts_read++) {
		const struct verdict *verdict = &sim.verdict[sim.verdicts_read];

		if (verdict->due_ns > sim.now_ns)
			break;
		delay_max_note(&sim.law, verdict->held_ns, verdict->age_ns, 1,
			       verdict->failed ? DELAY_FAILED : DELAY_WELL);
	}
	sim.delay_max_ns = delay_max_update(&sim.law, queue_entries(queue), sim.herd->rate_per_sec,
					    sim.now_ns);
	queue_set_delay_max(queue, sim.delay_max_ns, delay_max_age_ns(&sim.law, sim.now_ns));
	if (sim.delay_max_ns < sim.delay_max_least_ns)
		sim.delay_max_least_ns = sim.delay_max_ns;
	if (sim.delay_max_ns > sim.delay_max_most_ns)
		sim.delay_max_most_ns = sim.delay_max_ns;
}

static void tick(void)
{
	double burst = sim.herd->rate_per_sec / 10.0;

	sim.now_ns += TICK;
	sim.tokens += sim.herd->rate_per_sec * (double)TICK / SEC;
	release();
	for (uint32_t id = 0; id < sim.herd->devices; id++)
		if (sim.device[id].due_ns <= sim.now_ns)
			send_syn(id);
	release();
	if (sim.tokens > burst)
		sim.tokens = burst;
	learn();
}

/* All devices come within 100 ms. @known: delay-max at the beginning, 0: nothing was learned. */
static void storm(const struct herd *herd, uint64_t known_ns)
{
	memset(&sim, 0, sizeof(sim));
	sim.herd = herd;
	sim.now_ns = START;
	sim.seed = 1;
	sim.device = calloc(herd->devices, sizeof(*sim.device));
	sim.verdict = calloc((size_t)herd->rate_per_sec * SECONDS_MAX * 2, sizeof(*sim.verdict));
	assert_true(sim.device && sim.verdict);
	for (uint32_t id = 0; id < herd->devices; id++)
		sim.device[id].began_ns = sim.device[id].due_ns = START + draw(100 * MS);
	delay_max_init(&sim.law, START);
	if (known_ns)
		sim.law.learned_ns = known_ns;
	sim.delay_max_ns = herd->delay_max_ns ? herd->delay_max_ns : sim.law.learned_ns;
	sim.delay_max_least_ns = NEVER;
	make_queue(16384, sim.delay_max_ns);
	while (sim.connected < herd->devices && sim.now_ns < START + SECONDS_MAX * SEC - TICK)
		tick();
	check_queue();
	print_message("# %u of %u connected, 99%% after %.1f s, all %.1f s (ideal %.1f); "
		      "%u attempts failed, %u of %zu releases wasted; delay-max %.1f to %.1f s\n",
		      sim.connected, herd->devices, (double)sim.done_ns / SEC,
		      (double)sim.all_ns / SEC, (double)herd->devices / herd->rate_per_sec,
		      sim.attempts_failed, sim.wasted, sim.verdicts,
		      sim.delay_max_least_ns == NEVER ? 0 : (double)sim.delay_max_least_ns / SEC,
		      (double)sim.delay_max_most_ns / SEC);
	free(sim.device);
	free(sim.verdict);
}

/* Every second but the first and the last within 5 % of the rate. */
static void expect_no_gaps(void)
{
	uint32_t rate = sim.herd->rate_per_sec;

	for (uint32_t second = 1; second < sim.all_ns / SEC; second++)
		assert_in_range(sim.in_second[second], rate - rate / 20, rate + rate / 20);
}

/* @percent of the time that the rate alone would need. */
static uint64_t ideal_ns(uint32_t percent)
{
	return sim.herd->devices * SEC / sim.herd->rate_per_sec * percent / 100;
}

/* Those that never give up are all held until their turn, whatever their timers. */
static void test_patient_clients_are_all_held(void **state)
{
	static const struct herd herds[] = {
		{ &linux_stack, 5000, NEVER, 200, 0 },
		{ &linux_stack, 500, NEVER, 20, 0 },
		{ &lwip_stack, 2500, 18500 * MS, 200, 0 },
	};

	for (size_t i = 0; i < sizeof(herds) / sizeof(herds[0]); i++) {
		storm(&herds[i], 0);
		assert_int_equal(sim.connected, herds[i].devices);
		assert_true(sim.all_ns <= ideal_ns(110));
		assert_int_equal(sim.attempts_failed, 0);
		assert_int_equal(sim.wasted, 0);
		assert_true(sim.delay_max_ns >= 16 * SEC);
		expect_no_gaps();
		drop_queue(state);
	}
}

/* The same clients with a fixed 500 ms: the simulation does tell the two apart. */
static void test_too_short_starves_the_patient(void **state)
{
	static const struct herd herd = { &linux_stack, 5000, NEVER, 200, 500 * MS };

	(void)state;
	storm(&herd, 0);
	assert_true(sim.connected < 2500);
}

/* Whatever was learned from others before. */
static void test_impatient_clients_are_served_while_they_wait(void **state)
{
	static const struct {
		struct herd herd;
		uint64_t known_ns;
	} rows[] = {
		{ { &linux_stack, 5000, 5 * SEC, 225, 0 }, 0 },
		{ { &linux_stack, 5000, 5 * SEC, 225, 0 }, 60 * SEC },
		{ { &linux_stack, 5000, 3 * SEC, 225, 0 }, 0 },
		{ { &linux_stack, 5000, 3 * SEC, 225, 0 }, 60 * SEC },
		{ { &linux_stack, 5000, 10 * SEC, 225, 0 }, 0 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		storm(&rows[i].herd, rows[i].known_ns);
		assert_int_equal(sim.connected, rows[i].herd.devices);
		assert_true(sim.all_ns <= ideal_ns(120));
		assert_true(sim.wasted * 100ULL < sim.verdicts * 2);
		assert_true(sim.delay_max_least_ns < rows[i].herd.timeout_ns);
		drop_queue(state);
	}
}

#define storm_test(function) cmocka_unit_test_teardown(function, drop_queue)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		storm_test(test_patient_clients_are_all_held),
		storm_test(test_too_short_starves_the_patient),
		storm_test(test_impatient_clients_are_served_while_they_wait),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
