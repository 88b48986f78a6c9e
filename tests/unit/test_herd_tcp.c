// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The small TCP of herd: SYNs to the nanosecond, and a connection against scripted segments. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <endian.h>
#include <errno.h>
#include <string.h>

#include "herd/tcp.h"

#define MS 1000000ULL
#define BEGIN_NS 5000000000ULL
#define ISS 0xfffffff0U /* wraps within the tests */
#define PEER 0x7ffffffaU

static struct tcp tcp;
static struct segment out;

static void fresh(const char *stack, uint32_t random)
{
	tcp = (struct tcp){
		.stack = tcp_stack_find(stack),
		.local = { .lo = htobe64(0xffff0a400001ULL) },
		.remote = { .lo = htobe64(0xffff0a090002ULL) },
		.local_port = 50000,
		.remote_port = 1883,
	};
	assert_non_null(tcp.stack);
	tcp_connect(&tcp, ISS, random, BEGIN_NS, &out);
	assert_int_equal(out.flags, SEGMENT_SYN);
	assert_int_equal(out.seq, ISS);
	assert_int_equal(out.mss, 1460);
	assert_int_equal(out.to_port, 1883);
}

static struct segment from_peer(uint8_t flags, uint32_t seq, uint32_t ack, const char *data)
{
	return (struct segment){ .from = tcp.remote,
				 .to = tcp.local,
				 .from_port = 1883,
				 .to_port = 50000,
				 .flags = flags,
				 .seq = seq,
				 .ack = ack,
				 .data = (const uint8_t *)data,
				 .len = (uint16_t)strlen(data) };
}

static enum tcp_event say(uint8_t flags, uint32_t seq, uint32_t ack, const char *data)
{
	struct segment in = from_peer(flags, seq, ack, data);

	return tcp_input(&tcp, &in, BEGIN_NS + MS, &out);
}

static void establish(void)
{
	fresh("lwip", 0);
	assert_int_equal(say(SEGMENT_SYN | SEGMENT_ACK, PEER, ISS + 1, ""), TCP_CONNECTED);
	assert_int_equal(out.flags, SEGMENT_ACK);
	assert_int_equal(out.seq, ISS + 1);
	assert_int_equal(out.ack, PEER + 1);
	assert_true(tcp.due_ns == UINT64_MAX);
}

/* clang-format off */
static const struct {
	const char *stack;
	uint32_t random;
	uint32_t ms[TCP_STACK_SYNS_MAX + 1]; /* the SYNs after the first, then the end of connect() */
} schedules[] = {
	{ "linux-old", 9, { 1000, 3000, 7000, 15000, 31000, 63000, 127000 } },
	{ "linux-new", 9, { 1000, 2000, 3000, 4000, 5000, 7000, 11000, 19000, 35000, 67000, 131000 } },
	{ "lwip", 9, { 3000, 6000, 9000, 12000, 15000, 18000, 18500 } },
	{ "esp-idf", 9, { 3000, 6000, 9000, 10000 } },
	{ "freertos", 9, { 3000, 9000, 20000 } },
	{ "zephyr", 0, { 200, 600, 1400, 3000 } },
	{ "zephyr", 64, { 250, 750, 1750, 3000 } },
	{ "windows-7", 9, { 3000, 9000, 21000 } },
};
/* clang-format on */

static void syns_at_their_times(void **state)
{
	(void)state;
	for (size_t row = 0; row < sizeof(schedules) / sizeof(schedules[0]); row++) {
		const uint32_t *ms = schedules[row].ms;

		fresh(schedules[row].stack, schedules[row].random);
		for (; ms[1]; ms++) {
			assert_true(tcp.due_ns == BEGIN_NS + *ms * MS);
			assert_int_equal(tcp_expire(&tcp, tcp.due_ns - 1, &out), TCP_NOTHING);
			assert_int_equal(out.flags, 0);
			assert_int_equal(tcp_expire(&tcp, tcp.due_ns, &out), TCP_NOTHING);
			assert_int_equal(out.flags, SEGMENT_SYN);
			assert_int_equal(out.seq, ISS); /* the same, or weir would see a new one */
		}
		assert_true(tcp.due_ns == BEGIN_NS + *ms * MS);
		assert_int_equal(tcp_expire(&tcp, tcp.due_ns, &out), TCP_GAVE_UP);
		assert_int_equal(out.flags, 0);
		assert_int_equal(tcp.state, TCP_STATE_CLOSED);
	}
}

