/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* An instance that is not there, and the one that may have been meant. */
#ifndef WEIR_ABSENT_H
#define WEIR_ABSENT_H

#include <stddef.h>

#include "pins.h"

#define ABSENT_TEXT_MAX 256

/* "no instance 'NAME' is attached; WHAT TO DO", into buf. */
char *absent_text(char buf[ABSENT_TEXT_MAX], const struct pins *pins, const char *name);

#endif
