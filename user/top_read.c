// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "top_read.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

/* Set @index of every slice: those of one after those of the other. */
static int read_sets(struct top_set *sets, int map_fd, uint32_t index, int cpus)
{
	for (uint32_t slice = 0; slice < TOP_SLICES; slice++) {
		uint32_t key = slice * TOP_SETS + index;

		if (bpf_map_lookup_elem(map_fd, &key, &sets[slice * cpus]))
			return -errno;
	}
	return 0;
}

int top_read(struct top *top, int map_fd, uint64_t now_ns)
{
	int cpus = libbpf_num_possible_cpus(), err = 0;
	struct top_set *sets;

	memset(top, 0, sizeof(*top));
	if (cpus < 0)
		return cpus;
	sets = calloc((size_t)cpus * TOP_SLICES, sizeof(*sets));
	if (!sets)
		return -ENOMEM;
	for (uint32_t index = 0; !err && index < TOP_SETS; index++) {
		err = read_sets(sets, map_fd, index, cpus);
		if (!err)
			err = top_merge(top, sets, cpus * TOP_SLICES, now_ns);
	}
	free(sets);
	return err;
}
