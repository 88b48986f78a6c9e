/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * JSON values out of what weir holds. Pure. NULL is returned only when there is no memory, and
 * jansson takes a NULL as a value that is missing: user/output.c notices, so nobody else need check.
 */
#ifndef WEIR_JSON_VALUE_H
#define WEIR_JSON_VALUE_H

#include <stdint.h>

#include <jansson.h>

/* Any bytes: each that is not part of a UTF-8 character becomes U+FFFD. */
json_t *json_text(const char *bytes);
/* JSON integers are signed: what is above 2^63 - 1 is given as that. */
json_t *json_count(uint64_t count);

#endif
