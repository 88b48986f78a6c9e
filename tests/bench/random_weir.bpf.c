// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The production program, fed from random sources. */
#include "random.bpf.h"

#define parse parse_random
#include "weir.bpf.c"
