// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What one device does, with an injected clock: rows of events, and what must come of each. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "herd/device.h"

#define S 1000000000ULL
#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

struct rig {
	struct plan_group group;
	struct tally tally;
	struct device device;
};

static void rig_init(struct rig *rig)
{
	rig->group = (struct plan_group){
		.keepalive_ns = 60 * S,
		.timeout_ns = 10 * S,
		.backoff = { BACKOFF_FIXED, 2 * S, 2 * S, 0, 0, 0 },
	};
	tally_init(&rig->tally, 1, S);
	device_init(&rig->device, 0, 0, 1);
}

static int setup(void **state)
{
	static struct rig rig;

	rig_init(&rig);
	*state = &rig;
	return 0;
}

static int teardown(void **state)
{
	struct rig *rig = *state;

	tally_free(&rig->tally);
	return 0;
}

/* At @at seconds. */
static enum device_action event(struct rig *rig, enum device_event event, double at)
{
	return device_event(&rig->device, &rig->group, &rig->tally, event, 0,
			    S + (uint64_t)(at * 1e9));
}

static void timer_is(const struct rig *rig, double at)
{
	assert_int_equal(rig->device.timer_ns, S + (uint64_t)(at * 1e9));
}

static void connect(struct rig *rig, double at)
{
	assert_int_equal(event(rig, EVENT_START, at), ACTION_CONNECT);
	assert_int_equal(event(rig, EVENT_TCP_UP, at), ACTION_MQTT);
	assert_int_equal(event(rig, EVENT_ANSWER, at), ACTION_NONE);
	assert_int_equal(event(rig, EVENT_CONNACK, at), ACTION_WORK);
}

/* Every attempt has one end. */
static void adds_up(const struct rig *rig)
{
	assert_int_equal(tally_under_way(&rig->tally), 0);
}

static void test_happy(void **state)
{
	struct rig *rig = *state;
	uint64_t ns;

	assert_int_equal(event(rig, EVENT_START, 0), ACTION_CONNECT);
	timer_is(rig, 10);
	assert_int_equal(event(rig, EVENT_TCP_UP, 1), ACTION_MQTT);
	timer_is(rig, 10);
	assert_int_equal(tally_under_way(&rig->tally), 1);
	assert_int_equal(event(rig, EVENT_CONNACK, 3), ACTION_WORK);
	timer_is(rig, 63);
	assert_int_equal(rig->tally.connected, 1);
	assert_true(tally_reached(&rig->tally, 1000, &ns));
	assert_int_equal(ns, 3 * S);
	assert_int_equal(rig->tally.setup_ns.max, 3 * S);
	assert_int_equal(rig->tally.seconds[3].accepted->max, 2 * S);
	adds_up(rig);
}

static void test_tls(void **state)
{
	struct rig *rig = *state;

	rig->group.tls = TLS_ANY;
	rig->group.tls_timeout_ns = 4 * S;
	rig->group.connack_timeout_ns = 3 * S;
	event(rig, EVENT_START, 0);
	assert_int_equal(event(rig, EVENT_TCP_UP, 1), ACTION_TLS);
	timer_is(rig, 5);
	assert_int_equal(event(rig, EVENT_TLS_UP, 2), ACTION_MQTT);
	timer_is(rig, 5);
	rig->group.connack_timeout_ns = 30 * S;
	assert_int_equal(event(rig, EVENT_CONNACK, 3), ACTION_WORK);
}

/* A failure of each kind in each phase, then back off and try again. */
static void test_failures(void **state)
{
	static const struct {
		enum device_event event;
		enum tally_event counted;
		bool tcp_up;
	} rows[] = {
		{ EVENT_REFUSED, TALLY_REFUSED, false },
		{ EVENT_UNREACHABLE, TALLY_UNREACHABLE, false },
		{ EVENT_TCP_TIMEOUT, TALLY_TIMEOUT_CONNECT, false },
		{ EVENT_LOCAL_ERROR, TALLY_LOCAL_ERROR, false },
		{ EVENT_RESET, TALLY_RESET, true },
		{ EVENT_CLOSED, TALLY_CLOSED, true },
		{ EVENT_GARBAGE, TALLY_PROTOCOL_ERROR, true },
		{ EVENT_TLS_FAILED, TALLY_TLS_FAILED, true },
		{ EVENT_TCP_TIMEOUT, TALLY_TIMEOUT_CONNACK, true },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct rig *rig = *state;

		rig_init(rig);
		event(rig, EVENT_START, 0);
		if (rows[i].tcp_up)
			event(rig, EVENT_TCP_UP, 1);
		assert_int_equal(event(rig, rows[i].event, 2), ACTION_CLOSE);
		assert_int_equal(rig->tally.count[rows[i].counted], 1);
		assert_int_equal(rig->device.state, DEVICE_WAITING);
		timer_is(rig, 4);
		adds_up(rig);
		assert_int_equal(event(rig, EVENT_TIMER, 4), ACTION_CONNECT);
		assert_int_equal(rig->device.attempts, 2);
		tally_free(&rig->tally);
	}
}

