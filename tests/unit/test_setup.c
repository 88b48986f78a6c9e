// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* When is a set-up done, and how long did the broker take? What both sides send, step by step. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "flow.h"
#include "setup.h"

#define MS 1000000ULL
#define START (1000 * MS)

/*
 * Steps, apart by blanks, 10 ms after one another, or the later for "+MS":
 *	C	bytes of the client are acknowledged
 *	h12 h13	a record with a ServerHello
 *	23:LEN	any other record
 *	p:HEX	bytes that are no TLS
 * `done`, `over` or `open` is what it has come to, by the last step and not before.
 */
struct row {
	const char *says;
	const char *steps;
	const char *result;
	unsigned int spent_ms;
	unsigned int bursts;
};

static void feed_plain(struct flow *flow, const char *hex, uint64_t now_ns, int *result)
{
	uint8_t bytes[4] = {};
	uint32_t len = 0;

	for (; hex[0] && hex[1] && hex[0] != ' '; hex += 2, len++) {
		char digits[] = { hex[0], hex[1], 0 };

		if (len < sizeof(bytes))
			bytes[len] = (uint8_t)strtoul(digits, NULL, 16);
	}
	*result = setup_plain(flow, bytes, len, now_ns);
}

static int feed(struct flow *flow, struct setup_state *state, const char *step, uint64_t now_ns)
{
	unsigned int type, len;
	int result = SETUP_GOES_ON;

	if (!strcmp(step, "C"))
		result = setup_heard(flow, state, flow->acked + 100, now_ns);
	else if (!strcmp(step, "h12") || !strcmp(step, "h13"))
		result = setup_hello(flow, step[2] == '2', now_ns);
	else if (!strncmp(step, "p:", 2))
		feed_plain(flow, step + 2, now_ns, &result);
	else if (sscanf(step, "%u:%u", &type, &len) == 2)
		result = setup_record(flow, state, (uint8_t)type, (uint16_t)len, now_ns);
	else
		fail_msg("what is '%s'?", step);
	return result;
}

static const char *word(int result)
{
	return result == SETUP_IS_DONE ? "done" : result == SETUP_IS_OVER ? "over" : "open";
}

static void check(const struct row *row, struct setup_state *state)
{
	char *steps = strdup(row->steps), *rest = NULL;
	uint64_t now_ns = START;
	int result = SETUP_GOES_ON;
	struct flow flow = {};

	flow_begin(&flow, 4294967290U, 3, CONNACK_MAX_DEFAULT, START);
	for (char *step = strtok_r(steps, " ", &rest); step; step = strtok_r(NULL, " ", &rest)) {
		if (result >= SETUP_IS_DONE)
			fail_msg("%s: %s before '%s'", row->says, word(result), step);
		if (*step == '+') {
			now_ns += strtoull(step, NULL, 10) * MS;
			continue;
		}
		now_ns += 10 * MS;
		result = feed(&flow, state, step, now_ns);
	}
	if (strcmp(word(result), row->result))
		fail_msg("%s: %s, wanted %s", row->says, word(result), row->result);
	if (flow.spent_ns != row->spent_ms * MS)
		fail_msg("%s: spent %llu ns, wanted %u ms", row->says,
			 (unsigned long long)flow.spent_ns, row->spent_ms);
	if (flow.bursts != row->bursts)
		fail_msg("%s: %u bursts, wanted %u", row->says, flow.bursts, row->bursts);
	free(steps);
}

