/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* 20 000 devices at once, and the broker that scenarios have if they say nothing else. */
#ifndef WEIR_TESTS_SIM_IMPULSE_H
#define WEIR_TESTS_SIM_IMPULSE_H

/* Four cores of TLS behind which authentication is the bottleneck: 400/s. */
#define SHARED_AUTH                                                                           \
	.discipline = SHARED, .cores = 4, .work_ms = 8, .inflation = 0.25, .auth_servers = 2, \
	.auth_ms = 5
#define JITTERED(stack, patience_ms)                                             \
	{                                                                        \
		stack, 20000, 500, patience_ms, BACKOFF_FULL_JITTER, 1000, 60000 \
	}
#define STUBBORN(stack, patience_ms, pause_ms)                                          \
	{                                                                               \
		stack, 20000, 500, patience_ms, BACKOFF_EXPONENTIAL, pause_ms, pause_ms \
	}
#define IMPULSE_FROM(ms, stacked...) .round_trip_ms = ms, .until_ms = 200000, .fleet = { stacked }
#define IMPULSE(stacked...) IMPULSE_FROM(50, stacked)
#define JITTERED_IMPULSE IMPULSE(JITTERED(&linux_new, 10000)), .broker = { SHARED_AUTH }

#endif
