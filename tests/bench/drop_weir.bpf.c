// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The production program, but SYNs that it admits are dropped as well once they are counted: so a
 * flood of them measures the packet path and not the TCP stack. `judged` is finish()'s own.
 */
#include <linux/bpf.h>

#define XDP_PASS (judged ? XDP_DROP : (XDP_PASS))
#include "weir.bpf.c"
