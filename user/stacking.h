/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Which network devices stand on which. Pure. */
#ifndef WEIR_STACKING_H
#define WEIR_STACKING_H

#include <stdbool.h>
#include <stdint.h>

struct stacked {
	uint32_t index;
	uint32_t
		below; /* that it stands on, as a VLAN or macvlan device does; 0: none, or elsewhere */
	uint32_t master; /* bond, bridge...; 0: none */
	bool takes_tags; /* frames reach it by their VLAN tag */
	bool above;	 /* found by stacking_takes_tags() */
};

/* Does anything that stands on device @index, at any height, take frames by their VLAN tag? */
bool stacking_takes_tags(struct stacked *devices, unsigned int count, uint32_t index);

#endif
