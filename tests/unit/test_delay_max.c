// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The law of delay-max = auto, by releases made by hand; test_queue_storm has it among clients. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "delaying.h"

static uint64_t after(uint64_t held_ns, uint32_t well, uint32_t failed, uint64_t now_ns)
{
	delay_max_note(&law, held_ns, held_ns, well, DELAY_WELL);
	delay_max_note(&law, held_ns, held_ns, failed, DELAY_FAILED);
	return update(now_ns);
}

static void test_starts_at_half_a_second(void **state)
{
	(void)state;
	assert_true(update(START) == 500 * MS);
	assert_true(update(START + 3600 * SEC) == 500 * MS);
}

static void test_grows_by_proof_only(void **state)
{
	(void)state;
	assert_true(after(249 * MS, 10000, 0, START + SEC) == 500 * MS);
	assert_true(after(250 * MS, 1, 0, START + SEC) == SEC);
	/* what proved the half proves nothing of the whole */
	assert_true(after(499 * MS, 10000, 0, START + SEC) == SEC);
	assert_true(after(500 * MS, 1, 0, START + SEC) == 2 * SEC);
	/* nor do a few */
	assert_true(after(SEC, 7, 0, START + SEC) == 2 * SEC);
	assert_true(after(SEC, 1, 0, START + SEC) == 4 * SEC);
}

static void test_by_share_of_failures(void **state)
{
	static const struct {
		uint32_t well, failed;
		uint64_t expected_ns;
	} rows[] = {
		{ 99, 1, SEC },	     { 197, 3, SEC },	  { 98, 2, 500 * MS }, { 95, 5, 500 * MS },
		{ 94, 6, 350 * MS }, { 0, 3, 350 * MS },  { 0, 2, 500 * MS },  { 5, 2, 500 * MS },
		{ 57, 3, 500 * MS }, { 56, 3, 350 * MS },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		start(state);
		assert_true(after(400 * MS, rows[i].well, rows[i].failed, START + SEC) ==
			    rows[i].expected_ns);
	}
}

/* What was released before it shrank comes back failed for a while. */
static void test_late_failures_shrink_once(void **state)
{
	(void)state;
	assert_true(after(500 * MS, 0, 100, START + SEC) == 437500000);
	assert_true(after(438 * MS, 0, 100, START + SEC + 10 * MS) == 437500000);
	/* the shortest of them says how far */
	delay_max_note(&law, 320 * MS, 320 * MS, 1, DELAY_FAILED);
	assert_true(after(400 * MS, 0, 100, START + SEC + 20 * MS) == 280 * MS);
	assert_true(after(145 * MS, 0, 100, START + SEC + 30 * MS) == 126875000);
	assert_true(after(70 * MS, 0, 100, START + SEC + 40 * MS) == 100 * MS);
}

/* One that was noted as gone well at first is one of those, not one more. */
static void test_failed_after_all(void **state)
{
	(void)state;
	delay_max_note(&law, 400 * MS, 400 * MS, 57, DELAY_WELL);
	delay_max_note(&law, 400 * MS, 400 * MS, 2, DELAY_FAILED_AFTER_ALL);
	assert_true(update(START + SEC) == 500 * MS);
	delay_max_note(&law, 400 * MS, 400 * MS, 1, DELAY_FAILED_AFTER_ALL);
	assert_true(update(START + SEC) == 350 * MS);
}

static void test_bounds(void **state)
{
	uint64_t delay_ns = 500 * MS, now_ns = START;

	(void)state;
	for (int i = 0; i < 20; i++)
		delay_ns = after(delay_ns, 100, 0, ++now_ns);
	assert_true(delay_ns == 60 * SEC);
	for (int i = 0; i < 60; i++)
		delay_ns = after(delay_ns, 0, 100, ++now_ns);
	assert_true(delay_ns == 100 * MS);
}

/* After it was too long once, for no known reason: an eighth at a time, each after it was in force and
 * used up. */
