/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A program's place on the devices of a plan. */
#ifndef WEIR_ATTACH_LINKS_H
#define WEIR_ATTACH_LINKS_H

#include "attach_plan.h"

/*
 * Puts the program @prog_fd on every device of @plan: on all, or on none. Their links die with
 * their fds until they are pinned. Errors have been reported.
 */
int attach_links_make(struct attach_plan *plan, int prog_fd, enum xdp_mode mode);
/* Pins them for instance @name, all or none, in the place of dead ones of @links. Errors have been
 * reported. */
int attach_links_pin(const struct attach_plan *plan, const struct pins *pins, const char *name,
		     struct links *links);
/* Has the instance remember the devices of @plan, which are attached to, and of @links. */
void attach_links_record(const struct attach_plan *plan, const struct links *links,
			 struct control *control);
/* Has it forget those that are gone: what comes with the index of one is another. */
void attach_links_forget(struct control *control);
/* Which mode each device got: loudly. */
void attach_links_say(const struct attach_plan *plan);
/* In any case, even if they were not made. */
void attach_links_close(struct attach_plan *plan);

#endif
