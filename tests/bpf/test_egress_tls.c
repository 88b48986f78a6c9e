// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* TLS records in the bytes that a broker sends, however they are cut into packets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "egress_rig.h"

#define TLS12 0xc02c
#define TLS13 0x1302

/* What the broker is about to send. */
static uint8_t flight[FRAME_MAX];
static size_t flight_len;

static void record(uint8_t type, uint16_t len)
{
	const uint8_t header[] = { type, 3, 3, (uint8_t)(len >> 8), (uint8_t)len };

	memcpy(&flight[flight_len], header, sizeof(header));
	memset(&flight[flight_len + sizeof(header)], 0xaa, len);
	flight_len += sizeof(header) + len;
}

/* RFC 8446, 4.1.3: @id_len bytes of session id, then the cipher suite; and some extensions. */
static void server_hello(uint16_t cipher, uint8_t id_len)
{
	uint8_t *hello = &flight[flight_len];

	record(22, 90);
	hello[5] = 2;
	hello[43] = id_len;
	hello[44 + id_len] = (uint8_t)(cipher >> 8);
	hello[45 + id_len] = (uint8_t)cipher;
}

/* In packets of at most @most bytes. */
static void send_cut(size_t most)
{
	for (size_t from = 0; from < flight_len; from += most)
		say(&flight[from], flight_len - from < most ? flight_len - from : most);
	flight_len = 0;
}

static void send_flight(void)
{
	send_cut(sizeof(flight));
}

static void greet(void)
{
	begin(OPEN, &(struct frame_spec){ 0 });
	knock();
	at(10);
	hear();
	at(20);
}

static void hello13(void)
{
	server_hello(TLS13, 32);
	record(20, 1);
	record(23, 23);
	record(23, 900);
	record(23, 281);
	record(23, 69);
}

static void expect_open(void)
{
	assert_int_equal(flows_there(), 1);
	assert_int_equal(counted(SETUP_DONE), 0);
}

static void test_versions(void **state)
{
	static const uint8_t id_lens[] = { 0, 16, 32 };

	(void)state;
	for (size_t i = 0; i < sizeof(id_lens); i++) {
		/* 1.2: type 23 is the CONNACK, wherever it comes */
		greet();
		server_hello(TLS12, id_lens[i]);
		record(22, 800);
		record(23, 28);
		send_flight();
		came_to(SETUP_DONE);
		/* 1.3: it is handshake, until the client has spoken */
		greet();
		server_hello(TLS13, id_lens[i]);
		record(23, 28);
		send_flight();
		expect_open();
		hear();
		record(23, 21);
		send_flight();
		came_to(SETUP_DONE);
	}
}

/* Cut anywhere: no record of the handshake is taken for the CONNACK, and that is found. */
static void test_cuts(void **state)
{
	(void)state;
	for (size_t most = 60; most < 1500; most += most < 200 ? 1 : 97) {
		greet();
		hello13();
		send_cut(most);
		expect_open();
		at(30);
		hear();
		record(23, 255);
		record(23, 255);
		send_cut(most);
		expect_open();
		at(730);
		record(23, 21);
		send_flight();
		came_to(SETUP_DONE);
	}
}

/* Sent again, whole or in part, it says nothing new. */
static void test_sent_again(void **state)
{
	uint8_t tickets[600];

	(void)state;
	greet();
	hello13();
	send_flight();
	hear();
	record(23, 74);
	record(23, 74);
	memcpy(tickets, flight, flight_len);
	send_flight();
	say_from(server_sent - 158, TCP_ACK, tickets, 158);
	say_from(server_sent - 79, TCP_ACK, &tickets[79], 79);
	say_from(server_sent - 100, TCP_ACK, &tickets[58], 100);
	expect_open();
	record(23, 21);
	send_flight();
	came_to(SETUP_DONE);
}

/* More records than are looked at in one packet: it goes on with the next that begins with one. */
static void test_many_records(void **state)
{
	(void)state;
	greet();
	server_hello(TLS13, 32);
	for (int i = 0; i < 30; i++)
		record(23, 40);
	send_flight();
	expect_open();
	hear();
	record(23, 21);
	send_flight();
	came_to(SETUP_DONE);
}

static void test_retry(void **state)
{
	(void)state;
	greet();
	server_hello(TLS13, 32);
	record(20, 1);
	send_flight();
	hear();
	hello13();
	send_flight();
	expect_open();
	hear();
	record(23, 21);
	send_flight();
	came_to(SETUP_DONE);
}

static void test_alert(void **state)
{
	(void)state;
	greet();
	hello13();
	send_flight();
	hear();
	record(23, 19);
	send_flight();
	came_to(SETUP_REFUSED);
}

/* What is longer than the listener's connack-max is none. */
static void test_connack_max(void **state)
{
	(void)state;
	begin(OPEN "connack-max = 28\n", &(struct frame_spec){ 0 });
	knock();
	hear();
	server_hello(TLS12, 0);
	record(23, 29);
	send_flight();
	expect_open();
	record(23, 28);
	send_flight();
	came_to(SETUP_DONE);
}

/* No bytes that a broker might send do harm. */
static void test_nonsense(void **state)
{
	uint32_t random = 1;

	(void)state;
	for (int i = 0; i < 2000; i++) {
		uint8_t bytes[200];
		size_t len;

		if (!flows_there())
			greet();
		random = random * 1664525 + 1013904223;
		len = random >> 24;
		len = len % sizeof(bytes) + 1;
		for (size_t j = 0; j < len; j++) {
			random = random * 1664525 + 1013904223;
			bytes[j] = (uint8_t)(random >> 24);
		}
		/* most of them like records */
		bytes[0] = random & 256 ? 20 + (random >> 30) : bytes[0];
		if (len > 4 && random & 512) {
			bytes[1] = 3;
			bytes[3] = 0;
		}
		if (random & 1024)
			hear();
		say(bytes, len);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_versions),    cmocka_unit_test(test_cuts),
		cmocka_unit_test(test_sent_again),  cmocka_unit_test(test_many_records),
		cmocka_unit_test(test_retry),	    cmocka_unit_test(test_alert),
		cmocka_unit_test(test_connack_max), cmocka_unit_test(test_nonsense),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
