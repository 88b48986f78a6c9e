/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What a run is to be: the parameters as said in words or in an INI file, with every default filled
 * in. Pure. plan_words.h and plan_ini.h make one.
 */
#ifndef HERD_PLAN_H
#define HERD_PLAN_H

#include <stdbool.h>
#include <stdint.h>

#include "abi.h"
#include "herd/backoff.h"

#define PLAN_TEXT_MAX 256
#define PLAN_GROUPS_MAX 32
#define PLAN_DEVICES_MAX 1000000U
#define PLAN_TOPICS_MAX 100U
#define PLAN_HELLO_MAX 65536U

enum plan_start {
	START_IMPULSE,
	START_UNIFORM,
	START_EXPONENTIAL,
	START_SCHEDULE,
	START_CLOSED,
};
extern const char *const plan_start_names[];

enum plan_tls {
	TLS_OFF,
	TLS_ANY,
	TLS_1_2,
	TLS_1_3
};
extern const char *const plan_tls_names[]; /* "off", "any", "1.2", "1.3" */

enum plan_mqtt {
	MQTT_3_1_1 = 4,
	MQTT_5 = 5
}; /* the protocol level on the wire */

/* Devices that are alike. Times of 0: none, so no limit. Texts that are empty: not said. */
struct plan_group {
	char name[32]; /* of its section; "devices" on the command line */
	uint32_t devices;

	enum plan_tls tls;
	bool tls_resume;
	char ca_file[PLAN_TEXT_MAX]; /* empty: the broker's certificate is not verified */
	char cert_file[PLAN_TEXT_MAX], key_file[PLAN_TEXT_MAX];
	char sni[PLAN_TEXT_MAX];

	enum plan_mqtt mqtt;
	char user[PLAN_TEXT_MAX], password_file[PLAN_TEXT_MAX];
	char client_id[PLAN_TEXT_MAX]; /* %d: number of the device */
	uint64_t keepalive_ns;

	struct addr sources; /* as text_parse_prefix */
	uint8_t sources_len; /* of 128 bits */
	bool sources_said;

	enum plan_start start;
	uint64_t start_ns; /* length of uniform, mean of exponential */
	char schedule_file[PLAN_TEXT_MAX];
	uint32_t start_width; /* of closed: so many attempts are under way at once */

	uint64_t timeout_ns; /* from the first SYN to the CONNACK */
	uint64_t connect_timeout_ns, tls_timeout_ns, connack_timeout_ns;
	struct backoff backoff;
	char backoff_name[32]; /* model or preset, as said */
	uint32_t attempts;     /* most of one device; 0: no limit but the run's end */

	uint32_t work_topics, work_retained, work_hello; /* subscriptions, messages, bytes */
	char work_topic[PLAN_TEXT_MAX];			 /* %d: number of the device */
};

struct plan {
	char host[PLAN_TEXT_MAX];
	uint16_t port;
	bool capacity;	      /* closed loop instead of a storm */
	uint64_t duration_ns; /* at the latest */
	uint64_t hold_ns;     /* goes on so long after all are connected */
	uint64_t seed;
	uint32_t first; /* number of the first device */
	uint32_t bystanders;
	uint64_t every_ns;    /* a bystander's message */
	double ideal_per_sec; /* capacity as measured before; 0: not said */
	char label[PLAN_TEXT_MAX];
	char json_file[PLAN_TEXT_MAX]; /* "-": standard output */
	char stack[32];		       /* "linux", or a raw one */
	bool quiet, anywhere;

	struct plan_group groups[PLAN_GROUPS_MAX];
	uint32_t groups_count;
	uint32_t devices; /* of all groups */
};

#endif
