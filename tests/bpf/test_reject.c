// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Which excess is answered with a RST, and how many RSTs there are. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include <linux/bpf.h>

#include "rig.h"

#define CLOSED_LISTENER "[listener m]\nports = 1883\nrate = 0/s\n"
#define REJECT "[weir]\nmode = enforce\nsources = 65\n" CLOSED_LISTENER "excess = reject\n"
static struct rig rig;

static struct outcome offer(const struct frame_spec *spec)
{
	struct frame frame;

	frame_build(&frame, spec);
	return rig_run(&rig, &frame);
}

static void expect_drop(const struct frame_spec *spec, enum reason reason)
{
	struct outcome outcome = offer(spec);

	assert_int_equal(outcome.action, XDP_DROP);
	assert_int_equal(outcome.verdict, VERDICT_DROP);
	assert_int_equal(outcome.reason, reason);
	assert_true(outcome.enforced);
}

/* None of these gets a RST, nor takes a token of one. */
static void test_frames_that_are_dropped(void **state)
{
	static const struct frame_spec specs[] = {
		{ .fragment = 0x2000 },
		{ .fragment = 0x2000, .payload = 100 },
		{ .version = 6, .ext = { { .kind = 0, .len = 1 } } },
		{ .version = 6, .ext = { { .kind = 43 } } },
		{ .version = 6, .ext = { { .kind = 60, .len = 2 } } },
		{ .version = 6, .ext = { { .kind = 44, .fragment = 1 } } },
		{ .version = 6, .ext = { { .kind = 44 } } },
		{ .version = 6, .ext = { { .kind = 51, .len = 4 } } },
		{ .version = 6, .vlan = { 0x8100 }, .ext = { { .kind = 60, .len = 2 } } },
	};

	(void)state;
	rig_open(&rig, REJECT "reject-rate = 1/h\nreject-burst = 1\n");
	for (size_t i = 0; i < sizeof(specs) / sizeof(specs[0]); i++)
		expect_drop(&specs[i], REASON_LISTENER_LIMIT);
	assert_int_equal(rig_level_word(&rig, LEVELS_REJECT), 0);
	assert_int_equal(offer(&specs[0]).action, XDP_DROP);
	assert_int_equal(offer(&(struct frame_spec){}).action, XDP_TX);
	rig_close(&rig);
}

/* Nobody answers a SYN to a group: RFC 1122, 4.2.3.10. */
static void test_group_addresses(void **state)
{
	struct frame frame;

	(void)state;
	rig_open(&rig, REJECT);
	frame_build(&frame, &(struct frame_spec){});
	frame.bytes[0] |= 1;
	assert_int_equal(rig_run(&rig, &frame).action, XDP_DROP);
	memset(frame.bytes, 0xff, 6);
	assert_int_equal(rig_run(&rig, &frame).action, XDP_DROP);
	assert_int_equal(rig_level_word(&rig, LEVELS_REJECT), 0);
	rig_close(&rig);
}

static void test_levels(void **state)
{
	static const struct {
		const char *ini;
		enum reason reason;
		enum verdict verdict;
	} cases[] = {
		{ "host-rate = 0/s\n[listener m]\nports = 1883\n", REASON_HOST_LIMIT,
		  VERDICT_REJECT },
		{ CLOSED_LISTENER, REASON_LISTENER_LIMIT, VERDICT_REJECT },
		{ "[listener m]\nports = 1883\nsite-rate = 0/s\n", REASON_SITE_LIMIT,
		  VERDICT_DROP },
		{ "[listener m]\nports = 1883\nsource-rate = 0/s\n", REASON_SOURCE_LIMIT,
		  VERDICT_DROP },
		{ "[listener m]\nports = 1883\n", REASON_ADMITTED, VERDICT_PASS },
	};
	static const char *const excesses[] = { "drop", "delay", "reject" };

	(void)state;
	rig_open(&rig, REJECT);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		for (int excess = 0; excess < 3; excess++) {
			enum verdict verdict = cases[i].verdict;
			struct outcome outcome;
			char ini[256];

			if (verdict == VERDICT_REJECT && excess < 2)
				verdict = VERDICT_DROP;
			snprintf(ini, sizeof(ini),
				 "[weir]\nmode = enforce\nsources = 65\n%sexcess = %s\n",
				 cases[i].ini, excesses[excess]);
			rig_configure(&rig, ini);
			outcome = offer(&(struct frame_spec){});
			assert_int_equal(outcome.reason, cases[i].reason);
			assert_int_equal(outcome.verdict, verdict);
			assert_int_equal(outcome.action, verdict == VERDICT_REJECT ? XDP_TX
							 : verdict == VERDICT_DROP ? XDP_DROP
										   : XDP_PASS);
		}
	rig_close(&rig);
}

