/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* BPF objects of the kernel as they are found, whoever made or pinned them. */
#ifndef WEIR_OBJECTS_H
#define WEIR_OBJECTS_H

#include <stdint.h>

enum object_kind {
	OBJECT_MAP,
	OBJECT_LINK,
};

/* An fd of what is pinned at @path; -ENOENT: nothing is; -EINVAL: it is not of this kind. */
int object_open(const char *path, enum object_kind kind);
/* Id of the map @fd; 0: the kernel does not tell. */
uint32_t object_map_id(int fd);

#endif