static void test_timeouts(void **state)
{
	struct rig *rig = *state;

	rig->group.connect_timeout_ns = 3 * S;
	event(rig, EVENT_START, 0);
	timer_is(rig, 3);
	assert_int_equal(event(rig, EVENT_TIMER, 3), ACTION_GIVE_UP);
	assert_int_equal(rig->tally.count[TALLY_TIMEOUT_CONNECT], 1);
	event(rig, EVENT_TIMER, 5);
	event(rig, EVENT_TCP_UP, 6);
	timer_is(rig, 15);
	assert_int_equal(event(rig, EVENT_TIMER, 15), ACTION_GIVE_UP);
	assert_int_equal(rig->tally.count[TALLY_TIMEOUT_CONNACK], 1);
	assert_int_equal(rig->tally.count[TALLY_WASTED], 0);
	adds_up(rig);
}

/* The broker had begun to answer: known at once, so that nobody need look for it later. */
static void test_wasted(void **state)
{
	struct rig *rig = *state;

	rig->group.tls = TLS_ANY;
	event(rig, EVENT_START, 0);
	event(rig, EVENT_TCP_UP, 1);
	event(rig, EVENT_ANSWER, 2);
	assert_int_equal(event(rig, EVENT_TIMER, 10), ACTION_CLOSE);
	assert_int_equal(rig->tally.count[TALLY_TIMEOUT_TLS], 1);
	assert_int_equal(rig->tally.count[TALLY_WASTED], 1);
	/* and not of the next attempt */
	event(rig, EVENT_TIMER, 12);
	assert_int_equal(event(rig, EVENT_TIMER, 22), ACTION_GIVE_UP);
	assert_int_equal(rig->tally.count[TALLY_WASTED], 1);
}

static void test_rejected(void **state)
{
	struct rig *rig = *state;

	event(rig, EVENT_START, 0);
	event(rig, EVENT_TCP_UP, 1);
	assert_int_equal(
		device_event(&rig->device, &rig->group, &rig->tally, EVENT_CONNACK, 3, 2 * S),
		ACTION_CLOSE);
	assert_int_equal(rig->tally.rejected[3], 1);
	assert_int_equal(rig->tally.connected, 0);
	adds_up(rig);
}

static void test_lost(void **state)
{
	struct rig *rig = *state;

	connect(rig, 0);
	assert_int_equal(event(rig, EVENT_RESET, 5), ACTION_CLOSE);
	assert_int_equal(rig->tally.connected, 0);
	assert_int_equal(rig->tally.count[TALLY_LOST], 1);
	assert_int_equal(rig->tally.count[TALLY_RESET], 0);
	timer_is(rig, 7);
	event(rig, EVENT_TIMER, 7);
	event(rig, EVENT_TCP_UP, 7);
	event(rig, EVENT_CONNACK, 8);
	assert_int_equal(rig->tally.connected, 1);
	assert_int_equal(rig->tally.ever_connected, 1);
	assert_int_equal(rig->tally.count[TALLY_CONNECTED], 2);
	/* a second CONNACK is none that is due */
	assert_int_equal(event(rig, EVENT_CONNACK, 9), ACTION_CLOSE);
	assert_int_equal(rig->tally.count[TALLY_LOST], 2);
	adds_up(rig);
}

