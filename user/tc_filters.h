/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The filters on the clsact qdisc of a device, as the kernel lists them. */
#ifndef WEIR_TC_FILTERS_H
#define WEIR_TC_FILTERS_H

#include <stdbool.h>
#include <stdint.h>

#define TC_FILTERS_MAX 64

struct tc_filter {
	uint32_t handle;
	uint32_t priority;
	uint32_t prog_id; /* 0: not a BPF filter */
};

struct tc_filters {
	struct tc_filter filter[TC_FILTERS_MAX];
	unsigned int count; /* of all there are, even if there is no room */
};

/* Of those on the way out, or else in. A device without the qdisc has none. 0 or -errno. */
int tc_filters_read(struct tc_filters *filters, uint32_t ifindex, bool out);

/* 1: the device has an ingress qdisc in the place of clsact, so there is no way out to put a filter on,
 * and the kernel would take one for the way in. 0, or -errno. */
int tc_qdisc_is_ingress(uint32_t ifindex);

#endif