static void late_timers_do_not_shift_the_schedule(void **state)
{
	(void)state;
	fresh("lwip", 0);
	tcp_expire(&tcp, BEGIN_NS + 3400 * MS, &out);
	assert_true(tcp.due_ns == BEGIN_NS + 6000 * MS);
}

static void every_stack_is_whole(void **state)
{
	(void)state;
	for (const struct tcp_stack *stack = tcp_stacks; stack->name; stack++) {
		assert_in_range(stack->syns, 1, TCP_STACK_SYNS_MAX);
		for (unsigned int i = 0; i < stack->syns; i++)
			assert_true(tcp_stack_syn_ns(stack, i, UINT32_MAX) <
				    tcp_stack_syn_ns(stack, i + 1, UINT32_MAX));
		assert_ptr_equal(tcp_stack_find(stack->name), stack);
	}
	assert_null(tcp_stack_find("linux"));
}

static void data_and_an_orderly_end(void **state)
{
	const uint8_t hello[] = "connect";

	(void)state;
	establish();
	assert_int_equal(tcp_send(&tcp, hello, 7, BEGIN_NS, &out), 0);
	assert_int_equal(out.flags, SEGMENT_ACK | SEGMENT_PSH);
	assert_int_equal(out.seq, ISS + 1);
	assert_int_equal(out.len, 7);
	assert_int_equal(say(SEGMENT_ACK, PEER + 1, ISS + 8, ""), TCP_NOTHING);
	assert_int_equal(tcp.unacked_len, 0);
	assert_true(tcp.due_ns == UINT64_MAX);
	assert_int_equal(out.flags, 0);
	assert_int_equal(say(SEGMENT_ACK, PEER + 1, ISS + 8, "back"), TCP_DATA);
	assert_int_equal(tcp.data_len, 4);
	assert_int_equal(out.flags, SEGMENT_ACK);
	assert_int_equal(out.ack, PEER + 5);

	tcp_finish(&tcp, BEGIN_NS, &out);
	assert_int_equal(out.flags, SEGMENT_FIN | SEGMENT_ACK);
	assert_int_equal(out.seq, ISS + 8);
	assert_int_equal(say(SEGMENT_ACK, PEER + 5, ISS + 9, ""), TCP_NOTHING);
	assert_int_equal(say(SEGMENT_FIN | SEGMENT_ACK, PEER + 5, ISS + 9, ""), TCP_OVER);
	assert_int_equal(out.flags, SEGMENT_ACK);
	assert_int_equal(out.ack, PEER + 6);
	assert_int_equal(tcp.state, TCP_STATE_CLOSED);
}

static void the_peer_may_finish_first(void **state)
{
	(void)state;
	establish();
	assert_int_equal(say(SEGMENT_FIN | SEGMENT_ACK, PEER + 1, ISS + 1, "bye"), TCP_DATA);
	assert_true(tcp.peer_finished);
	assert_int_equal(out.ack, PEER + 5);
	tcp_finish(&tcp, BEGIN_NS, &out);
	assert_int_equal(out.flags, SEGMENT_FIN | SEGMENT_ACK);
	assert_int_equal(say(SEGMENT_ACK, PEER + 5, ISS + 2, ""), TCP_OVER);
}

