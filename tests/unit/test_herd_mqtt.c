// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* MQTT on the wire: packets as the standard has them, and what no server may say. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "herd/chance.h"
#include "herd/mqtt.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))
#define BYTES(...) (const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ })

static void is_bytes(const uint8_t *got, size_t got_len, const uint8_t *wanted, size_t len)
{
	assert_int_equal(got_len, len);
	assert_memory_equal(got, wanted, len);
}

static void test_connect(void **state)
{
	struct mqtt_login login = { .level = 4, .client_id = "a1", .keepalive_sec = 300 };
	uint8_t buf[64];

	(void)state;
	is_bytes(buf, mqtt_connect(buf, sizeof(buf), &login),
		 BYTES(0x10, 14, 0, 4, 'M', 'Q', 'T', 'T', 4, 2, 1, 44, 0, 2, 'a', '1'));
	login = (struct mqtt_login){ 5, "a", "u", "pw", 60 };
	is_bytes(buf, mqtt_connect(buf, sizeof(buf), &login),
		 BYTES(0x10, 21, 0, 4, 'M', 'Q', 'T', 'T', 5, 0xc2, 0, 60, 0, 0, 1, 'a', 0, 1, 'u',
		       0, 2, 'p', 'w'));
	assert_int_equal(mqtt_connect(buf, 22, &login), 0);
	assert_int_equal(mqtt_connect(buf, 23, &login), 23);
	login = (struct mqtt_login){ 4, "", "u", NULL, 0 };
	is_bytes(buf, mqtt_connect(buf, sizeof(buf), &login),
		 BYTES(0x10, 15, 0, 4, 'M', 'Q', 'T', 'T', 4, 0x82, 0, 0, 0, 0, 0, 1, 'u'));
}

static void test_others(void **state)
{
	uint8_t buf[400], payload[200] = { 0 };

	(void)state;
	is_bytes(buf, mqtt_subscribe(buf, sizeof(buf), 4, 258, "t/1"),
		 BYTES(0x82, 8, 1, 2, 0, 3, 't', '/', '1', 1));
	is_bytes(buf, mqtt_subscribe(buf, sizeof(buf), 5, 1, "t"),
		 BYTES(0x82, 7, 0, 1, 0, 0, 1, 't', 1));
	is_bytes(buf, mqtt_publish(buf, sizeof(buf), 4, 0, "t", "xy", 2),
		 BYTES(0x30, 5, 0, 1, 't', 'x', 'y'));
	is_bytes(buf, mqtt_publish(buf, sizeof(buf), 4, 7, "t", "xy", 2),
		 BYTES(0x32, 7, 0, 1, 't', 0, 7, 'x', 'y'));
	is_bytes(buf, mqtt_publish(buf, sizeof(buf), 5, 7, "t", "x", 1),
		 BYTES(0x32, 7, 0, 1, 't', 0, 7, 0, 'x'));
	/* 203 bytes: a length of two */
	assert_int_equal(mqtt_publish(buf, sizeof(buf), 4, 0, "t", payload, 200), 206);
	assert_int_equal(buf[1], 203 % 128 + 128);
	assert_int_equal(buf[2], 1);
	is_bytes(buf, mqtt_puback(buf, sizeof(buf), 515), BYTES(0x40, 2, 2, 3));
	is_bytes(buf, mqtt_pingreq(buf, sizeof(buf)), BYTES(0xc0, 0));
	is_bytes(buf, mqtt_disconnect(buf, sizeof(buf)), BYTES(0xe0, 0));
	assert_int_equal(mqtt_disconnect(buf, 1), 0);
}

/* What mqtt_read() says of @len bytes that come one by one, which must not differ from at once. */
static int read_one(uint8_t level, const uint8_t *bytes, size_t len, struct mqtt_packet *packet)
{
	static struct mqtt_reader whole, split;
	const uint8_t *at = bytes;
	size_t left = len, one;
	int result, each = 0;

	whole = split = (struct mqtt_reader){ .level = level };
	result = mqtt_read(&whole, &at, &left, packet);
	for (size_t i = 0; i < len && !each; i++) {
		at = bytes + i;
		one = 1;
		each = mqtt_read(&split, &at, &one, packet);
	}
	assert_int_equal(result, each);
	return result;
}

