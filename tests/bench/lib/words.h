/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Values on the command lines of the tools: 0 or -EINVAL. */
#ifndef BENCH_WORDS_H
#define BENCH_WORDS_H

#include <netinet/in.h>
#include <stdint.h>

int parse_number(const char *text, double min, double max, double *value);
int parse_whole(const char *text, double min, double max, uint64_t *value);
int parse_mac(const char *text, uint8_t mac[6]);
/* Clears what lies behind the first @len bits; an IPv4 address is in the first four bytes. */
void cut_to_prefix(struct in6_addr *addr, unsigned int len);

#endif
