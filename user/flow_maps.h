/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The maps behind user/flows.h, of an instance that is open. */
#ifndef WEIR_FLOW_MAPS_H
#define WEIR_FLOW_MAPS_H

#include "flows.h"
#include "instance.h"

/* Maps what flows_new() needs; unmap it either way. 0 or -errno. */
int flow_maps_map(struct flows_memory *memory, const struct instance *instance);
void flow_maps_unmap(struct flows_memory *memory);

#endif
