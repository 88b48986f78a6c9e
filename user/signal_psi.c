// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Pressure stall information: the share of the last period in which tasks of the host, or of a
 * cgroup, waited for a resource. By total= (microseconds), since avg10 is ten seconds late.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "signal_kind.h"

#define NS_PER_US 1000ULL

struct psi {
	char path[SIGNAL_TEXT_MAX + 64];
	const char *line; /* "some" or "full" */
	char what[32];
	bool has_before;
	uint64_t before_us, before_ns;
};

static int open_psi(struct signal *signal)
{
	const struct wanted_signal *wanted = &signal->wanted;
	const char *resource = psi_names[wanted->resource];
	struct psi *psi = calloc(1, sizeof(*psi));

	if (!psi)
		return -ENOMEM;
	signal->own = psi;
	psi->line = value_kind_names[wanted->kind];
	snprintf(psi->what, sizeof(psi->what), "%s.pressure %s", resource, psi->line);
	if (*wanted->cgroup)
		snprintf(psi->path, sizeof(psi->path), "%s/%s.pressure", wanted->cgroup, resource);
	else
		snprintf(psi->path, sizeof(psi->path), "/proc/pressure/%s", resource);
	return 0;
}

/* Returns -errno; -EINVAL: there is no such line. */
static int read_total(const struct psi *psi, uint64_t *total_us)
{
	char text[512], *line, *total;
	int fd = open(psi->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	ssize_t len;

	if (fd < 0)
		return -errno;
	len = read(fd, text, sizeof(text) - 1);
	if (len < 0)
		len = -errno;
	close(fd);
	if (len < 0)
		return (int)len;
	text[len] = '\0';
	line = strstr(text, psi->line);
	total = line ? strstr(line, "total=") : NULL;
	if (!total)
		return -EINVAL;
	*total_us = strtoull(total + strlen("total="), NULL, 10);
	return 0;
}

static void begin(struct signal *signal, uint64_t now_ns)
{
	struct psi *psi = signal->own;
	uint64_t total_us;
	int err = read_total(psi, &total_us);

	if (err) {
		signal_failed(signal, "'%s': %s", psi->path,
			      err == -EINVAL ? "has no such line; is it a file of PSI?"
			      : err == -ENOENT
				      ? "does not exist; the kernel needs CONFIG_PSI and psi=1, "
					"the cgroup to be of version 2"
				      : strerror(-err));
		psi->has_before = false;
		return;
	}
	if (!psi->has_before || total_us < psi->before_us || now_ns <= psi->before_ns)
		signal_waits(signal, "nothing to compare with yet");
	else
		signal_took(signal, now_ns,
			    (double)((total_us - psi->before_us) * NS_PER_US) /
				    (double)(now_ns - psi->before_ns),
			    signal->wanted.target, psi->what);
	psi->has_before = true;
	psi->before_us = total_us;
	psi->before_ns = now_ns;
}

static void close_psi(struct signal *signal)
{
	free(signal->own);
}

const struct signal_kind signal_psi = {
	.open = open_psi,
	.begin = begin,
	.close = close_psi,
};
