/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Names with the number of a device in them: %d is the number, %% a percent sign. Pure. */
#ifndef HERD_PATTERN_H
#define HERD_PATTERN_H

#include <stddef.h>
#include <stdint.h>

/* What a pattern that was accepted may come to, with any number. */
#define PATTERN_EXPANDED_MAX 301

/* -EINVAL if a '%' stands before anything else. */
int pattern_check(const char *pattern);
/* 0, or -ENAMETOOLONG. */
int pattern_expand(char *buf, size_t size, const char *pattern, uint32_t number);

#endif
