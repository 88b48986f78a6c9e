// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "herd/limits.h"

#include <errno.h>
#include <sys/resource.h>

#include "herd/say.h"

#define OWN_FILES 32U /* standard files, epoll, reports */

int limits_raise_files(uint32_t needed, uint32_t *spare)
{
	struct rlimit limit, raised;
	rlim_t all = (rlim_t)needed + OWN_FILES;

	*spare = 0;
	if (getrlimit(RLIMIT_NOFILE, &limit))
		return -errno;
	/* room to watch sockets of those that gave up, too; the hard limit if nothing more */
	raised = limit;
	if (raised.rlim_cur < all + needed) {
		raised.rlim_cur = all + needed;
		if (raised.rlim_max < raised.rlim_cur)
			raised.rlim_max = raised.rlim_cur;
		if (setrlimit(RLIMIT_NOFILE, &raised)) {
			raised = limit;
			raised.rlim_cur = limit.rlim_max < all + needed ? limit.rlim_max
									: all + needed;
			if (setrlimit(RLIMIT_NOFILE, &raised))
				raised = limit;
		}
	}
	if (raised.rlim_cur < all) {
		say_error("cannot open '%u' connections: %lu files may be open here; lower the "
			  "number of devices, raise `ulimit -n`, or run several herds and `herd "
			  "join` them",
			  needed, (unsigned long)raised.rlim_cur);
		return -EMFILE;
	}
	*spare = (uint32_t)(raised.rlim_cur - all);
	return 0;
}

static double seconds(const struct timeval *time)
{
	return (double)time->tv_sec + (double)time->tv_usec / 1e6;
}

double limits_cpu_seconds(void)
{
	struct rusage usage;

	if (getrusage(RUSAGE_SELF, &usage))
		return 0;
	return seconds(&usage.ru_utime) + seconds(&usage.ru_stime);
}
