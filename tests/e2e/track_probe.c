// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * usage: track_probe NAME [every MS] [keep]
 *
 * Watches set-ups of the instance NAME, of its first listener, until SIGTERM: puts the egress program
 * on its devices, looks every 10 ms, sees to the filter every second, and prints a line of JSON every
 * MS (200). `ready` comes first. With `keep` the filters stay when it ends, as after a kill.
 */
#include <inttypes.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "egress.h"
#include "flow_maps.h"
#include "flows.h"
#include "instance.h"
#include "links.h"
#include "objects.h"
#include "pins.h"

#define SCAN_NS 10000000ULL
#define CHECK_NS 1000000000ULL

static volatile sig_atomic_t stopped;

static void stop(int number)
{
	(void)number;
	stopped = 1;
}

struct probe {
	struct instance instance;
	struct links links;
	struct egress *egress;
	struct flows_memory memory;
	struct flows *flows;
	unsigned int put; /* filters that had to be put there */
};

static int probe_open(struct probe *probe, const char *name)
{
	struct pins pins;
	int err = pins_lock(&pins, false, false);

	if (err)
		return err;
	err = instance_open(&probe->instance, &pins, name);
	if (!err)
		err = links_open(&probe->links, &pins, name,
				 object_map_id(probe->instance.map_fd[MAP_CONTROL]));
	pins_unlock(&pins);
	if (!err)
		err = egress_open(&probe->egress, &probe->instance);
	if (!err)
		err = flow_maps_map(&probe->memory, &probe->instance);
	if (err)
		return err;
	probe->flows = flows_new(&probe->memory);
	return probe->flows ? 0 : -1;
}

static int probe_check(struct probe *probe)
{
	for (unsigned int i = 0; i < probe->links.count; i++) {
		int ret = egress_ensure(probe->egress, probe->instance.control,
					probe->links.link[i].ifindex);

		if (ret < 0) {
			fprintf(stderr, "track_probe: egress of %s: %s\n",
				probe->links.link[i].device, strerror(-ret));
			return ret;
		}
		probe->put += ret > 0;
	}
	return 0;
}

static int probe_print(struct probe *probe, uint64_t now_ns)
{
	static const char *const names[SETUP_EVENT_COUNT] = {
		"noted",    "answered",	 "requested", "done",	 "refused",
		"given_up", "withdrawn", "replaced",  "evicted",
	};
	struct setup_counters sum;
	struct setup_sample sample;
	int err = object_sum_cpus(probe->instance.map_fd[MAP_SETUP_COUNTERS], 0, &sum, sizeof(sum));

	if (err)
		return err;
	flows_count(probe->flows, 0, &sum, now_ns);
	flows_sample(probe->flows, 0, &sample);
	printf("{\"in_flight\":%u,\"young\":%u,\"expected\":%.1f,\"share\":%.3f,"
	       "\"horizon_ms\":%.1f,\"oldest_ms\":%.1f,\"p90_ms\":%.1f,\"goodput\":%.1f,"
	       "\"mean_ms\":%.3f,\"swept\":%" PRIu64 ",\"hidden\":%s,\"put\":%u",
	       sample.in_flight, sample.young, sample.expected, sample.share,
	       (double)sample.horizon_ns / 1e6, (double)sample.oldest_turn_ns / 1e6,
	       (double)sample.p90_ns / 1e6, sample.goodput_per_sec,
	       sample.total[SETUP_DONE]
		       ? (double)sample.latency_sum_ns / (double)sample.total[SETUP_DONE] / 1e6
		       : 0,
	       sample.swept, sample.hidden ? "true" : "false", probe->put);
	for (int i = 0; i < SETUP_EVENT_COUNT; i++)
		printf(",\"%s\":%" PRIu64, names[i], (uint64_t)sample.total[i]);
	printf(",\"tickets\":[%u,%u,%u,%u]}\n", probe->memory.setups[0].ticket[0],
	       probe->memory.setups[0].ticket[1], probe->memory.setups[0].ticket[2],
	       probe->memory.setups[0].ticket[3]);
	fflush(stdout);
	return 0;
}

static int probe_run(struct probe *probe, uint64_t every_ns)
{
	const struct timespec pause = { .tv_nsec = SCAN_NS };
	uint64_t check_ns = 0, print_ns = 0;
	int err = 0;

	while (!err && !stopped) {
		uint64_t now_ns = instance_now_ns();

		flows_scan(probe->flows, now_ns);
		if (now_ns >= check_ns) {
			err = probe_check(probe);
			if (!check_ns)
				puts("ready");
			check_ns = now_ns + CHECK_NS;
		}
		if (!err && now_ns >= print_ns) {
			err = probe_print(probe, now_ns);
			print_ns = now_ns + every_ns;
		}
		nanosleep(&pause, NULL);
	}
	return err;
}

int main(int argc, char **argv)
{
	static struct probe probe;
	uint64_t every_ms = 200;
	bool keep = false;
	int err;

	for (int i = 2; i < argc; i++) {
		if (!strcmp(argv[i], "every") && i + 1 < argc)
			every_ms = strtoull(argv[++i], NULL, 10);
		keep |= !strcmp(argv[i], "keep");
	}
	if (argc < 2)
		return 2;
	signal(SIGTERM, stop);
	signal(SIGINT, stop);
	err = probe_open(&probe, argv[1]);
	if (!err)
		err = probe_run(&probe, every_ms * 1000000);
	for (unsigned int i = 0; !keep && i < probe.links.count; i++)
		if (egress_remove(&probe.instance, probe.links.link[i].ifindex))
			err = 1;
	flows_free(probe.flows);
	flow_maps_unmap(&probe.memory);
	egress_close(probe.egress);
	links_close(&probe.links);
	return err ? 1 : 0;
}
