// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* A window in the packet path: who is refused by it and by which reason, and that none is charged
 * when another level refuses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "delay_rig.h"

#define DROPS ENFORCE "[listener m]\nports = 1883\nexcess = drop\nwindow = auto\n"
#define HOLDS HEAD "window = auto\n"

static uint32_t serial(void)
{
	static struct policy policy;

	assert_int_equal(instance_policy(&rig.instance, &policy), 0);
	return policy.listeners[0].serial;
}

static void set_window(uint64_t lease_until_ns, int64_t credits, struct window_state state)
{
	uint32_t id = 0;

	state.lease_until_ns = lease_until_ns;
	state.serial = serial();
	state.window = 100;
	state.credits = credits;
	assert_int_equal(bpf_map_update_elem(rig.instance.map_fd[MAP_WINDOWS], &id, &state, 0), 0);
}

static int64_t credits(void)
{
	struct window_state state;
	uint32_t id = 0;

	assert_int_equal(bpf_map_lookup_elem(rig.instance.map_fd[MAP_WINDOWS], &id, &state), 0);
	return state.credits;
}

#define NO_MORE               \
	(struct window_state) \
	{                     \
		0             \
	}

static void test_credits_are_taken(void **state)
{
	(void)state;
	open_common(DROPS "reserve = 0\n");
	set_window(start_ns + LEASE, 3, NO_MORE);
	for (uint32_t isn = 1; isn <= 3; isn++)
		expect_passed(SYN(isn), REASON_ADMITTED);
	expect_dropped(SYN(4), REASON_WINDOW, UNHELD_NOT);
	assert_int_equal(credits(), 0);
	/* its retransmit is not charged again */
	rig_at(&rig, start_ns + SECOND);
	expect_passed(SYN(1), REASON_RETRANSMIT);
	assert_int_equal(credits(), 0);
}

static void test_order_of_reasons(void **state)
{
	(void)state;
	open_common(ENFORCE "host-rate = 1/h\nhost-burst = 1\n[listener m]\nports = 1883\n"
			    "excess = drop\nwindow = auto\nreserve = 0\nrate = 1/h\nburst = 1\n");
	set_window(start_ns + LEASE, 0, NO_MORE);
	expect_dropped(SYN(1), REASON_WINDOW, UNHELD_NOT);
	set_window(start_ns + LEASE, 1, NO_MORE);
	expect_passed(SYN(2), REASON_ADMITTED);
	expect_dropped(SYN(3), REASON_HOST_LIMIT, UNHELD_NOT);
	open_common(DROPS "reserve = 0\nrate = 1/h\nburst = 1\n");
	set_window(start_ns + LEASE, 1, NO_MORE);
	expect_passed(SYN(4), REASON_ADMITTED);
	expect_dropped(SYN(5), REASON_WINDOW, UNHELD_NOT);
	set_window(start_ns + LEASE, 1, NO_MORE);
	expect_dropped(SYN(6), REASON_LISTENER_LIMIT, UNHELD_NOT);
	assert_int_equal(credits(), 1);
}

static void test_no_level_is_charged_when_another_refuses(void **state)
{
	(void)state;
	open_common(DROPS "reserve = 0\nsource-rate = 1/h\nsource-burst = 1\n");
	set_window(start_ns + LEASE, 5, NO_MORE);
	expect_passed(SYN(1), REASON_ADMITTED);
	expect_dropped(SYN(2), REASON_SOURCE_LIMIT, UNHELD_NOT);
	assert_int_equal(credits(), 4);
}

/* Held, not charged: that is done when it is let in. Those that come then stay behind. */
static void test_held(void **state)
{
	(void)state;
	open_common(HOLDS);
	set_window(start_ns + LEASE, 1, NO_MORE);
	expect_passed(SYN(1), REASON_ADMITTED);
	expect_held(SYN(2), REASON_WINDOW);
	assert_int_equal(credits(), 0);
	set_window(start_ns + LEASE, 9, NO_MORE);
	set_queue(start_ns + LEASE, 1, 1000);
	expect_held(SYN(3), REASON_BEHIND);
	assert_int_equal(credits(), 9);
}

/* Without a lease it is the fallback rate: the one that is said, else the one that was learned, and
 * with neither there is no limit. */
static void test_without_a_lease(void **state)
{
	static const struct {
		const char *ini;
		uint64_t learned_ns;
		unsigned int passes;
	} rows[] = {
		{ DROPS "reserve = 0\nfallback-rate = 5/s\n", SECOND / 50, 6 },
		{ DROPS "reserve = 0\n", SECOND / 3, 4 },
		{ DROPS "reserve = 0\n", 0, 20 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		unsigned int passed = 0;

		open_common(rows[i].ini);
		set_window(start_ns, 0,
			   (struct window_state){ .fallback_period_ns = rows[i].learned_ns });
		for (uint32_t isn = 1; isn <= 20; isn++) {
			struct outcome outcome = offer(SYN(isn));

			passed += outcome.action == XDP_PASS;
			if (outcome.action != XDP_PASS)
				assert_int_equal(outcome.reason, REASON_WINDOW);
		}
		assert_int_equal(passed, rows[i].passes);
	}
}

/* The larger of the law's reserve and the kernel's is in force. */
static void test_reserve_of_the_law(void **state)
{
	(void)state;
	open_common(DROPS);
	set_window(start_ns + LEASE, 60, (struct window_state){ .reserve = RESERVE_ALL / 2 });
	expect_passed(SYN(1), REASON_ADMITTED);
	set_window(start_ns + LEASE, 50, (struct window_state){ .reserve = RESERVE_ALL / 2 });
	expect_dropped(SYN(2), REASON_RESERVED, UNHELD_NOT);
	rig_at(&rig, start_ns + SECOND);
	expect_passed(SYN(2), REASON_ADMITTED);
	assert_int_equal(credits(), 49);
}

/* What has no window does not ask for one. */
static void test_off(void **state)
{
	(void)state;
	open_common(ENFORCE "[listener m]\nports = 1883\nexcess = drop\n");
	set_window(start_ns + LEASE, 0, NO_MORE);
	expect_passed(SYN(1), REASON_ADMITTED);
	assert_int_equal(credits(), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_credits_are_taken),
		cmocka_unit_test(test_order_of_reasons),
		cmocka_unit_test(test_no_level_is_charged_when_another_refuses),
		cmocka_unit_test(test_held),
		cmocka_unit_test(test_without_a_lease),
		cmocka_unit_test(test_reserve_of_the_law),
		cmocka_unit_test(test_off),
	};

	return cmocka_run_group_tests(tests, NULL, close_common);
}
