// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "bpf/weir.skel.h"
#include "config.h"
#include "contestant.h"
#include "policy.h"
#include "rules.h"
#include "tests/bench/drop_weir.skel.h"
#include "tests/bench/plain.skel.h"
#include "tests/bench/random_egress.skel.h"
#include "tests/bench/random_lru.skel.h"
#include "tests/bench/random_weir.skel.h"
#include "tries.h"

static uint32_t sets_for(uint32_t sources)
{
	return (sources + TABLE_WAYS - 1) / TABLE_WAYS;
}

static int read_config(struct config *config, const char *path)
{
	struct config_errors errors = { .out = stderr };
	FILE *in = fopen(path, "r");
	int err;

	if (!in) {
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
		return -1;
	}
	config_init(config);
	err = config_read(config, in, path, &errors);
	fclose(in);
	return err ? -1 : 0;
}

static int map_fd(const struct contestant *contestant, const char *name)
{
	return bpf_object__find_map_fd_by_name(contestant->object, name);
}

/* Where excess is held: as if somebody took the SYNs who always falls behind, for ever. */
static int lease_queues(const struct contestant *contestant, const struct policy *policy)
{
	for (uint32_t id = 0; id < LISTENERS_MAX; id++) {
		const struct queue_state state = {
			.lease_until_ns = UINT64_MAX,
			.entries = policy->listeners[id].queue_entries,
		};

		if (*policy->listeners[id].name && policy->listeners[id].excess == EXCESS_DELAY &&
		    bpf_map_update_elem(map_fd(contestant, "queues"), &id, &state, BPF_ANY))
			return -errno;
	}
	return 0;
}

/* What attaching an instance writes before its program sees the first frame. */
static int configure(const struct contestant *contestant, const struct config *config,
		     uint32_t sets)
{
	struct control control = { .abi = WEIR_ABI, .source_slots = sets * TABLE_WAYS };
	static const char *const maps[] = { "rules_v4", "rules_v6" };
	struct policy *policy = calloc(1, sizeof(*policy));
	struct rules rules = { 0 };
	uint32_t zero = 0;
	int err = -ENOMEM;

	if (!policy)
		return err;
	policy_build(policy, config);
	err = rules_build(&rules, policy, config, 0);
	rules_seal(&rules, policy);
	policy_seal(policy);
	if (!err)
		err = getrandom(&control.seed, sizeof(control.seed), 0) < 0 ? -errno : 0;
	if (!err)
		err = getrandom(&control.waiting_seed, sizeof(control.waiting_seed), 0) < 0 ? -errno
											    : 0;
	for (int family = 0; !err && family < FAMILY_COUNT; family++) {
		err = tries_fill(map_fd(contestant, maps[family]), zero, family, &rules);
		if (!err)
			err = tries_fill_filter(map_fd(contestant, "rule_filters"), zero, family,
						&rules, &control.seed);
	}
	if (!err)
		err = bpf_map_update_elem(map_fd(contestant, "policy"), &zero, policy, BPF_ANY);
	if (!err)
		err = bpf_map_update_elem(map_fd(contestant, "control"), &zero, &control, BPF_ANY);
	if (!err)
		err = lease_queues(contestant, policy);
	rules_free(&rules);
	free(policy);
	return err;
}

/* Of the object's .rodata. */
struct sizes {
	uint32_t *bucket_sets;
	uint32_t *waiting_sets;
	uint64_t *look_period_ns;
	uint64_t *look_chunk;
	uint32_t *flow_slots;
};

static int set_flows(struct bpf_object *object)
{
	struct bpf_map *map = bpf_object__find_map_by_name(object, "flows");
	struct bpf_map *used = bpf_object__find_map_by_name(object, "flows_used");

	return bpf_map__set_max_entries(map, FLOW_SLOTS_DEFAULT) ||
	       bpf_map__set_max_entries(used, FLOW_SLOTS_DEFAULT / FLOWS_PER_WORD);
}