static void test_grows_carefully_after_it_was_too_long(void **state)
{
	uint64_t now_ns = START + SEC;

	(void)state;
	assert_true(after(500 * MS, 500, 0, now_ns) == SEC);
	assert_true(after(SEC, 500, 0, now_ns) == 2 * SEC);
	assert_true(after(900 * MS, 90, 10, now_ns) == SEC);
	assert_true(after(SEC, 100, 0, now_ns + SEC - 1) == SEC);
	assert_true(after(SEC, 100, 0, now_ns + SEC) == 1125 * MS);
	now_ns += SEC;
	assert_true(after(900 * MS, 1000, 0, now_ns + 2 * SEC) == 1125 * MS);
	assert_true(after(1000 * MS, 1, 0, now_ns + 2 * SEC) == 1265625000);
	now_ns += 2 * SEC;
	assert_true(after(1265 * MS, 49, 0, now_ns + 2 * SEC) == 1265625000);
	assert_true(after(1265 * MS, 1, 0, now_ns + 2 * SEC) == 1423828125);
}

/* Clients that wait for five seconds: it does not try again what they do not wait for. */
static void test_stays_below_what_failed(void **state)
{
	uint64_t now_ns = START + SEC;

	(void)state;
	for (uint64_t held_ns = 500 * MS; held_ns < 8 * SEC; held_ns *= 2)
		after(held_ns, 500, 0, now_ns);
	delay_max_note(&law, 3 * SEC, 3 * SEC, 5, DELAY_FAILED); /* gave up for another reason */
	delay_max_note(&law, 6 * SEC, 6 * SEC, 5, DELAY_FAILED);
	assert_true(after(4800 * MS, 100, 20, now_ns) == 4200 * MS);
	assert_true(delay_max_age_ns(&law, now_ns) == UINT64_MAX);
	now_ns += 50 * SEC;
	assert_true(after(4200 * MS, 400, 0, now_ns) == 4200 * MS);
	/* a minute later they may be others */
	now_ns = START + 61 * SEC;
	assert_true(after(4200 * MS, 100, 0, now_ns) == 8400 * MS);
}

static void late(uint64_t age_ns, uint32_t count, enum delay_outcome outcome)
{
	delay_max_note(&law, 200 * MS, age_ns, count, outcome);
	update(START);
}

/* Whoever comes again later than delay-max, and waits for a term of its own. */
static void test_failures_of_late_ones(void **state)
{
	const uint64_t age_max_ns = 4500 * MS - 4500 * MS / 8;

	(void)state;
	late(1000 * MS, 1, DELAY_FAILED); /* a dead battery */
	late(1000 * MS, 20, DELAY_WELL);
	late(6000 * MS, 2, DELAY_FAILED);
	late(4600 * MS, 2, DELAY_FAILED);
	assert_true(delay_max_age_ns(&law, START) == UINT64_MAX);
	/* as many of that age go well: some clients are patient; and delay-max is not to blame */
	late(4600 * MS, 4, DELAY_WELL);
	late(4500 * MS, 2, DELAY_FAILED);
	assert_true(delay_max_age_ns(&law, START) == UINT64_MAX);
	assert_true(update(START) >= 500 * MS);
	late(4500 * MS, 2, DELAY_FAILED);
	/* seven eighths of the shortest */
	assert_true(delay_max_age_ns(&law, START) == age_max_ns);
	assert_true(delay_max_age_ns(&law, START + 60 * SEC) == UINT64_MAX);
	/* nor is anybody else held for longer */
	after(500 * MS, 10, 0, START);
	after(1000 * MS, 10, 0, START);
	after(2000 * MS, 10, 0, START);
	assert_true(after(3900 * MS, 10, 0, START) == age_max_ns);
	/* younger ones that go well say nothing of those, nor does one that fails */
	late(3000 * MS, 100, DELAY_WELL);
	late(2000 * MS, 1, DELAY_FAILED);
	assert_true(delay_max_age_ns(&law, START) == age_max_ns);
	/* the impatient ones have gone */
	late(9000 * MS, 20, DELAY_WELL);
	assert_true(delay_max_age_ns(&law, START) == UINT64_MAX);
	/* others, who are less patient */
	late(4500 * MS, 5, DELAY_FAILED);
	late(3000 * MS, 5, DELAY_FAILED);
	assert_true(delay_max_age_ns(&law, START) == 3000 * MS - 3000 * MS / 8);
}

