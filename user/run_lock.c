// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "run_lock.h"

#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* A socket for which @use of the address of the lock went well, or -errno. */
static int with_address(const char *name, uint64_t created_ns,
			int (*use)(int fd, const struct sockaddr *address, socklen_t len))
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int len = snprintf(address.sun_path + 1, sizeof(address.sun_path) - 1,
			   "weir-run-%" PRIu64 "-%s", created_ns, name);
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0), err;

	if (fd < 0)
		return -errno;
	if (!use(fd, (struct sockaddr *)&address,
		 (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + len)))
		return fd;
	err = -errno;
	close(fd);
	return err;
}

int run_lock_take(const char *name, uint64_t created_ns)
{
	return with_address(name, created_ns, bind);
}

bool run_lock_is_taken(const char *name, uint64_t created_ns)
{
	int fd = with_address(name, created_ns, connect);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}