static void test_keepalive(void **state)
{
	struct rig *rig = *state;

	connect(rig, 0);
	timer_is(rig, 60);
	event(rig, EVENT_SENT, 30);
	assert_int_equal(event(rig, EVENT_TIMER, 60), ACTION_NONE);
	timer_is(rig, 90);
	assert_int_equal(event(rig, EVENT_TIMER, 90), ACTION_PING);
	event(rig, EVENT_PINGRESP, 91);
	timer_is(rig, 150);
	assert_int_equal(event(rig, EVENT_TIMER, 150), ACTION_PING);
	assert_int_equal(event(rig, EVENT_TIMER, 210), ACTION_CLOSE);
	assert_int_equal(rig->tally.count[TALLY_LOST], 1);
}

static void test_attempts(void **state)
{
	struct rig *rig = *state;

	rig->group.attempts = 2;
	event(rig, EVENT_START, 0);
	event(rig, EVENT_REFUSED, 0);
	assert_int_equal(rig->tally.count[TALLY_GIVEN_UP], 0);
	event(rig, EVENT_TIMER, 2);
	assert_int_equal(event(rig, EVENT_REFUSED, 2), ACTION_CLOSE);
	assert_int_equal(rig->tally.count[TALLY_GIVEN_UP], 1);
	assert_int_equal(rig->device.state, DEVICE_DONE);
	assert_int_equal(rig->device.timer_ns, 0);
	assert_int_equal(event(rig, EVENT_START, 9), ACTION_NONE);
	assert_int_equal(event(rig, EVENT_TIMER, 9), ACTION_NONE);
}

static void test_end(void **state)
{
	struct rig *rig = *state;

	event(rig, EVENT_START, 0);
	assert_int_equal(event(rig, EVENT_END, 1), ACTION_CLOSE);
	assert_int_equal(rig->tally.count[TALLY_UNFINISHED], 1);
	adds_up(rig);
}

static void test_bystander(void **state)
{
	struct rig *rig = *state;

	rig->device.bystander = true;
	connect(rig, 0);
	event(rig, EVENT_CLOSED, 1);
	event(rig, EVENT_TIMER, 3);
	event(rig, EVENT_TCP_UP, 3);
	event(rig, EVENT_CONNACK, 3);
	for (enum tally_event i = 0; i < TALLY_COUNT; i++)
		assert_int_equal(rig->tally.count[i], 0);
	assert_int_equal(rig->tally.connected, 0);
	assert_int_equal(rig->tally.bystanders_reconnects, 1);
}

static void test_loop(void **state)
{
	struct rig *rig = *state;

	rig->device.loop = true;
	event(rig, EVENT_START, 0);
	event(rig, EVENT_TCP_UP, 0);
	assert_int_equal(event(rig, EVENT_CONNACK, 1), ACTION_LEAVE);
	timer_is(rig, 2);
	assert_int_equal(event(rig, EVENT_CLOSED, 1.5), ACTION_CLOSE);
	timer_is(rig, 1.5);
	assert_int_equal(rig->tally.count[TALLY_LOST], 0);
	assert_int_equal(event(rig, EVENT_TIMER, 1.5), ACTION_CONNECT);
	assert_int_equal(rig->tally.count[TALLY_CONNECTED], 1);
	/* a second CONNACK ends the connection, not the attempt: that had its end */
	event(rig, EVENT_TCP_UP, 2);
	event(rig, EVENT_CONNACK, 3);
	assert_int_equal(event(rig, EVENT_CONNACK, 3), ACTION_CLOSE);
	assert_int_equal(rig->tally.count[TALLY_PROTOCOL_ERROR], 0);
	adds_up(rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_happy, setup, teardown),
		cmocka_unit_test_setup_teardown(test_tls, setup, teardown),
		cmocka_unit_test_setup_teardown(test_failures, setup, teardown),
		cmocka_unit_test_setup_teardown(test_timeouts, setup, teardown),
		cmocka_unit_test_setup_teardown(test_wasted, setup, teardown),
		cmocka_unit_test_setup_teardown(test_rejected, setup, teardown),
		cmocka_unit_test_setup_teardown(test_lost, setup, teardown),
		cmocka_unit_test_setup_teardown(test_keepalive, setup, teardown),
		cmocka_unit_test_setup_teardown(test_attempts, setup, teardown),
		cmocka_unit_test_setup_teardown(test_end, setup, teardown),
		cmocka_unit_test_setup_teardown(test_bystander, setup, teardown),
		cmocka_unit_test_setup_teardown(test_loop, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
