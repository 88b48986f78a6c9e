/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What each broker says about itself that tells overload by connecting clients from anything else,
 * where it says so, and from which value on. Pure. The targets are where to begin, not measured.
 */
#ifndef WEIR_PRESETS_H
#define WEIR_PRESETS_H

#include <stdint.h>

#include "config_signals.h"

#define PRESET_TERMS_MAX 5

struct preset_term {
	const char *metric, *minus, *over; /* selectors or topics; NULL: none */
	enum value_kind kind;
	double quantile;
	double target;
	const char *calibrate; /* how to find the target of a broker at hand */
};

struct preset {
	const char *name;
	enum signal_type type;
	const char *url;
	uint64_t every_ns;
	uint64_t lag_ns;
	struct preset_term terms[PRESET_TERMS_MAX]; /* ended by one without a metric, if shorter */
};

extern const struct preset presets[]; /* ended by one without a name */
extern const char *const preset_names[];

/* NULL: there is none of this name. */
const struct preset *preset_find(const char *name);
unsigned int preset_terms(const struct preset *preset);

#endif
