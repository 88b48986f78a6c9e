// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Which checksums of a held SYN are completed, and that every other frame is left as it is; and the
 * RST that refuses it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "syn_frame.h"
#include "tests/bpf/frame.h"

/* One's complement sum of RFC 1071, a word at a time, each carry at once. */
static uint16_t add(uint16_t sum, const uint8_t *data, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		uint32_t next = sum + (i % 2 ? data[i] : (uint32_t)data[i] << 8);

		sum = (uint16_t)((next & 0xffff) + (next >> 16));
	}
	return sum;
}

/* Of the pseudo-header of a segment of @len. */
static uint16_t pseudo_sum(const struct frame *frame, int version, size_t len)
{
	const uint8_t rest[4] = { 0, 6, (uint8_t)(len >> 8), (uint8_t)len };
	const uint8_t *ip = frame->bytes + frame->l3;
	uint16_t sum = version == 6 ? add(0, ip + 8, 32) : add(0, ip + 12, 8);

	return add(sum, rest, sizeof(rest));
}

static void put_check(struct frame *frame, uint16_t check)
{
	frame->bytes[frame->l4 + 16] = (uint8_t)(check >> 8);
	frame->bytes[frame->l4 + 17] = (uint8_t)check;
}

/* In memory of just its size, for the sanitizer. */
static bool complete(struct frame *frame)
{
	uint8_t *copy = malloc(frame->len ? frame->len : 1);
	bool completed;

	assert_non_null(copy);
	memcpy(copy, frame->bytes, frame->len);
	completed = syn_frame_complete(copy, frame->len);
	memcpy(frame->bytes, copy, frame->len);
	free(copy);
	return completed;
}

#define FIRST_FRAGMENT 0x2000

static const struct frame_spec plain[] = {
	{},
	{ .ihl = 6 },
	{ .ihl = 15, .doff = 15 },
	{ .doff = 10 },
	{ .payload = 1 },
	{ .payload = 7 },
	{ .payload = 100 },
	{ .padding = 6 },
	{ .payload = 3, .padding = 3 },
	{ .vlan = { 0x8100 } },
	{ .vlan = { 0x88a8 } },
	{ .vlan = { 0x88a8, 0x8100 }, .doff = 10 },
	{ .vlan = { 0x8100, 0x8100 }, .payload = 5 },
	{ .src = "255.255.255.255", .dst = "255.255.255.255", .sport = 0xffff, .dport = 0xffff },
	{ .fragment = 0x4000 }, /* must not be fragmented: the ordinary case */
	{ .version = 6 },
	{ .version = 6, .doff = 10 },
	{ .version = 6, .payload = 1 },
	{ .version = 6, .padding = 6 },
	{ .version = 6, .vlan = { 0x8100 } },
	{ .version = 6, .vlan = { 0x88a8, 0x8100 }, .payload = 9 },
};

static void build(struct frame *frame, const struct frame_spec *spec, uint16_t *pseudo, size_t *len)
{
	frame_build(frame, spec);
	*len = frame->len - frame->l4 - spec->padding;
	*pseudo = pseudo_sum(frame, spec->version, *len);
}

/* Then it is right, and nothing else has changed. */
static void test_partial_is_completed(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++) {
		struct frame frame, before;
		uint16_t pseudo;
		size_t len;

		build(&frame, &plain[i], &pseudo, &len);
		put_check(&frame, pseudo);
		before = frame;
		if (!complete(&frame))
			fail_msg("row %zu: not completed", i);
		assert_int_equal(add(pseudo, frame.bytes + frame.l4, len), 0xffff);
		put_check(&frame, pseudo);
		assert_memory_equal(frame.bytes, before.bytes, frame.len);
	}
}

/* A right one stays, and so does any wrong one: the stack is to judge it. */
static void test_others_stay(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++) {
		struct frame frame, before;
		uint16_t pseudo, right;
		size_t len;

		build(&frame, &plain[i], &pseudo, &len);
		put_check(&frame, 0);
		right = (uint16_t)~add(pseudo, frame.bytes + frame.l4, len);
		for (int wrong = 0; wrong < 4; wrong++) {
			const uint16_t checks[] = { right, (uint16_t)(pseudo + 1),
						    (uint16_t)~pseudo, 0 };

			put_check(&frame, checks[wrong]);
			before = frame;
			assert_false(complete(&frame));
			assert_memory_equal(frame.bytes, before.bytes, frame.len);
		}
	}
}

static void test_not_plain_tcp(void **state)
{
	static const struct frame_spec specs[] = {
		{ .protocol = 17 },
		{ .fragment = FIRST_FRAGMENT },
		{ .fragment = 1 },
		{ .ethertype = 0x0806 },
		{ .vlan = { 0x8100, 0x8100, 0x8100 } },
		{ .total_len = 39 },
		{ .total_len = 41 },
		{ .total_len = 0xffff },
		{ .version = 6, .ext = { { .kind = 60, .len = 2 } } },
		{ .version = 6, .ext = { { .kind = 0, .len = 1 } } },
		{ .version = 6, .ext = { { .kind = 44 } } },
		{ .version = 6, .protocol = 17 },
		{ .version = 6, .total_len = 19 },
		{ .version = 6, .total_len = 21 },
		{ .version = 6, .total_len = 0xffff },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(specs) / sizeof(specs[0]); i++) {
		struct frame frame, before;
		size_t len;

		frame_build(&frame, &specs[i]);
		len = specs[i].total_len ? specs[i].total_len - (specs[i].version == 6 ? 0 : 20)
					 : frame.len - frame.l4;
		put_check(&frame, pseudo_sum(&frame, specs[i].version, len));
		before = frame;
		if (complete(&frame))
			fail_msg("row %zu: completed", i);
		assert_memory_equal(frame.bytes, before.bytes, frame.len);
	}
}

