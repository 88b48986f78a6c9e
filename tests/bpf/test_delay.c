// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Which SYNs are handed over to be held, and why others are not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "delay_rig.h"

/* -- who is held ------------------------------------------------------------------------------- */

/* Over a shared limit: held, and that limit has not been charged. */
static void test_over_a_shared_limit(void **state)
{
	static const struct {
		const char *ini;
		enum reason reason;
	} rows[] = {
		{ SLOW, REASON_LISTENER_LIMIT },
		{ ENFORCE "host-rate = 1/h\nhost-burst = 1\n[listener m]\nports = 1883\n"
			  "excess = delay\nrate = 1/h\nburst = 9\nreserve = 0\n",
		  REASON_HOST_LIMIT },
		{ ENFORCE "[listener m]\nports = 1883\nexcess = delay\nrate = 1/h\nburst = 9\n"
			  "reserve = 1\n",
		  REASON_RESERVED },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint64_t host, listener;

		open_common(rows[i].ini);
		expect_passed(SYN(1), REASON_ADMITTED);
		host = rig_level_word(&rig, 0);
		listener = rig_level_word(&rig, LEVELS_LISTENER);
		for (uint32_t isn = 2; isn < 6; isn++)
			expect_held(SYN(isn), rows[i].reason);
		assert_int_equal(rig_level_word(&rig, 0), host);
		assert_int_equal(rig_level_word(&rig, LEVELS_LISTENER), listener);
	}
}

/* Neither where the listener has tokens, nor where it has none. */
static void test_never_over_source_or_site(void **state)
{
	static const struct {
		const char *limit;
		enum reason reason;
	} rows[] = {
		{ "source-rate = 1/h\nsource-burst = 2\n", REASON_SOURCE_LIMIT },
		{ "site-rate = 1/h\nsite-burst = 2\n", REASON_SITE_LIMIT },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char ini[256];

		snprintf(ini, sizeof(ini), SLOW "%s", rows[i].limit);
		open_common(ini);
		expect_passed(SYN(1), REASON_ADMITTED);
		expect_held(SYN(2), REASON_LISTENER_LIMIT);
		expect_dropped(SYN(3), rows[i].reason, UNHELD_NOT);
		expect_held(SYN(4, .src = "10.1.0.1"), REASON_LISTENER_LIMIT);
		rig_limit(&rig, 0, LEVEL_LISTENER, "unlimited", 0);
		expect_dropped(SYN(5), rows[i].reason, UNHELD_NOT);
		/* nor behind others */
		set_queue(start_ns + LEASE, 5, 1000);
		expect_dropped(SYN(6), rows[i].reason, UNHELD_NOT);
	}
}

/* While any is held, the next one is, too; but not when nobody holds them any more. */
static void test_behind_a_backlog(void **state)
{
	uint64_t word;

	(void)state;
	open_common(HEAD "rate = 1000/s\n");
	expect_passed(SYN(1), REASON_ADMITTED);
	word = rig_level_word(&rig, LEVELS_LISTENER);
	set_queue(start_ns + LEASE, 1, 1000);
	expect_held(SYN(2), REASON_BEHIND);
	rig_at(&rig, start_ns + SECOND);
	expect_held(SYN(2), REASON_BEHIND);
	assert_int_equal(rig_level_word(&rig, LEVELS_LISTENER), word);
	set_queue(start_ns + SECOND, 1, 1000);
	expect_passed(SYN(3), REASON_ADMITTED);
	/* what would be behind and finds no place is refused all the same */
	set_queue(start_ns + LEASE, 500, 1000);
	expect_dropped(SYN(4), REASON_BEHIND, UNHELD_QUEUE_FULL);
}

/* Who asked first so long ago that its client has gone, most likely, is user space's to judge. */
static void test_too_old(void **state)
{
	(void)state;
	open_common(HEAD "rate = 1/s\nburst = 1\n");
	expect_passed(SYN(1), REASON_ADMITTED);
	expect_held(SYN(2), REASON_LISTENER_LIMIT);
	expect_held(SYN(3), REASON_LISTENER_LIMIT);
	set_age_max(2 * SECOND);
	rig_at(&rig, start_ns + 2 * SECOND - 10000000);
	expect_passed(SYN(2), REASON_ADMITTED);
	rig_at(&rig, start_ns + 4 * SECOND);
	expect_held(SYN(3), REASON_BEHIND);
	/* a new one is not, and nobody is if nobody would take them */
	expect_passed(SYN(4), REASON_ADMITTED);
	rig_at(&rig, start_ns + 6 * SECOND);
	set_queue(start_ns + 6 * SECOND, 0, 1000);
	set_age_max(2 * SECOND);
	expect_passed(SYN(3), REASON_ADMITTED);
}