/* clang-format off */
static const struct row fresh_rows[] = {
	/* plain */
	{ "CONNACK", "C p:20020000", "done", 10, 1 },
	{ "a refusal is an end", "C p:20020005", "done", 10, 1 },
	{ "a slow one", "C +500 p:20020000", "done", 510, 1 },
	{ "CONNECT in several segments is one turn", "C C C +70 p:20020000", "done", 100, 1 },
	{ "only what the broker owes counts", "C p:f018 +900 C p:20020000", "done", 20, 2 },
	{ "nothing of the client yet", "+900", "open", 0, 0 },
	{ "no answer yet", "C +900", "open", 0, 1 },
	{ "what is no MQTT", "C p:5353482d", "done", 10, 1 },
	/* WebSocket */
	{ "upgrade", "C p:48545450", "open", 10, 1 },
	{ "the rest of the answer to an upgrade", "C p:48545450 p:20207e02", "open", 10, 1 },
	{ "upgrade and CONNACK", "C p:48545450 +300 C +40 p:82042002", "done", 60, 2 },
	{ "its header alone", "C p:48545450 C p:82", "done", 20, 2 },
	{ "a ping of the server", "C p:48545450 C p:8900 C p:82042002", "done", 30, 3 },
	{ "AUTH in a frame", "C p:48545450 C p:8206f018", "open", 20, 2 },
	/* TLS 1.2 */
	{ "full", "C h12 22:800 22:300 C 22:180 20:1 22:40 C 23:28", "done", 30, 3 },
	{ "resumed", "C h12 20:1 22:40 C 23:28", "done", 20, 2 },
	{ "false start: CONNACK in the flight of Finished", "C h12 22:800 C 22:180 20:1 22:40 23:28", "done", 20, 2 },
	{ "CBC and SHA-384", "C h12 20:1 22:40 C 23:80", "done", 20, 2 },
	{ "the upgrade's answer", "C h12 20:1 22:40 C 23:180 C +50 23:30", "done", 80, 3 },
	{ "an alert has a type of its own", "C h12 20:1 22:40 C 21:26", "open", 20, 2 },
	{ "before any ServerHello", "C 21:2", "open", 10, 1 },
	/* TLS 1.3 */
	{ "without tickets", "C h13 20:1 23:23 23:900 23:300 23:53 C +100 23:21", "done", 120, 2 },
	{ "no handshake record is short enough", "C h13 23:23", "open", 10, 1 },
	{ "alert", "C h13 23:900 C 23:19", "over", 10, 2 },
	{ "long tickets", "C h13 23:900 C 23:255 23:255 +700 23:21", "done", 740, 2 },
	{ "one long ticket", "C h13 23:900 C 23:200 +700 23:21", "done", 730, 2 },
	{ "tickets, and CONNECT comes later", "C h13 23:900 C 23:255 +300 C 23:255 +50 23:21", "done", 90, 3 },
	{ "short tickets", "C h13 23:900 C 23:74 23:74 +700 23:21", "done", 740, 2 },
	{ "three of them", "C h13 23:900 C 23:74 23:74 23:74 23:21", "done", 50, 2 },
	{ "CONNACK as long as a ticket: held", "C h13 23:900 C 23:60", "open", 20, 2 },
	{ "and the client goes on", "C h13 23:900 C 23:60 +500 C", "done", 20, 2 },
	{ "and the broker goes on", "C h13 23:900 C 23:60 23:22", "done", 20, 2 },
	{ "the upgrade's answer, with a round trip", "C h13 23:900 C 23:180 +300 C +50 23:23", "done", 80, 3 },
	{ "tickets and an upgrade", "C h13 23:900 C 23:255 23:255 23:180 +300 C +50 23:23", "done", 100, 3 },
	{ "retry", "C h13 20:1 +300 C h13 20:1 23:23 23:900 C 23:255 23:255 +60 23:21", "done", 110, 3 },
	{ "retry: its second flight is handshake, too", "C h13 20:1 C h13 23:23", "open", 20, 2 },
	/* a ServerHello that could not be read counts as one of 1.3, and is right for 1.2 */
	{ "unread, 1.2", "C h13 22:800 C 22:180 20:1 22:40 C 23:28", "done", 30, 3 },
};
/* clang-format on */

static void test_fresh(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(fresh_rows) / sizeof(fresh_rows[0]); i++) {
		struct setup_state learned = {};

		check(&fresh_rows[i], &learned);
	}
}

/* What the broker's tickets are like is known from the first flow on. */
static void test_learned(void **state)
{
	static const struct row rows[] = {
		{ "first", "C h13 23:900 C 23:74 23:74 +700 23:21", "done", 740, 2 },
		{ "a single one when resumed", "C h13 C 23:74 +700 23:21", "done", 730, 2 },
		{ "CONNECT later than the tickets", "C h13 C 23:74 23:74 C 23:21", "done", 50, 2 },
		{ "CONNACK longer than 50", "C h13 C 23:74 23:60 C", "done", 30, 2 },
	};
	struct setup_state learned = {};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		check(&rows[i], &learned);
	assert_int_equal(learned.tickets, 1);
	assert_int_equal(learned.ticket[0], 74);
}

/* Of a broker whose CONNACK could be a ticket, none is held any more when enough were not. */
static void test_untold(void **state)
{
	static const struct row held = { "held", "C h13 C 23:60 C", "done", 20, 2 };
	static const struct row at_once = { "at once", "C h13 C 23:60", "done", 20, 2 };
	struct setup_state learned = {};

	(void)state;
	for (int i = 0; i < SETUP_UNTOLD_ENOUGH; i++)
		check(&held, &learned);
	check(&at_once, &learned);
	assert_int_equal(learned.tickets, 0);
}

