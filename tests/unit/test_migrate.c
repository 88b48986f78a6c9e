// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* State of ABI 1: every bucket is where it is looked for, as full as it was, and what was set is. */
#include "placing.h"

/* table_tag() and table_set() of ABI 1. */
static __u64 *find_abi1(struct abi1_set *sets, uint32_t count, const struct abi1_seed *seed,
			const struct key *key, bool make)
{
	uint32_t last = key->listener << 8 | key->level;
	uint64_t tag = (uint64_t)hash(seed->factor[0], seed->offset[0], key, last) << 32 |
		       hash(seed->factor[1], seed->offset[1], key, last);
	struct abi1_set *set = &sets[(uint32_t)tag & (count - 1)];

	for (int way = 0; way < ABI1_WAYS; way++) {
		if (!set->way[way].tag && make)
			set->way[way].tag = tag;
		if (set->way[way].tag == tag)
			return &set->way[way].word;
	}
	return NULL;
}

static struct abi1_policy old_policy;
static struct policy policy;

static void draw_control(struct abi1_control *old)
{
	memset(old, 0, sizeof(*old));
	draw_seed(&old->seed, sizeof(old->seed));
	old->abi = 1;
	old->generation = 1;
}

static void every_listener(void)
{
	memset(&old_policy, 0, sizeof(old_policy));
	for (int id = 0; id < ABI1_LISTENERS; id++)
		old_policy.listeners[id].name[0] = 'a';
	memset(&policy, 0, sizeof(policy));
	migrate_policy_abi1(&policy, &old_policy, 1);
}

static void test_every_bucket_of_abi1_is_found(void **state)
{
	enum {
		KEYS = 250,
		OLD_SETS = 4096
	};
	struct abi1_set *old = calloc(OLD_SETS, sizeof(*old));
	struct key *keys = calloc(KEYS, sizeof(*keys));
	struct new_table table = make_table(3277);
	struct abi1_control old_control;
	struct control control = {};

	(void)state;
	assert_non_null(old);
	assert_non_null(keys);
	every_listener();
	draw_control(&old_control);
	migrate_control_abi1(&control, &old_control);
	for (int i = 0; i < KEYS; i++) {
		__u64 *word;

		keys[i] = draw_key();
		word = find_abi1(old, OLD_SETS, &old_control.seed, &keys[i], true);
		assert_non_null(word);
		*word = NOW + ((uint64_t)i << 8);
	}
	migrate_buckets_abi1(&table, old, OLD_SETS);
	assert_int_equal(table.forgotten, 0);
	for (int i = 0; i < KEYS; i++) {
		__u64 *word = find(table.sets, table.count, &control.seed, &keys[i],
				   policy.listeners[keys[i].listener].serial, false);

		assert_non_null(word);
		assert_int_equal(*word, NOW + ((uint64_t)i << 8));
	}
	free(table.sets);
	free(keys);
	free(old);
}

static void test_serials_are_distinct_and_nobodys_is_free(void **state)
{
	(void)state;
	every_listener();
	for (int id = 0; id < ABI1_LISTENERS; id++) {
		assert_in_range(policy.listeners[id].serial, 1, policy.last_serial);
		for (int other = 0; other < id; other++)
			assert_int_not_equal(policy.listeners[id].serial,
					     policy.listeners[other].serial);
	}
	memset(old_policy.listeners[5].name, 0, sizeof(old_policy.listeners[5].name));
	memset(&policy, 0, sizeof(policy));
	migrate_policy_abi1(&policy, &old_policy, 1);
	assert_int_equal(policy.listeners[5].serial, 0);
}

static void test_what_was_set_stays_set(void **state)
{
	struct abi1_limit *limit = &old_policy.listeners[1].limits[LEVEL_SITE];

	(void)state;
	memset(&old_policy, 0, sizeof(old_policy));
	memset(&policy, 0, sizeof(policy));
	old_policy.host = (struct abi1_limit){ .period_ns = 4, .kind = LIMIT_BUCKET, .burst = 7 };
	old_policy.site_len[FAMILY_V6] = 48;
	old_policy.site_mask[FAMILY_V6].hi = 0xffff;
	old_policy.source_len[FAMILY_V4] = 32;
	old_policy.source_mask[FAMILY_V4].lo = 0xff;
	old_policy.mode = MODE_ENFORCE;
	old_policy.refill_max_ns = 12;
	strcpy(old_policy.listeners[1].name, "mqtt");
	old_policy.listeners[1].excess = EXCESS_DELAY;
	*limit = (struct abi1_limit){
		.period_ns = 8,
		.tolerance_ns = 16,
		.changed_ns = 24,
		.prev_period_ns = 32,
		.burst = 3,
		.rate = 5,
		.rate_per_sec = 60,
		.kind = LIMIT_BUCKET,
		.epoch = 2,
	};
	old_policy.matches[9] = (struct abi1_match){ .prefix = { 1, 2 }, .next = 3, .listener = 1 };
	old_policy.port_head[1883] = 9;
	migrate_policy_abi1(&policy, &old_policy, 2);

	assert_int_equal(policy.host.period_ns, 4);
	assert_int_equal(policy.host.burst, 7);
	assert_int_equal(policy.host.origin, ORIGIN_FILE);
	assert_int_equal(policy.site_len[FAMILY_V6], 48);
	assert_int_equal(policy.site_mask[FAMILY_V6].hi, 0xffff);
	assert_int_equal(policy.source_len[FAMILY_V4], 32);
	assert_int_equal(policy.source_mask[FAMILY_V4].lo, 0xff);
	assert_int_equal(policy.mode, MODE_ENFORCE);
	assert_int_equal(policy.mode_origin, ORIGIN_RUNTIME);
	assert_int_equal(policy.refill_max_ns, 12);
	assert_string_equal(policy.listeners[1].name, "mqtt");
	assert_int_equal(policy.listeners[1].excess, EXCESS_DELAY);
	assert_memory_equal(&policy.listeners[1].limits[LEVEL_SITE],
			    (&(struct limit){
				    .period_ns = 8,
				    .tolerance_ns = 16,
				    .changed_ns = 24,
				    .prev_period_ns = 32,
				    .settled_ns = 24,
				    .burst = 3,
				    .rate = 5,
				    .rate_per_sec = 60,
				    .kind = LIMIT_BUCKET,
				    .epoch = 2,
				    .origin = ORIGIN_RUNTIME,
			    }),
			    sizeof(struct limit));
	assert_int_equal(policy.matches[9].prefix.lo, 2);
	assert_int_equal(policy.matches[9].next, 3);
	assert_int_equal(policy.matches[9].listener, 1);
	assert_int_equal(policy.port_head[1883], 9);
}

