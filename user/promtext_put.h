/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Lines of the Prometheus text format. Pure. */
#ifndef WEIR_PROMTEXT_PUT_H
#define WEIR_PROMTEXT_PUT_H

#include <stdint.h>
#include <stdio.h>

void promtext_head(FILE *out, const char *metric, const char *type, const char *help);
/* A sample. What follows @metric are pairs of label and value, the last followed by NULL. */
__attribute__((sentinel)) void promtext_count(FILE *out, uint64_t value, const char *metric, ...);
__attribute__((sentinel)) void promtext_number(FILE *out, double value, const char *metric, ...);

#endif
