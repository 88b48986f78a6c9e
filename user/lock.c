// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "lock.h"

#include <errno.h>
#include <sys/file.h>
#include <time.h>

#define LOCK_WAIT_MS (LOCK_WAIT_SECONDS * 1000)
#define LOCK_POLL_MS 20

int lock_try(int fd, bool exclusive)
{
	if (!flock(fd, (exclusive ? LOCK_EX : LOCK_SH) | LOCK_NB))
		return 0;
	return errno == EWOULDBLOCK ? -EBUSY : -errno;
}

int lock_wait(int fd, bool exclusive)
{
	const struct timespec pause = { .tv_nsec = LOCK_POLL_MS * 1000000L };

	for (int waited = 0; waited <= LOCK_WAIT_MS; waited += LOCK_POLL_MS) {
		int err = lock_try(fd, exclusive);

		if (err != -EBUSY)
			return err;
		nanosleep(&pause, NULL);
	}
	return -EBUSY;
}
