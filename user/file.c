// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "file.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "log.h"

int file_read_config(struct config *config, const char *path)
{
	struct config_errors errors = { .out = stderr };
	FILE *in = fopen(path, "re");
	struct stat st;
	int err;

	if (!in || fstat(fileno(in), &st) || S_ISDIR(st.st_mode)) {
		err = in && S_ISDIR(st.st_mode) ? -EISDIR : -errno;
		log_error("cannot read '%s': %s", path, strerror(-err));
		if (in)
			fclose(in);
		return err;
	}
	config_init(config);
	err = config_read(config, in, path, &errors);
	fclose(in);
	if (!err && config->listeners_count)
		return 0;
	if (!err) {
		err = -EINVAL;
		log_error("cannot use '%s': it has no listener, so nothing would be judged; add a "
			  "[listener NAME] with its ports",
			  path);
	} else if (errors.count) {
		log_error("cannot use '%s': %u error%s, nothing was changed", path, errors.count,
			  errors.count == 1 ? "" : "s");
	} else {
		log_error("cannot read '%s': %s", path, strerror(-err));
	}
	config_free(config);
	return err;
}

int file_write(const char *path, void (*write)(FILE *out, const void *arg), const void *arg)
{
	const char *slash = strrchr(path, '/');
	int dir_len = slash ? (int)(slash - path + 1) : 0, fd, err = 0;
	char temporary[PATH_MAX];
	FILE *out;

	/* hidden, and not ending in .prom: the node exporter does not read it half-written */
	if (snprintf(temporary, sizeof(temporary), "%.*s.weir-XXXXXX", dir_len, path) >=
	    (int)sizeof(temporary)) {
		log_error("cannot write '%s': the path is too long", path);
		return -ENAMETOOLONG;
	}
	fd = mkstemp(temporary);
	if (fd < 0) {
		err = -errno;
		goto report;
	}
	out = fdopen(fd, "w");
	if (!out) {
		err = -errno;
		close(fd);
		goto remove;
	}
	write(out, arg);
	if (fflush(out) || ferror(out) || fchmod(fd, 0644))
		err = errno ? -errno : -EIO;
	if (fclose(out) && !err)
		err = -errno;
	if (!err && rename(temporary, path))
		err = -errno;
	if (!err)
		return 0;
remove:
	unlink(temporary);
report:
	log_error("cannot write '%s': %s", path, strerror(-err));
	return err;
}
