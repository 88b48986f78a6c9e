// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "pins.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include <linux/magic.h>

#include "lock.h"
#include "log.h"

/* In no name of an instance. */
#define BESIDE_SUFFIX '~'
#define BPFFS_DEFAULT "/sys/fs/bpf"

static const char *bpffs(void)
{
	const char *path = getenv("WEIR_BPFFS");

	return path && *path ? path : BPFFS_DEFAULT;
}

static int check_bpffs(void)
{
	const char *path = bpffs();
	struct statfs fs;
	struct stat st;
	int err = stat(path, &st) ? -errno : S_ISDIR(st.st_mode) ? 0 : -ENOTDIR;

	if (!err && !statfs(path, &fs) && fs.f_type == BPF_FS_MAGIC)
		return 0;
	if (!err)
		log_error("cannot keep state in '%s': not a bpf filesystem; mount one with `mount "
			  "-t bpf bpf %s` (`ip netns exec` hides it: enter a namespace with "
			  "`nsenter --net=` instead)",
			  path, path);
	else if (err == -ENOENT || err == -ENOTDIR)
		log_error("cannot keep state in '%s': %s; correct WEIR_BPFFS, it names the mount "
			  "point of a bpf filesystem",
			  path, err == -ENOENT ? "no such directory" : "not a directory");
	else
		log_error("cannot keep state in '%s': %s", path, log_reason(err));
	/* -ENOENT would say that nothing is attached */
	return -ENOTDIR;
}

static void swap_char(char *text, char from, char to)
{
	for (; (text = strchr(text, from)); text++)
		*text = to;
}

int pins_path(const struct pins *pins, char path[PATH_MAX], const char *name, const char *pin)
{
	int root = snprintf(path, PATH_MAX, "%s/", pins->root);
	int len = snprintf(path + root, PATH_MAX - root, pin ? "%s/%s" : "%s", name, pin);

	if (root + len >= PATH_MAX)
		return -ENAMETOOLONG;
	swap_char(path + root, '.', ':');
	return 0;
}

int pins_find(const struct pins *pins, const char *name)
{
	char path[PATH_MAX];
	struct stat st;
	int err = pins_path(pins, path, name, NULL);

	if (err)
		return err;
	if (lstat(path, &st))
		return -errno;
	return S_ISDIR(st.st_mode) ? 0 : -ENOTDIR;
}

/* Was the directory removed, or made again, while we waited for its lock? */
static bool is_same_dir(int fd, const char *path)
{
	struct stat ours, there;

	return !fstat(fd, &ours) && !stat(path, &there) && ours.st_ino == there.st_ino &&
	       ours.st_dev == there.st_dev;
}

static void report_lock_error(const struct pins *pins, int err)
{
	if (err == -EBUSY)
		log_error("cannot lock '%s': another weir has held it for %d s; see `fuser %s`",
			  pins->root, LOCK_WAIT_SECONDS, pins->root);
	else if (err == -ENOTDIR)
		log_error("cannot keep state in '%s': not a directory; remove it with `rm %s`",
			  pins->root, pins->root);
	else
		log_error("cannot open '%s': %s", pins->root, log_reason(err));
}

static int set_root(struct pins *pins)
{
	int len = snprintf(pins->root, sizeof(pins->root), "%s/weir", bpffs());

	pins->lock_fd = -1;
	return (size_t)len < sizeof(pins->root) ? 0 : -ENAMETOOLONG;
}