/* Proof that turns out to be none. */
static void test_proof_that_failed(void **state)
{
	(void)state;
	delay_max_note(&law, 400 * MS, 400 * MS, 1, DELAY_WELL);
	delay_max_note(&law, 100 * MS, 100 * MS, 99, DELAY_WELL);
	delay_max_note(&law, 400 * MS, 400 * MS, 1, DELAY_FAILED_AFTER_ALL);
	assert_true(update(START) == 500 * MS);
	assert_true(after(300 * MS, 1, 0, START) == SEC);
}

/* Who gives up when the set-up is nearly done is not seen to fail. */
static void test_leaves_time_for_the_set_up(void **state)
{
	(void)state;
	for (uint64_t held_ns = 500 * MS; held_ns < 8 * SEC; held_ns *= 2)
		after(held_ns, 500, 0, START);
	assert_true(after(4800 * MS, 10, 10, START) == 4200 * MS);
	law.setup_ns = 900 * MS;
	assert_true(update(START) == 3900 * MS);
	delay_max_note(&law, 250 * MS, 4700 * MS, 20, DELAY_FAILED);
	update(START);
	assert_true(delay_max_age_ns(&law, START) == 3800 * MS);
	/* some that take very long do not close it */
	law.setup_ns = 90 * SEC;
	assert_true(update(START) == 2350 * MS);
	assert_true(delay_max_age_ns(&law, START) == 2350 * MS);
	law.setup_ns = 0;
	assert_true(update(START) == 4700 * MS - 4700 * MS / 8);
}

static void test_forgets_what_was_too_long(void **state)
{
	uint64_t now_ns = START + 60 * SEC;

	(void)state;
	assert_true(after(250 * MS, 0, 10, START) == 250 * MS);
	assert_true(after(250 * MS, 10, 0, now_ns - 1) == 250 * MS);
	/* careful from 500 ms on */
	assert_true(after(250 * MS, 10, 0, now_ns) == 500 * MS);
	assert_true(after(500 * MS, 10, 0, now_ns) == 500 * MS);
	assert_true(after(500 * MS, 10, 0, START + 3600 * SEC) == SEC);
}

/* Many good ones of yesterday hide no failures of today. */
static void test_old_releases_weigh_less(void **state)
{
	(void)state;
	assert_true(after(MS, 4000000000U, 0, START) == 500 * MS);
	assert_true(after(MS, 0, 25, START + SEC) == 250 * MS);
}

static void test_no_longer_than_the_queue_lasts(void **state)
{
	(void)state;
	assert_true(after(500 * MS, 100, 0, START) == SEC);
	assert_true(after(SEC, 100, 0, START) == 2 * SEC);
	assert_true(delay_max_update(&law, 3000, 2000, START) == 1500 * MS);
	assert_true(delay_max_update(&law, 3000, 1, START) == 2 * SEC);
	assert_true(delay_max_update(&law, 3000, 0, START) == 2 * SEC);
	assert_true(delay_max_update(&law, 10, 1000000, START) == 100 * MS);
	assert_true(delay_max_update(&law, UINT32_MAX, 1, START) == 2 * SEC);
}

static void test_clock_that_goes_back(void **state)
{
	(void)state;
	assert_true(after(250 * MS, 0, 10, START) == 250 * MS);
	assert_true(after(250 * MS, 100, 0, 0) == 250 * MS);
}

/* Of clients that have given up, for a minute. */
static void test_patience(void **state)
{
	(void)state;
	assert_true(delay_max_patience_ns(&law) == UINT64_MAX);
	after(500 * MS, 100, 0, START);
	/* two are chance */
	after(900 * MS, 0, 2, START + SEC);
	assert_true(delay_max_patience_ns(&law) == UINT64_MAX);
	after(900 * MS, 0, 1, START + SEC);
	assert_true(delay_max_patience_ns(&law) == 900 * MS);
	/* younger ones say nothing of those */
	after(899 * MS, 1000, 0, START + SEC);
	assert_true(delay_max_patience_ns(&law) == 900 * MS);
	after(900 * MS, 2, 0, START + SEC);
	assert_true(delay_max_patience_ns(&law) == UINT64_MAX);
	after(2 * SEC, 0, 1, START + SEC);
	assert_true(delay_max_patience_ns(&law) == 900 * MS);
	update(START + 61 * SEC - 1);
	assert_true(delay_max_patience_ns(&law) == 900 * MS);
	update(START + 61 * SEC);
	assert_true(delay_max_patience_ns(&law) == UINT64_MAX);
}

