/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The links of an instance: the devices that it is on, as the kernel knows them now. */
#ifndef WEIR_LINKS_H
#define WEIR_LINKS_H

#include <stdbool.h>
#include <stdint.h>

#include "config.h"
#include "pins.h"

enum link_state {
	LINK_HERE,  /* on a device of this network namespace */
	LINK_MOVED, /* on a device that has gone to another one, and the program with it */
	LINK_DEAD,  /* on none: the device is gone, or somebody has detached it */
};

struct link {
	char pin[DEVICE_NAME_MAX];    /* name of the device when it was pinned */
	char device[DEVICE_NAME_MAX]; /* its present name; if it has none here, as the pin */
	enum link_state state;
	uint32_t ifindex; /* of LINK_HERE */
	bool native;	  /* of LINK_HERE; else generic */
	uint32_t prog_id;
	int former_fd;	     /* of a program that has been replaced; -1: of none */
	uint32_t control_id; /* of the instance whose maps the program uses */
	int fd;
};

struct links {
	struct link link[DEVICES_MAX];
	unsigned int count;
};

/*
 * Opens the links of instance @name in order of their pins: those to the program that uses the map
 * @control_id; 0: to any program of weir's. Warns of any other pin, and leaves it out. Close it
 * either way.
 */
int links_open(struct links *links, const struct pins *pins, const char *name, uint32_t control_id);
void links_close(struct links *links);

/* Path of the link of @device in instance @name. */
int links_path(const struct pins *pins, char path[PATH_MAX], const char *name, const char *device);

/* NULL: none. */
struct link *links_find_index(struct links *links, uint32_t ifindex);
struct link *links_find_pin(struct links *links, const char *pin);
bool links_any(const struct links *links, enum link_state state);

#endif
