/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The window of a listener as JSON. Pure; as user/json_value.h. */
#ifndef WEIR_JSON_WINDOW_H
#define WEIR_JSON_WINDOW_H

#include <jansson.h>

#include "snapshot.h"

json_t *json_window(const struct snapshot *snapshot, unsigned int id);

#endif