/* Wherever a frame ends, nothing behind its end is read or written. */
static void test_short(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++) {
		struct frame frame, cut;
		uint16_t pseudo;
		size_t len;

		build(&frame, &plain[i], &pseudo, &len);
		put_check(&frame, pseudo);
		for (size_t to = 0; to < frame.l4 + len; to++) {
			cut = frame;
			cut.len = to;
			assert_false(complete(&cut));
			assert_memory_equal(cut.bytes, frame.bytes, to);
		}
	}
}

static uint32_t long_at(const uint8_t *data)
{
	return (uint32_t)data[0] << 24 | (uint32_t)data[1] << 16 | (uint32_t)data[2] << 8 | data[3];
}

/* In memory of just their sizes, for the sanitizer. */
static size_t reset(struct frame *reply, const struct frame *frame)
{
	uint8_t *syn = malloc(frame->len ? frame->len : 1), *made = malloc(SYN_FRAME_RESET_MAX);
	size_t len;

	assert_non_null(syn);
	assert_non_null(made);
	memcpy(syn, frame->bytes, frame->len);
	len = syn_frame_reset(made, syn, frame->len);
	assert_true(len <= SYN_FRAME_RESET_MAX);
	memset(reply, 0, sizeof(*reply));
	memcpy(reply->bytes, made, len);
	reply->len = len;
	reply->l3 = frame->l3;
	free(syn);
	free(made);
	return len;
}

/* From the other end, about all of the SYN, and right in every sum; the tags stay. */
static void check_reset(const struct frame *reply, const struct frame *frame, int version,
			size_t payload)
{
	const uint8_t *ip = reply->bytes + reply->l3, *old = frame->bytes + frame->l3;
	const uint8_t *tcp = ip + (version == 6 ? 40 : 20), *syn = frame->bytes + frame->l4;
	static const uint8_t reset_flags[] = { 0x50, TCP_RST | TCP_ACK };
	struct frame of = *reply;

	assert_memory_equal(reply->bytes, frame->bytes + 6, 6);
	assert_memory_equal(reply->bytes + 6, frame->bytes, 6);
	assert_memory_equal(reply->bytes + 12, frame->bytes + 12, frame->l3 - 12);
	if (version == 6) {
		assert_int_equal(ip[0] >> 4, 6);
		assert_int_equal(ip[4] << 8 | ip[5], 20);
		assert_int_equal(ip[6], 6);
		assert_int_equal(ip[7], 64);
		assert_memory_equal(ip + 8, old + 24, 16);
		assert_memory_equal(ip + 24, old + 8, 16);
	} else {
		assert_int_equal(ip[0], 0x45);
		assert_int_equal(ip[2] << 8 | ip[3], 40);
		assert_int_equal(ip[8], 64);
		assert_int_equal(ip[9], 6);
		assert_int_equal(add(0, ip, 20), 0xffff);
		assert_memory_equal(ip + 12, old + 16, 4);
		assert_memory_equal(ip + 16, old + 12, 4);
	}
	assert_memory_equal(tcp, syn + 2, 2);
	assert_memory_equal(tcp + 2, syn, 2);
	assert_int_equal(long_at(tcp + 4), 0);
	assert_int_equal(long_at(tcp + 8), (uint32_t)(long_at(syn + 4) + 1 + payload));
	assert_memory_equal(tcp + 12, reset_flags, 2);
	assert_ptr_equal(tcp + 20, reply->bytes + reply->len);
	assert_int_equal(add(pseudo_sum(&of, version, 20), tcp, 20), 0xffff);
}

static void test_reset(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++) {
		struct frame_spec spec = plain[i];
		struct frame frame, reply;

		spec.isn = i % 2 ? UINT32_MAX : 0x12345678;
		frame_build(&frame, &spec);
		if (!reset(&reply, &frame))
			fail_msg("row %zu: no reset", i);
		check_reset(&reply, &frame, spec.version, spec.payload);
		/* nobody answers what was sent to all */
		frame.bytes[0] |= 1;
		assert_int_equal(reset(&reply, &frame), 0);
	}
}

static void test_no_reset_for_half_a_frame(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++) {
		struct frame frame, reply;
		size_t end;

		frame_build(&frame, &plain[i]);
		end = frame.len - plain[i].padding;
		for (frame.len = 0; frame.len < end; frame.len++)
			assert_int_equal(reset(&reply, &frame), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_partial_is_completed),
		cmocka_unit_test(test_others_stay),
		cmocka_unit_test(test_not_plain_tcp),
		cmocka_unit_test(test_short),
		cmocka_unit_test(test_reset),
		cmocka_unit_test(test_no_reset_for_half_a_frame),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
