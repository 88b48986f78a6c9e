// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "flow_maps.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

static void *map_memory(const struct instance *instance, enum instance_map map, size_t size)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, instance->map_fd[map],
			    0);

	// cppcheck-suppress memleak
	return memory == MAP_FAILED ? NULL : memory;
}

static const size_t flows_size = FLOW_SLOTS_DEFAULT * sizeof(struct flow);
static const size_t used_size = FLOW_SLOTS_DEFAULT / FLOWS_PER_WORD * sizeof(uint64_t);
static const size_t setups_size = LISTENERS_MAX * sizeof(struct setup_state);

int flow_maps_map(struct flows_memory *memory, const struct instance *instance)
{
	memory->slots = FLOW_SLOTS_DEFAULT;
	memory->used = NULL;
	memory->setups = NULL;
	memory->flows = map_memory(instance, MAP_FLOWS, flows_size);
	if (memory->flows)
		memory->used = map_memory(instance, MAP_FLOWS_USED, used_size);
	if (memory->used)
		memory->setups = map_memory(instance, MAP_SETUPS, setups_size);
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

int flow_maps_counters(const struct instance *instance, unsigned int listener,
		       struct setup_counters *sum)
{
	const size_t words = sizeof(*sum) / sizeof(uint64_t);
	int cpus = libbpf_num_possible_cpus(), err = 0;
	uint32_t index = listener;
	__u64 *values, *total = (__u64 *)sum;

	if (cpus < 0)
		return cpus;
	values = calloc((size_t)cpus, sizeof(*sum));
	if (!values)
		return -ENOMEM;
	if (bpf_map_lookup_elem(instance->map_fd[MAP_SETUP_COUNTERS], &index, values))
		err = -errno;
	memset(sum, 0, sizeof(*sum));
	for (size_t i = 0; !err && i < words * (size_t)cpus; i++)
		total[i % words] += values[i];
	free(values);
	return err;
}