static int set_sizes(struct bpf_object *object, const struct sizes *sizes, uint32_t sets)
{
	struct bpf_map *waiting = bpf_object__find_map_by_name(object, "waiting");
	uint32_t slots = sets * TABLE_WAYS;

	*sizes->bucket_sets = sets;
	*sizes->waiting_sets = config_waiting_sets(slots);
	*sizes->look_period_ns = config_look_period_ns(slots);
	*sizes->look_chunk = config_look_chunk(slots);
	*sizes->flow_slots = FLOW_SLOTS_DEFAULT;
	return set_flows(object) ||
	       bpf_map__set_max_entries(bpf_object__find_map_by_name(object, "buckets"), sets) ||
	       bpf_map__set_max_entries(waiting, *sizes->waiting_sets);
}

static int load_weir(struct contestant *contestant, struct bpf_object *object,
		     const struct sizes *sizes, const char *path)
{
	struct config config;
	uint32_t sets;
	int err = -1;

	contestant->object = object;
	contestant->program = bpf_object__find_program_by_name(object, "weir");
	contestant->counts = true;
	if (read_config(&config, path))
		goto out;
	sets = sets_for(config.sources);
	err = set_sizes(object, sizes, sets);
	if (!err)
		err = bpf_object__load(object);
	if (!err)
		err = configure(contestant, &config, sets);
	if (err)
		fprintf(stderr, "loading %s: %s\n", contestant->name, strerror(-err));
out:
	config_free(&config);
	return err ? -1 : 0;
}

static int load_plain(struct contestant *contestant, const char *program)
{
	struct plain_bpf *plain = plain_bpf__open_and_load();

	if (!plain) {
		fprintf(stderr, "loading %s: %s\n", contestant->name, strerror(errno));
		return -1;
	}
	contestant->object = plain->obj;
	contestant->program = bpf_object__find_program_by_name(plain->obj, program);
	return 0;
}

/* So many are in set-up while other packets go by. */
#define FLOWS_IN_SETUP 1000

static int begin_flows(const struct contestant *contestant)
{
	struct waiting_seed seed;
	struct control control = { .abi = WEIR_ABI };
	uint32_t zero = 0;
	int err = getrandom(&seed, sizeof(seed), 0) < 0 ? -errno : 0;

	control.waiting_seed = seed;
	if (!err)
		err = bpf_map_update_elem(map_fd(contestant, "control"), &zero, &control, BPF_ANY);
	for (uint32_t i = 0; !err && i < FLOWS_IN_SETUP; i++) {
		uint32_t slot = (uint32_t)random() % FLOW_SLOTS_DEFAULT;
		uint32_t index = slot / FLOWS_PER_WORD;
		struct flow flow = { .tag = slot + 1 };
		uint64_t bits = 0;

		err = bpf_map_update_elem(map_fd(contestant, "flows"), &slot, &flow, BPF_ANY);
		if (!err)
			err = bpf_map_lookup_elem(map_fd(contestant, "flows_used"), &index, &bits);
		bits |= 1ULL << slot % FLOWS_PER_WORD;
		if (!err)
			err = bpf_map_update_elem(map_fd(contestant, "flows_used"), &index, &bits,
						  BPF_ANY);
	}
	return err;
}

static int load_egress(struct contestant *contestant, const char *program)
{
	struct random_egress_bpf *egress = random_egress_bpf__open();
	int err = egress ? 0 : -errno;

	if (!err) {
		egress->rodata->flow_slots = FLOW_SLOTS_DEFAULT;
		err = set_flows(egress->obj);
	}
	if (!err)
		err = random_egress_bpf__load(egress);
	if (!err) {
		contestant->object = egress->obj;
		contestant->program = bpf_object__find_program_by_name(egress->obj, program);
		err = begin_flows(contestant);
	}
	if (err)
		fprintf(stderr, "loading %s: %s\n", contestant->name, strerror(-err));
	return err ? -1 : 0;
}

