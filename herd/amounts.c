// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "herd/amounts.h"

#include <errno.h>
#include <string.h>

#include "text.h"

#define PPM_OF_PERCENT 10000
#define BIT_PER_SEC_MAX 1000000 /* of the unit */

static int refuse(const char **why, const char *reason)
{
	*why = reason;
	return -EINVAL;
}

int amounts_parse_share(const char *text, uint32_t *ppm, const char **why)
{
	const char *at = text;
	uint32_t value = 0, unit = PPM_OF_PERCENT;

	for (; *at >= '0' && *at <= '9' && value <= 100; at++)
		value = value * 10 + (uint32_t)(*at - '0');
	if (at == text)
		return refuse(why, "is not a share; write N%");
	value *= PPM_OF_PERCENT;
	if (*at == '.' && at[1] != '%')
		for (at++; *at >= '0' && *at <= '9' && unit > 1; at++)
			value += (uint32_t)(*at - '0') * (unit /= 10);
	if (strcmp(at, "%"))
		return refuse(why, "is not a share; write N%, with four decimals at most");
	if (value > 100 * PPM_OF_PERCENT)
		return refuse(why, "is more than everything; write at most 100%");
	*ppm = value;
	return 0;
}

int amounts_parse_bits(const char *text, uint64_t *bit_per_sec, const char **why)
{
	static const struct {
		const char *name;
		uint64_t bits;
	} units[] = { { "kbit", 1000 }, { "mbit", 1000000 }, { "gbit", 1000000000 } };
	char number[16];
	size_t len = strspn(text, "0123456789");
	uint32_t count;

	if (!len || len >= sizeof(number))
		return refuse(why, "is not a rate of bits; write Nkbit, Nmbit or Ngbit");
	memcpy(number, text, len);
	number[len] = '\0';
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (strcmp(text + len, units[i].name))
			continue;
		if (text_parse_number(number, 1, BIT_PER_SEC_MAX, &count, why))
			return -EINVAL;
		*bit_per_sec = count * units[i].bits;
		return 0;
	}
	return refuse(why, "has no unit of bits; write Nkbit, Nmbit or Ngbit");
}

struct addr amounts_address(const struct addr *prefix, uint8_t len, struct chance *chance)
{
	struct addr mask = text_mask(len);

	return (struct addr){
		.hi = prefix->hi | (chance_next(chance) & ~mask.hi),
		.lo = prefix->lo | (chance_next(chance) & ~mask.lo),
	};
}