static void test_read(void **state)
{
	struct mqtt_packet packet;

	(void)state;
	assert_int_equal(read_one(4, BYTES(0x20, 2, 0, 5), &packet), 1);
	assert_int_equal(packet.type, MQTT_CONNACK);
	assert_int_equal(packet.code, 5);
	assert_int_equal(read_one(5, BYTES(0x20, 6, 1, 0x87, 3, 0x21, 0, 10), &packet), 1);
	assert_int_equal(packet.code, 0x87);
	assert_int_equal(read_one(4, BYTES(0x90, 4, 1, 2, 1, 0x80), &packet), 1);
	assert_int_equal(packet.id, 258);
	assert_int_equal(packet.code, 0x80);
	assert_int_equal(read_one(5, BYTES(0x90, 4, 0, 9, 0, 1), &packet), 1);
	assert_int_equal(packet.id, 9);
	assert_int_equal(packet.code, 1);
	assert_int_equal(read_one(4, BYTES(0x33, 7, 0, 1, 't', 0, 7, 'x', 'y'), &packet), 1);
	assert_true(packet.retained && packet.qos == 1 && packet.id == 7);
	is_bytes(packet.payload, packet.payload_len, BYTES('x', 'y'));
	assert_int_equal(read_one(4, BYTES(0x30, 4, 0, 1, 't', 'x'), &packet), 1);
	assert_true(!packet.retained && !packet.qos && packet.payload_len == 1);
	assert_int_equal(read_one(5, BYTES(0x30, 7, 0, 1, 't', 2, 1, 1, 'x'), &packet), 1);
	is_bytes(packet.payload, packet.payload_len, BYTES('x'));
	assert_int_equal(read_one(4, BYTES(0x40, 2, 1, 1), &packet), 1);
	assert_int_equal(packet.id, 257);
	assert_int_equal(read_one(4, BYTES(0xd0, 0), &packet), 1);
	assert_int_equal(packet.type, MQTT_PINGRESP);
	assert_int_equal(read_one(5, BYTES(0xe0, 1, 0x8b), &packet), 1);
	assert_int_equal(packet.code, 0x8b);
	assert_int_equal(read_one(4, BYTES(0x20, 2, 0), &packet), 0);
}

static void test_garbage(void **state)
{
	static const struct {
		uint8_t level;
		uint8_t len;
		uint8_t bytes[8];
	} rows[] = {
		{ 4, 4, { 'H', 'T', 'T', 'P' } },
		{ 4, 7, { 0x15, 3, 3, 0, 2, 2, 40 } }, /* a TLS alert */
		{ 4, 1, { 0x00 } },
		{ 4, 2, { 0x10, 0 } },			    /* CONNECT */
		{ 4, 4, { 0x21, 2, 0, 0 } },		    /* reserved flags */
		{ 4, 5, { 0x20, 3, 0, 0, 0 } },		    /* CONNACK of MQTT 5 */
		{ 5, 4, { 0x20, 2, 0, 0 } },		    /* and of 3.1.1 */
		{ 4, 4, { 0x20, 2, 2, 0 } },		    /* session neither present nor not */
		{ 4, 5, { 0x30, 0xff, 0xff, 0xff, 0xff } }, /* a length of five bytes */
		{ 4, 7, { 0x36, 5, 0, 1, 't', 0, 1 } },	    /* QoS 3 */
		{ 4, 5, { 0x30, 3, 0, 9, 't' } },	    /* a topic longer than the packet */
		{ 4, 6, { 0x32, 4, 0, 1, 't', 0 } },	    /* half an id */
		{ 5, 6, { 0x30, 4, 0, 1, 't', 9 } },	    /* properties beyond the end */
		{ 4, 4, { 0x90, 2, 0, 1 } },		    /* SUBACK without codes */
		{ 5, 5, { 0x90, 3, 0, 1, 0 } },
		{ 4, 3, { 0xd0, 1, 0 } },
		{ 4, 2, { 0xe0, 0 } }, /* DISCONNECT of a server: MQTT 5 */
		{ 4, 2, { 0xf0, 0 } },
	};
	struct mqtt_packet packet;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		if (read_one(rows[i].level, rows[i].bytes, rows[i].len, &packet) != -EBADMSG)
			fail_msg("row %zu is taken for a packet", i);
}

/* More than is kept, and another packet right behind. */
static void test_long(void **state)
{
	static struct mqtt_reader reader;
	static uint8_t bytes[5000 + 2];
	const uint8_t *at = bytes;
	size_t len = sizeof(bytes);
	struct mqtt_packet packet;

	(void)state;
	reader = (struct mqtt_reader){ .level = 4 };
	bytes[0] = 0x31;
	bytes[1] = 4997 % 128 + 128;
	bytes[2] = 4997 / 128;
	bytes[4] = 1;
	bytes[5] = 't';
	bytes[5000] = 0xd0;
	assert_int_equal(mqtt_read(&reader, &at, &len, &packet), 1);
	assert_true(packet.type == MQTT_PUBLISH && packet.retained);
	assert_int_equal(packet.payload_len, MQTT_KEPT_MAX - 3);
	assert_int_equal(len, 2);
	assert_int_equal(mqtt_read(&reader, &at, &len, &packet), 1);
	assert_int_equal(packet.type, MQTT_PINGRESP);
	assert_int_equal(mqtt_read(&reader, &at, &len, &packet), 0);
}

/* Nothing of chance may be read beyond its end: for the sanitizers. */
static void test_random(void **state)
{
	struct chance chance = chance_seed(9, 9);

	(void)state;
	for (int i = 0; i < 20000; i++) {
		static struct mqtt_reader reader;
		uint8_t bytes[24];
		const uint8_t *at = bytes;
		size_t len = sizeof(bytes);
		struct mqtt_packet packet;

		reader = (struct mqtt_reader){ .level = i & 1 ? 5 : 4 };
		for (size_t j = 0; j < sizeof(bytes); j++)
			bytes[j] = (uint8_t)chance_next(&chance);
		bytes[1] %= 20;
		while (mqtt_read(&reader, &at, &len, &packet) > 0)
			assert_true(packet.payload_len <= sizeof(bytes));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_connect), cmocka_unit_test(test_others),
		cmocka_unit_test(test_read),	cmocka_unit_test(test_garbage),
		cmocka_unit_test(test_long),	cmocka_unit_test(test_random),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
