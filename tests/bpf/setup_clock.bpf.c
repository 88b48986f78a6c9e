// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The egress program with a clock that the test sets. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

volatile __u64 clock_ns;

#define bpf_ktime_get_ns() clock_ns
#include "setup.bpf.c"
