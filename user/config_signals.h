/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The [signal NAME] sections of the configuration: a broker's or host's own word on its health. Pure. */
#ifndef WEIR_CONFIG_SIGNALS_H
#define WEIR_CONFIG_SIGNALS_H

#include <stdbool.h>
#include <stdint.h>

#include "config.h"
#include "config_keys.h"

#define SIGNALS_MAX 32
#define SIGNAL_TEXT_MAX 256
#define SIGNAL_URL_MAX 512
#define SIGNAL_QUERY_MAX 2048

enum signal_type {
	SIGNAL_UNSAID,
	SIGNAL_PROMETHEUS,   /* scrapes a page of text */
	SIGNAL_PROMQL,	     /* asks a Prometheus server */
	SIGNAL_MOSQUITTO,    /* $SYS, or any topic with numbers */
	SIGNAL_AMLEN,	     /* JSON over HTTP */
	SIGNAL_ACCEPT_QUEUE, /* of the listening sockets */
	SIGNAL_PSI,	     /* pressure stall information */
	SIGNAL_CANARY,	     /* connects and measures */
	SIGNAL_TYPES,
};
extern const char *const signal_type_names[]; /* by enum; a NULL ends it */

/* What becomes of what is read. */
enum value_kind {
	VALUE_UNSAID,
	VALUE_GAUGE,
	VALUE_RATE,	 /* of a counter, per second */
	VALUE_QUANTILE,	 /* of a histogram's growth */
	VALUE_LOAD,	 /* mosquitto's average over a minute, undone: per second */
	VALUE_DEPTH,	 /* waiting / limit of the accept queue */
	VALUE_OVERFLOWS, /* of accept queues, per second */
	VALUE_SOME,	 /* share of the time in which some task waited */
	VALUE_FULL,	 /* or all did */
};
extern const char *const value_kind_names[];

enum psi_resource {
	PSI_UNSAID,
	PSI_CPU,
	PSI_MEMORY,
	PSI_IO,
};
extern const char *const psi_names[];

struct preset;

/* What is empty, 0 or UNSAID has not been said; config_complete_signal() fills it in. */
struct wanted_signal {
	char name[LISTENER_NAME_MAX];
	char listener[LISTENER_NAME_MAX]; /* empty: every one */
	enum signal_type type;
	const struct preset *preset; /* NULL: none */
	char url[SIGNAL_URL_MAX];
	char metric[SIGNAL_TEXT_MAX]; /* name, selector or topic */
	char minus[SIGNAL_TEXT_MAX];  /* taken from it; the same */
	char over[SIGNAL_TEXT_MAX];   /* or it is divided by this */
	char labels[SIGNAL_TEXT_MAX]; /* of all three */
	char query[SIGNAL_QUERY_MAX];
	char topic[SIGNAL_TEXT_MAX];
	char credentials_file[SIGNAL_TEXT_MAX];
	char ca_file[SIGNAL_TEXT_MAX];
	char cgroup[SIGNAL_TEXT_MAX];
	enum psi_resource resource;
	enum value_kind kind;
	double quantile;
	double target;	     /* of the value; a time in seconds */
	uint64_t every_ns;   /* between two readings */
	uint64_t lag_ns;     /* how old a value is when it is read */
	uint64_t timeout_ns; /* of one reading */
	unsigned int wrong;  /* PART_*; with any nothing more is checked */
	int line;
};

extern const struct key signal_keys[]; /* fill a struct wanted_signal */

struct reading;

/* Begins [signal NAME]. */
void config_begin_signal(struct reading *reading, const char *name);

/* What a preset and the type give where nothing is said. */
void config_complete_signal(struct wanted_signal *wanted);

/* What holds between the keys of each signal. */
void config_check_signals(const struct config *config, const char *name,
			  struct config_errors *errors);

#endif