/* A short ticket is never learned from what follows but a second one: that could be an answer to
 * what the client sent behind its CONNECT. */
static void test_no_lesson(void **state)
{
	static const struct row rows[] = {
		{ "SUBACK behind", "C h13 C 23:60 23:22", "done", 20, 2 },
		{ "the upgrade's answer", "C h13 C 23:180 C 23:23", "done", 30, 3 },
		{ "handshake", "C h13 23:100 23:100 C 23:21", "done", 20, 2 },
	};
	struct setup_state learned = {};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		check(&rows[i], &learned);
	assert_int_equal(learned.tickets, 0);
}

/* The oldest of four makes room. */
static void test_lessons_are_few(void **state)
{
	struct setup_state learned = {};

	(void)state;
	for (uint16_t len = 200; len < 206; len++) {
		setup_learn(&learned, len);
		setup_learn(&learned, len);
	}
	assert_int_equal(learned.tickets, 6);
	assert_false(setup_is_ticket(&learned, 201));
	assert_true(setup_is_ticket(&learned, 202));
	assert_true(setup_is_ticket(&learned, 205));
}

/* Acknowledgements that say nothing new, or that come out of order; numbers go round. */
static void test_acknowledged(void **state)
{
	struct setup_state learned = {};
	struct flow flow = {};

	(void)state;
	flow_begin(&flow, 4294967290U, 0, CONNACK_MAX_DEFAULT, START);
	assert_int_equal(setup_heard(&flow, &learned, 4294967291U, START), SETUP_GOES_ON);
	assert_int_equal(flow.bursts, 0);
	assert_int_equal(setup_heard(&flow, &learned, 5, START), SETUP_BEGINS);
	assert_int_equal(flow.turn_ns, START);
	setup_turn_ends(&flow, START + MS);
	assert_int_equal(setup_heard(&flow, &learned, 5, START + MS), SETUP_GOES_ON);
	assert_int_equal(setup_heard(&flow, &learned, 4294967295U, START + MS), SETUP_GOES_ON);
	assert_int_equal(flow.turn_ns, 0);
	assert_int_equal(setup_heard(&flow, &learned, 6, START + 2 * MS), SETUP_GOES_ON);
	assert_int_equal(flow.turn_ns, START + 2 * MS);
	assert_int_equal(flow.bursts, 2);
	/* a clock that another CPU has read before */
	setup_turn_ends(&flow, START + MS);
	assert_int_equal(flow.spent_ns, MS);
}

static void test_records(void **state)
{
	static const struct {
		uint8_t type, version;
		uint16_t len;
		int is;
	} rows[] = {
		{ 22, 3, 100, 1 },   { 23, 3, 1, 1 },	  { 20, 3, 1, 1 },  { 21, 3, 2, 1 },
		{ 23, 3, 16640, 1 }, { 19, 3, 10, 0 },	  { 24, 3, 10, 0 }, { 23, 2, 10, 0 },
		{ 23, 3, 0, 0 },     { 23, 3, 20000, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(!!setup_is_record(rows[i].type, rows[i].version, rows[i].len),
				 rows[i].is);
}

/* Buckets join without a gap, and each time is in the one that holds it. */
static void test_buckets(void **state)
{
	(void)state;
	assert_int_equal(setup_bucket(0), 0);
	assert_int_equal(setup_bucket(~0ULL), SETUP_BUCKETS - 1);
	for (uint32_t i = 0; i < SETUP_BUCKETS; i++) {
		uint64_t from_ns = setup_bucket_ns(i), to_ns = setup_bucket_ns(i + 1);

		assert_true(to_ns > from_ns);
		assert_true(to_ns - from_ns <= from_ns / 8 + 1);
		assert_int_equal(setup_bucket(from_ns), i);
		assert_int_equal(setup_bucket(to_ns - 1), i);
	}
	assert_true(setup_bucket_ns(0) < MS);
	assert_true(setup_bucket_ns(SETUP_BUCKETS) > 60000 * MS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fresh),		cmocka_unit_test(test_learned),
		cmocka_unit_test(test_untold),		cmocka_unit_test(test_no_lesson),
		cmocka_unit_test(test_lessons_are_few), cmocka_unit_test(test_acknowledged),
		cmocka_unit_test(test_records),		cmocka_unit_test(test_buckets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