static void repeats_gaps_and_overlaps(void **state)
{
	(void)state;
	establish();
	assert_int_equal(say(SEGMENT_ACK, PEER + 4, ISS + 1, "late"), TCP_NOTHING);
	assert_int_equal(out.ack, PEER + 1); /* says what is missing */
	assert_int_equal(say(SEGMENT_ACK, PEER + 1, ISS + 1, "abc"), TCP_DATA);
	assert_int_equal(say(SEGMENT_ACK, PEER + 1, ISS + 1, "abc"), TCP_NOTHING);
	assert_int_equal(out.ack, PEER + 4);
	assert_int_equal(say(SEGMENT_ACK, PEER + 2, ISS + 1, "bcde"), TCP_DATA);
	assert_int_equal(tcp.data_len, 2);
	assert_memory_equal(tcp.data, "de", 2);
	/* the SYN-ACK again: the handshake's ACK was lost */
	assert_int_equal(say(SEGMENT_SYN | SEGMENT_ACK, PEER, ISS + 1, ""), TCP_NOTHING);
	assert_int_equal(out.flags, SEGMENT_ACK);
	assert_int_equal(out.ack, PEER + 6);
}

static void unanswered_data_comes_again(void **state)
{
	const uint8_t data[] = "x";
	unsigned int sent = 0;
	uint64_t now_ns = BEGIN_NS, last_ns = BEGIN_NS;

	(void)state;
	establish();
	tcp_send(&tcp, data, 1, BEGIN_NS, &out);
	assert_true(tcp.due_ns == BEGIN_NS + 1000 * MS);
	for (now_ns = tcp.due_ns; tcp_expire(&tcp, now_ns, &out) == TCP_NOTHING;
	     now_ns = tcp.due_ns) {
		assert_int_equal(out.seq, ISS + 1);
		assert_int_equal(out.len, 1);
		assert_true(tcp.due_ns - now_ns == 2 * (now_ns - last_ns));
		last_ns = now_ns;
		sent++;
	}
	assert_int_equal(sent, 6);
	assert_true(now_ns == BEGIN_NS + 127000 * MS);
	assert_int_equal(tcp.state, TCP_STATE_CLOSED);
}

static void long_data_goes_in_segments(void **state)
{
	static uint8_t data[1300];
	struct segment answer;

	(void)state;
	fresh("lwip", 0);
	answer = from_peer(SEGMENT_SYN | SEGMENT_ACK, PEER, ISS + 1, "");
	answer.mss = 600;
	assert_int_equal(tcp_input(&tcp, &answer, BEGIN_NS, &out), TCP_CONNECTED);
	tcp_send(&tcp, data, sizeof(data), BEGIN_NS, &out);
	assert_int_equal(out.len, 600);
	tcp_finish(&tcp, BEGIN_NS, &out);
	assert_int_equal(out.flags, 0);		       /* behind the data */
	say(SEGMENT_ACK, PEER + 1, ISS + 1 + 100, ""); /* a part of the first */
	assert_int_equal(out.flags, 0);
	assert_true(tcp.due_ns != UINT64_MAX);
	say(SEGMENT_ACK, PEER + 1, ISS + 1 + 600, "");
	assert_int_equal(out.len, 600);
	assert_ptr_equal(out.data, data + 600);
	assert_int_equal(out.flags, SEGMENT_ACK);
	say(SEGMENT_ACK, PEER + 1, ISS + 1 + 1200, "");
	assert_int_equal(out.len, 100);
	assert_int_equal(out.flags, SEGMENT_ACK | SEGMENT_PSH | SEGMENT_FIN);
	say(SEGMENT_ACK, PEER + 1, ISS + 1 + 1301, "");
	assert_int_equal(out.flags, 0);
	assert_true(tcp.fin_acked);
}

static void more_data_joins_what_is_on_its_way(void **state)
{
	uint8_t here[] = "one two", there[] = "one two", rest[] = "e two";

	(void)state;
	establish();
	assert_int_equal(tcp_send(&tcp, here, 3, BEGIN_NS, &out), 0);
	assert_int_equal(out.len, 3);
	assert_int_equal(tcp_send(&tcp, there, 7, BEGIN_NS, &out), 0);
	assert_int_equal(out.flags, 0);
	memset(here, 0, sizeof(here)); /* no longer the caller's promise */
	say(SEGMENT_ACK, PEER + 1, ISS + 3, "");
	assert_int_equal(tcp.unacked_len, 5);
	assert_int_equal(tcp_send(&tcp, rest, 5, BEGIN_NS, &out), 0);
	assert_int_equal(out.flags, 0);
	say(SEGMENT_ACK, PEER + 1, ISS + 4, "");
	assert_int_equal(out.len, 4);
	assert_true(out.seq == ISS + 4);
	assert_memory_equal(out.data, " two", 4);
	say(SEGMENT_ACK, PEER + 1, ISS + 8, "");
	assert_int_equal(tcp.unacked_len, 0);
	tcp_finish(&tcp, BEGIN_NS, &out);
	assert_int_equal(tcp_send(&tcp, rest, 5, BEGIN_NS, &out), -ENOTCONN);
}

