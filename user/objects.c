// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "objects.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>

/* BPF_OBJ_GET opens whatever there is; what it was, only the name of its file says. */
static int check_kind(int fd, enum object_kind kind)
{
	static const char *const names[] = { "bpf-map", "bpf_link" };
	char path[64], target[64] = "";

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (readlink(path, target, sizeof(target) - 1) < 0)
		return -errno;
	return strstr(target, names[kind]) ? 0 : -EINVAL;
}

int object_open(const char *path, enum object_kind kind)
{
	int fd = bpf_obj_get(path), err;

	if (fd < 0 && (errno == ENOENT || errno == EPERM))
		return -errno;
	if (fd < 0)
		return -EINVAL;
	err = check_kind(fd, kind);
	if (!err)
		return fd;
	close(fd);
	return err;
}

uint32_t object_map_id(int fd)
{
	struct bpf_map_info info = {};
	__u32 len = sizeof(info);

	return bpf_obj_get_info_by_fd(fd, &info, &len) ? 0 : info.id;
}
