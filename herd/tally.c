// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "herd/tally.h"

#include <stdlib.h>
#include <string.h>

#define NS_PER_SEC 1000000000ULL
#define SECONDS_MAX 100000U /* a day and more; nothing is to grow without end */

const char *const tally_names[] = {
	[TALLY_ATTEMPT] = "attempts",
	[TALLY_CONNECTED] = "connects",
	[TALLY_REJECTED] = "rejected",
	[TALLY_TIMEOUT_CONNECT] = "timeouts_connect",
	[TALLY_TIMEOUT_TLS] = "timeouts_tls",
	[TALLY_TIMEOUT_CONNACK] = "timeouts_connack",
	[TALLY_REFUSED] = "refused",
	[TALLY_RESET] = "reset",
	[TALLY_CLOSED] = "closed",
	[TALLY_UNREACHABLE] = "unreachable",
	[TALLY_TLS_FAILED] = "tls_failed",
	[TALLY_PROTOCOL_ERROR] = "protocol_errors",
	[TALLY_LOCAL_ERROR] = "local_errors",
	[TALLY_UNFINISHED] = "unfinished",
	[TALLY_LOST] = "lost",
	[TALLY_WASTED] = "wasted",
	[TALLY_GIVEN_UP] = "given_up",
	[TALLY_WORK_DONE] = "work_done",
	[TALLY_RESUMED] = "tls_resumed",
	[TALLY_COUNT] = NULL,
};

void tally_init(struct tally *tally, uint32_t devices, uint64_t start_ns)
{
	*tally = (struct tally){
		.start_ns = start_ns,
		.devices = devices,
		.curve_count = devices < TALLY_CURVE_MAX ? devices : TALLY_CURVE_MAX,
	};
}

void tally_free(struct tally *tally)
{
	for (uint32_t i = 0; i < tally->seconds_count; i++) {
		free(tally->seconds[i].rtt);
		free(tally->seconds[i].accepted);
	}
	free(tally->seconds);
	tally->seconds = NULL;
	tally->seconds_count = tally->seconds_max = 0;
}

static bool grow(struct tally *tally, uint32_t needed)
{
	uint32_t max = tally->seconds_max ? tally->seconds_max : 64;
	struct tally_second *seconds;

	while (max < needed)
		max *= 2;
	if (max == tally->seconds_max)
		return true;
	seconds = needed > SECONDS_MAX ? NULL : realloc(tally->seconds, max * sizeof(*seconds));
	if (!seconds) {
		tally->short_of_memory = true;
		return false;
	}
	tally->seconds = seconds;
	tally->seconds_max = max;
	return true;
}

/* The second that @now_ns is in; those before it exist from here on. NULL: there is no room. */
static struct tally_second *second_at(struct tally *tally, uint64_t now_ns)
{
	uint64_t place = now_ns > tally->start_ns ? (now_ns - tally->start_ns) / NS_PER_SEC : 0;

	if (place >= SECONDS_MAX || !grow(tally, (uint32_t)place + 1))
		return NULL;
	while (tally->seconds_count <= place)
		tally->seconds[tally->seconds_count++] =
			(struct tally_second){ .connected = tally->connected };
	return &tally->seconds[place];
}

void tally_advance(struct tally *tally, uint64_t now_ns)
{
	if (now_ns > tally->start_ns)
		second_at(tally, now_ns);
}

static bool is_failure(enum tally_event event)
{
	return event >= TALLY_REJECTED && event <= TALLY_LOCAL_ERROR;
}

void tally_count(struct tally *tally, enum tally_event event, uint64_t now_ns)
{
	struct tally_second *second = second_at(tally, now_ns);

	tally->count[event]++;
	if (!second)
		return;
	if (event == TALLY_ATTEMPT)
		second->attempts++;
	else if (event == TALLY_CONNECTED)
		second->connects++;
	else if (event == TALLY_WASTED)
		second->wasted++;
	else if (is_failure(event))
		second->failures++;
}

void tally_rejected(struct tally *tally, uint8_t code, uint64_t now_ns)
{
	tally->rejected[code]++;
	tally_count(tally, TALLY_REJECTED, now_ns);
}

/* How many devices must be connected for step @i of the curve. */
static uint32_t curve_needs(const struct tally *tally, uint32_t i)
{
	uint64_t devices = tally->devices;

	return (uint32_t)((devices * (i + 1) + tally->curve_count - 1) / tally->curve_count);
}

static void set_connected(struct tally *tally, uint32_t connected, uint64_t now_ns)
{
	struct tally_second *second = second_at(tally, now_ns);

	tally->connected = connected;
	if (connected > tally->most_connected)
		tally->most_connected = connected;
	if (second)
		second->connected = connected;
	while (tally->curve_reached < tally->curve_count &&
	       curve_needs(tally, tally->curve_reached) <= connected)
		tally->curve_ns[tally->curve_reached++] = now_ns - tally->start_ns;
}

/* To one of a second's percentiles, which is there from its first value on. */
static void add_to(struct tally *tally, struct hist **hist, uint64_t value)
{
	if (!*hist)
		*hist = calloc(1, sizeof(**hist));
	if (*hist)
		hist_add(*hist, value);
	else
		tally->short_of_memory = true;
}

void tally_connected(struct tally *tally, bool first, uint64_t began_ns, uint64_t accepted_ns,
		     uint64_t now_ns)
{
	struct tally_second *second = second_at(tally, now_ns);

	tally_count(tally, TALLY_CONNECTED, now_ns);
	hist_add(&tally->setup_ns, now_ns - began_ns);
	if (second)
		add_to(tally, &second->accepted, now_ns - accepted_ns);
	if (first)
		tally->ever_connected++;
	set_connected(tally, tally->connected + 1, now_ns);
}

void tally_lost(struct tally *tally, uint64_t now_ns)
{
	tally_count(tally, TALLY_LOST, now_ns);
	set_connected(tally, tally->connected - 1, now_ns);
}

void tally_rtt(struct tally *tally, uint64_t sent_ns, uint64_t now_ns)
{
	struct tally_second *second = second_at(tally, now_ns);

	tally->bystanders_received++;
	hist_add(&tally->rtt_ns, now_ns - sent_ns);
	if (sent_ns < tally->start_ns || !second)
		return;
	add_to(tally, &second_at(tally, sent_ns)->rtt, now_ns - sent_ns);
}

bool tally_reached(const struct tally *tally, unsigned int permille, uint64_t *ns)
{
	uint64_t needed = ((uint64_t)tally->devices * permille + 999) / 1000;

	for (uint32_t i = 0; i < tally->curve_reached; i++) {
		if (curve_needs(tally, i) < needed)
			continue;
		*ns = tally->curve_ns[i];
		return true;
	}
	return false;
}

uint64_t tally_timeouts(const struct tally *tally)
{
	return tally->count[TALLY_TIMEOUT_CONNECT] + tally->count[TALLY_TIMEOUT_TLS] +
	       tally->count[TALLY_TIMEOUT_CONNACK];
}

uint32_t tally_under_way(const struct tally *tally)
{
	return (uint32_t)(tally->count[TALLY_ATTEMPT] - tally->count[TALLY_CONNECTED] -
			  tally_failures(tally) - tally->count[TALLY_UNFINISHED]);
}

uint64_t tally_failures(const struct tally *tally)
{
	uint64_t sum = 0;

	for (enum tally_event event = 0; event < TALLY_COUNT; event++)
		if (is_failure(event))
			sum += tally->count[event];
	return sum;
}
