// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* TCP segments to and from bytes. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <endian.h>
#include <errno.h>
#include <string.h>

#include "herd/segment.h"

static struct segment sample(bool v4)
{
	struct segment segment = {
		.from_port = 49153,
		.to_port = 1883,
		.seq = 0x01020304,
		.ack = 0xfffefdfc,
		.flags = SEGMENT_ACK | SEGMENT_PSH,
		.window = 16384,
		.data = (const uint8_t *)"odd",
		.len = 3,
	};

	if (v4) {
		segment.from.lo = htobe64(0xffff0a400001ULL);
		segment.to.lo = htobe64(0xffff0a090002ULL);
	} else {
		segment.from = (struct addr){ htobe64(0xfd10ULL << 48), htobe64(1) };
		segment.to = (struct addr){ htobe64(0xfd000009ULL << 32), htobe64(2) };
	}
	return segment;
}

static void comes_back_as_it_went(void **state)
{
	(void)state;
	for (int i = 0; i < 8; i++) {
		struct segment segment = sample(i & 1), back;
		uint8_t packet[256];
		size_t len;

		segment.mss = i & 2 ? 1234 : 0;
		segment.len = i & 4 ? 3 : 0;
		len = segment_build(packet, sizeof(packet), &segment);
		assert_int_equal(len, (i & 1 ? 20 : 40) + 20 + (i & 2 ? 4 : 0) + segment.len);
		assert_int_equal(segment_parse(packet, len, &back), 0);
		assert_memory_equal(&back.from, &segment.from, sizeof(back.from));
		assert_memory_equal(&back.to, &segment.to, sizeof(back.to));
		assert_int_equal(back.from_port, 49153);
		assert_int_equal(back.to_port, 1883);
		assert_true(back.seq == segment.seq && back.ack == segment.ack);
		assert_int_equal(back.flags, segment.flags);
		assert_int_equal(back.window, 16384);
		assert_int_equal(back.mss, segment.mss);
		assert_int_equal(back.len, segment.len);
		assert_memory_equal(back.data, "odd", back.len);
		/* padding of short frames does not count */
		assert_int_equal(segment_parse(packet, len + 5, &back), 0);
		assert_int_equal(back.len, segment.len);
	}
}

/* clang-format off */
/* SYNs that Linux sent, as tcpdump -x shows them. */
static const uint8_t captured_v4[] = {
	0x45, 0x00, 0x00, 0x3c, 0xde, 0x50, 0x40, 0x00, 0x40, 0x06, 0x48, 0x57,
	0x0a, 0x09, 0x00, 0x01, 0x0a, 0x09, 0x00, 0x02, 0xcd, 0x5a, 0x07, 0x5b,
	0xaa, 0x1d, 0x54, 0xb6, 0x00, 0x00, 0x00, 0x00, 0xa0, 0x02, 0xfa, 0xf0,
	0x6d, 0xda, 0x00, 0x00, 0x02, 0x04, 0x05, 0xb4, 0x04, 0x02, 0x08, 0x0a,
	0x2b, 0x25, 0xcc, 0x6e, 0x00, 0x00, 0x00, 0x00, 0x01, 0x03, 0x03, 0x0a,
};
static const uint8_t captured_v6[] = {
	0x60, 0x0c, 0xf1, 0xbd, 0x00, 0x28, 0x06, 0x40, 0xfd, 0x00, 0x00, 0x09,
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x01,
	0xfd, 0x00, 0x00, 0x09, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x00, 0x00, 0x00, 0x02, 0x87, 0xee, 0x07, 0x5b, 0x4f, 0x30, 0x00, 0x7e,
	0x00, 0x00, 0x00, 0x00, 0xa0, 0x02, 0xfd, 0x20, 0x04, 0x62, 0x00, 0x00,
	0x02, 0x04, 0x05, 0xa0, 0x04, 0x02, 0x08, 0x0a, 0xcf, 0x71, 0x9e, 0x0e,
	0x00, 0x00, 0x00, 0x00, 0x01, 0x03, 0x03, 0x0a,
};
/* clang-format on */

