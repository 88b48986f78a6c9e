/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The XDP programs that are compared, loaded and configured by name. */
#ifndef BENCH_CONTESTANT_H
#define BENCH_CONTESTANT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include <bpf/libbpf.h>

#include "abi.h"

struct contestant {
	const char *name;
	struct bpf_object *object;
	struct bpf_program *program;
	bool counts; /* has weir's maps */
};

/*
 * Loads the program @name, one of
 *   weir         the production program
 *   drop-weir    the same, but it drops also what it admits
 *   random-weir  the same, fed from 2^20 random IPv4 sources
 *   random-lru   the same with LRU_HASH maps for sources and sites
 *   parse-drop   parse, clock, drop
 *   pass         nothing
 *   random-egress  the egress program, fed with packets of 65536 flows, 1000 others in set-up
 *   pass-egress  nothing in its place
 * those with weir's maps under the configuration in the file @config (INI, as for `weir attach`).
 * Returns 0; or -1 after a message was printed.
 */
int contestant_load(struct contestant *contestant, const char *name, const char *config);
void contestant_unload(struct contestant *contestant);

struct contestant_figures {
	uint64_t frames; /* seen, whatever became of them */
	uint64_t reasons[REASON_MAX];
	struct table_counters table;
	uint64_t memory; /* bytes of all maps, as the kernel accounts them */
};

/* Only for those that count. Returns 0 or -errno. */
int contestant_read(const struct contestant *contestant, struct contestant_figures *figures);

#endif
