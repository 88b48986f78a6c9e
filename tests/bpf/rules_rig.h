/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the tests of prefix rules share: one rig for all of a program's tests. */
#ifndef TESTS_BPF_RULES_RIG_H
#define TESTS_BPF_RULES_RIG_H

#include <stdio.h>
#include <string.h>

#include "rig.h"

static struct rig rig;
static uint64_t start_ns; /* of this test */

static void open_with(const char *more)
{
	char ini[2048];

	snprintf(ini, sizeof(ini), "[weir]\nmode = enforce\nsources = 65\n%s", more);
	start_ns = rig_reopen(&rig, ini);
}

static int close_rig(void **state)
{
	(void)state;
	rig_close(&rig);
	return 0;
}

#define TWO_LISTENERS "[listener mqtt]\nports = 1883\n[listener web]\nports = 8084\n"

static enum reason to(const char *src, uint16_t port)
{
	return rig_reason(&rig, &(struct frame_spec){ .version = strchr(src, ':') ? 6 : 4,
						      .src = src,
						      .dport = port });
}

static enum reason syn(const char *src)
{
	return to(src, 1883);
}

#endif