static void note_late(uint64_t age_ns, uint32_t well, uint32_t failed)
{
	delay_max_note(&law, 100 * MS, age_ns, failed, DELAY_FAILED);
	delay_max_note(&law, 100 * MS, age_ns, well, DELAY_WELL);
	for (; well; well--)
		delay_max_note_late(&law, age_ns, false);
	for (; failed; failed--)
		delay_max_note_late(&law, age_ns, true);
}

/* Of those in a term of their own, too; the greater age counts. */
static void test_patience_of_late_ones(void **state)
{
	(void)state;
	note_late(3 * SEC, 0, 20);
	/* that they failed is known before of others it is known that they did not */
	delay_max_note(&law, 100 * MS, 3 * SEC, 100, DELAY_FAILED);
	update(START);
	assert_true(delay_max_patience_ns(&law) == 3 * SEC);
	note_late(3 * SEC, 15, 0);
	assert_true(delay_max_patience_ns(&law) == UINT64_MAX);
	note_late(3 * SEC, 0, 40);
	assert_true(delay_max_patience_ns(&law) == 3 * SEC);
	after(500 * MS, 100, 0, START);
	after(900 * MS, 0, 10, START);
	assert_true(delay_max_patience_ns(&law) == 3 * SEC);
}

/* What has failed without a consequence is not remembered until the next storm. */
static void test_patience_of_yesterday(void **state)
{
	(void)state;
	note_late(3 * SEC, 0, 4);
	note_late(4 * SEC, 300, 0);
	update(START + SEC);
	update(START + 11 * SEC);
	note_late(3 * SEC, 0, 20);
	update(START + 12 * SEC);
	assert_true(delay_max_patience_ns(&law) == 3 * SEC);
	/* nor is a fleet that has left */
	update(START + 72 * SEC);
	after(500 * MS, 100, 0, START + 72 * SEC);
	after(900 * MS, 0, 1, START + 73 * SEC);
	after(900 * MS, 20, 2, START + 73 * SEC);
	assert_true(delay_max_patience_ns(&law) == UINT64_MAX);
}

/* One in ten gives up after 900 ms, the others wait: nobody is to go for those. */
static void test_most_are_patient(void **state)
{
	(void)state;
	after(500 * MS, 100, 0, START);
	after(900 * MS, 9, 1, START + SEC);
	for (uint64_t i = 0; i < 1000; i++) {
		after(900 * MS, 9, 1, START + SEC + i * MS);
		assert_true(delay_max_patience_ns(&law) == UINT64_MAX);
	}
	/* they have come in; those who come now wait no longer */
	after(900 * MS, 0, 1000, START + 3 * SEC);
	assert_true(delay_max_patience_ns(&law) == 900 * MS);
	/* what went well at first and failed after all is the same */
	delay_max_note(&law, 900 * MS, 900 * MS, 400, DELAY_WELL);
	update(START + 3 * SEC);
	assert_true(delay_max_patience_ns(&law) == UINT64_MAX);
	delay_max_note(&law, 900 * MS, 900 * MS, 400, DELAY_FAILED_AFTER_ALL);
	update(START + 3 * SEC);
	assert_true(delay_max_patience_ns(&law) == 900 * MS);
}

#define law_test(function) cmocka_unit_test_setup(function, start)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		law_test(test_starts_at_half_a_second),
		law_test(test_grows_by_proof_only),
		law_test(test_by_share_of_failures),
		law_test(test_late_failures_shrink_once),
		law_test(test_failed_after_all),
		law_test(test_bounds),
		law_test(test_grows_carefully_after_it_was_too_long),
		law_test(test_stays_below_what_failed),
		law_test(test_failures_of_late_ones),
		law_test(test_proof_that_failed),
		law_test(test_leaves_time_for_the_set_up),
		law_test(test_forgets_what_was_too_long),
		law_test(test_old_releases_weigh_less),
		law_test(test_no_longer_than_the_queue_lasts),
		law_test(test_clock_that_goes_back),
		law_test(test_patience),
		law_test(test_patience_of_late_ones),
		law_test(test_patience_of_yesterday),
		law_test(test_most_are_patient),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
