// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "objects.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

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

int object_sum_cpus(int fd, uint32_t index, void *sum, size_t size)
{
	int cpus = libbpf_num_possible_cpus();
	uint64_t *values, *total = sum;
	size_t words = size / sizeof(uint64_t);
	int err = 0;

	if (cpus < 0)
		return cpus;
	values = calloc(cpus, size);
	if (!values)
		return -ENOMEM;
	if (bpf_map_lookup_elem(fd, &index, values))
		err = -errno;
	memset(sum, 0, size);
	for (size_t i = 0; !err && i < words * cpus; i++)
		total[i % words] += values[i];
	free(values);
	return err;
}

void *object_memory(int fd, size_t size)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	// cppcheck-suppress memleak
	return memory == MAP_FAILED ? NULL : memory;
}

struct program {
	struct bpf_prog_info info;
	uint32_t maps[PROGRAM_MAPS_MAX]; /* ids, of which there are count */
	uint32_t count;
};

/* 0 or -errno. */
static int read_program(struct program *program, uint32_t prog_id)
{
	__u32 len = sizeof(program->info);
	int fd = bpf_prog_get_fd_by_id(prog_id), err;

	if (fd < 0)
		return -errno;
	program->info = (struct bpf_prog_info){
		.map_ids = (uintptr_t)program->maps,
		.nr_map_ids = PROGRAM_MAPS_MAX,
	};
	err = bpf_obj_get_info_by_fd(fd, &program->info, &len);
	program->count = program->info.nr_map_ids;
	if (program->count > PROGRAM_MAPS_MAX)
		program->count = PROGRAM_MAPS_MAX;
	close(fd);
	return err;
}

int object_control_id(uint32_t prog_id, uint32_t *map_id)
{
	struct program program;
	int err = read_program(&program, prog_id);

	*map_id = 0;
	if (err || strcmp(program.info.name, PROGRAM))
		return err;
	for (uint32_t i = 0; !*map_id && i < program.count; i++)
		if (is_control(program.maps[i]))
			*map_id = program.maps[i];
	return 0;
}

int object_program_uses(uint32_t prog_id, uint32_t map_id)
{
	struct program program;
	int err = read_program(&program, prog_id);

	for (uint32_t i = 0; !err && i < program.count; i++)
		if (program.maps[i] == map_id)
			return 1;
	return err;
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