/* A symbolic link is refused: one that leads nowhere is there for mkdir only. */
static int open_root(struct pins *pins)
{
	pins->lock_fd = open(pins->root, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return pins->lock_fd < 0 ? -errno : 0;
}

static void close_root(struct pins *pins)
{
	if (pins->lock_fd >= 0)
		close(pins->lock_fd);
	pins->lock_fd = -1;
}

int pins_try_lock(struct pins *pins, bool exclusive)
{
	int err = set_root(pins);

	if (!err)
		err = open_root(pins);
	if (!err)
		err = lock_try(pins->lock_fd, exclusive);
	if (!err && !is_same_dir(pins->lock_fd, pins->root))
		err = -EBUSY;
	if (err)
		close_root(pins);
	return err;
}

int pins_lock(struct pins *pins, bool create, bool exclusive)
{
	int err = check_bpffs();

	pins->lock_fd = -1;
	if (err)
		return err;
	err = set_root(pins);
	if (err) {
		log_error("cannot use WEIR_BPFFS '%s': the path is too long; use a shorter one",
			  bpffs());
		return err;
	}
	for (;;) {
		if (create && mkdir(pins->root, 0700) && errno != EEXIST) {
			err = -errno;
			break;
		}
		err = open_root(pins);
		if (err == -ENOENT && !create)
			return -ENOENT;
		if (err == -ENOENT)
			continue;
		if (err)
			break;
		err = lock_wait(pins->lock_fd, exclusive);
		if (err || is_same_dir(pins->lock_fd, pins->root))
			break;
		close(pins->lock_fd);
	}
	if (!err)
		return 0;
	report_lock_error(pins, err);
	close_root(pins);
	return err;
}

void pins_unlock(struct pins *pins)
{
	if (pins->lock_fd < 0)
		return;
	/* refuses as long as an instance is in it, or when the lock is a reader's */
	if (!flock(pins->lock_fd, LOCK_EX | LOCK_NB))
		rmdir(pins->root);
	close(pins->lock_fd);
	pins->lock_fd = -1;
}

static int not_dot(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static int is_link(const struct dirent *entry)
{
	return !strncmp(entry->d_name, PINS_LINK_PREFIX, strlen(PINS_LINK_PREFIX));
}

static int each_entry(const char *path, int (*filter)(const struct dirent *), size_t skip,
		      int (*each)(const char *name, void *arg), void *arg)
{
	struct dirent **entries;
	int count = scandir(path, &entries, filter, alphasort), ret = 0;

	if (count < 0)
		return -errno;
	for (int i = 0; i < count; i++) {
		if (!ret) {
			swap_char(entries[i]->d_name, ':', '.');
			ret = each(entries[i]->d_name + skip, arg);
		}
		free(entries[i]);
	}
	free(entries);
	return ret;
}

static int not_beside(const struct dirent *entry)
{
	return not_dot(entry) && entry->d_name[strlen(entry->d_name) - 1] != BESIDE_SUFFIX;
}

int pins_each(const struct pins *pins, int (*each)(const char *name, void *arg), void *arg)
{
	return each_entry(pins->root, not_beside, 0, each, arg);
}

int pins_each_device(const struct pins *pins, const char *name,
		     int (*each)(const char *device, void *arg), void *arg)
{
	char path[PATH_MAX];
	int err = pins_path(pins, path, name, NULL);

	if (err)
		return err;
	return each_entry(path, is_link, strlen(PINS_LINK_PREFIX), each, arg);
}

int pins_make(const struct pins *pins, const char *name)
{
	char path[PATH_MAX];
	int err = pins_path(pins, path, name, NULL);

	if (err)
		return err;
	return mkdir(path, 0700) ? -errno : 0;
}

static int not_link(const struct dirent *entry)
{
	return not_dot(entry) && !is_link(entry);
}

static int remove_entries(const char *dir, int (*filter)(const struct dirent *))
{
	struct dirent **entries;
	int count = scandir(dir, &entries, filter, NULL), err = 0;

	if (count < 0)
		return -errno;
	for (int i = 0; i < count; i++) {
		char path[2 * PATH_MAX];

		snprintf(path, sizeof(path), "%s/%s", dir, entries[i]->d_name);
		if (unlink(path) && !err)
			err = -errno;
		free(entries[i]);
	}
	free(entries);
	return err;
}

int pins_remove(const struct pins *pins, const char *name)
{
	char path[PATH_MAX];
	int err = pins_path(pins, path, name, NULL);

	if (!err)
		err = remove_entries(path, not_link);
	if (!err && rmdir(path))
		err = errno == ENOTEMPTY ? -EEXIST : -errno;
	return err;
}

void pins_beside(char beside[PINS_BESIDE_MAX], const char *name)
{
	snprintf(beside, PINS_BESIDE_MAX, "%s%c", name, BESIDE_SUFFIX);
}

int pins_exchange(const struct pins *pins, const char *name, const char *other)
{
	char path[PATH_MAX], other_path[PATH_MAX];
	int err = pins_path(pins, path, name, NULL);

	if (!err)
		err = pins_path(pins, other_path, other, NULL);
	if (!err && renameat2(AT_FDCWD, path, AT_FDCWD, other_path, RENAME_EXCHANGE))
		err = -errno;
	return err;
}

int pins_clear(const struct pins *pins, const char *name)
{
	char path[PATH_MAX];
	int err = pins_find(pins, name);

	if (err)
		return err == -ENOENT ? 0 : err;
	err = pins_path(pins, path, name, NULL);
	if (!err)
		err = remove_entries(path, not_dot);
	if (!err && rmdir(path))
		err = -errno;
	return err;
}
