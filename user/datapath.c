// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "datapath.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <linux/if_link.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "bpf/weir.skel.h"
#include "log.h"

struct datapath {
	struct weir_bpf *skel;
};

static struct bpf_map *find_map(const struct datapath *datapath, enum instance_map map)
{
	return bpf_object__find_map_by_name(datapath->skel->obj, instance_map_names[map]);
}

static int prepare_maps(struct datapath *datapath, const struct instance *reuse, uint32_t slots)
{
	struct bpf_map *buckets = find_map(datapath, MAP_BUCKETS);
	uint32_t waiting_sets = config_waiting_sets(slots);
	int err = bpf_map__set_max_entries(buckets, slots / TABLE_WAYS);

	if (!err)
		err = bpf_map__set_max_entries(find_map(datapath, MAP_WAITING), waiting_sets);
	if (!err)
		err = bpf_map__set_max_entries(find_map(datapath, MAP_FLOWS), FLOW_SLOTS_DEFAULT);
	if (!err)
		err = bpf_map__set_max_entries(find_map(datapath, MAP_FLOWS_USED),
					       FLOW_SLOTS_DEFAULT / FLOWS_PER_WORD);
	for (int i = 0; !err && reuse && i < MAP_COUNT; i++)
		if (reuse->map_fd[i] >= 0)
			err = bpf_map__reuse_fd(find_map(datapath, i), reuse->map_fd[i]);
	datapath->skel->rodata->bucket_sets = slots / TABLE_WAYS;
	datapath->skel->rodata->flow_slots = FLOW_SLOTS_DEFAULT;
	datapath->skel->rodata->waiting_sets = waiting_sets;
	datapath->skel->rodata->look_period_ns = config_look_period_ns(slots);
	datapath->skel->rodata->look_chunk = config_look_chunk(slots);
	return err;
}

int datapath_load(struct datapath **loaded, const struct instance *reuse, uint32_t sources)
{
	struct datapath *datapath = calloc(1, sizeof(*datapath));
	uint32_t slots = reuse && reuse->map_fd[MAP_BUCKETS] >= 0 ? reuse->control->source_slots
								  : config_slots(sources);
	int err = -ENOMEM;

	if (!datapath)
		goto report;
	datapath->skel = weir_bpf__open();
	if (!datapath->skel) {
		err = -errno;
		goto report;
	}
	err = prepare_maps(datapath, reuse, slots);
	if (!err)
		err = weir_bpf__load(datapath->skel);
	if (err)
		goto report;
	*loaded = datapath;
	return 0;

report:
	if (err == -ENOMEM)
		log_error("cannot load the program: no memory for %u buckets (%u MiB); set fewer "
			  "`sources`",
			  slots,
			  (unsigned int)(slots / TABLE_WAYS * sizeof(struct bucket_set) >> 20));
	else if (err == -EACCES || err == -EINVAL || err == -E2BIG)
		log_error("cannot load the program: the kernel's verifier refused it; `weir -v` "
			  "shows "
			  "why: please report that, with the kernel's version");
	else
		log_error("cannot load the program: %s; `weir -v` shows what the kernel says",
			  log_reason(err));
	datapath_free(datapath);
	return err;
}

void datapath_free(struct datapath *datapath)
{
	if (!datapath)
		return;
	weir_bpf__destroy(datapath->skel);
	free(datapath);
}

int datapath_dup_maps(const struct datapath *datapath, int map_fd[MAP_COUNT])
{
	for (int i = 0; i < MAP_COUNT; i++) {
		map_fd[i] = fcntl(bpf_map__fd(find_map(datapath, i)), F_DUPFD_CLOEXEC, 0);
		if (map_fd[i] >= 0)
			continue;
		while (i--)
			close(map_fd[i]);
		return -errno;
	}
	return 0;
}

int datapath_pin_maps(const struct datapath *datapath, const struct pins *pins, const char *name)
{
	for (int i = 0; i < MAP_COUNT; i++) {
		char path[PATH_MAX];
		int err = pins_path(pins, path, name, instance_map_names[i]);

		if (!err && bpf_obj_pin(bpf_map__fd(find_map(datapath, i)), path))
			err = -errno;
		if (err)
			return err;
	}
	return 0;
}

int datapath_program(const struct datapath *datapath)
{
	return bpf_program__fd(datapath->skel->progs.weir);
}

static int create_link(int prog_fd, uint32_t ifindex, uint32_t flags)
{
	LIBBPF_OPTS(bpf_link_create_opts, opts, .flags = flags);
	int fd = bpf_link_create(prog_fd, ifindex, BPF_XDP, &opts);

	return fd < 0 ? -errno : fd;
}

int datapath_attach(int prog_fd, uint32_t ifindex, enum xdp_mode mode, bool *native,
		    int *native_err)
{
	int fd = -EOPNOTSUPP;

	*native_err = 0;
	if (mode != XDP_GENERIC) {
		fd = create_link(prog_fd, ifindex, XDP_FLAGS_DRV_MODE);
		*native = fd >= 0;
		*native_err = fd < 0 ? fd : 0;
		/* someone else's program is no reason to try the other mode */
		if (fd >= 0 || mode == XDP_NATIVE || fd == -EBUSY || fd == -EEXIST || fd == -EPERM)
			return fd;
	}
	*native = false;
	return create_link(prog_fd, ifindex, XDP_FLAGS_SKB_MODE);
}

int datapath_replace(const struct datapath *datapath, int link_fd)
{
	return bpf_link_update(link_fd, datapath_program(datapath), NULL) ? -errno : 0;
}
