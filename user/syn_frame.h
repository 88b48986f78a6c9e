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

/* Ethernet with two tags, IPv6 and TCP, each without options. */
#define SYN_FRAME_RESET_MAX (14 + 2 * 4 + 40 + 20)

/*
 * Writes to @reply, of SYN_FRAME_RESET_MAX bytes, the RST|ACK that refuses the SYN in @frame: RFC 9293,
 * 3.10.7.1, as reply_reset() of bpf/reply.bpf.h does; VLAN tags are kept. Returns its length; 0: to
 * this frame no reply can be made, or it was sent to more than one station.
 */
size_t syn_frame_reset(uint8_t *reply, const uint8_t *frame, size_t len);

#endif
