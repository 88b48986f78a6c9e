/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The best goodput of the last 24 hours, from which the fallback rate follows. Pure, plain data: may
 * be kept in a map and outlive who filled it. */
#ifndef WEIR_LAW_GOODPUT_H
#define WEIR_LAW_GOODPUT_H

#include <stdint.h>

#define LAW_GOODPUT_HOURS 25 /* the current one is not full */

struct law_goodput {
	uint64_t since_ns; /* of the 10 s that are being counted; 0: none are */
	uint64_t count;
	uint64_t hour; /* of the newest slot, since the clock's beginning */
	double best_per_sec[LAW_GOODPUT_HOURS]; /* by hour, in turn */
};

/* @count set-ups were done since the last call. Calls may be far apart or out of order: an interval
 * counts if it was 10 to 15 s long. */
void law_goodput_note(struct law_goodput *goodput, uint64_t count, uint64_t now_ns);

/* 0: none is known. */
double law_goodput_best(const struct law_goodput *goodput, uint64_t now_ns);

/* Half of the best, but not under @floor_per_sec nor over @rate_per_sec, which it is if no best is
 * known. All in 1/s. */
double law_goodput_fallback(const struct law_goodput *goodput, double floor_per_sec,
			    double rate_per_sec, uint64_t now_ns);

#endif
