// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config_signals.h"
#include "lock.h"
#include "log.h"

static void warn_idle(const struct wanted_listener *listener, const char *path)
{
	if (config_idle_reject(listener))
		log_warning("%s:%d: listener '%s': its reject-rate has no effect; write excess = "
			    "reject or remove it",
			    path, listener->line, listener->name);
	if (config_idle_queue(listener))
		log_warning("%s:%d: listener '%s': its delay-max and queue-entries have no effect; "
			    "write excess = delay or remove them",
			    path, listener->line, listener->name);
}

static void warn_small(const struct config *config, const struct wanted_listener *listener,
		       const char *path)
{
	char delay_max[24];
	uint32_t entries;

	switch (config_queue_need(config, listener, &entries)) {
	case QUEUE_NEED_NONE:
		return;
	case QUEUE_NEED_DELAY_MAX:
		log_warning("%s:%d: listener '%s': queue-entries '%u' are fewer SYNs than its rate "
			    "lets in during delay-max %s; write %u, or a shorter delay-max",
			    path, listener->line, listener->name, listener->queue_entries,
			    text_delay_max(delay_max, sizeof(delay_max), listener->delay_max_ns),
			    entries);
		return;
	case QUEUE_NEED_SECOND:
		log_warning("%s:%d: listener '%s': half of queue-entries '%u', which is what new "
			    "SYNs get, is less than a second of its rate; write %u",
			    path, listener->line, listener->name, listener->queue_entries, entries);
	}
}

static bool is_followed(const struct config *config, const struct wanted_signal *signal)
{
	for (unsigned int i = 0; i < config->listeners_count; i++) {
		const struct wanted_listener *listener = &config->listeners[i];

		if (listener->window == WINDOW_AUTO &&
		    (!*signal->listener || !strcmp(signal->listener, listener->name)))
			return true;
	}
	return false;
}

static void warn(const struct config *config, const char *path)
{
	for (unsigned int i = 0; i < config->listeners_count; i++) {
		warn_idle(&config->listeners[i], path);
		warn_small(config, &config->listeners[i], path);
	}
	for (unsigned int i = 0; i < config->signals_count; i++)
		if (!is_followed(config, &config->signals[i]))
			log_warning("%s:%d: signal '%s': no listener follows it; write "
				    "`window = auto` in the section of its listener",
				    path, config->signals[i].line, config->signals[i].name);
}

/* What the configuration is read from. */
struct source {
	int fd;
	int wait_ms; /* for each part of it; -1: as long as it takes */
};

static ssize_t read_source(void *cookie, char *buf, size_t size)
{
	const struct source *source = cookie;
	struct pollfd readable = { .fd = source->fd, .events = POLLIN };
	ssize_t len;

	do {
		int ready = poll(&readable, 1, source->wait_ms);

		if (!ready)
			errno = ETIMEDOUT;
		len = ready > 0 ? read(source->fd, buf, size) : -1;
	} while (len < 0 && (errno == EAGAIN || errno == EINTR));
	return len;
}

/* Somebody at a terminal may think. Nobody else is waited for without end: a pipe may have no
 * writer, and a device nothing to say. */
static int wait_limit_ms(const struct stat *st)
{
	struct stat typed;

	if (S_ISCHR(st->st_mode) && isatty(STDIN_FILENO) && !fstat(STDIN_FILENO, &typed) &&
	    typed.st_rdev == st->st_rdev)
		return -1;
	return CONFIG_WAIT_SECONDS * 1000;
}

/* Errors have been reported. */
static int open_source(struct source *source, const char *path)
{
	struct stat st;
	int err;

	/* or the open would wait for a pipe's writer */
	source->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	err = source->fd < 0 || fstat(source->fd, &st) ? -errno : 0;
	if (!err && S_ISDIR(st.st_mode))
		err = -EISDIR;
	if (!err)
		source->wait_ms = wait_limit_ms(&st);
	if (err)
		log_error("cannot read '%s': %s", path, strerror(-err));
	if (err && source->fd >= 0)
		close(source->fd);
	return err;
}

static int read_config(struct config *config, struct source *source, const char *path,
		       struct config_errors *errors)
{
	FILE *in = fopencookie(source, "r", (cookie_io_functions_t){ .read = read_source });
	int err;

	if (!in)
		return -ENOMEM;
	err = config_read(config, in, path, errors);
	fclose(in);
	return err;
}

int file_read_config(struct config *config, const char *path)
{
	struct config_errors errors = { .report = log_config_error };
	struct source source;
	int err = open_source(&source, path);

	if (err)
		return err;
	config_init(config);
	err = read_config(config, &source, path, &errors);
	close(source.fd);
	if (!err && config->listeners_count) {
		warn(config, path);
		return 0;
	}
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

/* -EEXIST: @path is something that a rename would take away. */
static int check_plain(const char *path)
{
	struct stat st;

	if (lstat(path, &st))
		return errno == ENOENT ? 0 : -errno;
	return S_ISREG(st.st_mode) ? 0 : -EEXIST;
}

/* Opens @dir and waits until no other weir writes there: what it then finds under the name of a
 * temporary file was left by one that was killed. */
static int lock_dir(const char *dir)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC), err;

	if (fd < 0)
		return -errno;
	err = lock_wait(fd, true);
	if (!err)
		return fd;
	close(fd);
	if (err == -EBUSY)
		log_error("cannot lock '%s': another has held it for %d s; see `fuser %s`", dir,
			  LOCK_WAIT_SECONDS, dir);
	return err;
}

/* A new file, complete and on its own: nobody reads it yet. */
static int write_new(const char *path, void (*write)(FILE *out, const void *arg), const void *arg)
{
	int fd, err = 0;
	FILE *out;

	if (unlink(path) && errno != ENOENT)
		return -errno;
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	out = fdopen(fd, "w");
	if (!out) {
		err = -errno;
		close(fd);
		return err;
	}
	write(out, arg);
	if (fflush(out) || ferror(out) || fchmod(fd, 0644))
		err = errno ? -errno : -EIO;
	if (fclose(out) && !err)
		err = -errno;
	return err;
}

int file_write(const char *path, void (*write)(FILE *out, const void *arg), const void *arg)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	int dir_len = (int)(name - path), dir_fd, err;
	char dir[PATH_MAX], temporary[PATH_MAX];

	/* hidden, and not ending in .prom: the node exporter does not read it half-written */
	if (snprintf(temporary, sizeof(temporary), "%.*s.%s.new", dir_len, path, name) >=
	    (int)sizeof(temporary)) {
		log_error("cannot write '%s': the path is too long", path);
		return -ENAMETOOLONG;
	}
	snprintf(dir, sizeof(dir), "%.*s", dir_len ? dir_len : 1, dir_len ? path : ".");
	dir_fd = lock_dir(dir);
	err = dir_fd < 0 ? dir_fd : check_plain(path);
	if (!err)
		err = write_new(temporary, write, arg);
	if (!err && rename(temporary, path))
		err = -errno;
	if (err && dir_fd >= 0)
		unlink(temporary);
	if (dir_fd >= 0)
		close(dir_fd);
	/* that has been said */
	if (err && err != -EBUSY)
		log_error("cannot write '%s': %s", path,
			  err == -EEXIST ? "not a plain file; remove it or name another"
					 : strerror(-err));
	return err;
}