/* A queue takes new ones until it is half full, rounded up; those that have waited always. */
static void test_half_full(void **state)
{
	static const struct {
		uint32_t length, entries;
		bool takes_new;
	} rows[] = {
		{ 0, 1, true },	     { 1, 1, false },	  { 0, 2, true },    { 1, 2, false },
		{ 1, 3, true },	     { 2, 3, false },	  { 49, 100, true }, { 50, 100, false },
		{ 100, 100, false }, { 200, 100, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		open_common(SLOW);
		expect_passed(SYN(1), REASON_ADMITTED);
		expect_held(SYN(2), REASON_LISTENER_LIMIT);
		rig_at(&rig, start_ns + SECOND);
		set_queue(start_ns + LEASE, rows[i].length, rows[i].entries);
		if (rows[i].takes_new)
			expect_held(SYN(3), REASON_LISTENER_LIMIT);
		else
			expect_dropped(SYN(3), REASON_LISTENER_LIMIT, UNHELD_QUEUE_FULL);
		expect_held(SYN(2), REASON_LISTENER_LIMIT);
	}
}

/* A copy that the network made has not waited. */
static void test_a_double_has_not_waited(void **state)
{
	(void)state;
	open_common(SLOW);
	expect_passed(SYN(1), REASON_ADMITTED);
	expect_held(SYN(2), REASON_LISTENER_LIMIT);
	assert_false(records[0].retransmit);
	rig_at(&rig, start_ns + 100 * MS);
	expect_held(SYN(2), REASON_LISTENER_LIMIT);
	assert_false(records[0].retransmit);
	set_queue(start_ns + LEASE, 500, 1000);
	expect_dropped(SYN(2), REASON_LISTENER_LIMIT, UNHELD_QUEUE_FULL);
}

/* -- who is not -------------------------------------------------------------------------------- */

static void test_nobody_takes_them(void **state)
{
	(void)state;
	open_common(SLOW);
	expect_passed(SYN(1), REASON_ADMITTED);
	set_queue(0, 0, 0);
	expect_dropped(SYN(2), REASON_LISTENER_LIMIT, UNHELD_NO_CONSUMER);
	set_queue(start_ns, 0, 1000);
	expect_dropped(SYN(2), REASON_LISTENER_LIMIT, UNHELD_NO_CONSUMER);
	set_queue(start_ns + 1, 0, 1000);
	expect_held(SYN(2), REASON_LISTENER_LIMIT);
}

static void test_frames_that_cannot_be_held(void **state)
{
	(void)state;
	open_common(SLOW);
	expect_passed(SYN(1), REASON_ADMITTED);
	/* 54 bytes of headers */
	expect_held(SYN(2, .payload = DELAY_FRAME_MAX - 54), REASON_LISTENER_LIMIT);
	assert_int_equal(records[0].len, DELAY_FRAME_MAX);
	expect_dropped(SYN(3, .payload = DELAY_FRAME_MAX - 53), REASON_LISTENER_LIMIT,
		       UNHELD_TOO_LONG);
	expect_held(SYN(4, .padding = 6), REASON_LISTENER_LIMIT);
	assert_int_equal(records[0].len, 60);
	rig.instance.control->vlan_hidden = 1;
	expect_dropped(SYN(5), REASON_LISTENER_LIMIT, UNHELD_VLAN_HIDDEN);
}

/* A thousand copies at once, 50 000 a second. */
static void test_budget_of_copies(void **state)
{
	unsigned int held = 0;

	(void)state;
	open_common(HEAD "rate = 0/s\n");
	expect_held(SYN(5000), REASON_LISTENER_LIMIT);
	start_ns += SECOND;
	rig_at(&rig, start_ns);
	handed_over();
	for (uint32_t isn = 1; isn <= 600; isn++)
		held += offer(SYN(isn)).verdict == VERDICT_DELAY;
	assert_int_equal(handed_over(), held);
	assert_in_range(held, 500, 501);
	expect_dropped(SYN(2000), REASON_LISTENER_LIMIT, UNHELD_OVER_BUDGET);
	/* there is something left for those who have waited */
	expect_held(SYN(5000), REASON_LISTENER_LIMIT);
	rig_at(&rig, start_ns + 20000 * 11);
	for (uint32_t isn = 3001; isn <= 3010; isn++)
		expect_held(SYN(isn), REASON_LISTENER_LIMIT);
	expect_dropped(SYN(3011), REASON_LISTENER_LIMIT, UNHELD_OVER_BUDGET);
}

/* A herd comes all at once: as much of it is held as a tenth of the table remembers. */
static void test_herd_with_a_small_table(void **state)
{
	const uint32_t slots = 64 * WAITING_WAYS;
	unsigned int held = 0;

	(void)state;
	close_rig();
	rig_open_remembering(&rig, SLOW, 64, config_look_period_ns(slots));
	ring = ring_buffer__new(rig.instance.map_fd[MAP_DELAYS], take, NULL, NULL);
	set_queue(2 * HOUR, 0, 1000);
	for (uint32_t isn = 1; isn < 200; isn++)
		held += offer(SYN(isn)).verdict == VERDICT_DELAY;
	assert_in_range(held, slots / 10 - 1, slots / 10 + 1);
	close_rig();
}

/* Nobody could tell its retransmit from a new one: it would pay again, and be held twice. */
static void test_not_remembered_not_held(void **state)
{
	(void)state;
	close_rig();
	rig_open_remembering(&rig, SLOW, 64, SECOND);
	ring = ring_buffer__new(rig.instance.map_fd[MAP_DELAYS], take, NULL, NULL);
	set_queue(2 * HOUR, 0, 1000);
	expect_passed(SYN(1), REASON_ADMITTED);
	expect_dropped(SYN(2), REASON_LISTENER_LIMIT, UNHELD_OVER_BUDGET);
	rig_at(&rig, HOUR + SECOND);
	expect_held(SYN(2), REASON_LISTENER_LIMIT);
	close_rig();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_over_a_shared_limit),
		cmocka_unit_test(test_never_over_source_or_site),
		cmocka_unit_test(test_behind_a_backlog),
		cmocka_unit_test(test_too_old),
		cmocka_unit_test(test_half_full),
		cmocka_unit_test(test_a_double_has_not_waited),
		cmocka_unit_test(test_nobody_takes_them),
		cmocka_unit_test(test_frames_that_cannot_be_held),
		cmocka_unit_test(test_budget_of_copies),
		/* with tables of their own */
		cmocka_unit_test(test_herd_with_a_small_table),
		cmocka_unit_test(test_not_remembered_not_held),
	};

	return cmocka_run_group_tests(tests, NULL, close_common);
}
