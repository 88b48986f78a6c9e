/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Whether excess that is to be held has anybody who holds it. */
#ifndef WEIR_UNSERVED_H
#define WEIR_UNSERVED_H

/*
 * Reports in one line which listeners of instance @name have excess = delay and no valid lease, if
 * any, and what to do; as @say does. A `weir run` that is there is given time to take a lease for
 * what has just been changed. Says nothing where tags are hidden, of which attach has warned.
 */
void unserved_report(const char *name, void (*say)(const char *format, ...));

#endif
