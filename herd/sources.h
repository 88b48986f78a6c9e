/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Which address of a prefix a device comes from. Pure. */
#ifndef HERD_SOURCES_H
#define HERD_SOURCES_H

#include <stdint.h>

#include "abi.h"

/*
 * Address @number of the prefix, starting over at its end; neither its first address nor, of IPv4,
 * its last, if there are others. @len is of 128 bits, as of text_parse_prefix.
 */
struct addr sources_address(const struct addr *prefix, uint8_t len, uint32_t number);

#endif
