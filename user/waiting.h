/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The packet path's table of connections that have asked, from user space. Pure. */
#ifndef WEIR_WAITING_H
#define WEIR_WAITING_H

#include <stdbool.h>
#include <stdint.h>

#include "abi.h"

struct waiting_table {
	struct waiting_set *sets; /* mapped */
	uint32_t count;
};

/*
 * The SYN with @key (of struct delay_record) is admitted now: when it comes again, it passes. If
 * that is the frame put back, as in generic mode, at once. An entry that was forgotten is made
 * anew.
 */
void waiting_admit(const struct waiting_table *table, uint64_t key, uint64_t now_ns,
		   struct returns *returns);

/* When the client of the SYN with @key answered its SYN+ACK with a RST, or gave up later; 0: it has not. */
uint64_t waiting_reset_ns(const struct waiting_table *table, uint64_t key, uint64_t now_ns);

#endif
