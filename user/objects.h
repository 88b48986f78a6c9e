/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* BPF objects of the kernel as they are found, whoever made or pinned them. */
#ifndef WEIR_OBJECTS_H
#define WEIR_OBJECTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum object_kind {
	OBJECT_MAP,
	OBJECT_LINK,
};

/* An fd of what is pinned at @path; -ENOENT: nothing is; -EINVAL: it is not of this kind. */
int object_open(const char *path, enum object_kind kind);
/* What a map has to be. */
struct map_shape {
	uint32_t type; /* enum bpf_map_type */
	uint32_t flags;
	uint32_t value_size;
	uint32_t entries;
};

/* Is the map @fd, with keys of 32 bits (a ring buffer: none), of this shape? One of another size would be read or written
 * beyond its end. 0, -EINVAL or what the kernel says. */
int object_check_map(int fd, const struct map_shape *shape);
/* Bytes of a value of the map @fd; 0: the kernel does not tell. */
uint32_t object_value_size(int fd);
/* Adds the per-CPU values of entry @index of the map @fd, all of them arrays of u64, up into @sum, of @size
 * bytes. 0 or -errno. */
int object_sum_cpus(int fd, uint32_t index, void *sum, size_t size);
/* The first @size bytes of the array @fd, to read and write; NULL, and errno. For munmap(). */
void *object_memory(int fd, size_t size);
/* Id of the map @fd; 0: the kernel does not tell. */
uint32_t object_map_id(int fd);
/* *@map_id is the id of the control map of the program @prog_id; 0: it is not a program of weir's. 0, or
 * -errno, and *@map_id is 0: it cannot be told. */
int object_control_id(uint32_t prog_id, uint32_t *map_id);
/* Does the program @prog_id use the map @map_id? 1, 0, or -errno: it cannot be told. */
int object_program_uses(uint32_t prog_id, uint32_t map_id);
/* Id of the link that holds the XDP program @prog_id on @ifindex; 0: none does. */
uint32_t object_link_id(uint32_t ifindex, uint32_t prog_id);

#endif
