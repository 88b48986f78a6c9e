// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "herd/json_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "herd/say.h"

static mode_t mode_of_new(void)
{
	mode_t mask = umask(0);

	umask(mask);
	return 0666 & ~mask;
}

/* A file of another name in the same directory, with the mode that the file is to have. */
static int open_beside(struct json_file *json_file, mode_t mode)
{
	int fd, err;

	if (asprintf(&json_file->beside, "%s.XXXXXX", json_file->place) < 0) {
		json_file->beside = NULL;
		return -ENOMEM;
	}
	fd = mkostemp(json_file->beside, O_CLOEXEC);
	if (fd >= 0 && !fchmod(fd, mode & 0777))
		return fd;
	err = -errno;
	if (fd >= 0) {
		close(fd);
		unlink(json_file->beside);
	}
	free(json_file->beside);
	json_file->beside = NULL;
	return err;
}

/* A descriptor or -errno. Devices and pipes are written to as they are. */
static int open_file(struct json_file *json_file)
{
	const char *name = json_file->name;
	struct stat stat_of, link_of;
	bool exists = !stat(name, &stat_of), is_new = !exists && lstat(name, &link_of);
	int fd = -1;

	if (is_new && errno != ENOENT)
		return -errno;
	if (exists && S_ISREG(stat_of.st_mode) && faccessat(AT_FDCWD, name, W_OK, AT_EACCESS))
		return -errno;
	if (is_new || (exists && S_ISREG(stat_of.st_mode))) {
		json_file->place = exists ? realpath(name, NULL) : strdup(name);
		if (!json_file->place)
			return -errno;
		fd = open_beside(json_file, exists ? stat_of.st_mode : mode_of_new());
		/* a file that may be written in a directory that may not */
		if (fd >= 0 || !exists)
			return fd;
	}
	fd = open(name, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
	return fd < 0 ? -errno : fd;
}

static int complain(const struct json_file *json_file, int err)
{
	say_error("cannot write json '%s': %s", json_file->name, strerror(-err));
	return err;
}

int json_file_open(struct json_file *json_file, const char *name)
{
	int fd, err;

	*json_file = (struct json_file){ .name = name };
	if (!name || !*name)
		return 0;
	if (!strcmp(name, "-")) {
		json_file->file = stdout;
		return 0;
	}
	fd = open_file(json_file);
	if (fd >= 0)
		json_file->file = fdopen(fd, "w");
	if (json_file->file)
		return 0;
	err = fd < 0 ? fd : -errno;
	if (fd >= 0)
		close(fd);
	complain(json_file, err);
	json_file_drop(json_file);
	return err;
}

bool json_file_is_stdout(const struct json_file *json_file)
{
	return json_file->file == stdout;
}

static int close_file(struct json_file *json_file)
{
	FILE *file = json_file->file;

	json_file->file = NULL;
	return file && file != stdout && fclose(file) ? -errno : 0;
}

static void forget(struct json_file *json_file)
{
	free(json_file->place);
	free(json_file->beside);
	*json_file = (struct json_file){ 0 };
}

static int dump(FILE *file, const json_t *record, size_t flags)
{
	struct stat stat_of;

	errno = 0;
	/* what was written to its own place may be longer than this */
	if (file != stdout && !fstat(fileno(file), &stat_of) && S_ISREG(stat_of.st_mode) &&
	    ftruncate(fileno(file), 0))
		return -errno;
	if (!record || json_dumpf(record, file, flags) || fputc('\n', file) == EOF || fflush(file))
		return errno ? -errno : -ENOMEM;
	return 0;
}

int json_file_write(struct json_file *json_file, json_t *record, size_t flags)
{
	int err, close_err;

	if (!json_file->file) {
		json_decref(record);
		return 0;
	}
	err = dump(json_file->file, record, flags);
	json_decref(record);
	close_err = close_file(json_file);
	if (!err)
		err = close_err;
	if (err) {
		complain(json_file, err);
		json_file_drop(json_file);
		return err;
	}
	if (json_file->beside && rename(json_file->beside, json_file->place)) {
		err = -errno;
		say_error("cannot write json '%s': %s; it is in '%s'", json_file->name,
			  strerror(-err), json_file->beside);
	}
	forget(json_file);
	return err;
}

void json_file_drop(struct json_file *json_file)
{
	close_file(json_file);
	if (json_file->beside)
		unlink(json_file->beside);
	forget(json_file);
}
