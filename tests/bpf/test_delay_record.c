// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What is handed over of a SYN that is to be held, who pays for it, and how it is met again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <sys/mman.h>

#include "delay_rig.h"
#include "waiting.h"

/* -- who pays ---------------------------------------------------------------------------------- */

#define PAYING SLOW "site-rate = 1/h\nsite-burst = 3\nsource-rate = 1/h\nsource-burst = 2\n"

/* The first time it is held; the listener's token, whenever it comes, costs them nothing more. */
static void test_held_pays_once(void **state)
{
	(void)state;
	open_common(PAYING);
	expect_passed(SYN(1), REASON_ADMITTED);
	expect_held(SYN(2), REASON_LISTENER_LIMIT);
	expect_dropped(SYN(3), REASON_SOURCE_LIMIT, UNHELD_NOT);
	for (int second = 1; second <= 60; second += 10) {
		rig_at(&rig, start_ns + second * SECOND);
		expect_held(SYN(2), REASON_LISTENER_LIMIT);
		assert_true(records[0].retransmit);
	}
	/* the last token of the site */
	expect_held(SYN(4, .src = "10.0.0.2"), REASON_LISTENER_LIMIT);
	expect_dropped(SYN(5, .src = "10.0.0.3"), REASON_SITE_LIMIT, UNHELD_NOT);
	rig_limit(&rig, 0, LEVEL_LISTENER, "unlimited", 0);
	rig_at(&rig, start_ns + 62 * SECOND);
	expect_passed(SYN(2), REASON_ADMITTED);
	expect_passed(SYN(4, .src = "10.0.0.2"), REASON_ADMITTED);
	/* nor has anything been given back */
	expect_dropped(SYN(3), REASON_SITE_LIMIT, UNHELD_NOT);
}

/* What was dropped for want of a place has not paid; nor has what the queue never got. */
static void test_refused_pays_nothing(void **state)
{
	(void)state;
	open_common(PAYING);
	expect_passed(SYN(1), REASON_ADMITTED);
	set_queue(start_ns + LEASE, 500, 1000);
	for (uint32_t isn = 2; isn < 20; isn++)
		expect_dropped(SYN(isn), REASON_LISTENER_LIMIT, UNHELD_QUEUE_FULL);
	set_queue(start_ns + LEASE, 0, 1000);
	expect_held(SYN(20), REASON_LISTENER_LIMIT);
	expect_dropped(SYN(21), REASON_SOURCE_LIMIT, UNHELD_NOT);
}

/* The ring buffer is full after the charge: what finds no room there need not pay again. */
static void test_ring_full(void **state)
{
	uint64_t before;
	struct frame frame;
	uint32_t isn;

	(void)state;
	open_common(PAYING "[prefix 10.7.0.0/16]\nsource-rate = 1000000/s\n");
	expect_passed(SYN(1), REASON_ADMITTED);
	rig_limit(&rig, 0, LEVEL_SITE, "unlimited", 0);
	before = unheld(UNHELD_RING_FULL);
	for (isn = 100; unheld(UNHELD_RING_FULL) == before; isn++) {
		assert_true(isn < 5000);
		rig_at(&rig, start_ns + isn * 20000);
		build(&frame, SYN(isn, .src = "10.7.0.1"));
		rig_run_many(&rig, &frame, 1);
	}
	assert_int_equal(rig_run(&rig, &frame).verdict, VERDICT_DROP);
	/* the source's last token */
	assert_int_equal(offer(SYN(2)).verdict, VERDICT_DROP);
	assert_int_equal(unheld(UNHELD_RING_FULL), before + 3);
	handed_over();
	expect_dropped(SYN(3), REASON_SOURCE_LIMIT, UNHELD_NOT);
	rig_at(&rig, start_ns + SECOND);
	expect_held(SYN(2), REASON_LISTENER_LIMIT);
	assert_true(records[0].retransmit);
}

/* -- what is handed over ----------------------------------------------------------------------- */

/* The record of @spec, which is held. */
static struct delay_record record_of(const struct frame_spec *spec)
{
	struct frame frame;

	build(&frame, spec);
	expect_held(spec, REASON_LISTENER_LIMIT);
	assert_int_equal(records[0].len, frame.len);
	assert_memory_equal(records[0].frame, frame.bytes, frame.len);
	return records[0];
}

