/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The frame of a SYN that was held. Pure. */
#ifndef WEIR_SYN_FRAME_H
#define WEIR_SYN_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A sender on the same host, or behind a veth, leaves the TCP checksum to a device that will never
 * see this copy: it then holds the sum of the pseudo-header only. If so it is completed, and true
 * returned; any other checksum, right or wrong, is left to the stack to judge.
 */
bool syn_frame_complete(uint8_t *frame, size_t len);

struct flow_key;

/* Both ends and the sequence number, as include/flow.h wants them; false: it is no TCP segment, or
 * lies behind extension headers. */
bool syn_frame_flow(const uint8_t *frame, size_t len, struct flow_key *key, uint32_t *isn);

#endif
