// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "herd/gnuplot.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* With @in and @out as its standard input and output. */
static int spawn(pid_t *pid, int in, int out)
{
	char *const words[] = { "gnuplot", "-", NULL };
	posix_spawn_file_actions_t actions;
	int err = posix_spawn_file_actions_init(&actions);

	if (err)
		return -err;
	err = posix_spawn_file_actions_adddup2(&actions, in, STDIN_FILENO);
	if (!err)
		err = posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
	if (!err) {
		err = posix_spawnp(pid, words[0], &actions, NULL, words, environ);
		if (err == ENOENT)
			err = ENOEXEC;
	}
	posix_spawn_file_actions_destroy(&actions);
	return -err;
}

static int wait_for(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return WIFEXITED(status) && !WEXITSTATUS(status) ? 0 : -EPROTO;
}

/* Runs gnuplot with its output in @out. */
static int draw(int out, void (*write)(FILE *script, void *context), void *context)
{
	FILE *script;
	pid_t pid;
	int pipe_fds[2], err, failed;

	if (pipe2(pipe_fds, O_CLOEXEC))
		return -errno;
	err = spawn(&pid, pipe_fds[0], out);
	close(pipe_fds[0]);
	if (err) {
		close(pipe_fds[1]);
		return err;
	}
	script = fdopen(pipe_fds[1], "w");
	if (script) {
		write(script, context);
		failed = ferror(script) | fclose(script);
	} else {
		close(pipe_fds[1]);
		failed = 1;
	}
	err = wait_for(pid);
	return err ? err : failed ? -EPIPE : 0;
}

/* mkstemp() makes files for the owner's eyes; a picture gets the mode of any new file. */
static int let_be_seen(int fd)
{
	mode_t mask = umask(0);

	umask(mask);
	return fchmod(fd, 0666 & ~mask) ? -errno : 0;
}

int gnuplot_draw(const char *path, void (*write)(FILE *script, void *context), void *context)
{
	char *beside;
	int fd, err;

	if (asprintf(&beside, "%s.XXXXXX", path) < 0)
		return -ENOMEM;
	fd = mkostemp(beside, O_CLOEXEC);
	if (fd < 0) {
		err = -errno;
		free(beside);
		return err;
	}
	err = draw(fd, write, context);
	if (!err)
		err = let_be_seen(fd);
	if (close(fd) && !err)
		err = -errno;
	if (!err && rename(beside, path))
		err = -errno;
	if (err)
		unlink(beside);
	free(beside);
	return err;
}
