// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The words behind the numbers: command line, configuration, metric labels. */
#include <ctype.h>
#include <string.h>

#include "config.h"
#include "queue.h"
#include "text.h"

/* one more than the last value, and the NULL that ends the list */
#define ASSERT_WORDS(names, last) \
	_Static_assert(sizeof(names) / sizeof((names)[0]) == (last) + 2, #names " names them all")

const char *const level_names[] = {
	[LEVEL_HOST] = "host",
	[LEVEL_LISTENER] = "listener",
	[LEVEL_SITE] = "site",
	[LEVEL_SOURCE] = "source",
	NULL,
};
ASSERT_WORDS(level_names, LEVEL_COUNT - 1);

const char *const excess_names[] = {
	[EXCESS_DROP] = "drop",
	[EXCESS_DELAY] = "delay",
	[EXCESS_REJECT] = "reject",
	NULL,
};
ASSERT_WORDS(excess_names, EXCESS_REJECT);

const char *const setup_names[] = {
	[SETUP_MQTT] = "mqtt",
	[SETUP_FIRST_BYTE] = "first-byte",
	NULL,
};
ASSERT_WORDS(setup_names, SETUP_FIRST_BYTE);

const char *const mode_names[] = {
	[MODE_OBSERVE] = "observe",
	[MODE_ENFORCE] = "enforce",
	NULL,
};
ASSERT_WORDS(mode_names, MODE_ENFORCE);

const char *const origin_names[] = {
	[ORIGIN_FILE] = "file",
	[ORIGIN_RUNTIME] = "runtime",
	NULL,
};
ASSERT_WORDS(origin_names, ORIGIN_RUNTIME);

const char *const xdp_names[] = {
	[XDP_AUTO] = "auto",
	[XDP_NATIVE] = "native",
	[XDP_GENERIC] = "generic",
	NULL,
};
ASSERT_WORDS(xdp_names, XDP_GENERIC);

const char *const action_names[] = {
	[RULE_ALLOW] = "allow",
	[RULE_BLOCK] = "block",
	[RULE_LIMIT] = "limit",
	NULL,
};
ASSERT_WORDS(action_names, RULE_LIMIT);

const char *const verdict_names[] = {
	[VERDICT_PASS] = "pass",
	[VERDICT_DROP] = "drop",
	[VERDICT_DELAY] = "delay",
	[VERDICT_REJECT] = "reject",
	NULL,
};
ASSERT_WORDS(verdict_names, VERDICT_COUNT - 1);

const char *const reason_names[] = {
	[REASON_NONE] = "none",
	[REASON_NOT_IP] = "not_ip",
	[REASON_NOT_TCP] = "not_tcp",
	[REASON_NOT_SYN] = "not_syn",
	[REASON_NOT_LISTENER] = "not_listener",
	[REASON_FRAGMENT] = "fragment",
	[REASON_TRUNCATED] = "truncated",
	[REASON_MALFORMED] = "malformed",
	[REASON_VLAN_DEPTH] = "vlan_depth",
	[REASON_EXT_DEPTH] = "ext_depth",
	[REASON_INTERNAL] = "internal",
	[REASON_ADMITTED] = "admitted",
	[REASON_HOST_LIMIT] = "host_limit",
	[REASON_LISTENER_LIMIT] = "listener_limit",
	[REASON_SITE_LIMIT] = "site_limit",
	[REASON_SOURCE_LIMIT] = "source_limit",
	[REASON_CONTENDED] = "contended",
	[REASON_ALLOWED] = "allowed",
	[REASON_BLOCKED] = "blocked",
	[REASON_RESERVED] = "reserved",
	[REASON_RETRANSMIT] = "retransmit",
	[REASON_BEHIND] = "behind_queue",
	[REASON_RELEASED] = "released",
	[REASON_WINDOW] = "window",
	NULL,
};
ASSERT_WORDS(reason_names, REASON_COUNT - 1);

const char *const limit_kind_names[] = {
	[LIMIT_UNLIMITED] = "unlimited",
	[LIMIT_BUCKET] = "bucket",
	[LIMIT_CLOSED] = "closed",
	NULL,
};
ASSERT_WORDS(limit_kind_names, LIMIT_CLOSED);

const char *const queue_class_names[] = {
	[QUEUE_RETRANSMITS] = "retransmits",
	[QUEUE_NEW] = "new",
	NULL,
};
ASSERT_WORDS(queue_class_names, QUEUE_CLASSES - 1);

const char *const queue_result_names[] = {
	[QUEUE_QUEUED] = "queued",
	[QUEUE_REPLACED] = "replaced",
	[QUEUE_DUPLICATE] = "duplicate",
	[QUEUE_REFUSED_RETRANSMITS_ONLY] = "refused_half_full",
	[QUEUE_REFUSED_FULL] = "refused_full",
	[QUEUE_REFUSED_FRAME] = "refused_frame",
	[QUEUE_REFUSED_AWAY] = "refused_away",
	NULL,
};
ASSERT_WORDS(queue_result_names, QUEUE_RESULTS - 1);

const char *const queue_end_names[] = {
	[QUEUE_RELEASED] = "released",
	[QUEUE_EXPIRED] = "expired",
	[QUEUE_SILENT] = "silent",
	[QUEUE_EVICTED] = "evicted",
	[QUEUE_FORGOTTEN] = "forgotten",
	[QUEUE_SENT_AWAY] = "sent_away",
	NULL,
};
ASSERT_WORDS(queue_end_names, QUEUE_ENDS - 1);

const char *const unheld_names[] = {
	[UNHELD_NOT] = "none",
	[UNHELD_NO_CONSUMER] = "no_consumer",
	[UNHELD_QUEUE_FULL] = "queue_full",
	[UNHELD_RING_FULL] = "ring_full",
	[UNHELD_TOO_LONG] = "too_long",
	[UNHELD_OVER_BUDGET] = "over_budget",
	[UNHELD_VLAN_HIDDEN] = "vlan_hidden",
	NULL,
};
ASSERT_WORDS(unheld_names, UNHELD_COUNT - 1);

int text_parse_word(const char *word, const char *const *list)
{
	for (int i = 0; list[i]; i++)
		if (!strcmp(word, list[i]))
			return i;
	return -1;
}

const char *text_word(const char *const *list, unsigned int place)
{
	while (*list && place) {
		list++;
		place--;
	}
	return *list ? *list : "unknown";
}

int text_parse_level(const char *text)
{
	return text_parse_word(text, level_names);
}

#define NEAR_WORD_MAX 32

static unsigned int least(unsigned int a, unsigned int b, unsigned int c)
{
	unsigned int ab = a < b ? a : b;

	return ab < c ? ab : c;
}

/* Optimal string alignment: insertions, deletions, substitutions, swaps of neighbours. */
static unsigned int distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
	unsigned int cost[NEAR_WORD_MAX + 1][NEAR_WORD_MAX + 1];

	for (size_t i = 0; i <= a_len; i++)
		cost[i][0] = (unsigned int)i;
	for (size_t j = 0; j <= b_len; j++)
		cost[0][j] = (unsigned int)j;
	for (size_t i = 1; i <= a_len; i++) {
		for (size_t j = 1; j <= b_len; j++) {
			int x = tolower((unsigned char)a[i - 1]);
			int y = tolower((unsigned char)b[j - 1]);

			cost[i][j] = least(cost[i - 1][j] + 1, cost[i][j - 1] + 1,
					   cost[i - 1][j - 1] + (x != y));
			if (i > 1 && j > 1 && x == tolower((unsigned char)b[j - 2]) &&
			    y == tolower((unsigned char)a[i - 2]) &&
			    cost[i - 2][j - 2] + 1 < cost[i][j])
				cost[i][j] = cost[i - 2][j - 2] + 1;
		}
	}
	return cost[a_len][b_len];
}

const char *text_nearest(const char *word, const char *const *list)
{
	size_t word_len = strlen(word);
	const char *nearest = NULL;
	unsigned int best = NEAR_WORD_MAX;

	if (!word_len || word_len > NEAR_WORD_MAX)
		return NULL;
	for (; *list; list++) {
		size_t len = strlen(*list);
		unsigned int edits;

		if (len > NEAR_WORD_MAX)
			continue;
		edits = distance(word, word_len, *list, len);
		/* a third of the letters wrong is still a slip of the finger */
		if (edits < best && edits * 3 <= (len > word_len ? len : word_len)) {
			best = edits;
			nearest = *list;
		}
	}
	return nearest;
}
