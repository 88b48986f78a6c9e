// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The maps of an instance that `weir run` works on, and its being the only one that does. */
#include "shaper.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "inject.h"
#include "log.h"
#include "objects.h"
#include "run_lock.h"
#include "send_away.h"

#define LEVELS_SIZE (LEVELS_MAX * sizeof(struct level_state))
#define STATES_SIZE (LISTENERS_MAX * sizeof(struct queue_state))
#define RETURNS_SIZE (LISTENERS_MAX * sizeof(struct returns))

static size_t waiting_size(const struct shaper *shaper)
{
	return shaper->waiting.count * sizeof(struct waiting_set);
}

void shaper_unmap(struct shaper *shaper)
{
	if (shaper->controller)
		controller_unmap(shaper->controller);
	ring_buffer__free(shaper->ring);
	shaper->ring = NULL;
	if (shaper->levels)
		munmap(shaper->levels, LEVELS_SIZE);
	if (shaper->states)
		munmap(shaper->states, STATES_SIZE);
	if (shaper->returns)
		munmap(shaper->returns, RETURNS_SIZE);
	if (shaper->waiting.sets)
		munmap(shaper->waiting.sets, waiting_size(shaper));
	shaper->levels = NULL;
	shaper->states = NULL;
	shaper->returns = NULL;
	shaper->waiting.sets = NULL;
	instance_close(&shaper->instance);
}

static int lock(struct shaper *shaper, const struct pins *pins)
{
	shaper->lock_fd = run_lock_take(pins, shaper->name, shaper->lock_fd);
	if (shaper->lock_fd >= 0)
		return 0;
	if (shaper->lock_fd == -EBUSY)
		log_error("cannot serve '%s': another `weir run` does; end that first",
			  shaper->name);
	else
		log_error("cannot serve '%s': %s", shaper->name, log_reason(shaper->lock_fd));
	return shaper->lock_fd;
}

int shaper_map(struct shaper *shaper, const struct pins *pins)
{
	struct instance *instance = &shaper->instance;
	int err = pins_path(pins, shaper->control_path, shaper->name,
			    instance_map_names[MAP_CONTROL]);

	if (!err)
		err = instance_open(instance, pins, shaper->name);
	if (!err)
		err = lock(shaper, pins);
	if (err)
		return err;
	errno = 0;
	shaper->control_id = object_map_id(instance->map_fd[MAP_CONTROL]);
	shaper->generation = 0;
	shaper->waiting.count = config_waiting_sets(instance->control->source_slots);
	shaper->levels = object_memory(instance->map_fd[MAP_LEVELS], LEVELS_SIZE);
	shaper->states = object_memory(instance->map_fd[MAP_QUEUES], STATES_SIZE);
	shaper->returns = object_memory(instance->map_fd[MAP_RETURNS], RETURNS_SIZE);
	shaper->waiting.sets = object_memory(instance->map_fd[MAP_WAITING], waiting_size(shaper));
	shaper->ring = ring_buffer__new(instance->map_fd[MAP_DELAYS], shaper_take, shaper, NULL);
	if (shaper->levels && shaper->states && shaper->returns && shaper->waiting.sets &&
	    shaper->ring)
		err = controller_map(shaper->controller, instance);
	else
		err = errno ? -errno : -ENOMEM;
	if (!err)
		return 0;
	log_error("cannot serve '%s': its maps cannot be mapped: %s", shaper->name,
		  log_reason(err));
	shaper_unmap(shaper);
	return err;
}

/* It can be done without. */
static void open_away(struct shaper *shaper)
{
	shaper->away_fd = send_away_open();
	if (shaper->away_fd < 0)
		log_warning("'%s': nobody can be sent away early, so who comes together may go on "
			    "doing so; let it have CAP_NET_RAW and AF_PACKET: no packet socket: %s",
			    shaper->name, strerror(-shaper->away_fd));
}

int shaper_open(struct shaper **opened, const struct pins *pins, const char *name,
		const struct signals *signals)
{
	struct shaper *shaper = calloc(1, sizeof(*shaper));
	int err = shaper ? 0 : -ENOMEM;

	if (!err) {
		shaper->lock_fd = -1;
		shaper->inject_fd = -1;
		shaper->away_fd = -1;
		memset(shaper->instance.map_fd, -1, sizeof(shaper->instance.map_fd));
		snprintf(shaper->name, sizeof(shaper->name), "%s", name);
		shaper->policy = malloc(sizeof(*shaper->policy));
		err = shaper->policy ? 0 : -ENOMEM;
	}
	if (err)
		log_error("cannot serve '%s': %s", name, log_reason(err));
	if (!err)
		err = controller_create(&shaper->controller, signals);
	if (!err)
		err = shaper_map(shaper, pins);
	if (!err) {
		shaper->inject_fd = inject_open();
		err = shaper->inject_fd < 0 ? shaper->inject_fd : 0;
		if (err)
			log_error("cannot serve '%s': cannot load a program: %s", name,
				  log_reason(err));
	}
	if (!err)
		open_away(shaper);
	if (err)
		shaper_close(shaper);
	else
		*opened = shaper;
	return err;
}

int shaper_ring_fd(const struct shaper *shaper)
{
	return ring_buffer__epoll_fd(shaper->ring);
}

int shaper_check_pins(const struct shaper *shaper, bool *same)
{
	int fd = object_open(shaper->control_path, OBJECT_MAP);

	if (fd < 0)
		return fd;
	*same = object_map_id(fd) == shaper->control_id;
	close(fd);
	return 0;
}
