/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What an operator wants: the one data model behind the configuration file and the words of
 * `weir attach`. Pure.
 */
#ifndef WEIR_CONFIG_H
#define WEIR_CONFIG_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "abi.h"
#include "text.h"

#define DEVICE_NAME_MAX 16 /* IFNAMSIZ */
#define ADDRESSES_MAX MATCHES_PER_PORT_MAX

#define SOURCES_DEFAULT 1048576U
#define SOURCES_MIN 64U
#define SOURCES_MAX (1U << 28)	  /* 4 GiB */
#define REJECT_RATE_DEFAULT 1000U /* per second and listener */
/* About 550 bytes each, taken while `weir run` serves a listener that delays. */
#define QUEUE_ENTRIES_DEFAULT 16384U
#define QUEUE_ENTRIES_MIN 16U

enum xdp_mode {
	XDP_AUTO,
	XDP_NATIVE,
	XDP_GENERIC,
};
extern const char *const xdp_names[]; /* "auto", "native", "generic"; a NULL ends it */

/* What is checked over several keys; a bit of `wrong` is set where the value of one was refused, so
 * that nothing is said that only follows from it. */
#define PART_LENGTHS(family) (1U << (family))
#define PART_DESTINATIONS (1U << FAMILY_COUNT)
#define PART_LIMIT(level) (2U * PART_DESTINATIONS << (level))
#define PART_RULE (1U << 31) /* what it does, and to whom */
#define PART_REJECT (2U * PART_DESTINATIONS << LEVEL_COUNT)
#define PART_WINDOW (2U * PART_REJECT)
#define PARTS_ALL (~0U)

/* One bucket as wanted. burst 0: one second of the rate, at least 1. */
struct wanted_limit {
	struct rate rate;
	uint32_t burst;
};

struct wanted_address {
	struct addr prefix;
	uint8_t len; /* of 128 bits */
};

enum setup_kind {
	SETUP_MQTT, /* at the CONNACK */
	SETUP_FIRST_BYTE,
};

#define WINDOW_MIN_DEFAULT 4U
#define WINDOW_MAX_DEFAULT 20000U
#define TARGET_DEFAULT_NS 250000000ULL

#define CONNACK_MAX_LEAST 20
#define CONNACK_MAX_MOST 16384

struct wanted_listener {
	char name[LISTENER_NAME_MAX];
	uint64_t ports[PORTS / 64]; /* a bit per destination port */
	struct wanted_address addresses[ADDRESSES_MAX];
	unsigned int addresses_count; /* 0: any */
	uint64_t delay_max_ns;	      /* or DELAY_MAX_AUTO */
	uint32_t queue_entries;
	struct wanted_limit limits[LEVEL_COUNT]; /* [LEVEL_HOST] unused */
	enum excess excess;
	uint16_t reserve; /* as of struct listener */
	uint32_t window;  /* WINDOW_OFF, WINDOW_AUTO, or a number */
	uint32_t window_min;
	uint32_t window_max;
	uint64_t target_ns;	    /* of set-up latency */
	struct rate floor;	    /* unlimited: not said */
	struct rate fallback;	    /* the same */
	enum setup_kind setup;	    /* when a connection is done */
	uint16_t connack_max;	    /* longest TLS record that can be a CONNACK */
	struct wanted_limit reject; /* RSTs to send, if that is what excess is */
	bool says_reject;	    /* else it is the default */
	bool says_queue;	    /* delay-max or queue-entries */
	unsigned int wrong;	    /* PART_* */
	int line;		    /* of its section, for messages; 0: from the command line */
};

/* What is to be done with new connections from a source. */
struct wanted_rule {
	struct wanted_address source;	  /* as of text_parse_source */
	char listener[LISTENER_NAME_MAX]; /* empty: every one */
	bool has_action;		  /* else the source has a limit of its own */
	enum rule_action action;
	bool has_limit;
	struct wanted_limit limit;
	unsigned int wrong; /* PART_* */
	int line;
};

struct wanted_signal; /* of config_signals.h */

struct config {
	char devices[DEVICES_MAX][DEVICE_NAME_MAX];
	unsigned int devices_count; /* 0: not said */
	enum mode mode;
	enum xdp_mode xdp;
	uint32_t sources;		  /* wanted buckets of the source table */
	uint8_t source_len[FAMILY_COUNT]; /* 32, 64 */
	uint8_t site_len[FAMILY_COUNT];	  /* 24, 48 */
	struct wanted_limit host;
	struct wanted_listener *listeners;
	unsigned int listeners_count;
	struct wanted_rule *rules;
	unsigned int rules_count;
	struct wanted_signal *signals;
	unsigned int signals_count;
	unsigned int wrong; /* PART_* */
	int line;	    /* of [weir], for messages; 0: there is none */
};

