/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What an attach will do to devices, looked at before anything is done. */
#ifndef WEIR_ATTACH_PLAN_H
#define WEIR_ATTACH_PLAN_H

#include "attach.h"
#include "links.h"

/* Does it name @device? */
bool attach_requests(const struct config *config, const char *device);

/* A device to attach to. */
struct target {
	const char *device; /* in the request, or in the links */
	uint32_t ifindex;
	int fd; /* of its link, when there is one */
	bool native;
	int native_err; /* why not native, if that was tried */
};

struct attach_plan {
	struct target target[DEVICES_MAX];
	unsigned int count;
	unsigned int links_count; /* that the instance will have */
};

/*
 * Are all devices of @request there and free, or linked already? Those to attach to are in @plan,
 * and with them every device of a dead link of @links that has come back. @links are those of the
 * instance, if it exists already. Errors have been reported.
 */
int attach_plan_make(struct attach_plan *plan, const struct pins *pins,
		     const struct attach_request *request, struct links *links);
/* Is there a device of this name again, another one than the instance was attached to? */
bool attach_plan_is_back(const struct control *control, const char *device);
/* The devices alone that dead links of @links were on and that are back. What keeps one from being
 * attached to has been reported. */
void attach_plan_returned(struct attach_plan *plan, const struct pins *pins,
			  const struct control *control, struct links *links);

#endif
