// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "flow_maps.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "objects.h"

static const size_t flows_size = FLOW_SLOTS_DEFAULT * sizeof(struct flow);
static const size_t used_size = FLOW_SLOTS_DEFAULT / FLOWS_PER_WORD * sizeof(uint64_t);
static const size_t setups_size = LISTENERS_MAX * sizeof(struct setup_state);

int flow_maps_map(struct flows_memory *memory, const struct instance *instance)
{
	memory->slots = FLOW_SLOTS_DEFAULT;
	memory->used = NULL;
	memory->setups = NULL;
	memory->flows = object_memory(instance->map_fd[MAP_FLOWS], flows_size);
	if (memory->flows)
		memory->used = object_memory(instance->map_fd[MAP_FLOWS_USED], used_size);
	if (memory->used)
		memory->setups = object_memory(instance->map_fd[MAP_SETUPS], setups_size);
	return memory->setups ? 0 : -errno;
}

void flow_maps_unmap(struct flows_memory *memory)
{
	if (memory->flows)
		munmap(memory->flows, flows_size);
	if (memory->used)
		munmap(memory->used, used_size);
	if (memory->setups)
		munmap(memory->setups, setups_size);
	memset(memory, 0, sizeof(*memory));
}