/* The skeletons live as long as the process: all that matters hangs on their objects. */
#define LOAD_WEIR(skeleton)                                                                  \
	do {                                                                                 \
		struct skeleton##_bpf *open = skeleton##_bpf__open();                        \
                                                                                             \
		if (!open)                                                                   \
			break;                                                               \
		return load_weir(contestant, open->obj,                                      \
				 &(struct sizes){ (uint32_t *)&open->rodata->bucket_sets,    \
						  (uint32_t *)&open->rodata->waiting_sets,   \
						  (uint64_t *)&open->rodata->look_period_ns, \
						  (uint64_t *)&open->rodata->look_chunk,     \
						  (uint32_t *)&open->rodata->flow_slots },   \
				 config);                                                    \
	} while (0)

int contestant_load(struct contestant *contestant, const char *name, const char *config)
{
	memset(contestant, 0, sizeof(*contestant));
	contestant->name = name;
	if (!strcmp(name, "parse-drop"))
		return load_plain(contestant, "parse_drop");
	if (!strcmp(name, "pass"))
		return load_plain(contestant, "pass");
	if (!strcmp(name, "random-egress"))
		return load_egress(contestant, "weir_egress");
	if (!strcmp(name, "pass-egress"))
		return load_egress(contestant, "pass_egress");
	if (!config) {
		fprintf(stderr, "%s needs a configuration\n", name);
		return -1;
	}
	if (!strcmp(name, "weir"))
		LOAD_WEIR(weir);
	else if (!strcmp(name, "drop-weir"))
		LOAD_WEIR(drop_weir);
	else if (!strcmp(name, "random-weir"))
		LOAD_WEIR(random_weir);
	else if (!strcmp(name, "random-lru"))
		LOAD_WEIR(random_lru);
	fprintf(stderr, "no such program '%s', or it cannot be opened\n", name);
	return -1;
}

void contestant_unload(struct contestant *contestant)
{
	bpf_object__close(contestant->object);
	contestant->object = NULL;
}

/* "memlock:" of the map's fdinfo. */
static uint64_t map_memory(int fd)
{
	char path[64], line[128];
	uint64_t bytes = 0;
	FILE *info;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	info = fopen(path, "r");
	if (!info)
		return 0;
	while (fgets(line, sizeof(line), info))
		if (sscanf(line, "memlock: %" SCNu64, &bytes) == 1)
			break;
	fclose(info);
	return bytes;
}

static int read_counters(const struct contestant *contestant, struct contestant_figures *figures)
{
	int fd = map_fd(contestant, "counters"), cpus = libbpf_num_possible_cpus(), err = 0;
	struct counters *counters = calloc(cpus, sizeof(*counters));

	if (!counters)
		return -ENOMEM;
	for (uint32_t index = 0; !err && index < 1 + LISTENERS_MAX; index++) {
		err = bpf_map_lookup_elem(fd, &index, counters);
		for (int i = 0; !err && i < cpus * 2 * VERDICT_COUNT * REASON_MAX; i++) {
			uint64_t count = (&counters->n[0][0][0])[i];

			figures->reasons[i % REASON_MAX] += count;
			figures->frames += count;
		}
	}
	free(counters);
	return err;
}

static int read_table(const struct contestant *contestant, struct table_counters *sum)
{
	int cpus = libbpf_num_possible_cpus(), err;
	struct table_counters *each = calloc(cpus, sizeof(*each));
	uint32_t zero = 0;

	if (!each)
		return -ENOMEM;
	err = bpf_map_lookup_elem(map_fd(contestant, "table_counters"), &zero, each);
	for (int i = 0; !err && i < cpus; i++) {
		sum->evicted_full += each[i].evicted_full;
		sum->evicted_in_debt += each[i].evicted_in_debt;
		sum->lost_claims += each[i].lost_claims;
	}
	free(each);
	return err;
}

int contestant_read(const struct contestant *contestant, struct contestant_figures *figures)
{
	struct bpf_map *map;
	int err;

	memset(figures, 0, sizeof(*figures));
	bpf_object__for_each_map(map, contestant->object)
		figures->memory += map_memory(bpf_map__fd(map));
	err = read_counters(contestant, figures);
	return err ? err : read_table(contestant, &figures->table);
}
