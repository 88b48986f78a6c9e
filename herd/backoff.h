/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* How long a client waits before it tries again. Pure: randomness is an argument. */
#ifndef HERD_BACKOFF_H
#define HERD_BACKOFF_H

#include <stdint.h>

#include "herd/chance.h"

/* With n failures in a row before this one (0, 1, ...), and U(a, b) uniform in [a, b]: */
enum backoff_kind {
	BACKOFF_FIXED,	      /* min */
	BACKOFF_UNIFORM,      /* U(min, max) */
	BACKOFF_EXPONENTIAL,  /* e = minimum of max and min * 2^n */
	BACKOFF_FULL_JITTER,  /* U(0, e) */
	BACKOFF_DECORRELATED, /* minimum of max and U(min, 3 * the wait before; at first min) */
};

extern const char *const backoff_names[]; /* by kind; NULL-ended */

struct backoff {
	enum backoff_kind kind;
	uint64_t min_ns, max_ns;
	/* The result is then multiplied by 1 + U(-below, above) / 1000. */
	uint16_t jitter_below_permille, jitter_above_permille;
	/* Failures count as in a row until a connection has lasted so long; 0: any resets. */
	uint64_t reset_after_ns;
};

/* Where one device stands. All zeros: no failure yet. */
struct backoff_state {
	uint32_t failures;
	uint64_t last_ns; /* the wait before; 0: none */
};

/* The wait after one more failure. */
uint64_t backoff_next(const struct backoff *backoff, struct backoff_state *state,
		      struct chance *chance);
/* A connection that lasted @up_ns has ended. */
void backoff_connected(const struct backoff *backoff, struct backoff_state *state, uint64_t up_ns);

/* What a client library does unless it is told otherwise. A timeout of 0: it has none. */
struct backoff_preset {
	const char *name;
	struct backoff backoff;
	uint64_t timeout_ns; /* from the first SYN to the CONNACK */
	uint64_t connect_timeout_ns, tls_timeout_ns, connack_timeout_ns;
};

/* Ended by a NULL name. */
extern const struct backoff_preset backoff_presets[];
const struct backoff_preset *backoff_preset_find(const char *name);

#endif
