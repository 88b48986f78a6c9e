/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The egress program (bpf/setup.bpf.c) on the devices of an instance, as a tc filter: before Linux
 * 6.6 there is no link that would hold it, so whoever wants it there looks from time to time.
 *
 * A filter is the instance's if its program uses the instance's table of flows; no other is touched.
 * The clsact qdisc goes only if weir made it and no filter is left on it.
 */
#ifndef WEIR_EGRESS_H
#define WEIR_EGRESS_H

#include <stdint.h>

#include "instance.h"

struct egress;

/* Loads the program on the maps of @instance. Errors have been reported. */
int egress_open(struct egress **opened, const struct instance *instance);
/* Its filters stay. */
void egress_close(struct egress *egress);

/*
 * Sees to it that the program is on the way out of a device that @control knows: returns 0 if it was
 * there, 1 if it had to be put there, 2 if it took the place of one that an earlier weir left, or -errno. -EBUSY: the device has an ingress qdisc, which has no way out.
 */
int egress_ensure(const struct egress *egress, struct control *control, uint32_t ifindex);

/* Takes the filters of @instance off a device, whoever put them there. 0 or -errno. */
int egress_remove(const struct instance *instance, uint32_t ifindex);

#endif