/* All errors of a file are reported, not only the first, up to this many lines. */
#define ERRORS_SHOWN_MAX 100

struct config_errors {
	FILE *out;
	/* instead, if not NULL: without "NAME:LINE: " and end of line; @line 0: there is none */
	void (*report)(const char *name, int line, const char *message);
	unsigned int count;
};

/* "NAME:LINE: WHAT 'VALUE': REASON; WHAT TO DO", without the line if it is 0. */
__attribute__((format(printf, 4, 5))) void
config_error(struct config_errors *errors, const char *name, int line, const char *format, ...);

/* The defaults, without any listener. */
void config_init(struct config *config);
void config_free(struct config *config);

/*
 * Reads the INI text of @in into an initialised @config, at most CONFIG_SIZE_MAX bytes in lines of
 * at most CONFIG_LINE_MAX; @name stands for it in messages. Returns 0; or -EINVAL after every error
 * was reported; or -ENOMEM. Also makes the checks of config_check, on what was read well.
 */
#define CONFIG_SIZE_MAX (1U << 20)
/* What reading @in may wait for a part of it before it fails with ETIMEDOUT. */
#define CONFIG_WAIT_SECONDS 10
#define CONFIG_LINE_MAX 4096
int config_read(struct config *config, FILE *in, const char *name, struct config_errors *errors);

/* A new listener with defaults, or NULL. Pointers to earlier ones die. */
struct wanted_listener *config_add_listener(struct config *config, const char *name);

/* What config_add_listener gives a new one. */
void config_init_listener(struct wanted_listener *listener, const char *name);

/* A new rule for @source that says nothing yet, or NULL. Pointers to earlier ones die. */
struct wanted_rule *config_add_rule(struct config *config, const struct wanted_address *source);

/* burst in force: as said, or one second of the rate and at least 1 */
uint32_t config_burst(const struct wanted_limit *wanted);

/* Time in which one token refills, a multiple of GCRA_GRAIN_NS, never shorter than the rate says.
 * The rate must have a count. */
uint64_t config_period_ns(const struct rate *rate);

/* Slots of the source table for so many sources: whole sets. */
uint32_t config_slots(uint32_t sources);
/* Between two look-ups in the waiting table in the long run: so its slots are overwritten no sooner
 * than the slowest TCP sends a SYN again. */
uint64_t config_look_period_ns(uint32_t slots);
/* Look-ups that a CPU draws at once: so few that it does not matter where they are left. */
uint64_t config_look_chunk(uint32_t slots);
/* Sets of the waiting table beside so many slots: a connection for each. */
uint32_t config_waiting_sets(uint32_t slots);

bool config_same_address(const struct wanted_address *a, const struct wanted_address *b);

/* Has @listener a limit of RSTs, though it sends none? */
bool config_idle_reject(const struct wanted_listener *listener);
/* Has it keys of a queue, though it holds nothing? */
bool config_idle_queue(const struct wanted_listener *listener);

/* What makes the queue of a listener too small for the rate it is emptied at. */
enum queue_need {
	QUEUE_NEED_NONE,
	QUEUE_NEED_DELAY_MAX, /* whoever waits for delay-max has others before it */
	QUEUE_NEED_SECOND,    /* new SYNs get half of it */
};
/* *@entries: with how many it would not be. Without a limit of host and listener nothing is held. */
enum queue_need config_queue_need(const struct config *config,
				  const struct wanted_listener *listener, uint32_t *entries);

/* A burst needs a rate, and must refill within GCRA_REFILL_MAX_NS. Returns as text_parse_*. */
int config_check_limit(const struct wanted_limit *wanted, const char **why);

/*
 * What holds between keys: a site is no smaller than a source, every listener has ports, no port
 * and destination belong to two listeners, limits pass config_check_limit, at most LISTENERS_MAX
 * listeners, MATCHES_PER_PORT_MAX destinations a port and MATCHES_MAX - 1 matches; a rule says one
 * thing, of a listener that exists, and no other is for the same source and listener. Parts that are wrong already are passed over. Returns 0, -EINVAL or -ENOMEM.
 */
int config_check(const struct config *config, const char *name, struct config_errors *errors);

/* Parses a device list "eth0,eth1": none twice. Returns as text_parse_*. */
int config_parse_devices(struct config *config, const char *text, const char **why);

#endif
