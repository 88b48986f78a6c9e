// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "objects.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>

/* What bpf/weir.bpf.c calls its program; and more maps than it has. */
#define PROGRAM "weir"
#define PROGRAM_MAPS_MAX 32

/* BPF_OBJ_GET opens whatever there is; what it was, only the name of its file says. */
static int check_kind(int fd, enum object_kind kind)
{
	static const char *const names[] = { "bpf-map", "bpf-link" };
	char path[64], target[64] = "";

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (readlink(path, target, sizeof(target) - 1) < 0)
		return -errno;
	return strstr(target, names[kind]) ? 0 : -EINVAL;
}

int object_open(const char *path, enum object_kind kind)
{
	int fd = bpf_obj_get(path), err;

	/* -EACCES is what the kernel says of what is no BPF object */
	if (fd < 0)
		return errno == EACCES ? -EINVAL : -errno;
	err = check_kind(fd, kind);
	if (!err)
		return fd;
	close(fd);
	return err;
}

int object_check_map(int fd, const struct map_shape *shape)
{
	uint32_t key_size = shape->type == BPF_MAP_TYPE_RINGBUF ? 0 : sizeof(uint32_t);
	struct bpf_map_info info = {};
	__u32 len = sizeof(info);

	if (bpf_obj_get_info_by_fd(fd, &info, &len))
		return -errno;
	return info.type == shape->type && (info.map_flags & shape->flags) == shape->flags &&
			       info.key_size == key_size && info.value_size == shape->value_size &&
			       info.max_entries == shape->entries
		       ? 0
		       : -EINVAL;
}

uint32_t object_value_size(int fd)
{
	struct bpf_map_info info = {};
	__u32 len = sizeof(info);

	return bpf_obj_get_info_by_fd(fd, &info, &len) ? 0 : info.value_size;
}

uint32_t object_map_id(int fd)
{
	struct bpf_map_info info = {};
	__u32 len = sizeof(info);

	return bpf_obj_get_info_by_fd(fd, &info, &len) ? 0 : info.id;
}

static bool is_control(uint32_t map_id)
{
	struct bpf_map_info info = {};
	__u32 len = sizeof(info);
	int fd = bpf_map_get_fd_by_id(map_id);
	bool found;

	if (fd < 0)
		return false;
	found = !bpf_obj_get_info_by_fd(fd, &info, &len) && !strcmp(info.name, "control");
	close(fd);
	return found;
}

uint32_t object_control_id(uint32_t prog_id)
{
	uint32_t maps[PROGRAM_MAPS_MAX] = {};
	struct bpf_prog_info info = {
		.map_ids = (uintptr_t)maps,
		.nr_map_ids = PROGRAM_MAPS_MAX,
	};
	__u32 len = sizeof(info);
	int fd = bpf_prog_get_fd_by_id(prog_id), err;

	if (fd < 0)
		return 0;
	err = bpf_obj_get_info_by_fd(fd, &info, &len);
	close(fd);
	if (err || strcmp(info.name, PROGRAM))
		return 0;
	for (uint32_t i = 0; i < info.nr_map_ids && i < PROGRAM_MAPS_MAX; i++)
		if (is_control(maps[i]))
			return maps[i];
	return 0;
}

int object_program_uses(uint32_t prog_id, uint32_t map_id)
{
	uint32_t maps[PROGRAM_MAPS_MAX] = {};
	struct bpf_prog_info info = {
		.map_ids = (uintptr_t)maps,
		.nr_map_ids = PROGRAM_MAPS_MAX,
	};
	__u32 len = sizeof(info);
	int fd = bpf_prog_get_fd_by_id(prog_id), err;

	if (fd < 0)
		return -errno;
	err = bpf_obj_get_info_by_fd(fd, &info, &len);
	close(fd);
	if (err)
		return err;
	for (uint32_t i = 0; i < info.nr_map_ids && i < PROGRAM_MAPS_MAX; i++)
		if (maps[i] == map_id)
			return 1;
	return 0;
}

uint32_t object_link_id(uint32_t ifindex, uint32_t prog_id)
{
	uint32_t id = 0;

	while (!bpf_link_get_next_id(id, &id)) {
		struct bpf_link_info info = {};
		__u32 len = sizeof(info);
		int fd = bpf_link_get_fd_by_id(id), err;

		if (fd < 0)
			continue;
		err = bpf_obj_get_info_by_fd(fd, &info, &len);
		close(fd);
		if (!err && info.type == BPF_LINK_TYPE_XDP && info.prog_id == prog_id &&
		    info.xdp.ifindex == ifindex)
			return id;
	}
	return 0;
}
