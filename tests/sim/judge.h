/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the law has to reach in a storm. */
#ifndef WEIR_TESTS_SIM_JUDGE_H
#define WEIR_TESTS_SIM_JUDGE_H

#include "tests/sim/scenarios.h"

/* NULL, or what was not reached. */
const char *sim_judge(const struct sim_case *sim_case, const struct result *result);

/* For sim_case.check. */
const char *check_unsqueezed(const struct result *result);
const char *check_step(const struct result *result);
const char *check_killed(const struct result *result);
const char *check_frozen(const struct result *result);
const char *check_flood(const struct result *result);

#endif
