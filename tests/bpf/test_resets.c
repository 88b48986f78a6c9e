// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* A client that had given up answers with a RST: its entry in the waiting table is marked. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <linux/bpf.h>
#include <bpf/bpf.h>

#include "rig.h"

#define SETS 4096

static struct rig rig;

static enum reason syn(uint32_t isn)
{
	return rig_reason(&rig, &(struct frame_spec){ .isn = isn });
}

/* How many entries of the table have all of @marks. */
static unsigned int marked(uint64_t marks)
{
	unsigned int count = 0;
	struct waiting_set set;

	for (uint32_t i = 0; i < SETS; i++) {
		assert_int_equal(bpf_map_lookup_elem(rig.instance.map_fd[MAP_WAITING], &i, &set),
				 0);
		for (int way = 0; way < WAITING_WAYS; way++)
			count += (set.entry[way] & marks) == marks;
	}
	return count;
}

/* The RST of a client that had given up has the number after its SYN's; those of a connection that
 * ends have others, and to other ports they are nobody's business. */
static void test_reset_by_the_client(void **state)
{
	static const struct frame_spec others[] = {
		{ .isn = 500, .flags = TCP_RST },
		{ .isn = 502, .flags = TCP_RST },
		{ .isn = 501, .flags = TCP_RST, .sport = 7 },
		{ .isn = 501, .flags = TCP_RST, .dport = 80 },
		{ .isn = 501, .flags = TCP_ACK },
		{ .isn = 501, .flags = TCP_FIN | TCP_ACK },
		{ .isn = 601, .flags = TCP_RST }, /* refused */
	};

	(void)state;
	rig_open_remembering(&rig,
			     "[weir]\nmode = enforce\nsources = 65\n"
			     "[listener m]\nports = 1883\nrate = 1/h\nburst = 1\n",
			     SETS, 1);
	assert_int_equal(syn(500), REASON_ADMITTED);
	assert_int_equal(syn(600), REASON_LISTENER_LIMIT);
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		rig_reason(&rig, &others[i]);
	assert_int_equal(marked(WAITING_WAS_RESET), 0);
	assert_int_equal(rig_reason(&rig, &(struct frame_spec){ .isn = 501, .flags = TCP_RST }),
			 REASON_NOT_SYN);
	assert_int_equal(marked(WAITING_WAS_RESET | WAITING_WAS_ADMITTED), 1);
	assert_int_equal(marked(WAITING_WAS_RESET), 1);
	rig_close(&rig);
}

static uint64_t tick_of_reset(void)
{
	struct waiting_set set;

	for (uint32_t i = 0; i < SETS; i++) {
		assert_int_equal(bpf_map_lookup_elem(rig.instance.map_fd[MAP_WAITING], &i, &set),
				 0);
		for (int way = 0; way < WAITING_WAYS; way++)
			if (set.entry[way] & WAITING_WAS_RESET)
				return set.entry[way] >> WAITING_TICK_SHIFT & WAITING_TICK_MASK;
	}
	fail_msg("there is none");
	return 0;
}

/* When it did, by its first. */
static void test_time_of_the_reset(void **state)
{
	const uint64_t start_ns = 1000000000000ULL;

	(void)state;
	rig_open_remembering(&rig,
			     "[weir]\nmode = enforce\nsources = 65\n"
			     "[listener m]\nports = 1883\nrate = 1/h\nburst = 1\n",
			     SETS, 1);
	rig_at(&rig, start_ns);
	assert_int_equal(syn(500), REASON_ADMITTED);
	for (uint64_t after_ns = 700000000; after_ns < 2000000000; after_ns += 500000000) {
		rig_at(&rig, start_ns + after_ns);
		rig_reason(&rig, &(struct frame_spec){ .isn = 501, .flags = TCP_RST });
		assert_int_equal(tick_of_reset(), (start_ns + 700000000) >> WAITING_TICK_NS_SHIFT);
	}
	rig_close(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reset_by_the_client),
		cmocka_unit_test(test_time_of_the_reset),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
