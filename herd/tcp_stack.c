// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "herd/tcp_stack.h"

#include <stddef.h>
#include <string.h>

#define NS_PER_MS 1000000ULL

/* clang-format off */
const struct tcp_stack tcp_stacks[] = {
	/* ip-sysctl: tcp_syn_retries 6; 6.5 brought tcp_syn_linear_timeouts 4 */
	{ .name = "linux-old", .gives_up_ms = 127000, .syns = 7,
	  .syn_ms = { 0, 1000, 3000, 7000, 15000, 31000, 63000 } },
	{ .name = "linux-new", .gives_up_ms = 131000, .syns = 11,
	  .syn_ms = { 0, 1000, 2000, 3000, 4000, 5000, 7000, 11000, 19000, 35000, 67000 } },
	/* tcp.c: RTO 3 s, no back-off in SYN_SENT, TCP_SYNMAXRTX 6 */
	{ .name = "lwip", .gives_up_ms = 18500, .syns = 7,
	  .syn_ms = { 0, 3000, 6000, 9000, 12000, 15000, 18000 } },
	/* lwIP under esp-tls, which aborts after 10 s */
	{ .name = "esp-idf", .gives_up_ms = 10000, .syns = 4,
	  .syn_ms = { 0, 3000, 6000, 9000 } },
	/* FreeRTOS_TCP_IP.c: three SYNs, then a last wait of 11 s */
	{ .name = "freertos", .gives_up_ms = 20000, .syns = 3,
	  .syn_ms = { 0, 3000, 9000 } },
	/* NET_TCP_INIT_RETRANSMISSION_TIMEOUT 200 ms, times 1 to 1.5 (NET_TCP_RANDOMIZED_RTO),
	 * doubling; connect() waits 3 s */
	{ .name = "zephyr", .gives_up_ms = 3000, .syns = 4, .spread = 127,
	  .syn_ms = { 0, 200, 600, 1400 } },
	/* KB175523 for what a RST does */
	{ .name = "windows-7", .gives_up_ms = 21000, .syns = 3, .syns_after_rst = 3,
	  .syn_ms = { 0, 3000, 9000 } },
	{ 0 },
};
/* clang-format on */

const struct tcp_stack *tcp_stack_find(const char *name)
{
	for (const struct tcp_stack *stack = tcp_stacks; stack->name; stack++)
		if (!strcmp(stack->name, name))
			return stack;
	return NULL;
}

uint64_t tcp_stack_syn_ns(const struct tcp_stack *stack, unsigned int number, uint32_t random)
{
	uint64_t at_ns;

	if (number >= stack->syns)
		return stack->gives_up_ms * NS_PER_MS;
	at_ns = stack->syn_ms[number] * NS_PER_MS;
	return at_ns + at_ns / 256 * (random % (stack->spread + 1U));
}
