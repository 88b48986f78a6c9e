/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What of a configuration was said: all of it by a file, parts by the words of a command. Pure. */
#ifndef WEIR_PLAN_SAID_H
#define WEIR_PLAN_SAID_H

#include "plan.h"

#define SAYS_DEVICES 0x1
#define SAYS_XDP 0x2
#define SAYS_MODE 0x4
#define SAYS_PORTS 0x8
#define SAYS_RATE 0x10 /* the listener's, with its burst */
#define SAYS_WINDOW 0x20
#define SAYS_REST 0x40
#define SAYS_ALL 0x7f

/* Prints those differences of @plan that were @said, whatever may become of them, one line each;
 * of rules no more than PLAN_RULES_SHOWN_MAX. Returns how many there are. */
unsigned int plan_print_said(FILE *out, const struct plan *plan, unsigned int said);

#endif