static void test_record(void **state)
{
	static const struct frame_spec specs[] = {
		{ .isn = 2, .doff = 10 },
		{ .isn = 3, .vlan = { 0x8100 } },
		{ .isn = 4, .vlan = { 0x88a8, 0x8100 }, .ihl = 15 },
		{ .isn = 5, .version = 6, .vlan = { 0x8100 } },
		{ .isn = 6, .version = 6, .ext = { { .kind = 60, .len = 2 } } },
	};

	(void)state;
	open_common(SLOW);
	expect_passed(SYN(1), REASON_ADMITTED);
	for (size_t i = 0; i < sizeof(specs) / sizeof(specs[0]); i++) {
		struct delay_record first = record_of(&specs[i]), again;

		/* BPF_PROG_RUN says that it is lo */
		assert_int_equal(first.ifindex, 1);
		assert_int_equal(first.listener, 0);
		assert_int_not_equal(first.serial, 0);
		assert_false(first.retransmit);
		assert_int_equal(first.first_seen_ns, start_ns + i * 100 * SECOND);
		assert_int_equal(first.seen_ns, first.first_seen_ns);
		rig_at(&rig, start_ns + i * 100 * SECOND + 3 * SECOND);
		again = record_of(&specs[i]);
		assert_true(again.retransmit);
		assert_int_equal(again.key, first.key);
		assert_int_equal(again.seen_ns, first.seen_ns + 3 * SECOND);
		/* to a tick of the waiting table */
		assert_in_range(again.first_seen_ns,
				first.first_seen_ns - (1 << WAITING_TICK_NS_SHIFT),
				first.first_seen_ns + (1 << WAITING_TICK_NS_SHIFT));
		rig_at(&rig, start_ns + (i + 1) * 100 * SECOND);
	}
}

