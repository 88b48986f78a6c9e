// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Names as the brokers' own code writes them: EMQX 5 (emqx_prometheus), VerneMQ 2
 * (vmq_metrics.erl), HiveMQ 4 (Prometheus extension: dots and dashes become '_'), RabbitMQ 3.10
 * (rabbitmq_prometheus), NanoMQ (rest_api.c), Mosquitto 2.0 (sys_tree.c), Amlen (monitoring REST).
 */
#include "presets.h"

#include <stddef.h>
#include <string.h>

#define SECOND_NS 1000000000ULL

#define TO_KNEE "raise the connect rate until set-ups get slow, and write 80 % of what it was then"
#define RUN_QUEUE "twice the schedulers of the node, if it has not 8 of them; or " TO_KNEE
#define UNANSWERED                                                                                \
	"a tenth of the set-ups a second that the broker sustains; connects that are refused or " \
	"given up count, too"

const struct preset presets[] = {
	{
		.name = "emqx",
		.type = SIGNAL_PROMETHEUS,
		.url = "http://127.0.0.1:18083/api/v5/prometheus/stats",
		.every_ns = 2 * SECOND_NS,
		.terms = {
			{ .metric = "emqx_vm_run_queue", .kind = VALUE_GAUGE, .target = 16,
			  .calibrate = RUN_QUEUE },
			{ .metric = "emqx_packets_connect", .minus = "emqx_packets_connack_sent",
			  .kind = VALUE_RATE, .target = 50, .calibrate = UNANSWERED },
			{ .metric = "emqx_overload_protection_new_conn", .kind = VALUE_RATE,
			  .target = 1,
			  .calibrate = "1 means that EMQX itself refuses; leave it" },
			{ .metric = "emqx_vm_broker_pool_max_mailbox_size", .kind = VALUE_GAUGE,
			  .target = 1000, .calibrate = TO_KNEE },
		},
	},
	{
		.name = "emqx-auth",
		.type = SIGNAL_PROMETHEUS,
		.url = "http://127.0.0.1:18083/api/v5/prometheus/auth",
		.every_ns = 2 * SECOND_NS,
		.terms = {
			{ .metric = "emqx_authn_latency", .kind = VALUE_QUANTILE, .quantile = 0.9,
			  .target = 0.5,
			  .calibrate = "five times the quiet p90, in the unit of the page's le "
				       "labels: if they go beyond 30 it is ms, so write 500" },
		},
	},
	{
		.name = "vernemq",
		.type = SIGNAL_PROMETHEUS,
		.url = "http://127.0.0.1:8888/metrics",
		.every_ns = 2 * SECOND_NS,
		.terms = {
			{ .metric = "system_run_queue", .kind = VALUE_GAUGE, .target = 16,
			  .calibrate = RUN_QUEUE },
			{ .metric = "system_utilization", .kind = VALUE_GAUGE, .target = 90,
			  .calibrate = "percent of the schedulers; VerneMQ calls 90 a high load" },
			{ .metric = "socket_open", .minus = "mqtt_connack_sent",
			  .kind = VALUE_RATE, .target = 50, .calibrate = UNANSWERED },
			{ .metric = "socket_close_timeout", .kind = VALUE_RATE, .target = 5,
			  .calibrate = "above what a quiet day shows" },
		},
	},
	{
		.name = "hivemq",
		.type = SIGNAL_PROMETHEUS,
		.url = "http://127.0.0.1:9399/metrics",
		.every_ns = 2 * SECOND_NS,
		.terms = {
			{ .metric = "com_hivemq_overload_protection_level", .kind = VALUE_GAUGE,
			  .target = 0.67,
			  .calibrate = "level 1 is a ratio of 1.5; not in the community edition" },
			{ .metric = "com_hivemq_persistence_executor_client_session_tasks",
			  .kind = VALUE_GAUGE, .target = 1000, .calibrate = TO_KNEE },
			{ .metric = "com_hivemq_messages_incoming_connect_count",
			  .minus = "com_hivemq_messages_outgoing_connack_count",
			  .kind = VALUE_RATE, .target = 50, .calibrate = UNANSWERED },
			{ .metric = "com_hivemq_system_process_cpu_load", .kind = VALUE_GAUGE,
			  .target = 0.9, .calibrate = "a share of 1; leave it" },
		},
	},
	{
		.name = "rabbitmq",
		.type = SIGNAL_PROMETHEUS,
		.url = "http://127.0.0.1:15692/metrics",
		.every_ns = 5 * SECOND_NS, /* what its collect_statistics_interval is */
		.terms = {
			{ .metric = "erlang_vm_statistics_run_queues_length",
			  .over = "erlang_vm_schedulers_online", .kind = VALUE_GAUGE, .target = 2,
			  .calibrate = "waiting processes a scheduler; " TO_KNEE },
			{ .metric = "rabbitmq_raft_entry_commit_latency_seconds",
			  .kind = VALUE_GAUGE, .target = 0.2,
			  .calibrate = "five times the quiet value: MQTT client ids are kept there" },
			/* its name in later versions */
			{ .metric = "rabbitmq_raft_commit_latency_seconds", .kind = VALUE_GAUGE,
			  .target = 0.2, .calibrate = "as the one above" },
			{ .metric = "rabbitmq_connections_opened_total",
			  .minus = "rabbitmq_auth_attempts_succeeded_total", .kind = VALUE_RATE,
			  .target = 50, .calibrate = UNANSWERED },
			{ .metric = "rabbitmq_process_open_fds", .over = "rabbitmq_process_max_fds",
			  .kind = VALUE_GAUGE, .target = 0.9, .calibrate = "a share of the limit; leave it" },
		},
	},
	{
		.name = "nanomq",
		.type = SIGNAL_PROMETHEUS,
		.url = "http://127.0.0.1:8081/api/v4/prometheus",
		.every_ns = 2 * SECOND_NS,
		.terms = {
			{ .metric = "nanomq_cpu_usage", .kind = VALUE_GAUGE, .target = 80,
			  .calibrate = "percent, over all cores; " TO_KNEE },
		},
	},
	{
		.name = "mosquitto",
		.type = SIGNAL_MOSQUITTO,
		.url = "mqtt://127.0.0.1:1883",
		.every_ns = 11 * SECOND_NS, /* sys_interval 10, published when it is exceeded */
		.terms = {
			{ .metric = "$SYS/broker/load/sockets/1min",
			  .minus = "$SYS/broker/load/connections/1min", .kind = VALUE_LOAD,
			  .target = 10,
			  .calibrate = "sockets a second that never sent a CONNECT: above what a "
				       "quiet day shows; set the broker's sys_interval to 1" },
		},
	},
	{
		.name = "amlen",
		.type = SIGNAL_AMLEN,
		.url = "http://127.0.0.1:9089/ima/v1/monitor/Server",
		.every_ns = 2 * SECOND_NS,
		.terms = {
			{ .metric = "BadConnCount", .kind = VALUE_RATE, .target = 20,
			  .calibrate = "failed TLS, time-outs and refused log-ins a second: above "
				       "what a quiet day shows" },
			{ .metric = "TotalConnections", .minus = "ActiveConnections",
			  .kind = VALUE_RATE, .target = 100,
			  .calibrate = "connections that end, a second: above what a quiet day "
				       "shows" },
		},
	},
	{ .name = NULL },
};

const char *const preset_names[] = { "emqx",   "emqx-auth", "vernemq", "hivemq", "rabbitmq",
				     "nanomq", "mosquitto", "amlen",   NULL };
_Static_assert(sizeof(preset_names) / sizeof(preset_names[0]) ==
		       sizeof(presets) / sizeof(presets[0]),
	       "a name for each preset");

const struct preset *preset_find(const char *name)
{
	for (const struct preset *preset = presets; preset->name; preset++)
		if (!strcmp(preset->name, name))
			return preset;
	return NULL;
}

unsigned int preset_terms(const struct preset *preset)
{
	unsigned int count = 0;

	while (count < PRESET_TERMS_MAX && preset->terms[count].metric)
		count++;
	return count;
}
