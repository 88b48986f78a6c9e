// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "tries.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <linux/bpf.h>
#include <bpf/bpf.h>

#include "rule_filter.h"

/* Rules that go to or come from the kernel in one call. */
#define BATCH 4096

union rule_key {
	struct rule_key_v4 v4;
	struct rule_key_v6 v6;
};

static size_t key_size(enum family family)
{
	return family == FAMILY_V4 ? sizeof(struct rule_key_v4) : sizeof(struct rule_key_v6);
}

static void encode(void *key, const struct rule_entry *entry)
{
	union rule_key encoded;

	if (entry->family == FAMILY_V4)
		encoded.v4 = (struct rule_key_v4){
			.prefixlen = RULE_LISTENER_BITS + entry->len,
			.listener = htonl(entry->listener),
			.addr = ((const __be32 *)&entry->prefix)[3],
		};
	else
		encoded.v6 = (struct rule_key_v6){
			.prefixlen = RULE_LISTENER_BITS + entry->len,
			.listener = htonl(entry->listener),
			.addr = entry->prefix,
		};
	memcpy(key, &encoded, key_size(entry->family));
}

static struct rule_entry decode(const void *key, enum family family, const struct rule *rule)
{
	struct rule_entry entry = { .family = family, .rule = *rule };
	union rule_key encoded;

	memcpy(&encoded, key, key_size(family));
	entry.listener = ntohl(encoded.v4.listener);
	entry.len = (uint8_t)(encoded.v4.prefixlen - RULE_LISTENER_BITS);
	if (family == FAMILY_V4) {
		__be32 words[4] = { 0, 0, htonl(0xffff), encoded.v4.addr };

		memcpy(&entry.prefix, words, sizeof(entry.prefix));
	} else {
		entry.prefix = encoded.v6.addr;
	}
	return entry;
}

/* Room for one batch. */
struct batch {
	uint8_t keys[BATCH * sizeof(union rule_key)];
	struct rule values[BATCH];
};

static int fill(int trie, enum family family, const struct rules *rules)
{
	struct batch *batch = malloc(sizeof(*batch));
	uint32_t count = 0;
	int err = 0;

	if (!batch)
		return -ENOMEM;
	for (unsigned int i = 0; !err && i < rules->count; i++) {
		const struct rule_entry *entry = &rules->entries[i];

		if (entry->family == family) {
			encode(batch->keys + count * key_size(family), entry);
			batch->values[count] = entry->rule;
			batch->values[count++].prefix_len = entry->len;
		}
		if (!count || (count < BATCH && i + 1 < rules->count))
			continue;
		if (bpf_map_update_batch(trie, batch->keys, batch->values, &count, NULL))
			err = -errno;
		count = 0;
	}
	free(batch);
	return err;
}

static int empty(int fd, uint32_t slot)
{
	return bpf_map_delete_elem(fd, &slot) && errno != ENOENT ? -errno : 0;
}

int tries_fill(int fd, uint32_t slot, enum family family, const struct rules *rules)
{
	LIBBPF_OPTS(bpf_map_create_opts, opts, .map_flags = BPF_F_NO_PREALLOC);
	int trie, err;

	if (!rules->count_of[family])
		return empty(fd, slot);
	trie = bpf_map_create(BPF_MAP_TYPE_LPM_TRIE, family == FAMILY_V4 ? "rules_v4" : "rules_v6",
			      (uint32_t)key_size(family), sizeof(struct rule), RULES_MAX, &opts);
	if (trie < 0)
		return -errno;
	err = fill(trie, family, rules);
	if (!err && bpf_map_update_elem(fd, &slot, &trie, BPF_ANY))
		err = -errno;
	close(trie);
	return err;
}

/* The trie at @slot, or -errno; -ENOENT: there is none. Its id is in *id. */
static int open_trie(int fd, uint32_t slot, uint32_t *id)
{
	int trie;

	if (bpf_map_lookup_elem(fd, &slot, id))
		return -errno;
	trie = bpf_map_get_fd_by_id(*id);
	return trie < 0 ? -errno : trie;
}

int tries_copy(int fd, uint32_t from, uint32_t slot)
{
	uint32_t id, former;
	int trie, err = 0;

	if (bpf_map_lookup_elem(fd, &from, &id))
		return errno == ENOENT ? empty(fd, slot) : -errno;
	if (!bpf_map_lookup_elem(fd, &slot, &former) && former == id)
		return 0;
	trie = open_trie(fd, from, &id);
	if (trie < 0)
		return trie;
	if (bpf_map_update_elem(fd, &slot, &trie, BPF_ANY))
		err = -errno;
	close(trie);
	return err;
}

static uint32_t filter_index(uint32_t slot, enum family family)
{
	return slot * FAMILY_COUNT + family;
}

int tries_fill_filter(int fd, uint32_t slot, enum family family, const struct rules *rules,
		      const struct hash_seed *seed)
{
	struct rule_filter *filter = malloc(sizeof(*filter));
	uint32_t index = filter_index(slot, family);
	int err = 0;

	if (!filter)
		return -ENOMEM;
	rule_filter_build(filter, rules, family, seed);
	if (bpf_map_update_elem(fd, &index, filter, BPF_ANY))
		err = -errno;
	free(filter);
	return err;
}

int tries_copy_filter(int fd, uint32_t from, uint32_t slot, enum family family)
{
	struct rule_filter *filter = malloc(sizeof(*filter));
	uint32_t former = filter_index(from, family), index = filter_index(slot, family);
	int err = 0;

	if (!filter)
		return -ENOMEM;
	if (bpf_map_lookup_elem(fd, &former, filter) ||
	    bpf_map_update_elem(fd, &index, filter, BPF_ANY))
		err = -errno;
	free(filter);
	return err;
}

static int read_trie(int trie, enum family family, struct rules *rules)
{
	struct batch *batch = malloc(sizeof(*batch));
	union rule_key at;
	bool begun = false, ended = false;
	int err = 0;

	if (!batch)
		return -ENOMEM;
	while (!err && !ended) {
		uint32_t count = BATCH;

		if (bpf_map_lookup_batch(trie, begun ? &at : NULL, &at, batch->keys, batch->values,
					 &count, NULL)) {
			ended = errno == ENOENT;
			err = ended ? 0 : -errno;
		}
		begun = true;
		for (uint32_t i = 0; !err && i < count; i++) {
			const struct rule_entry entry = decode(batch->keys + i * key_size(family),
							       family, &batch->values[i]);

			err = rules_add(rules, &entry);
		}
	}
	free(batch);
	return err;
}

int tries_read(int fd, uint32_t slot, enum family family, struct rules *rules)
{
	uint32_t id;
	int trie = open_trie(fd, slot, &id), err;

	if (trie < 0)
		return trie == -ENOENT ? 0 : trie;
	err = read_trie(trie, family, rules);
	close(trie);
	return err;
}
