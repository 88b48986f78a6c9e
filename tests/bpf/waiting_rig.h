/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A packet path that remembers who has asked. Included after cmocka.h. */
#ifndef TESTS_BPF_WAITING_RIG_H
#define TESTS_BPF_WAITING_RIG_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/bpf.h>

#include "rig.h"

#define MS (SECOND / 1000)
#define HEAD "[weir]\nmode = enforce\nsources = 65\n"
#define CLOSED HEAD "[listener m]\nports = 1883\nrate = 0/s\n"
#define SLOW HEAD "[listener m]\nports = 1883\nrate = 1/h\nburst = 1\n"
#define FREE 1 /* look-ups cost nothing */

static struct rig rig;
static uint64_t start_ns; /* of a test: no SYN before it counts */

/* One table for most tests, since the verifier takes longer than they do. */
static inline void open_common(const char *ini)
{
	if (rig.skel)
		start_ns = rig_reopen(&rig, ini);
	else
		rig_open_remembering(&rig, ini, 4096, FREE);
	if (!start_ns)
		start_ns = HOUR;
}

static inline void close_rig(void)
{
	rig_close(&rig);
	rig.skel = NULL;
}

static inline int close_common(void **state)
{
	(void)state;
	close_rig();
	return 0;
}

static inline enum reason syn(uint32_t isn)
{
	return rig_reason(&rig, &(struct frame_spec){ .isn = isn });
}

/* The same, far quicker: nobody asks what became of it. */
static inline void send(uint32_t isn)
{
	struct frame frame;

	frame_build(&frame, &(struct frame_spec){ .isn = isn });
	rig_run_many(&rig, &frame, 1);
}

#endif
