/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Values of `relay` and `flood` that user/text.h does not know. Pure; 0, or -EINVAL and *why as in
 * text.h.
 */
#ifndef HERD_AMOUNTS_H
#define HERD_AMOUNTS_H

#include <stdint.h>

#include "abi.h"
#include "herd/chance.h"

/* "1%", "0.05%": up to 100%, four decimals at most. */
int amounts_parse_share(const char *text, uint32_t *ppm, const char **why);
/* "500kbit", "10mbit", "1gbit", as in tc(8). */
int amounts_parse_bits(const char *text, uint64_t *bit_per_sec, const char **why);
/* A random address of the prefix; @len is of the 128 bits. */
struct addr amounts_address(const struct addr *prefix, uint8_t len, struct chance *chance);

#endif
