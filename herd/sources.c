// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "herd/sources.h"

#include <string.h>

struct addr sources_address(const struct addr *prefix, uint8_t len, uint32_t number)
{
	unsigned int bits = 128U - len;
	uint64_t size = bits < 32 ? 1ULL << bits : 1ULL << 32;
	uint64_t index = size > 2 ? 1 + number % (size - 2) : number % size;
	struct addr address = *prefix;
	uint8_t bytes[16];

	memcpy(bytes, &address, sizeof(bytes));
	for (unsigned int i = 0; i < 4 && index; i++, index >>= 8)
		bytes[15 - i] |= (uint8_t)index;
	memcpy(&address, bytes, sizeof(bytes));
	return address;
}