static void test_control_stays(void **state)
{
	struct abi1_control old;
	struct control control = {};

	(void)state;
	draw_control(&old);
	old.generation = 77;
	old.netns_cookie = 3;
	old.created_ns = 4;
	strcpy(old.name, "eth0");
	migrate_control_abi1(&control, &old);
	assert_int_equal(control.abi, WEIR_ABI);
	assert_int_equal(control.generation, 77);
	assert_int_equal(control.netns_cookie, 3);
	assert_int_equal(control.created_ns, 4);
	assert_string_equal(control.name, "eth0");
}

static void test_levels_stay(void **state)
{
	struct abi1_level old[ABI1_LEVELS];
	struct level_state levels[LEVELS_MAX] = {};

	(void)state;
	for (int i = 0; i < ABI1_LEVELS; i++)
		old[i] = (struct abi1_level){ .word = 100 + i };
	migrate_levels_abi1(levels, old);
	assert_int_equal(levels[0].word, 100);
	for (int id = 0; id < ABI1_LISTENERS; id++) {
		assert_int_equal(levels[LEVELS_LISTENER + id].word, 101 + id);
		assert_int_equal(levels[LEVELS_REJECT + id].word, 0);
	}
}

/* gcra_tat() of ABI 1. */
static uint64_t tat_abi1(uint64_t word, const struct abi1_limit *limit, uint64_t now_ns)
{
	uint64_t tat = word & ~3ULL, empty;
	uint64_t debt, spent, fraction;

	empty = limit->changed_ns + limit->tolerance_ns + limit->period_ns;
	if ((word & 3) == limit->epoch)
		return word > now_ns + empty - limit->changed_ns + SEC ? empty : tat;
	if (tat <= limit->changed_ns)
		return tat;
	if (((word + 1) & 3) != limit->epoch || !limit->prev_period_ns)
		return empty;
	debt = tat - limit->changed_ns;
	spent = debt / limit->prev_period_ns;
	if (spent >= limit->burst)
		return empty;
	fraction = ((debt % limit->prev_period_ns) << 20) / limit->prev_period_ns;
	return limit->changed_ns + spent * limit->period_ns + ((fraction * limit->period_ns) >> 20);
}

static void test_a_bucket_has_the_tokens_that_it_had(void **state)
{
	(void)state;
	for (int i = 0; i < 100000; i++) {
		struct abi1_limit *old = &old_policy.host;
		uint64_t word, now_ns;

		memset(&old_policy, 0, sizeof(old_policy));
		memset(&policy, 0, sizeof(policy));
		old->kind = LIMIT_BUCKET;
		old->burst = 1 + draw() % 1000;
		old->period_ns = 4 + (draw() % (10 * SEC) & ~3ULL);
		old->tolerance_ns = (old->burst - 1) * old->period_ns;
		old->prev_period_ns = draw() & 3 ? 4 + (draw() % (10 * SEC) & ~3ULL) : 0;
		old->changed_ns = draw() & 7 ? NOW + draw() % SEC : 0;
		old->epoch = draw() & 3;
		word = NOW - 1000 * SEC + draw() % (2000 * SEC);
		now_ns = NOW + SEC + draw() % (1000 * SEC);
		migrate_policy_abi1(&policy, &old_policy, 1);
		assert_int_equal(gcra_debt_ns(gcra_tat(word, &policy.host, now_ns), now_ns),
				 gcra_debt_ns(tat_abi1(word, old, now_ns), now_ns));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_bucket_of_abi1_is_found),
		cmocka_unit_test(test_serials_are_distinct_and_nobodys_is_free),
		cmocka_unit_test(test_what_was_set_stays_set),
		cmocka_unit_test(test_control_stays),
		cmocka_unit_test(test_levels_stay),
		cmocka_unit_test(test_a_bucket_has_the_tokens_that_it_had),
	};

	return cmocka_run_group_tests_name("migrate", tests, NULL, NULL);
}
