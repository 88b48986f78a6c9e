/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * usage: attach_abi1 OBJECT NAME DEV[,DEV...] [abi N] [generation N]
 *
 * Attaches the packet path of ABI 1 (abi1/) to devices and pins what the weir of that time pinned,
 * with two listeners and a little of everything:
 *
 *	mqtt	port 1883  1000/s burst 500, site 1/h burst 30, source 1/h burst 3
 *	bridge	port 1884  1/h burst 10, changed at runtime
 *	host	2000/s, mode enforce
 */
#include <endian.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <linux/if_link.h>
#include <net/if.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "abi1/include/abi.h"

#ifndef SO_NETNS_COOKIE
#define SO_NETNS_COOKIE 71
#endif

#define SLOTS 262144
#define SEC 1000000000ULL

static const char *const maps[] = { "control", "policy",   "levels",
				    "buckets", "counters", "table_counters" };

static void check(int err, const char *what)
{
	if (!err)
		return;
	fprintf(stderr, "attach_abi1: %s: %s\n", what, strerror(errno));
	exit(1);
}

static struct limit bucket(__u32 rate, __u16 per_sec, __u32 burst)
{
	struct limit limit = {
		.period_ns = (per_sec * SEC / rate + GCRA_EPOCH_MASK) & ~GCRA_EPOCH_MASK,
		.burst = burst,
		.rate = rate,
		.rate_per_sec = per_sec,
		.kind = LIMIT_BUCKET,
	};

	limit.tolerance_ns = (burst - 1) * limit.period_ns;
	return limit;
}

static __u64 now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (__u64)now.tv_sec * SEC + (__u64)now.tv_nsec;
}

static void listen_at(struct policy *policy, __u8 id, const char *name, __u16 port)
{
	const __u16 index = 1 + id;

	snprintf(policy->listeners[id].name, sizeof(policy->listeners[id].name), "%s", name);
	policy->matches[index] = (struct match){ .listener = id };
	policy->port_head[port] = index;
}

static void fill_policy(struct policy *policy)
{
	struct limit *mqtt = policy->listeners[0].limits;
	struct limit *bridge = &policy->listeners[1].limits[LEVEL_LISTENER];
	const struct addr v4_source = { ~0ULL, ~0ULL }, v6_source = { ~0ULL, 0 };
	const struct addr v4_site = { ~0ULL, htobe64(~0xffULL) },
			  v6_site = { htobe64(~0ULL << 16), 0 };

	policy->host = bucket(2000, 1, 2000);
	policy->source_mask[FAMILY_V4] = v4_source;
	policy->source_mask[FAMILY_V6] = v6_source;
	policy->site_mask[FAMILY_V4] = v4_site;
	policy->site_mask[FAMILY_V6] = v6_site;
	policy->source_len[FAMILY_V4] = 32;
	policy->source_len[FAMILY_V6] = 64;
	policy->site_len[FAMILY_V4] = 24;
	policy->site_len[FAMILY_V6] = 48;
	policy->mode = MODE_ENFORCE;
	listen_at(policy, 0, "mqtt", 1883);
	mqtt[LEVEL_LISTENER] = bucket(1000, 1, 500);
	mqtt[LEVEL_SITE] = bucket(1, 3600, 30);
	mqtt[LEVEL_SOURCE] = bucket(1, 3600, 3);
	listen_at(policy, 1, "bridge", 1884);
	*bridge = bucket(1, 3600, 10);
	bridge->changed_ns = now_ns();
	bridge->prev_period_ns = SEC;
	bridge->epoch = 1;
	policy->refill_max_ns = 30 * 3600 * SEC + GCRA_CLOCK_SLACK_NS;
}

static void fill_control(struct control *control, const char *name, __u32 abi, __u64 generation)
{
	socklen_t size = sizeof(control->netns_cookie);
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	control->generation = generation;
	control->abi = abi;
	control->source_slots = SLOTS;
	control->created_ns = now_ns();
	snprintf(control->name, sizeof(control->name), "%s", name);
	snprintf(control->version, sizeof(control->version), "0.1.0");
	check(getrandom(&control->seed, sizeof(control->seed), 0) < 0, "getrandom");
	check(fd < 0, "socket");
	check(getsockopt(fd, SOL_SOCKET, SO_NETNS_COOKIE, &control->netns_cookie, &size),
	      "SO_NETNS_COOKIE");
	close(fd);
}

static struct bpf_object *load(const char *path)
{
	struct bpf_object *object = bpf_object__open_file(path, NULL);
	const __u32 mask = SLOTS / TABLE_WAYS - 1;
	struct bpf_map *rodata;

	check(!object, path);
	rodata = bpf_object__find_map_by_name(object, ".rodata");
	check(!rodata, ".rodata");
	check(bpf_map__set_initial_value(rodata, &mask, sizeof(mask)), "bucket_set_mask");
	check(bpf_map__set_max_entries(bpf_object__find_map_by_name(object, "buckets"),
				       SLOTS / TABLE_WAYS),
	      "buckets");
	check(bpf_object__load(object), "load");
	return object;
}

static int map_fd(const struct bpf_object *object, const char *name)
{
	return bpf_object__find_map_fd_by_name(object, name);
}

static void attach(const struct bpf_object *object, const char *dir, const char *device)
{
	LIBBPF_OPTS(bpf_link_create_opts, opts, .flags = XDP_FLAGS_DRV_MODE);
	struct bpf_program *program = bpf_object__find_program_by_name(object, "weir");
	char path[512];
	int fd = bpf_link_create(bpf_program__fd(program), (int)if_nametoindex(device), BPF_XDP,
				 &opts);

	check(fd < 0, device);
	snprintf(path, sizeof(path), "%s/link-%s", dir, device);
	check(bpf_obj_pin(fd, path), path);
}

int main(int argc, char **argv)
{
	static struct policy policy;
	struct control control = {};
	struct bpf_object *object;
	__u32 zero = 0, slot, abi = 1;
	__u64 generation = 1;
	char dir[256], path[512];

	if (argc < 4 || argc % 2)
		return 2;
	for (int i = 4; i < argc; i += 2) {
		if (!strcmp(argv[i], "abi"))
			abi = (__u32)atoi(argv[i + 1]);
		else
			generation = (__u64)atoi(argv[i + 1]);
	}
	slot = generation & 1;
	object = load(argv[1]);
	fill_policy(&policy);
	fill_control(&control, argv[2], abi, generation);
	check(bpf_map_update_elem(map_fd(object, "policy"), &slot, &policy, BPF_ANY), "policy");
	check(bpf_map_update_elem(map_fd(object, "control"), &zero, &control, BPF_ANY), "control");
	snprintf(dir, sizeof(dir), "%s/weir", getenv("WEIR_BPFFS"));
	check(mkdir(dir, 0700) && errno != EEXIST, dir);
	snprintf(dir, sizeof(dir), "%s/weir/%s", getenv("WEIR_BPFFS"), argv[2]);
	check(mkdir(dir, 0700), dir);
	for (size_t i = 0; i < sizeof(maps) / sizeof(*maps); i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, maps[i]);
		check(bpf_obj_pin(map_fd(object, maps[i]), path), path);
	}
	for (char *device = strtok(argv[3], ","); device; device = strtok(NULL, ","))
		attach(object, dir, device);
	return 0;
}