/* The queue is fair between what these say is one site, one source. */
static void test_site_and_source(void **state)
{
	static const struct {
		struct frame_spec one, other;
		bool same_site, same_source;
	} rows[] = {
		{ { .sport = 1000 }, { .sport = 1001 }, true, true },
		{ { .isn = 9 }, { .isn = 10, .dst = "192.0.2.7" }, true, true },
		{ { .src = "10.0.0.1" }, { .src = "10.0.0.2" }, true, false },
		{ { .src = "10.0.0.1" }, { .src = "10.0.1.1" }, false, false },
		{ { .version = 6, .src = "2001:db8::1" },
		  { .version = 6, .src = "2001:db8::2" },
		  true,
		  true },
		{ { .version = 6, .src = "2001:db8::1" },
		  { .version = 6, .src = "2001:db8:0:1::1" },
		  true,
		  false },
		{ { .version = 6, .src = "2001:db8:0::1" },
		  { .version = 6, .src = "2001:db8:1::1" },
		  false,
		  false },
		{ { .src = "10.0.0.1" }, { .version = 6, .src = "::a00:1" }, false, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct delay_record one, other;

		open_common(SLOW);
		expect_passed(SYN(1), REASON_ADMITTED);
		one = record_of(&rows[i].one);
		other = record_of(&rows[i].other);
		assert_true(one.key != other.key);
		assert_int_equal(one.site == other.site, rows[i].same_site);
		assert_int_equal(one.source == other.source, rows[i].same_source);
		assert_true(one.site != one.source);
	}
}

/* -- and what comes back ----------------------------------------------------------------------- */

static struct waiting_set *map_waiting(void)
{
	void *sets = mmap(NULL, SETS * sizeof(struct waiting_set), PROT_READ | PROT_WRITE,
			  MAP_SHARED, rig.instance.map_fd[MAP_WAITING], 0);

	assert_ptr_not_equal(sets, MAP_FAILED);
	return sets;
}

/* The frame that user space puts back passes in spite of everything, and later what its client sends
 * as the retransmit of an admitted SYN. */
static void test_released(void **state)
{
	struct waiting_table table = { .count = SETS };
	struct returns returns;

	(void)state;
	open_common(SLOW);
	table.sets = map_waiting();
	expect_passed(SYN(1), REASON_ADMITTED);
	expect_held(SYN(2), REASON_LISTENER_LIMIT);
	rig_at(&rig, start_ns + 2 * SECOND);
	returns = rig_returns(&rig);
	waiting_admit(&table, records[0].key, start_ns + 2 * SECOND, &returns);
	set_queue(start_ns + LEASE, 700, 1000);
	expect_passed(SYN(2), REASON_RELEASED);
	expect_dropped(SYN(3), REASON_LISTENER_LIMIT, UNHELD_QUEUE_FULL);
	rig_at(&rig, start_ns + 3 * SECOND);
	expect_passed(SYN(2), REASON_RETRANSMIT);
	rig_at(&rig, start_ns + 4 * SECOND);
	expect_passed(SYN(2), REASON_RETRANSMIT);
	/* native mode: the frame put back does not come by; what its client sends does */
	waiting_admit(&table, 77, start_ns + 4 * SECOND, &returns);
	set_queue(start_ns + LEASE, 0, 1000);
	expect_held(SYN(5), REASON_LISTENER_LIMIT);
	waiting_admit(&table, records[0].key, start_ns + 4 * SECOND, &returns);
	rig_at(&rig, start_ns + 5 * SECOND);
	expect_passed(SYN(5), REASON_RETRANSMIT);
	munmap(table.sets, SETS * sizeof(struct waiting_set));
}

/* A SYN that is let in before it comes again has shown nothing about its source. */
static void test_let_in_at_once_is_not_awaited(void **state)
{
	struct waiting_table table = { .count = SETS };
	struct returns returns;
	uint64_t slice;

	(void)state;
	open_common(SLOW);
	table.sets = map_waiting();
	slice = start_ns >> RETURN_SLICE_NS_SHIFT & (RETURN_SLICES - 1);
	expect_passed(SYN(1), REASON_ADMITTED);
	expect_held(SYN(2), REASON_LISTENER_LIMIT);
	expect_held(SYN(3), REASON_LISTENER_LIMIT);
	returns = rig_returns(&rig);
	assert_int_equal(returns.refused[slice], 2);
	waiting_admit(&table, records[0].key, start_ns + 2 * SECOND, &returns);
	assert_int_equal(returns.refused[slice], 1);
	/* once */
	waiting_admit(&table, records[0].key, start_ns + 2 * SECOND, &returns);
	assert_int_equal(returns.refused[slice], 1);
	munmap(table.sets, SETS * sizeof(struct waiting_set));
}

/* -- other modes ------------------------------------------------------------------------------- */

/* Everything passes, nothing is copied; counted and charged as if it were not so. */
static void test_observe(void **state)
{
	uint64_t before;
	struct outcome outcome;

	(void)state;
	open_common(PAYING);
	rig_mode(&rig, MODE_OBSERVE);
	assert_int_equal(offer(SYN(1)).verdict, VERDICT_PASS);
	outcome = offer(SYN(2));
	assert_int_equal(outcome.verdict, VERDICT_DELAY);
	assert_int_equal(outcome.action, XDP_PASS);
	assert_false(outcome.enforced);
	outcome = offer(SYN(3));
	assert_int_equal(outcome.reason, REASON_SOURCE_LIMIT);
	assert_int_equal(outcome.action, XDP_PASS);
	before = unheld(UNHELD_NO_CONSUMER);
	set_queue(0, 0, 1000);
	outcome = offer(SYN(4, .src = "10.1.0.1"));
	assert_int_equal(outcome.verdict, VERDICT_DROP);
	assert_int_equal(outcome.action, XDP_PASS);
	assert_int_equal(unheld(UNHELD_NO_CONSUMER), before + 1);
	assert_int_equal(handed_over(), 0);
	/* nor does what is not copied take anything of what copies may cost */
	rig_limit(&rig, 0, LEVEL_SITE, "unlimited", 0);
	rig_limit(&rig, 0, LEVEL_SOURCE, "unlimited", 0);
	set_queue(start_ns + LEASE, 0, 100000);
	for (uint32_t isn = 10; isn < 1500; isn++)
		assert_int_equal(offer(SYN(isn)).verdict, VERDICT_DELAY);
	assert_int_equal(handed_over(), 0);
}

static void test_other_excess_is_untouched(void **state)
{
	(void)state;
	open_common(ENFORCE "[listener m]\nports = 1883\nexcess = drop\nrate = 1/h\nburst = 1\n");
	expect_passed(SYN(1), REASON_ADMITTED);
	expect_dropped(SYN(2), REASON_LISTENER_LIMIT, UNHELD_NOT);
	set_queue(start_ns + LEASE, 7, 1000);
	expect_dropped(SYN(3), REASON_LISTENER_LIMIT, UNHELD_NOT);
	rig_limit(&rig, 0, LEVEL_LISTENER, "1000/s", 1000);
	rig_at(&rig, start_ns + SECOND);
	expect_passed(SYN(4), REASON_ADMITTED);

	open_common(ENFORCE "[listener m]\nports = 1883\nexcess = reject\nrate = 0/s\n");
	set_queue(start_ns + LEASE, 7, 1000);
	assert_int_equal(offer(SYN(5)).action, XDP_TX);
	assert_int_equal(handed_over(), 0);
}

/* What a rule decides is not held; what it limits is, behind its own limit. */
static void test_rules(void **state)
{
	(void)state;
	open_common(SLOW "[prefix 10.1.0.0/16]\naction = allow\n"
			 "[prefix 10.2.0.0/16]\naction = block\n"
			 "[prefix 10.3.0.0/16]\nsource-rate = 1/h\nsource-burst = 1\n");
	expect_passed(SYN(1), REASON_ADMITTED);
	set_queue(start_ns + LEASE, 7, 1000);
	expect_passed(SYN(2, .src = "10.1.0.1"), REASON_ALLOWED);
	expect_dropped(SYN(3, .src = "10.2.0.1"), REASON_BLOCKED, UNHELD_NOT);
	expect_held(SYN(4, .src = "10.3.0.1"), REASON_LISTENER_LIMIT);
	expect_dropped(SYN(5, .src = "10.3.0.1"), REASON_SOURCE_LIMIT, UNHELD_NOT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_held_pays_once),
		cmocka_unit_test(test_refused_pays_nothing),
		cmocka_unit_test(test_ring_full),
		cmocka_unit_test(test_record),
		cmocka_unit_test(test_site_and_source),
		cmocka_unit_test(test_released),
		cmocka_unit_test(test_let_in_at_once_is_not_awaited),
		cmocka_unit_test(test_observe),
		cmocka_unit_test(test_other_excess_is_untouched),
		cmocka_unit_test(test_rules),
	};

	return cmocka_run_group_tests(tests, NULL, close_common);
}