/* Without its tag a reply would leave in another VLAN than the SYN came in. */
static void test_hidden_tags(void **state)
{
	(void)state;
	rig_open(&rig, REJECT);
	rig.instance.control->vlan_hidden = 1;
	expect_drop(&(struct frame_spec){}, REASON_LISTENER_LIMIT);
	assert_int_equal(rig_level_word(&rig, LEVELS_REJECT), 0);
	rig.instance.control->vlan_hidden = 0;
	assert_int_equal(offer(&(struct frame_spec){}).action, XDP_TX);
	rig_close(&rig);
}

/* Counts what would be rejected, charges for it, and touches nothing: rig_run() sees to that. */
static void test_observe(void **state)
{
	struct outcome outcome;

	(void)state;
	rig_open(&rig, REJECT "reject-rate = 1/h\n");
	rig_mode(&rig, MODE_OBSERVE);
	for (int n = 0; n < 3; n++) {
		outcome = offer(&(struct frame_spec){ .version = n & 1 ? 6 : 4 });
		assert_int_equal(outcome.action, XDP_PASS);
		assert_int_equal(outcome.verdict, n ? VERDICT_DROP : VERDICT_REJECT);
		assert_int_equal(outcome.reason, REASON_LISTENER_LIMIT);
		assert_false(outcome.enforced);
	}
	rig_close(&rig);
}

/* -- how many ---------------------------------------------------------------------------------- */

/* How many of @count SYNs now get a RST; the others are dropped for the same reason. */
static int rejected(int count, uint16_t dport)
{
	int sent = 0;

	for (int n = 0; n < count; n++) {
		struct outcome outcome = offer(&(struct frame_spec){ .dport = dport });

		assert_int_equal(outcome.reason, REASON_LISTENER_LIMIT);
		assert_int_equal(outcome.verdict,
				 outcome.action == XDP_TX ? VERDICT_REJECT : VERDICT_DROP);
		sent += outcome.action == XDP_TX;
	}
	return sent;
}

static void test_rate(void **state)
{
	int sent = 0;

	(void)state;
	rig_open(&rig, REJECT "reject-rate = 10/s\nreject-burst = 5\n"
			      "[listener other]\nports = 8883\nrate = 0/s\nexcess = reject\n"
			      "reject-rate = 1/h\nreject-burst = 2\n");
	assert_int_equal(rejected(20, 1883), 5);
	/* each listener has its own */
	assert_int_equal(rejected(20, 8883), 2);
	rig_at(&rig, HOUR + SECOND / 10 - 1);
	assert_int_equal(rejected(5, 1883), 0);
	rig_at(&rig, HOUR + SECOND / 10);
	assert_int_equal(rejected(5, 1883), 1);
	rig_at(&rig, HOUR + 5 * SECOND);
	assert_int_equal(rejected(20, 1883), 5);
	for (int n = 1; n <= 1000; n++) {
		rig_at(&rig, HOUR + 5 * SECOND + n * (SECOND / 100));
		sent += rejected(1, 1883);
	}
	assert_int_equal(sent, 100);
	rig_close(&rig);
}

static void test_default_rate_and_none(void **state)
{
	(void)state;
	rig_open(&rig, REJECT);
	assert_int_equal(rejected(1500, 1883), 1000);
	rig_at(&rig, HOUR + SECOND / 1000);
	assert_int_equal(rejected(5, 1883), 1);
	rig_configure(&rig, REJECT "reject-rate = 0/s\n");
	rig_at(&rig, 2 * HOUR);
	assert_int_equal(rejected(5, 1883), 0);
	rig_close(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_frames_that_are_dropped),
		cmocka_unit_test(test_group_addresses),
		cmocka_unit_test(test_levels),
		cmocka_unit_test(test_hidden_tags),
		cmocka_unit_test(test_observe),
		cmocka_unit_test(test_rate),
		cmocka_unit_test(test_default_rate_and_none),
	};

	return cmocka_run_group_tests_name("reject", tests, NULL, NULL);
}
