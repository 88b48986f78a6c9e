// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "run_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "lock.h"

/* Whoever looks whether it is taken has it for a moment. */
#define LOOKS_MAX 10
#define LOOK_EVERY_NS 5000000L

static int open_dir(const struct pins *pins, const char *name)
{
	char path[PATH_MAX];
	int err = pins_path(pins, path, name, NULL), fd;

	if (err)
		return err;
	fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static bool is_same(int a, int b)
{
	struct stat of_a, of_b;

	return !fstat(a, &of_a) && !fstat(b, &of_b) && of_a.st_ino == of_b.st_ino &&
	       of_a.st_dev == of_b.st_dev;
}

static int lock(int fd)
{
	const struct timespec pause = { .tv_nsec = LOOK_EVERY_NS };

	for (int i = 0; i < LOOKS_MAX; i++) {
		int err = lock_try(fd, true);

		if (err != -EBUSY)
			return err;
		nanosleep(&pause, NULL);
	}
	return -EBUSY;
}

int run_lock_take(const struct pins *pins, const char *name, int former)
{
	int fd = open_dir(pins, name), err;

	if (fd >= 0 && former >= 0 && is_same(fd, former)) {
		close(fd);
		return former;
	}
	err = fd < 0 ? fd : lock(fd);
	if (former >= 0)
		close(former);
	if (!err)
		return fd;
	if (fd >= 0)
		close(fd);
	return err;
}

bool run_lock_is_taken(const struct pins *pins, const char *name)
{
	int fd = open_dir(pins, name);
	bool taken;

	if (fd < 0)
		return false;
	taken = lock_try(fd, false) == -EBUSY;
	close(fd);
	return taken;
}
