// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "herd/tun.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <linux/if_tun.h>

#include "herd/say.h"

/* Packets that the device holds while the reader is away: the SYNs of a whole fleet. */
#define QUEUE_PACKETS 20000
#define CARRIER_TRIES 600
#define CARRIER_WAIT_NS 5000000L

int tun_parse(const char *word, struct tun_place *place, const char **why)
{
	size_t len = strcspn(word, "@");

	*place = (struct tun_place){ 0 };
	if (!len || len >= sizeof(place->dev)) {
		*why = "is not a device; write DEV or DEV@NETNS";
		return -EINVAL;
	}
	memcpy(place->dev, word, len);
	snprintf(place->said, sizeof(place->said), "%s", word);
	if (!word[len])
		return 0;
	if (!word[len + 1] || strlen(word + len + 1) >= sizeof(place->netns)) {
		*why = "names no network namespace; write DEV@NETNS, see `ip netns`";
		return -EINVAL;
	}
	strcpy(place->netns, word + len + 1);
	return 0;
}

/* Until the kernel has noticed that somebody reads, up to a second later, it drops all that is routed
 * to the device. */
static void await_carrier(int control, struct ifreq *req)
{
	for (int i = 0; i < CARRIER_TRIES; i++) {
		nanosleep(&(struct timespec){ .tv_nsec = CARRIER_WAIT_NS }, NULL);
		if (!ioctl(control, SIOCGIFFLAGS, req) && req->ifr_flags & IFF_RUNNING)
			break;
	}
	/* the queue is opened just after the flag is set */
	nanosleep(&(struct timespec){ .tv_nsec = CARRIER_WAIT_NS }, NULL);
}

/* In the present namespace. */
static int open_here(const struct tun_place *place)
{
	struct ifreq req = { .ifr_flags = IFF_TUN | IFF_NO_PI };
	int control = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), fd = -1, err = 0;

	if (control < 0)
		return -errno;
	strcpy(req.ifr_name, place->dev);
	/* TUNSETIFF would make one, without an address or a route */
	if (ioctl(control, SIOCGIFINDEX, &req))
		goto fail;
	req.ifr_flags = IFF_TUN | IFF_NO_PI;
	fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0 || ioctl(fd, TUNSETIFF, &req))
		goto fail;
	req.ifr_qlen = QUEUE_PACKETS;
	if (ioctl(control, SIOCSIFTXQLEN, &req) || ioctl(control, SIOCGIFFLAGS, &req))
		goto fail;
	req.ifr_flags |= IFF_UP;
	if (ioctl(control, SIOCSIFFLAGS, &req))
		goto fail;
	await_carrier(control, &req);
	close(control);
	return fd;
fail:
	err = -errno;
	if (fd >= 0)
		close(fd);
	close(control);
	return err;
}

static int enter(const char *netns)
{
	char path[TUN_NETNS_MAX + sizeof("/run/netns/")];
	int fd, err;

	snprintf(path, sizeof(path), "%s%s", strchr(netns, '/') ? "" : "/run/netns/", netns);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	err = setns(fd, CLONE_NEWNET) ? -errno : 0;
	close(fd);
	return err;
}

static const char *reason(int err)
{
	switch (-err) {
	case ENODEV:
	case ENXIO:
		return "there is none of this name; make it: ip tuntap add DEV mode tun";
	case EBUSY:
		return "another process has it open; end that one";
	case EINVAL:
		return "it is no TUN device; make one: ip tuntap add DEV mode tun";
	case EPERM:
	case EACCES:
		return "not permitted; run as root";
	default:
		return strerror(-err);
	}
}

int tun_open(const struct tun_place *place)
{
	int home = -1, fd = -1, err;

	if (*place->netns) {
		home = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
		err = home < 0 ? -errno : enter(place->netns);
		if (err) {
			say_error("cannot enter the network namespace '%s': %s; see `ip netns`",
				  place->netns, strerror(-err));
			goto out;
		}
	}
	fd = open_here(place);
	err = fd < 0 ? fd : 0;
	if (err)
		say_error("cannot open the device '%s': %s", place->dev, reason(err));
	if (home >= 0 && setns(home, CLONE_NEWNET)) {
		err = -errno;
		say_error("cannot return to the network namespace: %s", strerror(errno));
		if (fd >= 0)
			close(fd);
	}
out:
	if (home >= 0)
		close(home);
	return err ? err : fd;
}
