// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What is shown of queues: who is served, how long SYNs were held. */
#include "sample.h"

#include "promtext_queue.h"
#include "queue_figures.h"
#include "render.h"

/* -- quantiles --------------------------------------------------------------------------------- */

static const uint64_t bounds_ns[] = { 10, 20, 100 };

static uint64_t quantile(const __u64 counts[4], unsigned int permille)
{
	const struct histogram histogram = { counts, bounds_ns, 4, 0 };

	return histogram_quantile_ns(&histogram, permille);
}

static void test_quantiles(void **state)
{
	static const struct {
		__u64 counts[4];
		unsigned int permille;
		uint64_t ns;
	} rows[] = {
		{ { 0, 0, 0, 0 }, 500, 0 },
		{ { 10, 0, 0, 0 }, 500, 5 },
		{ { 10, 0, 0, 0 }, 1000, 10 },
		{ { 0, 10, 0, 0 }, 500, 15 },
		{ { 0, 0, 10, 0 }, 250, 40 },
		/* at a bound, and just above */
		{ { 5, 5, 0, 0 }, 500, 10 },
		{ { 4, 0, 6, 0 }, 500, 33 },
		/* above the last bound */
		{ { 0, 0, 0, 1 }, 500, 100 },
		{ { 98, 0, 0, 2 }, 990, 100 },
		{ { 99, 0, 0, 1 }, 990, 10 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		if (quantile(rows[i].counts, rows[i].permille) != rows[i].ns)
			fail_msg("row %zu: %lu", i, quantile(rows[i].counts, rows[i].permille));
}

/* The buckets are those of the queue. */
static void test_bounds(void **state)
{
	struct queue_state queue = { .held_sum_ns = 5, .late_sum_ns = 6 };
	struct histogram histogram = queue_held_times(&queue);

	(void)state;
	assert_int_equal(histogram.buckets, QUEUE_HELD_BUCKETS);
	assert_int_equal(histogram.bounds_ns[0], 1000000);
	assert_int_equal(histogram.bounds_ns[QUEUE_HELD_BUCKETS - 2], 60000000000);
	assert_int_equal(histogram.sum_ns, 5);
	histogram = queue_lateness(&queue);
	assert_int_equal(histogram.bounds_ns[0], 50000);
	assert_int_equal(histogram.bounds_ns[histogram.buckets - 2], 1000000000);
	assert_int_equal(histogram.sum_ns, 6);
	assert_int_equal(histogram_count(&histogram), 0);
}

/* -- who is served ----------------------------------------------------------------------------- */

/* What a `weir run` that was killed has left is not there any more, but for its counts. */
static void test_lease(void **state)
{
	struct snapshot *snapshot = sample_make();

	(void)state;
	sample_queue(snapshot);
	assert_true(queue_is_served(snapshot, SAMPLE_LAB));
	assert_false(queue_is_unserved(snapshot, SAMPLE_LAB));
	assert_int_equal(queue_held(snapshot, SAMPLE_LAB), 7);
	assert_int_equal(queue_held_of(snapshot, SAMPLE_LAB, QUEUE_NEW), 4);
	assert_int_equal(queue_sites_of(snapshot, SAMPLE_LAB, QUEUE_RETRANSMITS), 2);
	assert_int_equal(queue_places(snapshot, SAMPLE_LAB), 500);
	assert_int_equal(queue_delay_max_ns(snapshot, SAMPLE_LAB), 750000000);
	snapshot->queues[SAMPLE_LAB].lease_until_ns = SAMPLE_NOW;
	assert_false(queue_is_served(snapshot, SAMPLE_LAB));
	assert_true(queue_is_unserved(snapshot, SAMPLE_LAB));
	assert_int_equal(queue_held(snapshot, SAMPLE_LAB), 0);
	assert_int_equal(queue_held_of(snapshot, SAMPLE_LAB, QUEUE_NEW), 0);
	assert_int_equal(queue_sites_of(snapshot, SAMPLE_LAB, QUEUE_RETRANSMITS), 0);
	assert_int_equal(queue_places(snapshot, SAMPLE_LAB), 16384);
	assert_int_equal(queue_delay_max_ns(snapshot, SAMPLE_LAB), DELAY_MAX_AUTO);
	sample_free(snapshot);
}

/* One whose excess is not held any more is shown as long as some are. */
static void test_whose_queue(void **state)
{
	struct snapshot *snapshot = sample_make();
	struct listener *lab = &snapshot->policy->listeners[SAMPLE_LAB];

	(void)state;
	assert_true(queue_is_there(snapshot, SAMPLE_LAB));
	assert_false(queue_is_there(snapshot, 0));
	assert_false(queue_is_unserved(snapshot, 0));
	assert_false(queue_is_there(snapshot, 63));
	lab->excess = EXCESS_DROP;
	assert_false(queue_is_there(snapshot, SAMPLE_LAB));
	sample_queue(snapshot);
	assert_true(queue_is_there(snapshot, SAMPLE_LAB));
	assert_false(queue_is_unserved(snapshot, SAMPLE_LAB));
	*lab->name = '\0';
	assert_false(queue_is_there(snapshot, SAMPLE_LAB));
	sample_free(snapshot);
}

/* -- for people -------------------------------------------------------------------------------- */

static const char page[] =
	"eth0: listener lab\n"
	"  served       yes\n"
	"  held         3 retransmits of 2 sites, 4 new of 1 sites; 500 places, delay-max 750ms "
	"(auto)\n"
	"  SYNs         queued 20, replaced 5, duplicate 0, refused_half_full 6, refused_full 0, "
	"refused_frame 0, refused_away 0, outdated 2\n"
	"  retransmits  released 9, expired 0, silent 0, evicted 0, forgotten 0, sent_away 0\n"
	"  new          released 1, expired 2, silent 0, evicted 0, forgotten 0, sent_away 0\n"
	"  time held    p50 225 ms, p99 494 ms, of 10\n"
	"  lateness     p50 0.025 ms, p99 0.0495 ms, of 10\n"
	"  failed       1\n"
	"  not held     no_consumer 0, queue_full 7, ring_full 0, too_long 0, over_budget 0, "
	"vlan_hidden 0\n";

static void expect_page(const struct snapshot *snapshot, const char *expected)
{
	char *text = sample_written(render_queue, snapshot);

	assert_string_equal(text, expected);
	free(text);
}

static void expect_part(void (*write)(FILE *, const struct snapshot *),
			const struct snapshot *snapshot, const char *part, bool there)
{
	char *text = sample_written(write, snapshot);

	if (!strstr(text, part) == there)
		fail_msg("%s \"%s\" in:\n%s", there ? "no" : "there is", part, text);
	free(text);
}

static void test_page(void **state)
{
	struct snapshot *snapshot = sample_make();
	struct listener *lab = &snapshot->policy->listeners[SAMPLE_LAB];

	(void)state;
	expect_part(render_queue, snapshot,
		    "  served       no; ACTS AS DROP: no `weir run` serves it\n", true);
	expect_part(render_queue, snapshot, "16384 places, delay-max auto\n", true);
	expect_part(render_queue, snapshot, "  time held    none released\n", true);
	sample_queue(snapshot);
	expect_page(snapshot, page);
	lab->delay_max_ns = 750000000;
	expect_part(render_queue, snapshot, "places, delay-max 750ms\n", true);
	snapshot->policy->mode = MODE_OBSERVE;
	expect_part(render_queue, snapshot, "yes; OBSERVE: nothing is held, only counted\n", true);
	snapshot->control.vlan_hidden = 1;
	expect_part(render_queue, snapshot, "ACTS AS DROP: a device hides VLAN tags", true);
	lab->excess = EXCESS_DROP;
	snapshot->queues[SAMPLE_LAB].length = 0;
	expect_page(snapshot, "eth0: no listener has excess = delay\n");
	sample_free(snapshot);
}

/* Loud where excess is dropped though it should be held, and a line as long as any are. */
static void test_status(void **state)
{
	struct snapshot *snapshot = sample_make();

	(void)state;
	expect_part(render_status, snapshot, "\n    queue ", false);
	sample_queue(snapshot);
	expect_part(render_status, snapshot, "    excess     delay, delay-max auto\n", true);
	expect_part(render_status, snapshot,
		    "    queue      7 held of at most 500, delay-max 750ms (auto)\n", true);
	/* who is let in after it was held was not admitted at once, nor refused */
	expect_part(render_status, snapshot,
		    "    SYNs       50 admitted, 25 held, 7 refused: listener_limit 7\n", true);
	expect_part(render_limits, snapshot,
		    "listener  lab          unlimited         -          -\n", true);
	snapshot->control.vlan_hidden = 1;
	expect_part(render_status, snapshot,
		    "    excess     delay, delay-max auto (ACTS AS DROP: a device hides VLAN tags, "
		    "`weir attach` says which)\n",
		    true);
	expect_part(render_limits, snapshot,
		    "-  ACTS AS DROP: a device hides VLAN tags, `weir attach` says which\n", true);
	sample_free(snapshot);
}

static void test_observed(void **state)
{
	struct snapshot *snapshot = sample_make();

	(void)state;
	snapshot->policy->mode = MODE_OBSERVE;
	sample_count(snapshot, 1 + SAMPLE_LAB, false, VERDICT_PASS, REASON_ADMITTED, 5);
	sample_count(snapshot, 1 + SAMPLE_LAB, false, VERDICT_DELAY, REASON_LISTENER_LIMIT, 6);
	expect_part(render_status, snapshot,
		    "    observed   5 SYNs would be admitted, 6 held, 0 refused\n", true);
	sample_free(snapshot);
}

/* -- for Prometheus ---------------------------------------------------------------------------- */

static void expect_written(void (*write)(FILE *, const struct snapshot *),
			   const struct snapshot *snapshot, const char *expected)
{
	char *text = sample_written(write, snapshot);

	assert_string_equal(text, expected);
	free(text);
}

#define LAB "{shaper=\"eth0\",listener=\"lab\""
#define DELAY "weir_queue_delay_seconds"
#define BUCKET(le, count) DELAY "_bucket" LAB ",le=\"" le "\"} " count "\n"
#define DROPPED(cause, count) "weir_queue_dropped_total" LAB ",cause=\"" cause "\"} " count "\n"

static const char delays[] = BUCKET("0.001", "0") BUCKET("0.005", "0") BUCKET("0.01", "0")
	BUCKET("0.025", "0") BUCKET("0.05", "0") BUCKET("0.1", "0") BUCKET("0.25", "6")
		BUCKET("0.5", "10") BUCKET("1", "10") BUCKET("2.5", "10") BUCKET("5", "10")
			BUCKET("10", "10") BUCKET("30", "10") BUCKET("60", "10")
				BUCKET("+Inf", "10") DELAY "_sum" LAB "} 3\n" DELAY "_count" LAB
							   "} 10\n";

static const char dropped[] = DROPPED("expired", "2") DROPPED("silent", "0") DROPPED("evicted", "0")
	DROPPED("forgotten", "0") DROPPED("sent_away", "0") DROPPED("refused_half_full", "6")
		DROPPED("refused_full", "0") DROPPED("refused_frame", "0")
			DROPPED("refused_away", "0") DROPPED("outdated", "2");

static void test_metrics(void **state)
{
	struct snapshot *snapshot = sample_make();

	(void)state;
	/* rate() needs a sample before the first increase */
	expect_part(promtext_queue_delay, snapshot, DELAY "_count" LAB "} 0\n", true);
	expect_part(promtext_queue_dropped, snapshot, DROPPED("expired", "0"), true);
	expect_written(promtext_lease_valid, snapshot,
		       "weir_lease_valid" LAB ",lease=\"queue\"} 0\n");
	/* automatic, and nobody learns it */
	expect_written(promtext_queue_delay_max, snapshot, "");
	sample_queue(snapshot);
	expect_written(promtext_queue_delay, snapshot, delays);
	expect_written(promtext_queue_dropped, snapshot, dropped);
	expect_part(promtext_queue_lateness, snapshot,
		    "weir_queue_release_lateness_seconds_bucket" LAB ",le=\"5e-05\"} 10\n", true);
	expect_part(promtext_queue_lateness, snapshot,
		    "weir_queue_release_lateness_seconds_sum" LAB "} 0.0004\n", true);
	expect_written(promtext_queue_released, snapshot,
		       "weir_queue_released_total" LAB ",class=\"retransmits\"} 9\n"
		       "weir_queue_released_total" LAB ",class=\"new\"} 1\n");
	expect_written(promtext_queue_delay_max, snapshot,
		       "weir_queue_delay_max_seconds" LAB "} 0.75\n");
	expect_written(promtext_release_failures, snapshot,
		       "weir_release_failures_total" LAB "} 1\n");
	expect_written(promtext_lease_valid, snapshot,
		       "weir_lease_valid" LAB ",lease=\"queue\"} 1\n");
	expect_written(promtext_queue_length, snapshot, "weir_queue_length" LAB "} 7\n");
	sample_free(snapshot);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_quantiles), cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_lease),	  cmocka_unit_test(test_whose_queue),
		cmocka_unit_test(test_page),	  cmocka_unit_test(test_status),
		cmocka_unit_test(test_observed),  cmocka_unit_test(test_metrics),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
