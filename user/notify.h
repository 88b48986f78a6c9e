/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What a service manager is told, as sd_notify(3) describes it: datagrams to $NOTIFY_SOCKET. Without
 * that nothing happens. */
#ifndef WEIR_NOTIFY_H
#define WEIR_NOTIFY_H

#include <stdint.h>

/* "READY=1", "STOPPING=1". */
void notify(const char *state);
/* Between notify_reloading() and the next "READY=1" a reload is under way. */
void notify_reloading(uint64_t now_ns);
/* Every so often, with the time: says that this process works, if it is asked to. */
void notify_alive(uint64_t now_ns);

#endif
