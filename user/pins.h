/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Where an instance lives: $WEIR_BPFFS/weir/NAME/ (default /sys/fs/bpf), one file a map and one a
 * device's link. bpffs takes no dots in names; they are written as ':', which neither a device nor
 * an instance may contain.
 */
#ifndef WEIR_PINS_H
#define WEIR_PINS_H

#include <limits.h>
#include <stdbool.h>

#include "config.h"

#define PINS_LINK_PREFIX "link-"

struct pins {
	int lock_fd; /* of the directory that holds the instances; -1: there is none */
	char root[PATH_MAX / 2];
};

/*
 * Opens and locks the directory of all instances, alone (@exclusive) or with other readers; waits
 * for another weir at most 10 s. With @create it is made. Without, -ENOENT if it does not exist.
 * Errors have been reported, except -ENOENT.
 */
int pins_lock(struct pins *pins, bool create, bool exclusive);
/* The same without waiting, and without a word: -EBUSY if another weir has it. */
int pins_try_lock(struct pins *pins, bool exclusive);
/* Removes the directory if no instance is left, and unlocks. Does nothing a second time. */
void pins_unlock(struct pins *pins);

/* Path of instance @name, or of @pin in it if not NULL. -ENAMETOOLONG if it does not fit. */
int pins_path(const struct pins *pins, char path[PATH_MAX], const char *name, const char *pin);
/* Is there a directory for instance @name? -ENOENT: nothing is; -ENOTDIR: something else is. */
int pins_find(const struct pins *pins, const char *name);

/* Calls @each for everything in the directory of all instances, one or not, in order of name until
 * it returns non-zero, which is returned. */
int pins_each(const struct pins *pins, int (*each)(const char *name, void *arg), void *arg);
/* The same for every device that has a link in instance @name. */
int pins_each_device(const struct pins *pins, const char *name,
		     int (*each)(const char *device, void *arg), void *arg);

/*
 * Name of the directory for what is to take the place of instance @name: no instance can have it,
 * and pins_each() passes it over. Until pins_exchange() the state in force is the one under @name.
 */
#define PINS_BESIDE_MAX (INSTANCE_NAME_MAX + 1)
void pins_beside(char beside[PINS_BESIDE_MAX], const char *name);
/* Each of the two directories becomes the other at once. */
int pins_exchange(const struct pins *pins, const char *name, const char *other);
/* Removes everything in @name, its links included, and itself; 0 if there was nothing. */
int pins_clear(const struct pins *pins, const char *name);

int pins_make(const struct pins *pins, const char *name);
/* Removes instance @name with everything in it but links. -EEXIST: there are some. */
int pins_remove(const struct pins *pins, const char *name);

#endif
