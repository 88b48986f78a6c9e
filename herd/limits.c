// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "herd/limits.h"

#include <errno.h>
#include <stdbool.h>
#include <sys/resource.h>

#include "herd/say.h"

#define OWN_FILES 32U /* standard files, epoll, reports */

/* Above the hard limit, too, for who may. */
static bool raise_to(rlim_t files, struct rlimit *limit)
{
	struct rlimit raised = *limit;

	if (limit->rlim_cur >= files)
		return true;
	raised.rlim_cur = files;
	if (raised.rlim_max < files)
		raised.rlim_max = files;
	if (setrlimit(RLIMIT_NOFILE, &raised))
		return false;
	*limit = raised;
	return true;
}

int limits_raise_files(uint32_t needed, uint32_t wanted, uint32_t *spare)
{
	struct rlimit limit;
	rlim_t all = (rlim_t)needed + OWN_FILES;

	*spare = 0;
	if (getrlimit(RLIMIT_NOFILE, &limit))
		return -errno;
	/* with room for what is wanted, else the hard limit, else what there must be */
	if (!raise_to(all + wanted, &limit) && !raise_to(limit.rlim_max, &limit))
		return -errno;
	raise_to(all, &limit);
	if (limit.rlim_cur < all) {
		say_error("cannot open '%u' connections: %lu files may be open here; lower the "
			  "number of devices, raise `ulimit -n`, or run several herds and `herd "
			  "join` them",
			  needed, (unsigned long)limit.rlim_cur);
		return -EMFILE;
	}
	*spare = (uint32_t)(limit.rlim_cur - all);
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
