/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A snapshot to print: four devices, three listeners, counts that are all different. */
#ifndef WEIR_TESTS_SAMPLE_H
#define WEIR_TESTS_SAMPLE_H

#include "reading.h"

#include "policy.h"
#include "queue.h"
#include "snapshot.h"

#define SAMPLE_NOW (100 * 3600 * 1000000000ULL)

static const char sample_text[] = "[weir]\n"
				  "mode = enforce\n"
				  "host-rate = 5000/s\n"
				  "[listener mqtt]\n"
				  "ports = 1883, 8883\n"
				  "rate = 2000/s\n"
				  "burst = 3000\n"
				  "excess = drop\n"
				  "source-rate = 10/m\n"
				  "source-burst = 20\n"
				  "[listener lab]\n"
				  "ports = 1883\n"
				  "addresses = 192.0.2.0/24, 2001:db8::1\n"
				  "excess = delay\n"
				  "[listener shut]\n"
				  "ports = 8084\n"
				  "excess = drop\n"
				  "rate = 0/s\n"
				  "[prefix 10.0.0.0/8]\n"
				  "action = allow\n"
				  "[prefix 10.1.0.0/16]\n"
				  "source-rate = 5/s\n"
				  "[prefix 2001:db8::/32]\n"
				  "action = block\n"
				  "listener = lab\n";

static inline void sample_count(struct snapshot *snapshot, unsigned int place, bool enforced,
				enum verdict verdict, unsigned int reason, uint64_t count)
{
	snapshot->counters[place].n[enforced][verdict][reason] = count;
}

/* To be freed by sample_free(). */
static inline struct snapshot *sample_make(void)
{
	struct snapshot *snapshot = calloc(1, sizeof(*snapshot));
	struct config config;
	char *messages;

	assert_non_null(snapshot);
	snapshot->policy = malloc(sizeof(*snapshot->policy));
	assert_non_null(snapshot->policy);
	assert_int_equal(read_bytes(&config, sample_text, strlen(sample_text), &messages), 0);
	policy_build(snapshot->policy, &config);
	assert_int_equal(rules_build(&snapshot->rules, snapshot->policy, &config, 0), 0);
	rules_sort(&snapshot->rules);
	/* the second of them was said by command, and not for ever */
	snapshot->rules.entries[1].rule.origin = ORIGIN_RUNTIME;
	snapshot->rules.entries[1].rule.expires_ns = SAMPLE_NOW + 3661 * 1000000000ULL;
	free(messages);
	config_free(&config);
	snapshot->now_ns = SAMPLE_NOW;
	snapshot->control.created_ns = SAMPLE_NOW - 26 * 3600 * 1000000000ULL;
	snapshot->control.source_slots = 1048576;
	strcpy(snapshot->control.name, "eth0");
	strcpy(snapshot->control.version, "0.1.0");
	snapshot->devices[0] = (struct snapshot_device){ "eth0", DEVICE_ATTACHED, true, "eth0", 2 };
	snapshot->devices[1] = (struct snapshot_device){ "eth1", DEVICE_ATTACHED, false, "eth9",
							 3 };
	snapshot->devices[2] = (struct snapshot_device){ "eth2", DEVICE_LOST, false, "eth2", 0 };
	snapshot->devices[3] = (struct snapshot_device){ "eth3", DEVICE_MOVED, false, "eth3", 0 };
	snapshot->devices_count = 4;
	snapshot->table_fill = 0.125;
	snapshot->table.evicted_full = 71;
	snapshot->table.lost_claims = 73;
	snapshot->table.evicted_waiting = 79;
	snapshot->echoes[0].n[ECHO_WAITED] = 250;
	snapshot->echoes[0].n[ECHO_ADMITTED] = 3;
	snapshot->echoes[0].n[ECHO_DOUBLE] = 1;
	snapshot->echoes[0].n[ECHO_NEW] = 12000;
	snapshot->echoes[0].n[ECHO_UNKNOWN] = 4;
	snapshot->returns[0].reserve = RESERVE_ALL / 2;
	sample_count(snapshot, 0, true, VERDICT_PASS, REASON_NOT_SYN, 1000000);
	sample_count(snapshot, 0, true, VERDICT_PASS, REASON_NOT_TCP, 7);
	sample_count(snapshot, 1, true, VERDICT_PASS, REASON_ADMITTED, 12345);
	sample_count(snapshot, 1, true, VERDICT_DROP, REASON_LISTENER_LIMIT, 600);
	sample_count(snapshot, 1, true, VERDICT_DROP, REASON_SOURCE_LIMIT, 78);
	sample_count(snapshot, 1, false, VERDICT_PASS, REASON_ADMITTED, 40);
	sample_count(snapshot, 1, false, VERDICT_DROP, REASON_SITE_LIMIT, 3);
	/* 100 tokens of mqtt and 1 of the host were taken just now */
	snapshot->levels[0].word = SAMPLE_NOW + 200000;
	snapshot->levels[1].word = SAMPLE_NOW + 100 * 500000;
	return snapshot;
}

#define SAMPLE_LAB 1 /* id of listener lab, whose excess is held */

/* `weir run` holds 7 SYNs of lab and has let in 10. */
static inline void sample_queue(struct snapshot *snapshot)
{
	struct queue_state *queue = &snapshot->queues[SAMPLE_LAB];

	*queue = (struct queue_state){
		.lease_until_ns = SAMPLE_NOW + 1,
		.length = 7,
		.entries = 500,
		.delay_max_ns = 750000000,
		.lengths = { [QUEUE_RETRANSMITS] = 3, [QUEUE_NEW] = 4 },
		.sites = { [QUEUE_RETRANSMITS] = 2, [QUEUE_NEW] = 1 },
		.results = { [QUEUE_QUEUED] = 20,
			     [QUEUE_REPLACED] = 5,
			     [QUEUE_REFUSED_RETRANSMITS_ONLY] = 6 },
		.ends = { [QUEUE_RETRANSMITS] = { [QUEUE_RELEASED] = 9 },
			  [QUEUE_NEW] = { [QUEUE_RELEASED] = 1, [QUEUE_EXPIRED] = 2 } },
		/* (100, 250] and (250, 500] ms */
		.held = { [6] = 6, [7] = 4 },
		.held_sum_ns = 3000000000,
		/* up to 50 us */
		.late = { [0] = 10 },
		.late_sum_ns = 400000,
		.failed = 1,
		.outdated = 2,
	};
	snapshot->unheld[SAMPLE_LAB].n[UNHELD_QUEUE_FULL] = 7;
	sample_count(snapshot, 1 + SAMPLE_LAB, true, VERDICT_PASS, REASON_ADMITTED, 50);
	sample_count(snapshot, 1 + SAMPLE_LAB, true, VERDICT_PASS, REASON_RELEASED, 10);
	sample_count(snapshot, 1 + SAMPLE_LAB, true, VERDICT_DELAY, REASON_LISTENER_LIMIT, 15);
	sample_count(snapshot, 1 + SAMPLE_LAB, true, VERDICT_DELAY, REASON_BEHIND, 10);
	sample_count(snapshot, 1 + SAMPLE_LAB, true, VERDICT_DROP, REASON_LISTENER_LIMIT, 7);
}

static inline void sample_free(struct snapshot *snapshot)
{
	rules_free(&snapshot->rules);
	free(snapshot->policy);
	free(snapshot);
}

/* What @write writes of it; to be freed. */
static inline char *sample_written(void (*write)(FILE *, const struct snapshot *),
				   const struct snapshot *snapshot)
{
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	write(out, snapshot);
	fclose(out);
	return text;
}

#endif
