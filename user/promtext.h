/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Snapshots as one page of the Prometheus text exposition format (version 0.0.4). Pure. */
#ifndef WEIR_PROMTEXT_H
#define WEIR_PROMTEXT_H

#include <stdio.h>

#include "snapshot.h"

/* All instances in one page: each metric's HELP and TYPE once, then its samples. @unreadable: how
 * many instances there are besides. */
void promtext_write(FILE *out, const struct snapshot *snapshots, unsigned int count,
		    unsigned int unreadable);

#endif
