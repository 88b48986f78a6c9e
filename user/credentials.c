// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "credentials.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_MAX 8192
#define BLANKS " \t\r"

/* Of a file that has been opened: its name may mean another one by now. */
static const char *refusal(const struct stat *st)
{
	if (!S_ISREG(st->st_mode))
		return "is not a plain file";
	if (st->st_uid && st->st_uid != geteuid())
		return "belongs to another user; chown it to root";
	if (st->st_mode & S_IROTH)
		return "can be read by everyone; chmod it to 0600";
	if (st->st_mode & (S_IWOTH | S_IWGRP))
		return "can be written by others; chmod it to 0600";
	if (st->st_size > FILE_MAX)
		return "is longer than 8 KiB";
	_Static_assert(FILE_MAX == 8192, "the number of the message");
	return NULL;
}

static bool take(struct credentials *credentials, const char *key, const char *value)
{
	const struct {
		const char *name;
		char *to;
		size_t size;
	} keys[] = {
		{ "user", credentials->user, sizeof(credentials->user) },
		{ "password", credentials->password, sizeof(credentials->password) },
		{ "token", credentials->token, sizeof(credentials->token) },
	};

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		if (strcmp(keys[i].name, key))
			continue;
		if (!*value || *keys[i].to || strlen(value) >= keys[i].size)
			return false;
		strcpy(keys[i].to, value);
		return true;
	}
	return false;
}

static char *trim(char *text)
{
	char *end;

	text += strspn(text, BLANKS);
	end = text + strlen(text);
	while (end > text && strchr(BLANKS, end[-1]))
		*--end = '\0';
	return text;
}

static const char *parse(char *text, struct credentials *credentials)
{
	char *line;

	while ((line = strsep(&text, "\n"))) {
		char *value;

		line = trim(line);
		if (!*line || strchr("#;", *line))
			continue;
		value = strchr(line, '=');
		if (!value)
			return "has a line without '='; write KEY = VALUE";
		*value++ = '\0';
		if (!take(credentials, trim(line), trim(value)))
			return "has a wrong line; write user, password and token at most once each";
	}
	if (*credentials->token ? *credentials->user || *credentials->password
				: !*credentials->user)
		return "must have user and password, or token";
	return NULL;
}

int credentials_read(const char *path, struct credentials *credentials, const char **why)
{
	char text[FILE_MAX + 1];
	struct stat st;
	/* a pipe's writer is not waited for */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY), err = 0;
	ssize_t len = 0;

	*why = NULL;
	memset(credentials, 0, sizeof(*credentials));
	if (fd < 0)
		return -errno;
	if (fstat(fd, &st))
		err = -errno;
	else
		*why = refusal(&st);
	if (!err && !*why) {
		len = read(fd, text, sizeof(text) - 1);
		if (len < 0)
			err = -errno;
	}
	close(fd);
	if (!err && !*why) {
		text[len] = '\0';
		*why = parse(text, credentials);
		explicit_bzero(text, sizeof(text));
	}
	if (*why)
		err = -EINVAL;
	if (err)
		credentials_forget(credentials);
	return err;
}

void credentials_forget(struct credentials *credentials)
{
	explicit_bzero(credentials, sizeof(*credentials));
}
