// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "herd/commands.h"
#include "herd/run.h"

static enum herd_status run_stack(const struct plan *plan)
{
	return plan->capacity ? run_capacity(plan) : run_storm(plan);
}

const struct herd_stack herd_stacks[] = {
	{ "linux", "the TCP of this kernel", run_stack },
	/* and those of tcp_stack.c, by engine_raw.c */
	{ "linux-old", "before 6.5: 0 1 3 7 15 31 63 s, gives up after 127 s", run_stack },
	{ "linux-new", "since 6.5: 0 1 2 3 4 5 7 11 19 35 67 s, gives up after 131 s", run_stack },
	{ "lwip", "0 3 6 9 12 15 18 s, gives up after 18.5 s", run_stack },
	{ "esp-idf", "lwIP under esp-tls: 0 3 6 9 s, gives up after 10 s", run_stack },
	{ "freertos", "FreeRTOS+TCP: 0 3 9 s, gives up after 20 s", run_stack },
	{ "zephyr", "0 0.2 0.6 1.4 s times 1 to 1.5, gives up after 3 s", run_stack },
	{ "windows-7", "0 3 9 s, gives up after 21 s; asks three times more after a RST",
	  run_stack },
	{ 0 },
};
