// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "words.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

int parse_number(const char *text, double min, double max, double *value)
{
	char *end;

	*value = strtod(text, &end);
	return end != text && !*end && *value >= min && *value <= max ? 0 : -EINVAL;
}

int parse_whole(const char *text, double min, double max, uint64_t *value)
{
	double number;

	if (parse_number(text, min, max, &number) || number != floor(number))
		return -EINVAL;
	*value = number;
	return 0;
}

int parse_mac(const char *text, uint8_t mac[6])
{
	char end;

	return sscanf(text, "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx%c", &mac[0], &mac[1], &mac[2], &mac[3],
		      &mac[4], &mac[5], &end) == 6
		       ? 0
		       : -EINVAL;
}

void cut_to_prefix(struct in6_addr *addr, unsigned int len)
{
	for (unsigned int bit = len; bit < 128; bit++)
		addr->s6_addr[bit / 8] &= ~(0x80 >> bit % 8);
}