static void resets(void **state)
{
	(void)state;
	fresh("lwip", 0);
	assert_int_equal(say(SEGMENT_RST | SEGMENT_ACK, 0, ISS + 2, ""), TCP_NOTHING);
	assert_int_equal(say(SEGMENT_RST, 0, 0, ""), TCP_NOTHING);
	assert_int_equal(tcp.state, TCP_STATE_SYN_SENT);
	assert_int_equal(say(SEGMENT_RST | SEGMENT_ACK, 0, ISS + 1, ""), TCP_REFUSED);
	assert_int_equal(tcp.state, TCP_STATE_CLOSED);

	establish();
	assert_int_equal(say(SEGMENT_RST, PEER + 2, 0, ""), TCP_NOTHING);
	assert_int_equal(say(SEGMENT_RST, PEER + 1, 0, ""), TCP_RESET);
	assert_int_equal(out.flags, 0);

	establish();
	tcp_abort(&tcp, &out);
	assert_int_equal(out.flags, SEGMENT_RST | SEGMENT_ACK);
	assert_int_equal(out.seq, ISS + 1);
	assert_int_equal(out.ack, PEER + 1);

	fresh("lwip", 0);
	tcp_abort(&tcp, &out);
	assert_int_equal(out.flags, 0);
	/* a SYN-ACK for a connection that is no more */
	assert_int_equal(say(SEGMENT_SYN | SEGMENT_ACK, PEER, ISS + 1, ""), TCP_NOTHING);
	assert_int_equal(out.flags, SEGMENT_RST);
	assert_int_equal(out.seq, ISS + 1);
	/* an ACK for another one while a SYN is out (RFC 9293, section 3.10.7.3) */
	fresh("lwip", 0);
	assert_int_equal(say(SEGMENT_ACK, PEER, 77, ""), TCP_NOTHING);
	assert_int_equal(out.flags, SEGMENT_RST);
	assert_int_equal(out.seq, 77);
}

static void windows_tries_again_after_a_rst(void **state)
{
	uint64_t refused_ns = BEGIN_NS + MS;

	(void)state;
	fresh("windows-7", 0);
	for (unsigned int i = 0; i < 3; i++) {
		struct segment rst = from_peer(SEGMENT_RST | SEGMENT_ACK, 0, ISS + 1, "");

		assert_int_equal(tcp_input(&tcp, &rst, refused_ns, &out), TCP_NOTHING);
		assert_true(tcp.due_ns == refused_ns + 3000 * MS);
		assert_int_equal(tcp_expire(&tcp, tcp.due_ns, &out), TCP_NOTHING);
		assert_int_equal(out.flags, SEGMENT_SYN);
		refused_ns += 3001 * MS;
	}
	assert_int_equal(say(SEGMENT_RST | SEGMENT_ACK, 0, ISS + 1, ""), TCP_REFUSED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(syns_at_their_times),
		cmocka_unit_test(late_timers_do_not_shift_the_schedule),
		cmocka_unit_test(every_stack_is_whole),
		cmocka_unit_test(data_and_an_orderly_end),
		cmocka_unit_test(the_peer_may_finish_first),
		cmocka_unit_test(repeats_gaps_and_overlaps),
		cmocka_unit_test(unanswered_data_comes_again),
		cmocka_unit_test(long_data_goes_in_segments),
		cmocka_unit_test(more_data_joins_what_is_on_its_way),
		cmocka_unit_test(resets),
		cmocka_unit_test(windows_tries_again_after_a_rst),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
