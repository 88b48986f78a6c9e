/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The words of the command line and of the configuration file, to and from values. Pure.
 *
 * Every text_parse_* with a @why returns 0, or -EINVAL and points *why at "REASON; WHAT TO DO"
 * without the value itself, fit for "weir: WHAT FAILED 'VALUE': REASON; WHAT TO DO" and good until
 * the next call of this thread. Nothing else is written on failure.
 */
#ifndef WEIR_TEXT_H
#define WEIR_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "abi.h"

/* A rate as said: count tokens per per_sec seconds (1, 60, 3600). count 0: nothing is admitted. */
struct rate {
	bool unlimited;
	uint32_t count;
	uint16_t per_sec;
};

/* "N/s", "N/m", "N/h", "unlimited"; at most LIMIT_RATE_MAX per second, at least 1/h, or 0/s. */
int text_parse_rate(const char *text, struct rate *rate, const char **why);
/* 1..LIMIT_BURST_MAX */
int text_parse_burst(const char *text, uint32_t *burst, const char **why);
/* Decimal number in [min, max]. */
int text_parse_number(const char *text, uint32_t min, uint32_t max, uint32_t *value,
		      const char **why);
/* "1883,8883, 8084" or "1883 8883": bit PORT of ports[] is set, the others cleared. 1..65535,
 * none twice. */
int text_parse_ports(const char *text, uint64_t ports[PORTS / 64], const char **why);
/* "192.0.2.10", "192.0.2.0/24", "2001:db8::/32", "::ffff:192.0.2.10": network-order address; *len
 * in 0..128 of the 128 bits (96 + N for IPv4), so "::/0" is every address of both families. An
 * address with bits set beyond its length is an error. */
int text_parse_prefix(const char *text, struct addr *prefix, uint8_t *len, const char **why);
/*
 * A source that rules are about: as text_parse_prefix, but bits set beyond the length are cleared
 * and *masked says so, and "::/0" is IPv6 only: what covers IPv4 and more is an error.
 */
int text_parse_source(const char *text, struct addr *prefix, uint8_t *len, bool *masked,
		      const char **why);
/* Of a source prefix whose @len is of 128 bits; *family_len is that of the family's bits. */
enum family text_family(const struct addr *prefix, uint8_t len, uint8_t *family_len);
/* "Nms", "Ns", "Nm", "Nh", "Nd": more than nothing, at most DURATION_MAX_NS. */
#define DURATION_MAX_NS (3650 * 86400000000000ULL)
int text_parse_duration(const char *text, uint64_t *ns, const char **why);
/* Instance and listener names: [A-Za-z0-9_.@-]+, at most max - 1 bytes, not "all", "." or "..", and
 * not beginning with '-'. A listener's must not be a level word either: see text_parse_level. */
int text_parse_name(const char *text, size_t max, const char **why);
/* "auto", or a share from 0 to 1 of the burst, as "0.5": of RESERVE_ALL. */
int text_parse_reserve(const char *text, uint16_t *reserve, const char **why);
/* "auto", which is DELAY_MAX_AUTO, or a duration from 100ms to 60s. */
int text_parse_delay_max(const char *text, uint64_t *ns, const char **why);
/* "auto", "off", or a number: WINDOW_AUTO, WINDOW_OFF. */
int text_parse_window(const char *text, uint32_t *window, const char **why);
/* A set-up latency from 5ms to 60s. */
int text_parse_target(const char *text, uint64_t *ns, const char **why);
/* "auto", which is unlimited, or a rate above 0. */
int text_parse_least_rate(const char *text, struct rate *rate, const char **why);
/* Place of @word in the NULL-ended list, or -1. */
int text_parse_word(const char *word, const char *const *list);
/* The word at @place, or "unknown" beyond the end. */
const char *text_word(const char *const *list, unsigned int place);
/* "host", "listener", "site", "source". -1 if none. */
int text_parse_level(const char *text);
/* Cuts the next element off a list separated by commas, blanks or both. 1: taken, cut to @size;
 * 0: the list has ended; -EINVAL: an empty element (two commas, or one at an end). */
int text_list_next(const char **list, char *element, size_t size);

/* Into buf; the buffer is always terminated and returned. */
char *text_window(char *buf, size_t size, uint32_t window); /* "auto", "off", "200" */
/* "10/s", or "auto" if @rate is 0 */
char *text_least_rate(char *buf, size_t size, uint32_t rate, uint16_t per_sec);
char *text_rate(char *buf, size_t size, const struct limit *limit); /* "10/s", "unlimited" */
char *text_reserve(char *buf, size_t size, uint16_t reserve);	    /* "auto", "0.5" */
char *text_delay_max(char *buf, size_t size, uint64_t ns);	    /* "auto", "500ms", "2s" */
/* "192.0.2.0/24", "2001:db8::1"; "any" for length 0 */
char *text_prefix(char *buf, size_t size, const struct addr *prefix, uint8_t len);
/* The same of a source: "::/0" for length 0, "0.0.0.0/0" for 96. */
char *text_source(char *buf, size_t size, const struct addr *prefix, uint8_t len);
/* "3d 4h", "59m", "2s 500ms": the two largest units, rounded down */
char *text_duration(char *buf, size_t size, uint64_t ns);
/* "1883, 8883"; ends in "..." if there are more than fit */
char *text_ports(char *buf, size_t size, const uint64_t ports[PORTS / 64]);
/* @text with everything but printable ASCII as \xNN, for messages; ends in "..." if cut. */
char *text_quote(char *buf, size_t size, const char *text);

/* The word of the NULL-ended list nearest to @word by edit distance, or NULL if none is near
 * enough to be what was meant. */
const char *text_nearest(const char *word, const char *const *list);

/* 128-bit network-order mask of the first @len bits. */
struct addr text_mask(uint8_t len);

/* Indexed by the enum of abi.h and reason.h; a NULL ends each. */
extern const char *const level_names[];
extern const char *const setup_names[];	     /* "mqtt", "first-byte" */
extern const char *const excess_names[];     /* "drop", "delay", "reject" */
extern const char *const mode_names[];	     /* "observe", "enforce" */
extern const char *const origin_names[];     /* "file", "runtime" */
extern const char *const verdict_names[];    /* "pass", "drop", "delay", "reject" */
extern const char *const action_names[];     /* "allow", "block", "limit" */
extern const char *const reason_names[];     /* "not_syn"...: lower case, '_' between words */
extern const char *const limit_kind_names[]; /* "unlimited", "bucket", "closed" */
/* Of the queue of held SYNs: enums of queue.h, and enum unheld. */
extern const char *const queue_class_names[];  /* "retransmits", "new" */
extern const char *const queue_result_names[]; /* "queued", "replaced"... */
extern const char *const queue_end_names[];    /* "released", "expired"... */
extern const char *const unheld_names[];       /* "none", "no_consumer"... */

#endif