static void reads_what_linux_sends(void **state)
{
	struct segment segment;

	(void)state;
	assert_int_equal(segment_parse(captured_v4, sizeof(captured_v4), &segment), 0);
	assert_int_equal(segment.flags, SEGMENT_SYN);
	assert_int_equal(segment.to_port, 1883);
	assert_int_equal(segment.mss, 1460);
	assert_true(segment_is_v4(&segment.from));
	assert_int_equal(segment_parse(captured_v6, sizeof(captured_v6), &segment), 0);
	assert_int_equal(segment.flags, SEGMENT_SYN);
	assert_int_equal(segment.to_port, 1883);
	assert_int_equal(segment.mss, 1440);
	assert_false(segment_is_v4(&segment.from));
}

/* Any changed bit is found by a checksum, or is in a field that none covers. */
static void damage_is_refused(void **state)
{
	struct segment segment = sample(true), back;
	uint8_t packet[256];
	size_t len = segment_build(packet, sizeof(packet), &segment);

	(void)state;
	for (size_t bit = 0; bit < len * 8; bit++) {
		packet[bit / 8] ^= 1U << bit % 8;
		assert_int_not_equal(segment_parse(packet, len, &back), 0);
		packet[bit / 8] ^= 1U << bit % 8;
	}
	for (size_t cut = 0; cut < len; cut++)
		assert_int_not_equal(segment_parse(packet, cut, &back), 0);
	segment = sample(false);
	len = segment_build(packet, sizeof(packet), &segment);
	for (size_t cut = 0; cut < len; cut++)
		assert_int_not_equal(segment_parse(packet, cut, &back), 0);
	for (size_t bit = 8 * 8; bit < len * 8; bit++) {
		packet[bit / 8] ^= 1U << bit % 8;
		assert_int_not_equal(segment_parse(packet, len, &back), 0);
		packet[bit / 8] ^= 1U << bit % 8;
	}
}

static void strange_options_end_nowhere(void **state)
{
	/* a TCP header of 32 bytes with these options, never read beyond it */
	static const uint8_t options[][12] = {
		{ 2 },	 { 2, 0 }, { 2, 1 }, { 3, 200 }, { 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2 },
		{ 254 },
	};
	struct segment segment = sample(false), back;
	uint8_t packet[256];

	(void)state;
	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		size_t len;

		segment.data = options[i];
		segment.len = sizeof(options[i]);
		len = segment_build(packet, sizeof(packet), &segment);
		packet[40 + 12] = 8 << 4; /* the data becomes options */
		/* +3 words of 4 bits in the upper byte; the sum must follow */
		uint16_t sum = (uint16_t)(packet[56] << 8 | packet[57]);
		uint32_t fixed = (uint32_t)(uint16_t)~sum + 0x3000;

		fixed = (fixed & 0xffff) + (fixed >> 16);
		packet[56] = (uint8_t)(~fixed >> 8);
		packet[57] = (uint8_t)~fixed;
		assert_int_equal(segment_parse(packet, len, &back), 0);
		assert_int_equal(back.mss, 0);
		assert_int_equal(back.len, 0);
	}
}

static void not_for_us(void **state)
{
	struct segment segment = sample(true), back;
	uint8_t packet[256];
	size_t len = segment_build(packet, sizeof(packet), &segment);

	(void)state;
	packet[9] = 17;
	assert_int_equal(segment_parse(packet, len, &back), -EPROTO);
	packet[0] = 0x15;
	assert_int_equal(segment_parse(packet, len, &back), -EPROTO);
	assert_int_equal(segment_build(packet, 60, &segment), 0);
}

static void resets_by_the_book(void **state)
{
	struct segment in = sample(true), out;

	(void)state;
	assert_true(segment_reset(&in, &out));
	assert_int_equal(out.flags, SEGMENT_RST);
	assert_true(out.seq == in.ack);
	assert_int_equal(out.to_port, in.from_port);
	in.flags = SEGMENT_SYN;
	assert_true(segment_reset(&in, &out));
	assert_int_equal(out.flags, SEGMENT_RST | SEGMENT_ACK);
	assert_true(out.ack == in.seq + 4 && !out.seq); /* SYN and three bytes */
	in.flags = SEGMENT_RST;
	assert_false(segment_reset(&in, &out));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(comes_back_as_it_went),
		cmocka_unit_test(reads_what_linux_sends),
		cmocka_unit_test(damage_is_refused),
		cmocka_unit_test(strange_options_end_nowhere),
		cmocka_unit_test(not_for_us),
		cmocka_unit_test(resets_by_the_book),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
