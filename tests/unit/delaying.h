/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The law of delay-max = auto, moved on by hand. Included after cmocka.h. */
#ifndef WEIR_TESTS_DELAYING_H
#define WEIR_TESTS_DELAYING_H

#include "delay_max.h"

#define MS 1000000ULL
#define SEC (1000 * MS)
#define START (1000 * SEC)
#define ENTRIES 1000000

static struct delay_max law;

/* For cmocka_unit_test_setup(). */
static inline int start(void **state)
{
	(void)state;
	delay_max_init(&law, START);
	return 0;
}

static inline uint64_t update(uint64_t now_ns)
{
	return delay_max_update(&law, ENTRIES, 0, now_ns);
}

#endif
