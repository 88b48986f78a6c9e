// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Who stands on whom: VLAN devices are found at any height, and only above. */
#include "reading.h"

#include "stacking.h"

#define NIC 2
#define OTHER 3

static void expect_tags(struct stacked *devices, unsigned int count, uint32_t index, bool expected)
{
	if (stacking_takes_tags(devices, count, index) != expected)
		fail_msg("device %u of %u: not %d", index, count, expected);
}

static void test_stacks(void **state)
{
	/* clang-format off */
	static const struct {
		struct stacked devices[5]; /* beside NIC and OTHER */
		bool expected;
		bool expected_of_other;
	} rows[] = {
		{ { { 0 } }, false, false },
		{ { { .index = 4, .below = NIC, .takes_tags = true } }, true, false },
		/* a bridge that filters, and one that does not */
		{ { { .index = 4, .takes_tags = true }, { .index = NIC, .master = 4 } }, true, false },
		{ { { .index = 4 }, { .index = NIC, .master = 4 } }, false, false },
		/* macvlan, and a VLAN on it; listed from the top */
		{ { { .index = 5, .below = 4, .takes_tags = true }, { .index = 4, .below = NIC } },
		  true, false },
		{ { { .index = 4, .below = OTHER } }, false, false },
		/* VLAN on a bridge on a bond of both */
		{ { { .index = 6, .below = 5, .takes_tags = true }, { .index = 5 },
		    { .index = 4, .master = 5 }, { .index = NIC, .master = 4 },
		    { .index = OTHER, .master = 4 } }, true, true },
		/* a neighbour's VLAN */
		{ { { .index = 4, .below = OTHER, .takes_tags = true } }, false, true },
		/* a ring */
		{ { { .index = 4, .below = 5 }, { .index = 5, .below = 4 },
		    { .index = NIC, .master = 4 } }, false, false },
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct stacked devices[7] = { { .index = NIC }, { .index = OTHER } };

		memcpy(devices + 2, rows[i].devices, sizeof(rows[i].devices));
		/* 0 is no device: a place not used must stand on none */
		for (int j = 2; j < 7; j++)
			if (!devices[j].index)
				devices[j].index = 100 + (uint32_t)j;
		expect_tags(devices, 7, NIC, rows[i].expected);
		expect_tags(devices, 7, OTHER, rows[i].expected_of_other);
	}
}

/* What XDP on a VLAN device itself sends goes out with its tag. */
static void test_itself(void **state)
{
	struct stacked devices[] = { { .index = NIC },
				     { .index = 4, .below = NIC, .takes_tags = true } };

	(void)state;
	expect_tags(devices, 2, 4, false);
	expect_tags(devices, 2, NIC, true);
	expect_tags(devices, 2, 9, false);
	expect_tags(devices, 0, NIC, false);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stacks),
		cmocka_unit_test(test_itself),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
