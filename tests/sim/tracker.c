// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What the tracker knows of a broker's set-ups. */
#include <stdlib.h>

#include "tests/sim/world.h"

static int by_size(const void *a, const void *b)
{
	uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;

	return (left > right) - (left < right);
}

uint32_t node_p90_ms(const struct node *node, uint32_t *count)
{
	static uint32_t latency_ms[65536];
	uint32_t n = 0;

	while (n < 65536 && n < node->dones) {
		uint32_t slot = (node->dones - 1 - n) % 65536;

		if (world.now_ms - node->done[slot].at_ms > 1000)
			break;
		latency_ms[n++] = node->done[slot].latency_ms;
	}
	*count = n;
	if (!n)
		return 0;
	qsort(latency_ms, n, sizeof(*latency_ms), by_size);
	return latency_ms[n * 9 / 10];
}

uint32_t node_took_ms(struct node *node)
{
	uint64_t sum = 0;
	uint32_t n = 0;

	while (n < 65536 && n < node->dones) {
		uint32_t slot = (node->dones - 1 - n) % 65536;

		if (world.now_ms - node->done[slot].at_ms > 1000)
			break;
		sum += node->done[slot].took_ms;
		n++;
	}
	if (n)
		node->took_ms = (uint32_t)(sum / n);
	return node->took_ms;
}

uint32_t node_oldest_ms(const struct node *node)
{
	return node->oldest == NONE ? 0 : world.now_ms - world.connection[node->oldest].turn_ms;
}
