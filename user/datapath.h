/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The BPF program: loading it on new or existing maps, and its place on a device. */
#ifndef WEIR_DATAPATH_H
#define WEIR_DATAPATH_H

#include <stdbool.h>
#include <stdint.h>

#include "config.h"
#include "instance.h"

struct datapath;

/*
 * Loads the program on the maps of @reuse, those without an fd made new, or, if that is NULL, on
 * new ones; the source table, if new, with room for @sources buckets. Errors have been reported.
 */
int datapath_load(struct datapath **datapath, const struct instance *reuse, uint32_t sources);
void datapath_free(struct datapath *datapath);

/* fds that the caller owns, one a map. */
int datapath_dup_maps(const struct datapath *datapath, int map_fd[MAP_COUNT]);
int datapath_pin_maps(const struct datapath *datapath, const struct pins *pins, const char *name);

/* Its fd, good until datapath_free(). */
int datapath_program(const struct datapath *datapath);
/*
 * Attaches a program to a device on which no XDP program is. XDP_AUTO tries native, then generic;
 * *native says which it got and *native_err why not the former. Returns the fd of the link, whose
 * closing detaches unless it is pinned.
 */
int datapath_attach(int prog_fd, uint32_t ifindex, enum xdp_mode mode, bool *native,
		    int *native_err);
/* Swaps the program of an existing link: between two frames, none goes unjudged. */
int datapath_replace(const struct datapath *datapath, int link_fd);

#endif
